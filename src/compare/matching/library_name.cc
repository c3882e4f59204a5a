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
  return python_package ? Layer::framework : Layer::os;
}

}  // namespace varve
