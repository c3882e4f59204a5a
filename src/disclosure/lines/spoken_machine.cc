#include "disclosure/lines/spoken_machine.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "disclosure/lines/declared.h"
#include "disclosure/lines/written_products.h"
#include "package/python_metadata.h"
#include "tables/package_table.h"

namespace varve {

namespace {
constexpr const char* kName = "told in the first person";
constexpr const char* kInPassing = "named in passing, and no other";

bool is_one(const SpokenMachine::Told& told) { return told.line != 0 && !told.is_several; }
bool is_plain(const SpokenMachine::Told& told) { return is_one(told) && !told.is_doubtful; }

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
void note_parts(std::vector<TextPart> told, Declared& declared) {
  const auto is_before = [](const TextPart& a, const TextPart& b) { return a.first < b.first; };
  std::stable_sort(told.begin(), told.end(), is_before);
  const auto is_same = [](const TextPart& a, const TextPart& b) { return a.first == b.first; };
  told.erase(std::unique(told.begin(), told.end(), is_same), told.end());
  declared.parts.insert(declared.parts.end(), told.begin(), told.end());
  std::stable_sort(declared.parts.begin(), declared.parts.end(), is_before);
}

// A kind of part of the text, with what it tells that counts.
class Settling {
 public:
  Settling(const char* kind, Declared& declared) : kind_(kind), declared_(declared) {}

  TextPlace place(const SpokenMachine::Told& told) {
    parts.push_back({kind_, told.line, told.line});
    return {kind_, told.line};
  }

  void gpus(const SpokenMachine::Told& first, std::vector<std::pair<std::string, std::int64_t>> owned) {
    owned.insert(owned.begin(), {first.value, first.count});
    DeclaredGpus* list = gpu_list(declared_, place(first));
    std::int64_t number = 0;
    for (const auto& [model, count] : owned) {
      for (std::int64_t i = 0; i < count; ++i) {
        Gpu* gpu = gpu_in(list, number++);
        if (gpu == nullptr) return;
        gpu->model = model;
        gpu->capability = written_product(model);
      }
    }
  }

  void packages(const std::map<std::string, SpokenMachine::Told>& all, const char* manager, bool may_tell_python) {
    DeclaredPackages* list = nullptr;
    for (const auto& [name, told] : all) {
      if (!is_plain(told) || is_listed(declared_, name) || (name == "python" && !may_tell_python)) continue;
      // Builds of PyTorch bring theirs: cuDNN of the system is nothing to them.
      if (name == "cudnn" && (all.contains("torch") || is_listed(declared_, "torch"))) continue;
      const TextPlace at = place(told);
      if (name == "python") {
        declared_.pythons.emplace(told.value, told.line);
      } else if (is_known_program(name)) {
        add_system_package(declared_, "program", name, told.value, told.line);
      } else {
        if (list == nullptr) list = package_list(declared_, at, manager);
        add_package(list, name, told.value, told.line);
      }
    }
  }

  std::vector<TextPart> parts;

 private:
  const char* kind_;
  Declared& declared_;
};

// What somebody tells as their own.
std::vector<TextPart> settle_own(const SpokenMachine& spoken, bool any_driver, Declared& declared) {
  Settling own(kName, declared);
  // Another GPU that is named anywhere may be that of the machine that the rest is about.
  const bool is_all = spoken.named.size() == 1 + spoken.beside.size();
  if (is_one(spoken.gpu) && is_all && declared.gpus.empty() && declared.on_bus.empty()) {
    // "crashes on A100 nodes" is one of those that another sentence counts.
    SpokenMachine::Told first = spoken.gpu;
    const SpokenMachine::Told& counted = spoken.gpu_in_passing;
    if (spoken.beside.empty() && is_plain(counted)) first.count = std::max(first.count, counted.count);
    own.gpus(first, spoken.beside);
  }
  if (is_one(spoken.driver) && !any_driver) declare_driver(declared, spoken.driver.value, own.place(spoken.driver));
  // Systems that somebody lists are those that something runs on, or of a host and its container.
  const auto system = declared.facts.find("os.name");
  if (declared.contradicted.contains("os.name") && system != declared.facts.end() &&
      system->second.source.ends_with("(written by hand)")) {
    declared.facts.erase(system);
  } else if (is_one(spoken.system) && !declared.facts.contains("os.name")) {
    declare(declared, "os.name", spoken.system.value, own.place(spoken.system));
  }
  if (is_one(spoken.kernel) && !declared.facts.contains("os.kernel.release")) {
    declare(declared, "os.kernel.release", spoken.kernel.value, own.place(spoken.kernel));
  }
  if (is_one(spoken.toolkit) && !declared.facts.contains("toolkit.nvcc.version")) {
    declare_nvcc(declared, spoken.toolkit.value, "", own.place(spoken.toolkit));
  }
  if (spoken.wsl_line != 0) {
    declare(declared, "machine.hypervisor", "Hyper-V (WSL)", {kName, spoken.wsl_line}, "", Standing::inferred);
  }
  own.packages(spoken.packages, spoken.is_of_conda ? "conda" : "", true);
  return own.parts;
}

// What is named without a word on whose it is: the only one of its kind of which a text speaks is that of the machine
// that it is about, where nothing doubts it.
std::vector<TextPart> settle_in_passing(const SpokenMachine& spoken, bool any_driver, bool any_python,
                                        Declared& declared) {
  Settling passing(kInPassing, declared);
  const bool any_gpu = spoken.gpu.line != 0 || !declared.gpus.empty() || !declared.on_bus.empty();
  if (is_plain(spoken.gpu_in_passing) && spoken.named.size() == 1 && !any_gpu) {
    passing.gpus(spoken.gpu_in_passing, {});
  }
  if (is_plain(spoken.driver_in_passing) && spoken.driver.line == 0 && !any_driver) {
    declare_driver(declared, spoken.driver_in_passing.value, passing.place(spoken.driver_in_passing));
  }
  std::map<std::string, SpokenMachine::Told> packages = spoken.packages_in_passing;
  std::erase_if(packages, [&](const auto& one) { return spoken.packages.contains(one.first); });
  passing.packages(packages, "", !any_python);
  return passing.parts;
}
}  // namespace

void settle_spoken_machine(Declared& declared) {
  const SpokenMachine spoken = std::move(declared.spoken);
  const bool any_driver = declared.facts.contains("driver.kernel_mode.version") ||
                          declared.no_kernel_driver_line != 0 ||
                          declared.contradicted.contains("driver.kernel_mode.version");
  const bool any_python = !declared.pythons.empty();
  note_parts(settle_own(spoken, any_driver, declared), declared);
  note_parts(settle_in_passing(spoken, any_driver, any_python, declared), declared);
}

}  // namespace varve
