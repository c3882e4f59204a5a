#include "disclosure/lines/spoken_machine.h"

#include <algorithm>

#include "base/text.h"
#include "disclosure/lines/declared.h"
#include "disclosure/lines/written_products.h"
#include "package/python_metadata.h"

namespace varve {

namespace {
constexpr const char* kName = "told in the first person";

bool is_one(const SpokenMachine::Told& told) { return told.line != 0 && !told.is_several; }

// A list, or a command that names a version, says more than a sentence.
bool is_listed(const Declared& declared, const std::string& name) {
  const bool is_asked = std::any_of(declared.asked.begin(), declared.asked.end(), [&](const AskedPackage& asked) {
    return !asked.version.empty() && normal_package_name(asked.name) == name;
  });
  if (is_asked) return true;
  return std::any_of(declared.packages.begin(), declared.packages.end(), [&](const DeclaredPackages& list) {
    return std::any_of(list.packages.begin(), list.packages.end(), [&](const DeclaredPackage& package) {
      return normal_package_name(package.name) == name || (name == "torch" && package.name == "pytorch");
    });
  });
}
}  // namespace

void settle_spoken_machine(Declared& declared) {
  const SpokenMachine& spoken = declared.spoken;
  // Another GPU that is named anywhere may be that of the machine that the rest is about.
  if (is_one(spoken.gpu) && spoken.named.size() == 1 && declared.gpus.empty() && declared.on_bus.empty()) {
    DeclaredGpus* list = gpu_list(declared, {kName, spoken.gpu.line});
    for (std::int64_t i = 0; i < spoken.gpu.count; ++i) {
      Gpu* gpu = gpu_in(list, i);
      if (gpu == nullptr) break;
      gpu->model = spoken.gpu.value;
      gpu->capability = written_product(spoken.gpu.value);
    }
  }
  const bool any_driver = declared.facts.contains("driver.kernel_mode.version") ||
                          declared.no_kernel_driver_line != 0 ||
                          declared.contradicted.contains("driver.kernel_mode.version");
  if (is_one(spoken.driver) && !any_driver) declare_driver(declared, spoken.driver.value, {kName, spoken.driver.line});
  DeclaredPackages* list = nullptr;
  for (const auto& [name, told] : spoken.packages) {
    if (name == "python" && is_one(told)) declared.pythons.emplace(told.value, told.line);
    if (name == "python" || !is_one(told) || is_listed(declared, name)) continue;
    if (list == nullptr) list = package_list(declared, {kName, told.line}, spoken.is_of_conda ? "conda" : "");
    add_package(list, name, told.value, told.line);
  }
}

}  // namespace varve
