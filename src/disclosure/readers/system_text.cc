// /etc/os-release and uname -a (whose second word names the host and is left out):
//   PRETTY_NAME="Ubuntu 22.04.5 LTS"                        DISTRIB_DESCRIPTION="Ubuntu 20.04.1 LTS" (/etc/lsb-release)
//   BOOT_IMAGE=/boot/vmlinuz-6.8.0 root=… intel_iommu=on    (/proc/cmdline, dmesg)
//   $ uname -r                                              (the release below it)
//   Distributor ID: Ubuntu                                  (lsb_release -a)
//   Description:    Ubuntu 18.04.2 LTS
//   pve-manager/8.0.4/d258a813cfa6b390 (running kernel: 6.2.16-19-pve)
//   Linux host 5.15.0-107-generic #117-Ubuntu SMP … x86_64 x86_64 x86_64 GNU/Linux
#include <algorithm>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/lines/written_systems.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
// Of the kernel's command line what decides how devices reach each other; the rest names disks and may hold secrets.
bool take_parameters(std::string_view text, const TextPlace& place, Declared& declared) {
  std::vector<std::string> kept;
  for (const std::string_view word : split_words(text)) {
    const std::string_view name = up_to(word, "=");
    if (name == "iommu" || name == "intel_iommu" || name == "amd_iommu") kept.push_back(clean_utf8(word, 64));
  }
  declared.facts.emplace("os.kernel.parameters", known_fact(std::move(kept), source_at(place), Standing::declared));
  return true;
}

// "Description:	Ubuntu 22.04.5 LTS" of lsb_release -d: a tab or blanks stand before what is a system and nothing
// else.
bool take_described(std::string_view value, const TextPlace& place, Declared& declared) {
  const bool is_of_tool = value.starts_with('\t') || value.starts_with("  ");
  if (!is_of_tool || !plain_system(trim(value))) return false;
  declare(declared, "os.name", std::string(trim(value)), place);
  return true;
}

// "uname -r 5.15.0-157-generic": the question and its answer on one line.
bool take_answer(std::string_view answer, const TextPlace& place, Declared& declared) {
  const std::string_view release = trim(answer);
  const std::string_view number = leading_version(release);
  const bool is_release = is_package_version(release) && std::count(number.begin(), number.end(), '.') == 2;
  if (is_release) declare(declared, "os.kernel.release", std::string(release), place);
  return is_release;
}

class SystemReader : public TextReader {
 public:
  static constexpr const char* kName = "uname, os-release";
  const char* name() const override { return kName; }
  bool take(const TextLine& line, Declared& declared) override {
    const std::string_view text = trim(line.text.substr(0, 512));
    const TextPlace place{kName, line.number};
    if (text.starts_with("DISTRIB_DESCRIPTION=\"")) {
      declare(declared, "os.name", std::string(up_to(text.substr(21), "\"")), place);
      return true;
    }
    if (text.starts_with("PRETTY_NAME=\"")) {
      declare(declared, "os.name", std::string(up_to(text.substr(13), "\"")), place);
      return true;
    }
    if (text.starts_with("Distributor ID:")) distributor_ = line.number;
    if (text.starts_with("Description:") && distributor_ != 0 && line.number - distributor_ < 3) {
      declare(declared, "os.name", std::string(trim(text.substr(12))), place);
      return true;
    }
    if (text.starts_with("Description:") && take_described(text.substr(12), place, declared)) return true;
    if (text.starts_with("pve-manager/") && holds(line, "(running kernel: ")) {
      declare(declared, "os.kernel.release", std::string(up_to(*behind(text, "(running kernel: "), ")")), place);
      return true;
    }
    if (holds(line, "BOOT_IMAGE=")) return take_parameters(line.text.substr(0, 2048), place, declared);
    if (text.ends_with("uname -r")) return is_asked_ = true;
    if (const auto answer = behind(text, "uname -r "); answer && take_answer(*answer, place, declared)) return true;
    if (is_asked_ && !text.empty()) {
      is_asked_ = false;
      const std::string_view release = trim(text);
      if (is_package_version(release) && std::count(release.begin(), release.end(), '.') > 1) {
        declare(declared, "os.kernel.release", std::string(release), place);
        return true;
      }
    }
    // /proc/version: "Linux version 4.19.121-microsoft-standard (oe-user@oe-host) (gcc …"
    if (text.starts_with("Linux version ")) {
      const std::string_view release = up_to(text.substr(14), " ");
      if (!is_package_version(release) || std::count(release.begin(), release.end(), '.') < 2) return false;
      declare(declared, "os.kernel.release", std::string(release), {kName, line.number});
      return true;
    }
    if (!text.starts_with("Linux ") || !has(text, " #") || !has(text, "GNU/Linux")) {
      return false;
    }
    const std::vector<std::string_view> words = split_words(text);
    if (words.size() < 5 || !is_digit(words[2][0])) return false;
    declare(declared, "os.kernel.release", std::string(words[2]), place);
    for (const std::string_view machine : {"x86_64", "aarch64"}) {
      if (text.find(machine, text.find(" #")) != std::string_view::npos) {
        declare(declared, "os.architecture", std::string(machine), place);
      }
    }
    return true;
  }

 private:
  std::int64_t distributor_ = 0;  // where lsb_release names it
  bool is_asked_ = false;         // for the kernel's release: the next line is it
};
}  // namespace

std::unique_ptr<TextReader> system_reader() { return std::make_unique<SystemReader>(); }

}  // namespace varve
