#include "disclosure/stack_of_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/version.h"
#include "model/fact_catalog.h"
#include "package/python_metadata.h"
#include "tables/settings.h"

namespace varve {

namespace {
constexpr const char* kText = "text";
constexpr const char* kUnstatedToolkit = "a toolkit whose place is not stated";

Fact unstated() { return missing_fact(Missing::not_asked, kText, "the text does not say"); }

void set_inferred(Stack& stack, const char* id, std::string value, const std::string& why) {
  if (!stack.facts.contains(id)) stack.facts.emplace(id, known_fact(std::move(value), why, Standing::inferred));
}

std::optional<std::string> text_in(const Stack& stack, const char* id) {
  const auto at = stack.facts.find(id);
  if (at == stack.facts.end() || !at->second.is_known()) return std::nullopt;
  return value_text(*at->second.value);
}

// Facts that list one text a GPU, where at least one of them says something.
void set_gpu_facts(const Declared& declared, Stack& stack) {
  if (stack.gpus.empty()) return;
  const std::string source = fmt::format("from line {}", declared.gpus.front().place.line);
  const std::int64_t count = std::max(static_cast<std::int64_t>(stack.gpus.size()), counted_in_text(declared));
  stack.facts["gpu.count"] = known_fact(count, source, Standing::declared);
  for (const FactDefinition& definition : fact_catalog()) {
    const GpuField* field = find_gpu_field(definition.id);
    if (field == nullptr || definition.id == "gpu.bus") continue;  // a text shows what the driver lists, not the bus
    const bool any =
        std::any_of(stack.gpus.begin(), stack.gpus.end(), [&](const Gpu& gpu) { return !field->text(gpu).empty(); });
    if (any)
      stack.facts[definition.id] =
          known_fact(gpu_texts(stack.gpus, definition.id, "not stated"), source, Standing::declared);
  }
}

// The release of a cuda-compat that a list of the system's packages names.
void infer_compat_version(const Declared& declared, Stack& stack) {
  for (const std::string& row : declared.system_packages) {
    const std::vector<std::string_view> words = split_words(row);  // "dpkg cuda-compat-13-0 580.173.02-1ubuntu1"
    if (words.size() < 3 || !words[1].starts_with("cuda-compat")) continue;
    set_inferred(stack, "driver.user_mode.version", std::string(words[2].substr(0, words[2].find('-'))),
                 fmt::format("line {} (dpkg -l)", declared.system_packages_line));
  }
}

// "dpkg libnvidia-compute-550 550.54.15-0ubuntu1" is of 550.54.15; empty: no package of these is listed.
std::string version_of_system_package(const Declared& declared, std::initializer_list<std::string_view> names) {
  for (const std::string& row : declared.system_packages) {
    const std::vector<std::string_view> words = split_words(row);
    const bool is_one = words.size() > 2 && std::any_of(names.begin(), names.end(), [&](std::string_view name) {
                          return words[1].starts_with(name);
                        });
    if (!is_one) continue;
    const std::string_view version = words[2].substr(0, words[2].find('-'));
    return std::string(version.substr(version.find(':') + 1));
  }
  return {};
}

// What the list of the system's packages says of the driver's libraries, where no tool of NVIDIA's does.
void infer_installed_libraries(const Declared& declared, Stack& stack) {
  if (!text_in(stack, "driver.kernel_mode.version")) return;
  // Of the packages of one release any tells it; libcuda's own first.
  std::string library = version_of_system_package(declared, {"libnvidia-compute-", "nvidia-driver-cuda-libs"});
  if (library.empty()) library = version_of_system_package(declared, {"libcuda1", "libnvidia-ml1", "nvidia-utils"});
  if (library.empty()) library = version_of_system_package(declared, {"nvidia-smi", "libnvidia-common-"});
  if (!dotted_version_from(library)) return;
  set_inferred(stack, "driver.user_mode.version", library,
               fmt::format("line {} (dpkg -l)", declared.system_packages_line));
}

// The release that the names of the driver's files tell, where the text says nothing else of the driver.
void infer_from_driver_files(const Declared& declared, Stack& stack) {
  if (declared.driver_files.size() != 1 || text_in(stack, "driver.kernel_mode.version")) return;
  const auto user = stack.facts.find("driver.user_mode.version");
  const bool is_open =
      user == stack.facts.end() || (!user->second.is_known() && user->second.missing == Missing::not_asked);
  if (!is_open || text_in(stack, "driver.user_mode.role")) return;
  const auto& [version, line] = *declared.driver_files.begin();
  set_inferred(stack, "driver.user_mode.version", version,
               fmt::format("line {} (the name of a file of the driver)", line));
}

// The C library of the one release of Linux that a text names: of a host and an image that are of two, neither.
void infer_libc(const Declared& declared, Stack& stack) {
  if (declared.libcs.size() != 1 || text_in(stack, "os.libc") || declared.container_line != 0) return;
  const auto& [version, line] = *declared.libcs.begin();
  set_inferred(stack, "os.libc", "glibc " + version,
               fmt::format("the system that line {} names (data/spoken_signs.json)", line));
}

// Windows' nvidia-smi alone tells how it drives a GPU; a text that speaks of WSL beside it is of programs there.
void infer_wsl(const Declared& declared, Stack& stack) {
  const bool any_tcc =
      std::any_of(stack.gpus.begin(), stack.gpus.end(), [](const Gpu& gpu) { return gpu.driver_model == "TCC"; });
  if (!any_tcc || declared.wsl_line == 0) return;
  set_inferred(stack, "machine.hypervisor", "Hyper-V (WSL)", fmt::format("line {}", declared.wsl_line));
}

// The user half of the driver was taken for that of the kernel's release. An API level above that release's is of
// another libcuda: one of cuda-compat; one below it cannot be told.
void settle_user_driver(const Declared& declared, Stack& stack, const Knowledge& knowledge) {
  const auto user = stack.facts.find("driver.user_mode.version");
  const bool is_named = text_in(stack, "machine.hypervisor").value_or("").find("WSL") != std::string::npos;
  if (is_named || text_in(stack, "os.kernel.release").value_or("").find("microsoft") != std::string::npos) {
    set_inferred(stack, "machine.hypervisor", "Hyper-V (WSL)", "os.kernel.release");
    set_inferred(stack, "driver.user_mode.role", "wsl", is_named ? "machine.hypervisor" : "os.kernel.release");
    return;
  }
  if (user == stack.facts.end() || user->second.standing != Standing::inferred) return;
  if (const auto role = text_in(stack, "driver.user_mode.role"); role && *role != "driver") {
    stack.facts.erase(user);  // another libcuda than the driver's own is loaded
    if (*role == "compat") infer_compat_version(declared, stack);
    return;
  }
  const auto version = dotted_version_from(value_text(*user->second.value));
  const auto level = dotted_version_from(text_in(stack, "driver.api_level").value_or(""));
  const DriverBranch* branch =
      version && !is_newer_driver(knowledge, *version) ? branch_of(knowledge, *version) : nullptr;
  const auto own = branch == nullptr ? std::nullopt : dotted_version_from(branch->cuda);
  if (!level || !own || *level == *own) {
    set_inferred(stack, "driver.user_mode.role", "driver", user->second.source);
    return;
  }
  stack.facts.erase(user);
  if (*own < *level) {
    set_inferred(stack, "driver.user_mode.role", "compat",
                 fmt::format("API level {} is not that of branch {}", to_string(*level), branch->branch));
  }
}

// Two drivers that one tool shows are of two machines, or of one before and after a change: which of them the rest of
// the text is about is not told, and either answer would be wrong of the other.
void drop_contradicted_driver(const Declared& declared, Stack& stack) {
  if (!declared.contradicted.contains("driver.kernel_mode.version")) return;
  const auto forget = [&](const std::string& id) {
    const auto at = stack.facts.find(id);
    if (at != stack.facts.end()) at->second = missing_fact(Missing::not_asked, at->second.source, kTwoMachines);
  };
  for (const char* id : {"driver.kernel_mode.version", "driver.user_mode.version", "driver.api_level"}) forget(id);
  const bool other_gpus = std::any_of(declared.conflicts.begin(), declared.conflicts.end(),
                                      [](const TextConflict& conflict) { return conflict.id.starts_with("GPU "); });
  if (!other_gpus) return;
  stack.gpus.clear();
  forget("gpu.count");
  for (const FactDefinition& definition : fact_catalog()) {
    if (find_gpu_field(definition.id) != nullptr) forget(definition.id);
  }
}

// The API level is that of the libcuda that serves, which the branch of its release tells where nothing else does.
void infer_api_level(Stack& stack, const Knowledge& knowledge) {
  const auto version = dotted_version_from(text_in(stack, "driver.user_mode.version").value_or(""));
  if (!version || is_newer_driver(knowledge, *version)) return;
  const DriverBranch* branch = branch_of(knowledge, *version);
  if (branch == nullptr || branch->cuda.empty()) return;
  set_inferred(stack, "driver.api_level", branch->cuda,
               fmt::format("the branch {} of the driver (data/driver_branches.json)", branch->branch));
}

// The variables that the allow-list takes; the names of others are not kept either.
void set_variables(Declared& declared, Stack& stack) {
  for (auto& [name, fact] : dispatch_settings(declared.variables, "")) {
    Fact kept = fact;
    kept.standing = Standing::declared;
    kept.source = fmt::format("line {} (env)", declared.variable_lines[name]);
    stack.facts["settings." + name] = std::move(kept);
  }
  std::erase_if(declared.conflicts, [&](const TextConflict& conflict) {
    return conflict.id.starts_with("settings.") && !stack.facts.contains(conflict.id);
  });
  // What is not in the text may be set all the same.
  stack.facts["settings.environment"] = unstated();
}

// What lspci showed: completes the GPUs that a driver's tool lists; where none does, they are those on the bus alone.
void set_bus(const Declared& declared, Stack& stack) {
  if (declared.on_bus.empty()) return;
  const bool none_listed = stack.gpus.empty();
  for (const Gpu& card : declared.on_bus) {
    const auto at =
        std::find_if(stack.gpus.begin(), stack.gpus.end(), [&](const Gpu& gpu) { return gpu.address == card.address; });
    if (at != stack.gpus.end()) {
      at->vendor = card.vendor;
      at->device = card.device;
      at->bound_driver = card.bound_driver;
      if (!at->pcie) at->pcie = card.pcie;
      if (!at->pcie_max) at->pcie_max = card.pcie_max;
    } else if (none_listed) {
      stack.gpus.push_back(card);
      if (card.bound_driver.empty() && declared.nouveau_line != 0 && declared.nvidia_module_line == 0) {
        stack.gpus.back().bound_driver = "nouveau";
      }
      // Only where the text says that no driver runs is it known that none lists them: a table of nvidia-smi may be
      // cut.
      stack.gpus.back().listed = declared.no_kernel_driver_line == 0;
    }
  }
  const GpuField* field = find_gpu_field("gpu.bus");
  std::vector<std::string> rows;
  for (const Gpu& gpu : stack.gpus) {
    if (!gpu.vendor.empty()) rows.push_back(field->text(gpu));
  }
  if (rows.empty()) return;
  stack.facts["gpu.bus"] =
      known_fact(std::move(rows), fmt::format("line {} (lspci)", declared.on_bus_line), Standing::declared);
}

// Whether a GPU is below the bridge; nothing where the text does not tell.
std::optional<bool> is_above_gpu(const ListedBridge& bridge, const Declared& declared) {
  if (bridge.last_bus == 0 || declared.on_bus.empty()) return std::nullopt;
  return std::any_of(declared.on_bus.begin(), declared.on_bus.end(), [&](const Gpu& card) {
    const std::string_view address = card.address;
    const auto bus = address.size() == 12 ? parse_integer(address.substr(5, 2), 16) : std::nullopt;
    return bus && address.starts_with(std::string_view(bridge.address).substr(0, 4)) && *bus >= bridge.first_bus &&
           *bus <= bridge.last_bus;
  });
}

void set_bridges(const Declared& declared, Stack& stack) {
  std::vector<std::string> above;
  std::size_t untold = 0;
  for (const ListedBridge& bridge : declared.bridges) {
    const auto is_above = is_above_gpu(bridge, declared);
    if (is_above && *is_above) above.push_back(bridge.address);
    if (!is_above) ++untold;
  }
  if (above.empty() && untold > 0) above.push_back(fmt::format("{} whose place the text does not show", untold));
  if (above.empty()) return;
  stack.facts["pci.acs"] =
      known_fact(std::move(above), fmt::format("line {} (lspci)", declared.bridges_line), Standing::declared);
}

// A text may show some of a machine's adapters: they are those that there are at least. Those that only lspci shows are
// the same ones under other names where a tool of RDMA names any.
void set_adapters(const Declared& declared, Stack& stack) {
  const auto is_named = [](const RdmaAdapter& adapter) { return !adapter.name.starts_with("on "); };
  const bool any_named = std::any_of(declared.adapters.begin(), declared.adapters.end(), is_named);
  std::vector<std::string> texts;
  for (const RdmaAdapter& adapter : declared.adapters) {
    if (!any_named || is_named(adapter)) texts.push_back(rdma_adapter_text(adapter));
  }
  if (texts.empty()) return;
  stack.facts[kRdmaAdapters] =
      known_fact(std::move(texts), fmt::format("from line {}", declared.adapters_line), Standing::declared);
}

void set_module(const Declared& declared, Stack& stack) {
  if (!declared.module_kernels.empty()) {
    stack.facts["driver.kernel_mode.kernels"] =
        known_fact(declared.module_kernels, fmt::format("line {} (kernel module)", declared.module_kernels_line),
                   Standing::declared);
  }
  if (stack.facts.contains("driver.kernel_mode.version")) return;
  if (declared.nouveau_line != 0 && declared.nvidia_module_line == 0) {
    stack.facts["driver.kernel_mode.modules"] = known_fact(
        std::vector<std::string>{"nouveau"}, fmt::format("line {} (lsmod)", declared.nouveau_line), Standing::declared);
  }
  const std::string running = text_in(stack, "os.kernel.release").value_or("");
  const auto& built = declared.module_kernels;
  if (declared.no_kernel_driver_line == 0 && declared.is_dkms && !running.empty() && stack.gpus.empty() &&
      std::find(built.begin(), built.end(), running) == built.end()) {
    stack.facts["driver.kernel_mode.version"] =
        missing_fact(Missing::absent, fmt::format("line {} (kernel module)", declared.module_kernels_line),
                     "no module for the kernel that runs is listed");
  }
  if (declared.no_kernel_driver_line == 0) return;
  stack.facts["driver.kernel_mode.version"] =
      missing_fact(Missing::absent, fmt::format("line {} (nvidia-smi)", declared.no_kernel_driver_line),
                   "nvidia-smi reaches no kernel driver");
}

// A wheel for another maker's GPUs says so in its version.
void add_builds_of_others(Declared& declared, const Stack& stack) {
  for (const Environment& environment : stack.environments) {
    for (const Package& package : environment.packages) {
      const std::size_t rocm = package.version.find("+rocm");
      if (rocm != std::string::npos) add_other(declared, "ROCm " + package.version.substr(rocm + 5));
      if (package.version.find("+xpu") != std::string::npos) add_other(declared, "Intel XPU");
    }
  }
}

// What of a GPU programs ask for: options and arguments that the text quotes.
void set_asked_features(const Declared& declared, Stack& stack) {
  for (const auto& [feature, line] : declared.features) {
    stack.facts["asks." + feature] = known_fact(feature, fmt::format("line {}", line), Standing::declared);
  }
  // What a list names, or a program of that name, says more.
  const auto is_told = [&](const std::string& name) {
    const auto has_name = [&](const std::string& row) { return row.find(" " + name + " ") != std::string::npos; };
    return std::any_of(declared.system_packages.begin(), declared.system_packages.end(), has_name) ||
           std::any_of(stack.environments.begin(), stack.environments.end(), [&](const Environment& environment) {
             return std::any_of(environment.packages.begin(), environment.packages.end(), [&](const Package& package) {
               return normal_package_name(package.name).starts_with(name);
             });
           });
  };
  std::vector<std::string> named;
  std::int64_t first = 0;
  for (const auto& [name, line] : declared.named) {
    if (is_told(name)) continue;
    named.push_back(name);
    first = first == 0 ? line : std::min(first, line);
  }
  if (!named.empty()) {
    stack.facts["asks.packages"] = known_fact(std::move(named), fmt::format("from line {}", first), Standing::declared);
  }
  if (declared.asked_gpu_line == 0) return;
  stack.facts["asks.gpu"] = known_fact(std::string("a GPU, and got none"),
                                       fmt::format("line {}", declared.asked_gpu_line), Standing::declared);
}

void set_kernel_log(const Declared& declared, Stack& stack) {
  if (declared.kernel_events.empty()) return;
  std::vector<std::string> events;
  for (const auto& [event, count] : declared.kernel_events) {
    events.push_back(count == 1 ? event : fmt::format("{} ({} times)", event, count));
  }
  stack.facts["kernel.log.nvidia"] =
      known_fact(std::move(events), fmt::format("line {} (kernel log)", declared.kernel_log_line), Standing::declared);
}

void set_software(const Declared& declared, Stack& stack) {
  std::vector<std::string> frameworks;
  for (const Environment& environment : stack.environments) {
    for (const Package& package : environment.packages) {
      if (package.role != PackageRole::framework) continue;
      frameworks.push_back(package.name + " " + package.version + " (" + environment.path + ")");
    }
  }
  if (!frameworks.empty()) {
    stack.facts["environments.frameworks"] = known_fact(std::move(frameworks), kText, Standing::declared);
  }
  if (!declared.system_packages.empty()) {
    const bool is_program = declared.system_packages.front().starts_with("program ");
    stack.facts["os.gpu_packages"] =
        known_fact(declared.system_packages,
                   fmt::format("line {} ({})", declared.system_packages_line, is_program ? "programs" : "dpkg -l"),
                   Standing::declared);
  }
  if (const auto nvcc = text_in(stack, "toolkit.nvcc.version")) {
    const Fact told = stack.facts["toolkit.nvcc.version"];
    set_inferred(stack, "toolkit.active", kUnstatedToolkit, told.source);
    const auto release = dotted_version_from(*nvcc);
    if (!release || release->parts.size() < 2) return;
    Toolkit toolkit{.path = kUnstatedToolkit, .nvcc = told, .named_by = {"PATH"}};
    toolkit.version =
        known_fact(fmt::format("{}.{}", release->major(), release->minor()), told.source, Standing::inferred);
    toolkit.installer = missing_fact(Missing::not_asked, kText, "the text does not say");
    stack.toolkits.push_back(std::move(toolkit));
  }
}

// With consumers of files, those of packages have to stand beside them; their files were not looked into.
void set_consumers(const Declared& declared, Stack& stack) {
  if (declared.linked.empty()) return;
  for (const Environment& environment : stack.environments) {
    for (const Package& package : environment.packages) {
      if (!package.is_consumer()) continue;
      stack.consumers.push_back({.kind = consumer_kind_of(package),
                                 .name = package.name + " " + package.version,
                                 .package = package.name,
                                 .environment = environment.path,
                                 .libraries = {},
                                 .remark = "a text was read, no files"});
    }
  }
  for (const LinkedFile& file : declared.linked) {
    Consumer consumer{.kind = ConsumerKind::binary, .name = file.name, .libraries = {}, .remark = "as ldd printed it"};
    for (const LinkedLibrary& library : file.libraries) {
      consumer.libraries.push_back({.name = library.name,
                                    .path = library.path,
                                    .why = fmt::format("ldd, from line {}", file.line),
                                    .asked_by = {},
                                    .at_start = true,
                                    .unresolved = {}});
    }
    stack.consumers.push_back(std::move(consumer));
  }
}
}  // namespace

Stack stack_of_text(Disclosure& disclosure, const std::string& name, const Knowledge& knowledge) {
  Declared& declared = disclosure.declared;
  Stack stack{.captured_at = {}, .tool_version = std::string(tool_version()), .subject = "text " + name};
  stack.facts = declared.facts;
  stack.gpus = gpus_of_text(declared);
  stack.environments = environments_of_text(declared, knowledge);
  set_gpu_facts(declared, stack);
  set_bus(declared, stack);
  set_bridges(declared, stack);
  set_adapters(declared, stack);
  set_module(declared, stack);
  add_builds_of_others(declared, stack);
  drop_contradicted_driver(declared, stack);
  infer_installed_libraries(declared, stack);
  infer_from_driver_files(declared, stack);
  infer_libc(declared, stack);
  infer_wsl(declared, stack);
  settle_user_driver(declared, stack, knowledge);
  infer_api_level(stack, knowledge);
  set_variables(declared, stack);
  set_kernel_log(declared, stack);
  set_asked_features(declared, stack);
  set_container(declared, stack, knowledge);
  set_software(declared, stack);
  set_consumers(declared, stack);
  for (const FactDefinition& definition : fact_catalog()) {
    if (!definition.id.ends_with(".*")) stack.facts.emplace(definition.id, unstated());
  }
  return stack;
}

}  // namespace varve
