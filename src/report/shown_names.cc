#include "report/shown_names.h"

#include "model/kernels/kernel_display.h"

namespace varve {

ShownNames shown_names(const std::vector<std::string>& kernel_names, std::size_t columns) {
  KernelTable table;
  for (const std::string& name : kernel_names) table.intern({.key = {name, "", ""}});
  const std::vector<std::string> shown = display_names(table, columns);
  ShownNames names;
  for (std::size_t i = 0; i < shown.size(); ++i) names.emplace(table.kernels()[i].key.name, shown[i]);
  return names;
}

std::string shown_name(const ShownNames& names, const std::string& kernel_name, std::size_t columns) {
  const auto found = names.find(kernel_name);
  return found == names.end() ? display_name(kernel_name, columns) : found->second;
}

}  // namespace varve
