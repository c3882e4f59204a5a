#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/fact.h"
#include "world/files.h"

namespace varve {

// A package that the system's package manager installed.
struct SystemPackage {
  std::string name;
  std::string version;  // with epoch and release, as the manager prints it
  std::string manager;  // "dpkg", "rpm", "apk"

  bool operator==(const SystemPackage&) const = default;
};

struct SystemPackages {
  std::vector<SystemPackage> packages;  // by manager, then name
  std::vector<std::string> databases;   // that were read: "/var/lib/dpkg/status"
  std::vector<std::string> unreadable;  // that were found and could not be: "/var/lib/rpm/Packages: Berkeley DB"
};

// The installed packages whose names match one of the patterns (* stands for any characters). Read from the files of
// dpkg (status, and status.d of images without dpkg), rpm (its SQLite database, the only one since rpm 4.16's default;
// Berkeley DB and ndb are not read) and apk. Starts no program.
SystemPackages find_packages(const Files& files, const std::vector<std::string>& patterns);

// The package that one of these files belongs to (absolute paths with links resolved). Of dpkg only packages whose
// names match the patterns are looked at.
std::optional<SystemPackage> find_owner(const Files& files, const std::vector<std::string>& paths,
                                        const std::vector<std::string>& patterns);

// The packages of the GPU stack that the system has, as the fact os.gpu_packages: "dpkg libcudnn9-cuda-12 9.5.1.17-1".
Fact gpu_packages_fact(const Files& files);

// The stanzas of a dpkg status file ("Package: …", "Status: install ok installed", "Version: …": deb-control(5)).
std::vector<SystemPackage> parse_dpkg_status(std::string_view text, const std::vector<std::string>& patterns);

// The records of /lib/apk/db/installed ("P:name", "V:version", an empty line between them: apk-tools' database format).
std::vector<SystemPackage> parse_apk_installed(std::string_view text, const std::vector<std::string>& patterns);

}  // namespace varve
