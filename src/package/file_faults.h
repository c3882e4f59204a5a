#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/environment.h"
#include "world/files.h"

namespace varve {

// Gathers which package lists which library, and then looks at the files: what is there, and whose it is.
class FileClaims {
 public:
  // `path` as it is in the subject; `digest` and `size` as the list has them, empty or nothing where it does not say.
  void add(const std::string& path, const std::string& package, std::string_view digest,
           std::optional<std::uint64_t> size);
  // Where files do not stand as they were listed; one open a file, at most 8192 files. Paths with the home directory
  // shortened. A file that cannot be opened for another reason than its absence is passed over.
  std::vector<FileFault> faults(const Files& files, const std::string& home) const;
  // Gives each file that several packages list to the one that wrote it, as `faults` tell of it or of others that the
  // same packages list. `packages`: the name of a package by the path of a library.
  void give_to_owners(const std::vector<FileFault>& faults, std::map<std::string, std::string>& packages) const;

 private:
  struct Claim {
    std::string package, digest;
    std::optional<std::uint64_t> size;
  };
  static FileFault overwritten_fault(const std::vector<Claim>& claims, std::uint64_t size);

  std::map<std::string, std::vector<Claim>> claims_;
};

}  // namespace varve
