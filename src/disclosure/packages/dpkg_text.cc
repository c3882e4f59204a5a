// dpkg -l, apt list --installed and rpm -qa; packages of a GPU stack alone are kept (data/packages.json: system).
//   ii  libnvidia-compute-470:amd64  470.103.01-0ubuntu0.20.04.1  amd64  NVIDIA libcompute package
//   nvidia-driver-cuda-libs-570.124.06-1.el9.x86_64
//   libnvidia-compute-535/jammy-updates,now 535.183.01-0ubuntu1 amd64 [installed]
// and what apt did (/var/log/apt/history.log, its output): the release that is there since
//   Upgrade: libnvidia-compute-460:amd64 (460.56-0ubuntu0.20.04.1, 460.73.01-0ubuntu0.20.04.1), …
//   Setting up libnvidia-compute-550:amd64 (550.107.02-0ubuntu1) ...
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"
#include "tables/package_table.h"

namespace varve {

namespace {
void add_listed(Declared& declared, std::string_view manager, std::string_view name, std::string_view version,
                std::int64_t line) {
  name = up_to(name, ":/");
  if (!is_package_name(name) || !is_digit(version.empty() ? ' ' : version[0])) return;
  if (matches_any(name, system_package_patterns())) add_system_package(declared, manager, name, version, line);
}

class DpkgReader : public TextReader {
 public:
  const char* name() const override { return "dpkg -l"; }
  bool take(const TextLine& line, Declared& declared) override {
    const std::string_view text = line.text.substr(0, 1024);
    const bool is_listed = text.size() > 8 && text[2] == ' ' && text[3] == ' ' &&
                           (text.starts_with("ii") || text.starts_with("hi") || text.starts_with("rc") ||
                            text.starts_with("un") || text.starts_with("iU") || text.starts_with("iF"));
    if (is_listed) {
      const std::vector<std::string_view> words = split_words(text);
      const bool is_installed = text[1] == 'i';
      if (is_installed && words.size() >= 3) add_listed(declared, "dpkg", words[1], words[2], line.number);
      return true;
    }
    if (take_rpm(text, line, declared) || take_done(text, line, declared)) return true;
    if (!text.ends_with("]") || !has(text, "[installed")) return false;
    const std::vector<std::string_view> words = split_words(text);
    if (words.size() < 4 || words[0].find('/') == std::string_view::npos) return false;
    add_listed(declared, "dpkg", words[0], words[1], line.number);
    return true;
  }

 private:
  static bool take_done(std::string_view text, const TextLine& line, Declared& declared) {
    if (text.starts_with("Setting up ")) {
      const std::vector<std::string_view> words = split_words(text);
      if (words.size() < 4 || !words[3].starts_with('(') || !words[3].ends_with(')')) return false;
      add_listed(declared, "dpkg", words[2], words[3].substr(1, words[3].size() - 2), line.number);
      return true;
    }
    if (!text.starts_with("Upgrade: ")) return false;
    std::string_view rest = text.substr(9);
    for (std::size_t end = rest.find(')'); end != std::string_view::npos; end = rest.find(')')) {
      const std::string_view one = rest.substr(0, end);
      const std::size_t open = one.find(" ("), comma = one.find(", ", open);
      if (open == std::string_view::npos || comma == std::string_view::npos) break;
      add_listed(declared, "dpkg", one.substr(0, open), one.substr(comma + 2), line.number);
      rest = trim(rest.substr(end + 1));
      if (rest.starts_with(',')) rest = trim(rest.substr(1));
    }
    return true;
  }
  // NAME-VERSION-RELEASE.ARCHITECTURE: the last two dashes are the joints.
  static bool take_rpm(std::string_view text, const TextLine& line, Declared& declared) {
    const bool is_rpm = text.ends_with(".x86_64") || text.ends_with(".aarch64") || text.ends_with(".noarch");
    if (!is_rpm || text.size() > 160 || has(text, " ") || has(text, "/")) return false;
    text = text.substr(0, text.rfind('.'));
    const std::size_t release = text.rfind('-');
    const std::size_t version =
        release == std::string_view::npos || release == 0 ? release : text.rfind('-', release - 1);
    if (version == std::string_view::npos || version == 0) return false;
    add_listed(declared, "rpm", text.substr(0, version), text.substr(version + 1), line.number);
    return true;
  }
};
}  // namespace

std::unique_ptr<TextReader> dpkg_reader() { return std::make_unique<DpkgReader>(); }

}  // namespace varve
