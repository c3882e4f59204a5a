#include "capture/what_if.h"

#include <algorithm>

#include "base/text.h"
#include "capture/gpu/collect_gpu.h"
#include "tables/gpu_products.h"

namespace varve {

namespace {
constexpr int kDeepest = 8;  // folders below the one that was named
constexpr std::size_t kMostFolders = 4096;

// What can be asked of a driver that runs, and of no supposed one.
constexpr const char* kOfRunningDriver[] = {"driver.kernel_mode.installed",
                                            "driver.kernel_mode.flavour",
                                            "driver.kernel_mode.modules",
                                            "driver.kernel_mode.parameters",
                                            "driver.device_nodes",
                                            "driver.fabric_manager",
                                            "driver.jit.version",
                                            "driver.jit.targets",
                                            "driver.halves"};

// The version in what a person writes for a driver: "550.54.15", "550", "R570", "570.xx", "v580.82.07",
// "nvidia-driver-570-server". Nothing when there is none.
std::optional<std::string> driver_version_in(std::string_view text) {
  constexpr int kFirstBranch = 100;  // drivers have had three digits since; "12.4" is a CUDA release
  const std::string lower = to_lower(trim(text));
  const std::size_t start = lower.find_first_of("0123456789");
  const std::string before = lower.substr(0, start);
  const bool named = before.empty() || before == "r" || before == "v" || before.find("driver") != std::string::npos ||
                     before.find("branch") != std::string::npos || before.find("nvidia") != std::string::npos;
  if (start == std::string::npos || !named) return std::nullopt;
  std::string version = lower.substr(start, lower.find_first_not_of("0123456789.", start) - start);
  while (version.ends_with('.')) version.pop_back();
  if (dotted_version_from(version).value_or(DottedVersion{}).major() < kFirstBranch) return std::nullopt;
  const std::string rest = lower.substr(start + version.size());
  const bool any_of_branch = rest == ".x" || rest == ".xx" || rest == ".xx.xx" || rest == ".*" || rest == "xx";
  const bool package = rest.starts_with('-') || rest.starts_with(' ') || rest.starts_with('+');
  return rest.empty() || any_of_branch || package ? std::optional(version) : std::nullopt;
}

Fact supposed(const std::string& value, const char* source) { return known_fact(value, source, Standing::declared); }

void forget(Facts& facts, std::string_view prefix, const Fact& instead) {
  for (auto& [id, fact] : facts) {
    if (id.starts_with(prefix)) fact = instead;
  }
}

// The machine without its own driver: nothing that was found about it says anything about another one.
void forget_driver(Stack& machine, const char* source) {
  forget(machine.facts, "driver.", missing_fact(Missing::not_applicable, source, "another driver was supposed"));
  for (const char* id : kOfRunningDriver) {
    machine.facts[id] = missing_fact(Missing::not_applicable, source, "a supposed driver does not run");
  }
  forget(machine.facts, "container.", missing_fact(Missing::not_applicable, source, "another machine was supposed"));
  machine.facts["handshake.result"] = missing_fact(Missing::not_applicable, source, "a supposed driver does not run");
  machine.driver_files.clear();
  machine.handshake.clear();
  machine.processes.clear();
}

// A machine without a GPU says of everything that it does not apply; what is supposed is a machine that has one.
void forget_missing_gpus(Stack& machine) {
  const auto count = machine.facts.find("gpu.count");
  if (count != machine.facts.end() && count->second.is_known()) return;
  machine.gpus.clear();
  forget(machine.facts, "gpu.", missing_fact(Missing::not_applicable, "", "no GPU was supposed (add --gpu)"));
  machine.facts["gpu.count"] = missing_fact(Missing::not_applicable, "", "no GPU was supposed (add --gpu)");
}

void suppose_driver(Stack& machine, const std::string& text, const Knowledge& knowledge) {
  constexpr const char* kSource = "--driver";
  const std::string written = driver_version_in(text).value_or(text);
  const DottedVersion version = dotted_version_from(written).value_or(DottedVersion{});
  forget_driver(machine, kSource);
  Facts& facts = machine.facts;
  for (const char* id : {"driver.kernel_mode.version", "driver.user_mode.version"}) {
    facts[id] = supposed(written, kSource);
  }
  facts["driver.user_mode.role"] = supposed(std::string(to_string(DriverFileRole::driver)), kSource);
  const DriverBranch* branch = branch_of(knowledge, version);
  if (branch == nullptr || is_newer_driver(knowledge, version)) {
    const std::string why = is_jetson_driver(version) ? "a driver of Jetson Linux is of no branch"
                            : branch == nullptr       ? "older than the data"
                                                      : "newer than the data of " + knowledge.date;
    facts["driver.api_level"] = missing_fact(Missing::unsupported, "data/driver_branches.json", why);
    facts["driver.jit.ptx_isa"] = facts["driver.api_level"];
    return;
  }
  const std::string source = "branch " + std::to_string(branch->branch) + ": " + branch->source;
  facts["driver.api_level"] = known_fact(branch->cuda, source, Standing::inferred);
  facts["driver.jit.ptx_isa"] = branch->ptx_isa.empty()
                                    ? missing_fact(Missing::unsupported, source, "its newest PTX is not known")
                                    : known_fact(branch->ptx_isa, source, Standing::inferred);
}

// The folders that hold a libcuda, nearest first.
std::vector<std::string> driver_folders(const Files& files) {
  std::vector<std::pair<std::string, int>> open = {{"", 0}};
  std::vector<std::string> found;
  for (std::size_t i = 0; i < open.size() && open.size() < kMostFolders; ++i) {
    const auto [folder, depth] = open[i];
    const Looked<std::vector<std::string>> names = files.list(folder.empty() ? "/" : folder);
    bool here = false;
    for (const std::string& name : names.value.value_or(std::vector<std::string>{})) {
      const std::string path = folder + "/" + name;
      here = here || name.starts_with("libcuda.so");
      const bool below = depth < kDeepest && !files.read_link(path) && files.kind(path).value == FileKind::directory;
      if (below) open.emplace_back(path, depth + 1);
    }
    if (here) found.push_back(folder.empty() ? "/" : folder);
  }
  return found;
}

Status suppose_driver_files(const World& world, Stack& machine, const std::string& folder) {
  constexpr const char* kSource = "--driver-root";
  Looked<std::unique_ptr<Files>> root = open_root(folder);
  if (!root) {
    return Error{"looking for driver files", folder, root.detail, "Give the folder that holds libcuda.so.1"};
  }
  forget_driver(machine, kSource);
  CaptureOptions options;
  options.kind = SubjectKind::root;
  options.path = folder;
  options.ask_driver = false;  // files of somewhere else are read, never run
  Subject subject = foreign_subject(world, options, std::move(*root));
  subject.environment["LD_LIBRARY_PATH"] = join(driver_folders(subject.files), ":");
  Facts& facts = machine.facts;
  collect_user_driver(subject, machine);
  Fact& kernel = facts["driver.kernel_mode.version"];
  const Fact& user = facts["driver.user_mode.version"];
  if (user.is_known()) {
    kernel = supposed(value_text(*user.value), "--driver-root: of the same release as its libcuda");
  } else {
    kernel = missing_fact(Missing::absent, kSource, "no driver files in " + folder);
    facts["driver.user_mode.version"] = kernel;
    facts["driver.api_level"] = kernel;
  }
  for (const char* id : kOfRunningDriver) {
    facts[id] = missing_fact(Missing::not_applicable, kSource, "a supposed driver does not run");
  }
  // Not run, so its compiler was not asked; the tables tell by the API level.
  facts["driver.jit.ptx_isa"] = missing_fact(Missing::not_applicable, kSource, "a supposed driver does not run");
  return Done{};
}

void suppose_gpus(Stack& machine, const std::vector<std::string>& gpus) {
  constexpr const char* kSource = "--gpu";
  machine.gpus.clear();
  for (const std::string& named : gpus) {
    Gpu& gpu = machine.gpus.emplace_back();
    gpu.listed = true;
    gpu.capability = capability_of_gpu(named).value_or(ComputeCapability{});
    gpu.model = capability_of_target(named) ? "a GPU of compute capability " + to_string(*gpu.capability) : named;
  }
  Facts& facts = machine.facts;
  forget(facts, "gpu.", missing_fact(Missing::not_applicable, kSource, "another GPU was supposed"));
  facts["gpu.count"] = known_fact(static_cast<std::int64_t>(gpus.size()), kSource, Standing::declared);
  facts["gpu.models"] = known_fact(gpu_texts(machine.gpus, "gpu.models", ""), kSource, Standing::declared);
  facts["gpu.compute_capabilities"] =
      known_fact(gpu_texts(machine.gpus, "gpu.compute_capabilities", ""), kSource, Standing::declared);
  facts["handshake.result"] = missing_fact(Missing::not_applicable, kSource, "a supposed GPU runs nothing");
  machine.handshake.clear();
  const auto driver = facts.find("driver.user_mode.version");
  if (driver != facts.end() && !driver->second.is_known() && driver->second.missing == Missing::not_applicable) {
    const Fact unasked = missing_fact(Missing::not_asked, kSource, "no driver was supposed (add --driver)");
    for (const char* id : {"driver.kernel_mode.version", "driver.user_mode.version", "driver.api_level"}) {
      facts[id] = unasked;
    }
  }
}
}  // namespace

Status check_supposition(const WhatIf& what_if) {
  if (!what_if.driver.empty() && !driver_version_in(what_if.driver)) {
    return Error{"reading the command line", "--driver " + what_if.driver, "this is no version of a driver",
                 "Write a version, such as 550.54.15, or a branch, such as 550"};
  }
  for (const std::string& gpu : what_if.gpus) {
    if (capability_of_gpu(gpu)) continue;
    return Error{"reading the command line", "--gpu " + gpu, "neither a compute capability nor a product known here",
                 "Write its compute capability, such as 9.0, or its whole name, such as \"GeForce RTX 4090\""};
  }
  return Done{};
}

Result<Stack> suppose(const World& world, Stack machine, const WhatIf& what_if, const Knowledge& knowledge) {
  if (const Status sound = check_supposition(what_if); !sound) return sound.error();
  std::string what;
  if (!what_if.driver.empty() || !what_if.driver_folder.empty()) forget_missing_gpus(machine);
  if (!what_if.driver.empty()) {
    suppose_driver(machine, what_if.driver, knowledge);
    what = "driver " + what_if.driver;
  }
  if (!what_if.driver_folder.empty()) {
    if (const Status done = suppose_driver_files(world, machine, what_if.driver_folder); !done) return done.error();
    what = "the driver files of " + what_if.driver_folder;
  }
  if (!what_if.gpus.empty()) {
    suppose_gpus(machine, what_if.gpus);
    what += (what.empty() ? "" : " and ") + join(what_if.gpus, ", ");
  }
  machine.subject = "a supposed machine: " + what;
  return machine;
}

}  // namespace varve
