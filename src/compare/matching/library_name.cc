#include "compare/matching/library_name.h"

#include "base/library_file_name.h"
#include "tables/libraries.h"

namespace varve {

std::string library_stem(std::string_view path) { return std::string(library_file_stem(path)); }

Layer library_layer(std::string_view path) {
  const LibraryRow* row = library_of(path);
  if (row != nullptr && row->layer) return *row->layer;
  const bool python_package =
      path.find("/site-packages/") != std::string_view::npos || path.find("/dist-packages/") != std::string_view::npos;
  if (python_package) return Layer::framework;
  // What the system did not bring is the user's own.
  for (const char* folder : {"/lib/", "/lib64/", "/lib32/", "/usr/", "/bin/", "/sbin/", "/etc/", "/nix/", "/snap/"}) {
    if (path.starts_with(folder) && !path.starts_with("/usr/local/")) return Layer::os;
  }
  return path.find('/') == std::string_view::npos ? Layer::os : Layer::framework;
}

bool is_generated_file(const std::string& path) {
  for (const char* part : {"/torchinductor_", "/.triton/", "/triton_cache", "/.nv/ComputeCache",
                           "/memfd:", "/.cache/numba", "/jax_cache", "/.inductor"}) {
    if (path.find(part) != std::string::npos) return true;
  }
  return false;
}

}  // namespace varve
