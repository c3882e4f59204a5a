#include "disclosure/people/written_facts.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/lines/written_systems.h"
#include "disclosure/people/written_keys.h"
#include "package/python_metadata.h"

namespace varve {

namespace {
constexpr std::size_t kLongestRelease = 8;

bool take_toolkit(const WrittenPair& pair, Declared& declared) {
  const auto release = behind(pair.value, "release ");
  const std::string_view version = leading_version(release ? *release : pair.value);
  if (version.find('.') == std::string_view::npos || version.size() > kLongestRelease) return false;
  declare(declared, "toolkit.nvcc.version", std::string(version), pair.place);
  return true;
}

// "10.2.89", "11.8/8.6", "release 11.0, V11.0.194", "CUDA 12.4, cuDNN 9.0.0". A release alone may be what nvidia-smi
// prints of the driver; with a build, or cuDNN's behind it, it is a toolkit's.
bool take_host_cuda(const WrittenPair& pair, Declared& declared) {
  const std::string_view value = pair.value;
  const auto release = behind(value, "release ");
  const bool is_named = to_lower(value.substr(0, 4)) == "cuda" && has(to_lower(value), "cudnn");
  const std::string_view cuda =
      is_named ? value.substr(std::min(value.find_first_of("0123456789"), value.size())) : value;
  const std::string_view version = leading_version(release ? *release : cuda);
  const std::size_t dot = version.find('.');
  if (dot == std::string_view::npos || dot > 2) return false;
  const bool is_whole = release || is_named || has(value, "/") || version.find('.', dot + 1) != std::string_view::npos;
  if (!is_whole) return false;
  declare(declared, "toolkit.nvcc.version", std::string(version.substr(0, version.find('.', dot + 1))), pair.place);
  return true;
}

// "5.15.0-41-generic", "6.18.30-1-lts": three numbers and what the distribution puts behind them.
bool is_kernel_release(std::string_view text) {
  const std::string_view number = leading_version(text);
  return is_package_version(text) && std::count(number.begin(), number.end(), '.') == 2 &&
         text.substr(number.size()).starts_with('-');
}

bool take_kernel(const WrittenPair& pair, Declared& declared) {
  const std::string_view value = pair.value;
  const std::string_view release = up_to(value.starts_with("Linux ") ? value.substr(6) : value, " (,");
  if (!is_package_version(release) || std::count(release.begin(), release.end(), '.') < 2) return false;
  declare(declared, "os.kernel.release", std::string(release), pair.place);
  return true;
}

// Systems that have no release, or whose name people give alone.
bool is_bare_system(std::string_view lower) {
  constexpr auto kNames = std::to_array<std::string_view>(
      {"arch", "archlinux", "arch linux", "manjaro", "manjaro linux", "nixos", "gentoo", "fedora", "debian", "centos"});
  return is_among(lower, kNames);
}

// Of WSL and of containers and their host people name two.
bool names_two_systems(std::string_view value) {
  const std::string lower = to_lower(value);
  for (const std::string_view inside : {"wsl", "docker", "container", "vm", "virtual", "host", "guest", "subsystem"}) {
    if (has(lower, inside)) return false;
  }
  const std::vector<std::string_view> words = split_words(value);
  std::string first;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto system = system_at(words, i);
    if (!system) continue;
    const std::string name = system->name.substr(0, system->name.find(' '));
    if (!first.empty() && first != name) return true;
    first = name;
    i += system->words - 1;
  }
  return false;
}

bool take_system(const WrittenPair& pair, Declared& declared) {
  constexpr std::size_t kShortest = 4, kLongest = 64;
  const std::string_view value = pair.value;
  if (const auto plain = plain_system(value); plain && !has(value, " ")) {
    declare(declared, "os.name", *plain, pair.place);  // "Ubuntu18.04"
    return true;
  }
  // In a table of a document, or as a member of JSON's, it is one of many that something runs on.
  if ((value == "Windows" || value == "windows") && !pair.line.starts_with('|') && !has(pair.line, "\"")) {
    declare(declared, "os.name", "Windows", pair.place, "", Standing::inferred);
    return true;
  }
  if (value.starts_with("Linux-") && has(value, "-with-")) {
    declare_platform(declared, value, pair.place);
    return true;
  }
  // "20.04 or newer" is what something wants; "Fedora 29, Windows 10" are two machines.
  const std::string said = to_lower(value);
  for (const std::string_view mark : {" or ", "newer", "later", "above", "any ", "older"}) {
    if (has(said, mark)) return false;
  }
  if (is_bare_system(said) && !pair.line.starts_with('|') && !has(pair.line, "\"")) {
    declare(declared, "os.name", std::string(value), pair.place);
    return true;
  }
  if (value.size() < kShortest || value.size() > kLongest || !has(value, " ")) return false;
  if (pair.key == "linux" && !plain_system(value)) return false;
  if (names_two_systems(value)) return false;
  declare(declared, "os.name", std::string(value), pair.place);
  // "Ubuntu 20.04.3 LTS (5.4.0-91-generic)", "(GNU/Linux 5.11.0-41-generic x86_64)"
  if (const auto inside = behind(value, "("); inside && !has(*inside, "glibc")) {
    std::string_view rest = inside->starts_with("GNU/Linux ") ? inside->substr(10) : *inside;
    for (const std::string_view word : {"kernel: ", "kernel version ", "kernel ", "Kernel ", "Linux "}) {
      if (rest.starts_with(word)) rest.remove_prefix(word.size());
    }
    const std::string_view release = up_to(rest, " ),");
    if (is_kernel_release(release)) declare(declared, "os.kernel.release", std::string(release), pair.place);
  }
  if (const auto libc = behind(value, "(glibc 2."); libc && !leading_version(*libc).empty()) {
    declare(declared, "os.libc", "glibc 2." + std::string(leading_version(*libc)), pair.place);
  }
  return true;
}

// "2.1.5.0" of the store, which has WSL 2 alone; of a form "[X] WSL 2".
bool take_wsl(const WrittenPair& pair, Declared& declared) {
  const bool is_of_store = std::count(pair.value.begin(), pair.value.end(), '.') == 3;
  bool is_two = false;
  for (const std::string_view start : {"2", "WSL 2", "WSL2", "[X] WSL 2", "[x] WSL 2"}) {
    is_two = is_two || pair.value.starts_with(start);
  }
  if (!is_of_store && !is_two) return false;
  declare(declared, "machine.hypervisor", "Hyper-V (WSL)", pair.place, "", Standing::inferred);
  return true;
}

bool take_libc(const WrittenPair& pair, Declared& declared) {
  constexpr std::string_view kName = "glibc-";
  const std::string_view version =
      leading_version(pair.value.starts_with(kName) ? pair.value.substr(kName.size()) : pair.value);
  if (!version.starts_with("2.")) return false;
  declare(declared, "os.libc", "glibc " + std::string(version), pair.place);
  return true;
}

// "R35.4.1", and the JetPack that it is of.
bool take_jetson(const WrittenPair& pair, Declared& declared) {
  const bool is_release = pair.value.starts_with('R');
  const std::string_view release = leading_version(is_release ? pair.value.substr(1) : pair.value);
  if (release.find('.') == std::string_view::npos || release.size() > kLongestRelease) return false;
  if (is_release) declare(declared, "os.jetson_linux", std::string(release), pair.place);
  declare(declared, "os.architecture", "aarch64", pair.place, "", Standing::inferred);
  return true;
}
}  // namespace

