// How people write systems. Only with a version: a name alone ("Linux", "Ubuntu") says little, and is said of much
// else.
#include "disclosure/lines/written_systems.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "disclosure/lines/words.h"

namespace varve {

namespace {
struct SystemName {
  std::string_view written, name;
};
constexpr auto kSystems = std::to_array<SystemName>({{"ubuntu", "Ubuntu"},
                                                     {"kubuntu", "Kubuntu"},
                                                     {"xubuntu", "Xubuntu"},
                                                     {"debian", "Debian"},
                                                     {"centos", "CentOS"},
                                                     {"fedora", "Fedora"},
                                                     {"rhel", "RHEL"},
                                                     {"rocky", "Rocky Linux"},
                                                     {"almalinux", "AlmaLinux"},
                                                     {"linuxmint", "Linux Mint"},
                                                     {"mint", "Linux Mint"},
                                                     {"pop!_os", "Pop!_OS"},
                                                     {"opensuse", "openSUSE"},
                                                     {"alma", "AlmaLinux"},
                                                     {"red", "Red Hat Enterprise Linux"},
                                                     {"amazon", "Amazon Linux"},
                                                     {"deb", "Debian"},
                                                     {"windows", "Windows"},
                                                     {"win", "Windows"}});
// Words between a name and its version.
constexpr auto kBetween = std::to_array<std::string_view>(
    {"server", "desktop", "lts", "linux", "gnu/linux", "leap", "mate", "release", "hat", "enterprise"});
// Words behind it that say nothing else.
constexpr auto kBeside = std::to_array<std::string_view>(
    {"lts", "64bit", "64-bit",  "x64",   "x86_64", "x86-64", "kernel",  "linux", "server",     "in",
     "a",   "an",    "vm",      "bit",   "pro",    "home",   "host",    "guest", "enterprise", "education",
     "wsl", "wsl2",  "desktop", "under", "on",     "docker", "proxmox", "bare",  "metal"});

// Whether a number is one that the system has had.
bool is_version_of(std::string_view name, std::string_view version) {
  const auto major = leading_number(version);
  if (!major || version.size() > 8 || leading_version(version) != version) return false;
  if (name == "Windows") return *major == 7 || *major == 8 || *major == 10 || *major == 11;
  if (name == "Amazon Linux") return version == "2" || version == "2023";
  if (name.ends_with("buntu")) return version.size() >= 2 && *major >= 12 && *major <= 40;
  return *major >= 5 && *major <= 60;
}
// Names of releases: GoogleCloudPlatform/compute-gpu-installation#28 (debian-11-bullseye), jellyfin/jellyfin#3087
// (Buster, 10), anomixer/proxmox-vgpu-installer#19 (13, Trixie), /etc/os-release of Debian 12.
std::string_view debian_of_name(std::string_view word) {
  constexpr auto kNames =
      std::to_array<SystemName>({{"buster", "10"}, {"bullseye", "11"}, {"bookworm", "12"}, {"trixie", "13"}});
  const auto* const named =
      std::find_if(kNames.begin(), kNames.end(), [&](const SystemName& n) { return n.written == word; });
  return named == kNames.end() ? std::string_view() : named->name;
}
}  // namespace

std::optional<WrittenSystem> system_at(const std::vector<std::string_view>& words, std::size_t at) {
  const std::string first = to_lower(bare_word(words[at]));
  for (const SystemName& system : kSystems) {
    if (!first.starts_with(system.written)) continue;
    const std::string_view attached = std::string_view(first).substr(system.written.size());
    if (!attached.empty()) {  // "ubuntu18.04", "win10"
      if (!is_version_of(system.name, attached)) continue;
      return WrittenSystem{std::string(system.name) + " " + std::string(attached), 1};
    }
    if (system.written == "win" || system.written == "deb") continue;
    std::string between;
    for (std::size_t i = at + 1; i < words.size() && i < at + (system.written == "red" ? 7 : 4); ++i) {
      // A mark before it ends what is written of the system.
      const std::string_view before = words[i - 1];
      if (before.ends_with(',') || before.ends_with('.') || before.ends_with(';')) break;
      const std::string word = to_lower(bare_word(words[i]));
      if (between == " Server" && system.name == "Windows" && word.size() == 4 && word.starts_with("20")) {
        return WrittenSystem{"Windows Server " + word, i - at + 1};
      }
      if (system.written == "red" && i == at + 1 && word != "hat") break;
      if (system.name == "Amazon Linux" && (i == at + 1) != word.starts_with("linux")) break;
      if (word.starts_with("linux") && is_version_of(system.name, std::string_view(word).substr(5))) {
        return WrittenSystem{std::string(system.name) + " " + word.substr(5), i - at + 1};  // "Amazon Linux2"
      }
      if (const std::string_view number = debian_of_name(word); system.name == "Debian" && !number.empty()) {
        return WrittenSystem{"Debian " + std::string(number), i - at + 1};
      }
      if (is_version_of(system.name, word)) return WrittenSystem{std::string(system.name) + " " + word, i - at + 1};
      if (!is_among(word, kBetween)) break;
      if (word == "server") between = " Server";
    }
  }
  return std::nullopt;
}

std::optional<std::string> plain_system(std::string_view text) {
  if (text.size() < 5 || text.size() > 56) return std::nullopt;
  const std::vector<std::string_view> words = split_words(text);
  const std::string start = words.size() > 1 ? to_lower(words[0]) : "";
  const std::size_t begin = start == "linux" || start == "wsl" || start == "wsl2" ? 1 : 0;
  if (words.empty()) return std::nullopt;
  const auto system = system_at(words, begin);
  if (!system) return std::nullopt;
  bool is_inside = false;  // brackets of a name: "Fedora release 36 (Thirty Six)", not "(host OS)"
  for (std::size_t i = begin + system->words; i < words.size(); ++i) {
    const std::string word = to_lower(bare_word(words[i]));
    const bool is_capital =
        !bare_word(words[i]).empty() && bare_word(words[i])[0] >= 'A' && bare_word(words[i])[0] <= 'Z';
    if (words[i].starts_with('(') || (is_inside && is_capital)) {
      is_inside = is_capital && !words[i].ends_with(')');
      continue;
    }
    const bool is_number = !word.empty() && is_digit(word[0]) && word.find('=') == std::string::npos;
    if (!word.empty() && !is_number && !is_among(word, kBeside)) return std::nullopt;
  }
  return system->name;
}

}  // namespace varve
