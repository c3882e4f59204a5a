#include "tables/framework_images.h"
#include "tables/gpu_products.h"
#include "tables/kernel_names.h"
#include "tables/kernel_parts.h"
#include "tables/libraries.h"
#include "tables/package_table.h"
#include "tables/settings.h"
#include "tables/spoken_signs.h"
#include "tables/table.h"

namespace varve {

namespace {
TableSource& chosen_source() {
  static TableSource source;
  return source;
}
}  // namespace

const TableSource& chosen_tables() { return chosen_source(); }

Status use_tables_of(const std::string& folder) {
  Result<TableSource> opened = open_tables(folder);
  if (!opened) return opened.error();
  if (!opened->folder) return Done{};
  chosen_source() = std::move(*opened);
  for (const auto load : {load_libraries, load_packages, load_gpu_products, load_settings, load_kernel_patterns,
                          load_kernel_parts, load_spoken_signs, load_framework_images}) {
    if (const Status loaded = load(); !loaded) return loaded.error();
  }
  return Done{};
}

}  // namespace varve
