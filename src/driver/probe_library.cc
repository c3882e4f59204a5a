#include "driver/probe_library.h"

#include <dlfcn.h>

#include "base/text.h"

namespace varve {

namespace {
// For libraries that stand in no cache: container toolkits, WSL, NixOS, Jetson.
constexpr const char* kDirectories[] = {"/usr/lib/x86_64-linux-gnu",
                                        "/usr/lib/aarch64-linux-gnu",
                                        "/usr/lib64",
                                        "/usr/lib",
                                        "/usr/lib/wsl/lib",
                                        "/usr/local/nvidia/lib64",
                                        "/usr/local/nvidia/lib",
                                        "/run/opengl-driver/lib",
                                        "/usr/lib64/nvidia",
                                        "/usr/lib/x86_64-linux-gnu/nvidia/current",
                                        "/usr/lib/aarch64-linux-gnu/nvidia",
                                        "/usr/lib/aarch64-linux-gnu/tegra"};
constexpr std::size_t kMostCache = std::size_t{8} << 20;

// The strings of ld.so.cache (sysdeps/generic/dl-cache.h in glibc) are zero-terminated: each entry has its SONAME and
// its path there. The path that ends in the SONAME is all that is needed.
std::optional<std::string> path_in_cache(std::string_view cache, std::string_view soname) {
  const std::string end = "/" + std::string(soname) + '\0';
  for (std::size_t at = cache.find(end); at != std::string_view::npos; at = cache.find(end, at + 1)) {
    const std::size_t before = cache.rfind('\0', at);
    const std::size_t start = before == std::string_view::npos ? 0 : before + 1;
    const std::string_view path = cache.substr(start, at + soname.size() + 1 - start);
    const bool is_32_bit = path.find("/i386-linux-gnu/") != std::string_view::npos || path.starts_with("/usr/lib32/") ||
                           path.starts_with("/lib32/");
    if (path.starts_with('/') && path.size() < 4096 && !is_32_bit) return std::string(path);
  }
  return std::nullopt;
}
}  // namespace

ProbeLibrary ProbeLibrary::open(const std::string& library, bool global) {
  ProbeLibrary opened;
  opened.handle_ = ::dlopen(library.c_str(), RTLD_NOW | (global ? RTLD_GLOBAL : RTLD_LOCAL));
  if (opened.handle_ == nullptr) {
    const char* words = ::dlerror();
    opened.problem_ = clean_utf8(words != nullptr ? words : "the loader refused it", 512);
  }
  return opened;
}

void* ProbeLibrary::symbol(const char* name) const { return handle_ == nullptr ? nullptr : ::dlsym(handle_, name); }

std::optional<std::string> find_driver_library(const World& world, std::string_view soname) {
  const auto here = [&](std::string_view directory) -> std::optional<std::string> {
    std::string path = std::string(directory) + "/" + std::string(soname);
    if (world.files.exists(path)) return path;
    return std::nullopt;
  };
  const std::string first = environment_value(world.environment, "LD_LIBRARY_PATH");
  for (const std::string_view directory : split(first, ':')) {
    if (!directory.starts_with('/')) continue;
    if (auto path = here(directory)) return path;
  }
  if (const Looked<std::string> cache = world.files.read("/etc/ld.so.cache", kMostCache)) {
    if (auto path = path_in_cache(*cache, soname); path && world.files.exists(*path)) return path;
  }
  for (const char* directory : kDirectories) {
    if (auto path = here(directory)) return path;
  }
  return std::nullopt;
}

}  // namespace varve