std::optional<bool> take_written_fact(WrittenMeaning meaning, const WrittenPair& pair, Declared& declared) {
  switch (meaning) {
    case WrittenMeaning::toolkit:
      return take_toolkit(pair, declared);
    case WrittenMeaning::host_cuda:
      return take_host_cuda(pair, declared);
    case WrittenMeaning::kernel:
      return take_kernel(pair, declared);
    case WrittenMeaning::system:
      return take_system(pair, declared);
    case WrittenMeaning::wsl:
      return take_wsl(pair, declared);
    case WrittenMeaning::libc:
      return take_libc(pair, declared);
    case WrittenMeaning::jetson:
      return take_jetson(pair, declared);
    default:
      return std::nullopt;
  }
}

bool SystemOfTwoLines::take(std::string_view written_key, const WrittenPair& pair, Declared& declared) {
  // "22.04+" is what something needs.
  const bool is_of_form = !pair.line.starts_with('|') && !has(pair.line, "\"") && !pair.line.ends_with('+');
  if (!is_of_form || meaning_of_key(std::string(pair.key)) != WrittenMeaning::system) return false;
  std::string written = to_lower(without_marks_around(up_to(written_key, "(")));
  std::erase_if(written, [](char c) { return c == '*' || c == '`'; });
  if (!written.ends_with(" version")) {
    key_ = pair.key;
    name_ = pair.value;
    line_ = pair.place.line;
    return false;
  }
  if (pair.place.line != line_ + 1 || pair.key != key_ || name_.find_first_of(" 0123456789") != std::string::npos) {
    return false;
  }
  const std::string_view version = trim(up_to(pair.value, "("));  // "22.04.3 LTS (Jammy Jellyfish)"
  if (version.empty() || !is_digit(version[0])) return false;
  const auto system = plain_system(name_ + " " + std::string(version));
  if (system) declare(declared, "os.name", *system, pair.place);
  return system.has_value();
}

bool take_written_system(const TextLine& line, const char* reader, bool is_of_machine, Declared& declared) {
  const auto names = [&](const SoughtText& part) { return holds(line, part); };
  if (line.text.size() > 60 ||
      !(names("buntu") || names("ebian") || names("entOS") || names("entos") || names("edora") || names("indows") ||
        names("Win1") || names("WIN1") || names("win1") || names("RHEL") || names("ocky") || names("Mint") ||
        names("SUSE") || names("ed Hat") || names("lma") || names("mazon"))) {
    return false;
  }
  std::string text(without_list_marks(line.text));
  // "1. Ubuntu `20.04`" of a list below "Environment": elsewhere numbered items are steps
  const bool is_numbered = is_of_machine && text.size() > 3 && is_digit(text[0]) && (text[1] == '.' || text[1] == ')');
  if (is_numbered) {
    text.erase(0, 2);
    std::erase(text, '`');
  }
  if (to_lower(std::string_view(text).substr(0, 3)) == "os ") text.erase(0, 3);  // "OS Ubuntu 16.04:"
  const auto system = plain_system(trim(text));
  if (!system) return false;
  declare(declared, "os.name", *system, {reader, line.number});
  if (const auto kernel = behind(line.text, "kernel "); kernel) {  // "Ubuntu 20.04.4 kernel Linux 5.15.0-41-generic"
    const std::string_view release = up_to(kernel->starts_with("Linux ") ? kernel->substr(6) : *kernel, " ");
    if (is_package_version(release) && std::count(release.begin(), release.end(), '.') > 1) {
      declare(declared, "os.kernel.release", std::string(release), {reader, line.number});
    }
  }
  return true;
}

}  // namespace varve
