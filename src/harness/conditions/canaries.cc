#include "harness/conditions/canaries.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "harness/conditions/gpu_watch.h"
#include "model/gpu.h"

namespace varve {

namespace {
// Seldom enough to cost some fiftieth of the time at most: one of the CPUs and the memory takes 46 ms. What one of the
// GPUs takes is measured: mostly the driver, which opens them.
constexpr double kInterval = 2.5;
constexpr double kCost = 50;
// A server holds its memory before the first unit begins: a GPU with so much in use is taken for its own.
constexpr std::uint64_t kServersMemory = std::uint64_t{256} << 20;
// What decides which GPUs a program sees, and by whom it reaches them.
constexpr const char* kViewVariables[] = {"CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "CUDA_MPS_PIPE_DIRECTORY"};

std::vector<std::string> view_of(const std::map<std::string, std::string>& variables) {
  std::vector<std::string> view;
  for (const char* name : kViewVariables) {
    const auto set = variables.find(name);
    view.push_back(set == variables.end() ? name : fmt::format("{}={}", name, set->second));
  }
  return view;
}

Finding gpu_finding(const char* id, Severity severity, Mender mender) {
  Finding finding;
  finding.id = id;
  finding.layer = Layer::hardware;
  finding.severity = severity;
  finding.mender = mender;
  return finding;
}

// The address in "GPU 0000:17:00.0: …"; empty where it is not of one GPU.
std::string gpu_in(const std::string& text) {
  if (!text.starts_with("GPU ")) return {};
  return text.substr(4, text.find(": ") - 4);
}
}  // namespace

void Canaries::add_side(const std::map<std::string, std::string>& variables, bool has_server) {
  has_server_ = has_server_ || has_server;
  std::vector<std::string> view = view_of(variables);
  if (std::find(views_.begin(), views_.end(), view) == views_.end()) views_.push_back(std::move(view));
}

void Canaries::take(double now) {
  if (!run_.canaries.empty() && now - run_.canaries.back().started_seconds < kInterval) return;
  std::optional<Canary> canary = ways_.machine();
  if (!canary) return;
  canary->before_unit = static_cast<int>(run_.units.size());
  canary->started_seconds = now;
  take_gpus(now, *canary);
  run_.canaries.push_back(*canary);
}

// Those on which units computed: no program that leaves a GPU alone has one woken up beside it.
std::vector<std::string> Canaries::gpus_to_ask() const {
  std::set<std::string> gpus;
  for (const Unit& unit : run_.units) {
    for (const GpuConditions& gpu : unit.conditions.gpus) {
      const bool servers = has_server_ && gpu.memory_before_bytes.value_or(0) >= kServersMemory;
      const std::string address = pci_address(gpu.pci_address);
      if ((used_gpu(gpu) || servers) && !refused_gpus_.contains(address)) gpus.insert(address);
    }
  }
  return {gpus.begin(), gpus.end()};
}

void Canaries::take_gpus(double now, Canary& canary) {
  if (refused_ || now < next_gpu_) return;
  const std::vector<std::string> gpus = gpus_to_ask();
  if (gpus.empty()) return;
  GpuProducts taken = ways_.gpus({gpus, views_});
  next_gpu_ = now + kCost * taken.seconds;
  canary.gpus = std::move(taken.gpus);
  for (const std::string& reason : taken.refused) refuse(reason);
  for (const std::string& wrong : taken.wrong) {
    if (!wrong_gpus_.insert(gpu_in(wrong)).second) continue;
    Finding finding = gpu_finding("VRV-RUN-GPU-WRONG", Severity::error, Mender::hardware);
    finding.evidence = fmt::format("before unit {}, a fixed matrix product came out wrong on {}", canary.before_unit,
                                   clean_utf8(wrong, 512));
    finding.consequence = "the GPU computes wrongly, or its driver translates wrongly: no result of it can be believed";
    finding.fix = "take the GPU out of use and test it (dcgmi diag -r 3); see the kernel's log for Xid messages";
    finding.source = "a product of whole numbers, checked exactly (Freivalds 1977)";
    run_.findings.push_back(std::move(finding));
  }
}

void Canaries::refuse(const std::string& reason) {
  const std::string gpu = gpu_in(reason);
  gpu.empty() ? void(refused_ = true) : void(refused_gpus_.insert(gpu));
  Finding finding = gpu_finding("VRV-RUN-NO-GPU-CANARY", Severity::note, Mender::platform);
  finding.evidence = "no GPU canary: " + clean_utf8(reason, 512);
  finding.consequence = "whether the GPU itself changed its speed between units is told by its clocks alone";
  finding.fix = "nothing else depends on it; give the GPU room, or shared use, for a product between units";
  ways_.say(finding.evidence);
  run_.findings.push_back(std::move(finding));
}

}  // namespace varve
