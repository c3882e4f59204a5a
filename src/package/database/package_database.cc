#include "package/database/package_database.h"

#include <algorithm>

#include "base/text.h"
#include "package/database/package_database_rpm.h"
#include "tables/package_table.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr std::size_t kMostStatus = std::size_t{64} << 20;
constexpr std::size_t kMostList = std::size_t{8} << 20;
constexpr const char* kDpkg = "/var/lib/dpkg/status";
constexpr const char* kDpkgFolder = "/var/lib/dpkg/status.d";  // of images that were put together without dpkg
constexpr const char* kApk = "/lib/apk/db/installed";
constexpr const char* kRpmFolders[] = {"/usr/lib/sysimage/rpm", "/var/lib/rpm"};

// Calls `use` with each block of lines up to an empty one.
template <class Use>
void each_stanza(std::string_view text, const Use& use) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find("\n\n", begin), text.size());
    use(text.substr(begin, end - begin));
    begin = std::min(text.find_first_not_of('\n', end), text.size());
  }
}

// A field at the beginning of a line; continued lines begin with a blank.
std::string_view field(std::string_view stanza, std::string_view name) {
  for (std::size_t begin = 0; begin < stanza.size();) {
    const std::size_t end = std::min(stanza.find('\n', begin), stanza.size());
    const std::string_view line = stanza.substr(begin, end - begin);
    if (line.starts_with(name)) return trim(line.substr(name.size()));
    begin = end + 1;
  }
  return {};
}

bool is_installed(std::string_view status) { return status.empty() || status.ends_with(" installed"); }

class Search {
 public:
  Search(const Files& files, const std::vector<std::string>& patterns) : files_(files), patterns_(patterns) {}

  SystemPackages run() {
    read_dpkg();
    read_rpm();
    const Looked<std::string> apk = files_.read(kApk, kMostStatus);
    if (note(apk, kApk)) add(parse_apk_installed(*apk, patterns_));
    std::sort(found_.packages.begin(), found_.packages.end(), [](const SystemPackage& a, const SystemPackage& b) {
      return std::tie(a.manager, a.name, a.version) < std::tie(b.manager, b.name, b.version);
    });
    found_.packages.erase(std::unique(found_.packages.begin(), found_.packages.end()), found_.packages.end());
    return std::move(found_);
  }

 private:
  template <class T>
  bool note(const Looked<T>& look, const std::string& path) {
    if (look) {
      found_.databases.push_back(path);
    } else if (look.failure != LookFailure::absent) {
      found_.unreadable.push_back(path + ": " + look.detail);
    }
    return static_cast<bool>(look);
  }

  void add(std::vector<SystemPackage> packages) {
    std::move(packages.begin(), packages.end(), std::back_inserter(found_.packages));
  }

  void read_dpkg() {
    const Looked<std::string> status = files_.read(kDpkg, kMostStatus);
    if (note(status, kDpkg)) add(parse_dpkg_status(*status, patterns_));
    for (const std::string& name : files_.list(kDpkgFolder).value.value_or(std::vector<std::string>{})) {
      if (name.ends_with(".md5sums")) continue;
      const Looked<std::string> text = files_.read(std::string(kDpkgFolder) + "/" + name);
      if (text) add(parse_dpkg_status(*text, patterns_));
    }
  }

  void read_rpm() {
    for (const std::string folder : kRpmFolders) {
      const std::string path = folder + "/rpmdb.sqlite";
      const Looked<FileReader> file = files_.open(path);
      if (file) {
        Result<std::vector<SystemPackage>> packages = read_rpm_packages(*file, path, patterns_);
        if (packages) {
          found_.databases.push_back(path);
          add(std::move(*packages));
        } else {
          found_.unreadable.push_back(path + ": " + packages.error().found);
        }
        return;  // the other folder is a link to this one, or left behind
      }
      if (file.failure != LookFailure::absent) found_.unreadable.push_back(path + ": " + file.detail);
      if (files_.exists(folder + "/Packages.db")) {
        found_.unreadable.push_back(folder + "/Packages.db: rpm's ndb format, which Varve does not read");
      } else if (files_.exists(folder + "/Packages")) {
        found_.unreadable.push_back(folder + "/Packages: Berkeley DB, which Varve does not read");
      }
    }
  }

  const Files& files_;
  const std::vector<std::string>& patterns_;
  SystemPackages found_;
};

bool has_line(std::string_view text, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    for (std::size_t at = text.find(line); at != std::string_view::npos; at = text.find(line, at + 1)) {
      const std::size_t end = at + line.size();
      if ((at == 0 || text[at - 1] == '\n') && (end == text.size() || text[end] == '\n')) return true;
    }
  }
  return false;
}

// "/var/lib/dpkg/info/cuda-nvcc-12-4.list" or "…/libc6:amd64.list".
std::optional<SystemPackage> dpkg_owner(const Files& files, const std::vector<std::string>& paths,
                                        const std::vector<std::string>& patterns) {
  const std::string folder = "/var/lib/dpkg/info/";
  for (const std::string& file : files.list(folder).value.value_or(std::vector<std::string>{})) {
    if (!file.ends_with(".list")) continue;
    std::string name = file.substr(0, file.size() - 5);
    name = name.substr(0, name.find(':'));
    if (!matches_any(name, patterns)) continue;
    const Looked<std::string> list = files.read(folder + file, kMostList);
    if (!list || !has_line(*list, paths)) continue;
    const Looked<std::string> status = files.read(kDpkg, kMostStatus);
    const auto found = status ? parse_dpkg_status(*status, {name}) : std::vector<SystemPackage>{};
    return found.empty() ? SystemPackage{clean_utf8(name, 128), "", "dpkg"} : found.front();
  }
  return std::nullopt;
}
}  // namespace

std::vector<SystemPackage> parse_dpkg_status(std::string_view text, const std::vector<std::string>& patterns) {
  std::vector<SystemPackage> packages;
  each_stanza(text, [&](std::string_view stanza) {
    const std::string name = clean_utf8(field(stanza, "Package:"), 128);
    if (name.empty() || !matches_any(name, patterns) || !is_installed(field(stanza, "Status:"))) return;
    packages.push_back({name, clean_utf8(field(stanza, "Version:"), 128), "dpkg"});
  });
  return packages;
}

std::vector<SystemPackage> parse_apk_installed(std::string_view text, const std::vector<std::string>& patterns) {
  std::vector<SystemPackage> packages;
  each_stanza(text, [&](std::string_view stanza) {
    const std::string name = clean_utf8(field(stanza, "P:"), 128);
    if (!name.empty() && matches_any(name, patterns)) {
      packages.push_back({name, clean_utf8(field(stanza, "V:"), 128), "apk"});
    }
  });
  return packages;
}

SystemPackages find_packages(const Files& files, const std::vector<std::string>& patterns) {
  return Search(files, patterns).run();
}

std::optional<SystemPackage> find_owner(const Files& files, const std::vector<std::string>& paths,
                                        const std::vector<std::string>& patterns) {
  if (auto owner = dpkg_owner(files, paths, patterns)) return owner;
  for (const std::string folder : kRpmFolders) {
    const std::string path = folder + "/rpmdb.sqlite";
    const Looked<FileReader> file = files.open(path);
    if (!file) continue;
    const Result<std::optional<SystemPackage>> owner = read_rpm_owner(*file, path, paths);
    return owner ? *owner : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace varve
