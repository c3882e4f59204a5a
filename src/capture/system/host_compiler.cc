// The C++ compiler that nvcc would call: the host's GCC.
#include "base/text.h"
#include "capture/system/collect_system.h"
#include "world/reading.h"
#include "world/world.h"

namespace varve {

namespace {
// "x86_64-linux-gnu-gcc-13" and "gcc-13" → "13"; empty when the name has no number.
std::string version_in_name(const std::string& path) {
  const std::string name = file_name(path);
  const std::size_t dash = name.rfind("gcc-");
  if (dash == std::string::npos) return {};
  const std::string version = name.substr(dash + 4);
  return version.find_first_not_of("0123456789.") == std::string::npos ? version : std::string();
}

// Where the compiler keeps its own files: /usr/lib/gcc/x86_64-redhat-linux/11. One version: it is that.
std::string version_in_folder(const Files& files, const std::string& prefix) {
  std::string version;
  for (const char* lib : {"/lib/gcc", "/lib64/gcc"}) {
    const std::string base = prefix + lib;
    for (const std::string& target : files.list(base).value.value_or(std::vector<std::string>{})) {
      const Looked<std::vector<std::string>> versions = files.list(base + "/" + target);
      for (const std::string& name : versions.value.value_or(std::vector<std::string>{})) {
        if (name.empty() || name.find_first_not_of("0123456789.") != std::string::npos) continue;
        if (!version.empty() && version != name) return {};
        version = name;
      }
    }
  }
  return version;
}
}  // namespace

void collect_host_compiler(const Subject& subject, Facts& facts) {
  const std::string search = environment_value(subject.environment, "PATH");
  std::vector<std::string> folders;
  for (const std::string_view folder : split(search, ':')) {
    if (folder.starts_with('/')) folders.emplace_back(folder);
  }
  folders.emplace_back("/usr/bin");
  Fact& fact = facts["os.gcc"];
  for (const std::string& folder : folders) {
    const std::string path = folder + "/gcc";
    const Looked<std::string> resolved = subject.files.resolve(path);
    if (!resolved || !subject.files.exists(*resolved)) continue;
    std::string version = version_in_name(*resolved);
    const std::string prefix = folder.substr(0, folder.rfind('/'));
    if (version.empty()) version = version_in_folder(subject.files, prefix);
    fact = version.empty()
               ? missing_fact(Missing::unsupported, path, "neither its name nor its folder tells the version")
               : known_fact(clean_utf8(version, 32), path, Standing::inferred);
    return;
  }
  fact = missing_fact(Missing::absent, "gcc on PATH, /usr/bin/gcc", "no GCC found");
}

}  // namespace varve
