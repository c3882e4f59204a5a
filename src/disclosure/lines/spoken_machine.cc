#include "disclosure/lines/spoken_machine.h"

#include <algorithm>
#include <set>

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

// Among the parts of the text that other readers took, in their order.
void note_parts(const std::set<std::int64_t>& read, Declared& declared) {
  for (const std::int64_t line : read) declared.parts.push_back({kName, line, line});
  std::stable_sort(declared.parts.begin(), declared.parts.end(),
                   [](const TextPart& a, const TextPart& b) { return a.first < b.first; });
}

// Another GPU that is named anywhere may be that of the machine that the rest is about.
bool settle_gpus(Declared& declared) {
  const SpokenMachine& spoken = declared.spoken;
  if (!is_one(spoken.gpu) || spoken.named.size() != 1 + spoken.beside.size() || !declared.gpus.empty() ||
      !declared.on_bus.empty()) {
    return false;
  }
  std::vector<std::pair<std::string, std::int64_t>> owned = spoken.beside;
  owned.insert(owned.begin(), {spoken.gpu.value, spoken.gpu.count});
  DeclaredGpus* list = gpu_list(declared, {kName, spoken.gpu.line});
  std::int64_t number = 0;
  for (const auto& [model, count] : owned) {
    for (std::int64_t i = 0; i < count; ++i) {
      Gpu* gpu = gpu_in(list, number++);
      if (gpu == nullptr) break;
      gpu->model = model;
      gpu->capability = written_product(model);
    }
  }
  return true;
}
}  // namespace

void settle_spoken_machine(Declared& declared) {
  const SpokenMachine& spoken = declared.spoken;
  std::set<std::int64_t> read;  // lines whose sentences count
  if (settle_gpus(declared)) read.insert(spoken.gpu.line);
  const bool any_driver = declared.facts.contains("driver.kernel_mode.version") ||
                          declared.no_kernel_driver_line != 0 ||
                          declared.contradicted.contains("driver.kernel_mode.version");
  if (is_one(spoken.driver) && !any_driver) {
    declare_driver(declared, spoken.driver.value, {kName, spoken.driver.line});
    read.insert(spoken.driver.line);
  }
  // Systems that somebody lists are those that something runs on, or of a host and its container.
  const auto system = declared.facts.find("os.name");
  if (declared.contradicted.contains("os.name") && system != declared.facts.end() &&
      system->second.source.ends_with("(written by hand)")) {
    declared.facts.erase(system);
  } else if (is_one(spoken.system) && !declared.facts.contains("os.name")) {
    declare(declared, "os.name", spoken.system.value, {kName, spoken.system.line});
    read.insert(spoken.system.line);
  }
  if (is_one(spoken.toolkit) && !declared.facts.contains("toolkit.nvcc.version")) {
    declare_nvcc(declared, spoken.toolkit.value, "", {kName, spoken.toolkit.line});
    read.insert(spoken.toolkit.line);
  }
  if (spoken.wsl_line != 0) {
    declare(declared, "machine.hypervisor", "Hyper-V (WSL)", {kName, spoken.wsl_line}, "", Standing::inferred);
  }
  DeclaredPackages* list = nullptr;
  for (const auto& [name, told] : spoken.packages) {
    if (name == "python" && is_one(told)) declared.pythons.emplace(told.value, told.line);
    if (name == "python" || !is_one(told) || is_listed(declared, name)) continue;
    if (list == nullptr) list = package_list(declared, {kName, told.line}, spoken.is_of_conda ? "conda" : "");
    add_package(list, name, told.value, told.line);
    read.insert(told.line);
  }
  note_parts(read, declared);
}

}  // namespace varve
