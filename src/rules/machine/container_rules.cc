// Containers: whether the GPU reached this one, and whether an image may start on the machine.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "image/image_requirement.h"
#include "rules/analysis/rule.h"
#include "rules/machine/machine_rules.h"
#include "rules/machine/machine_view.h"
#include "tables/gpu_products.h"

namespace varve {

namespace {
constexpr const char* kToolkitManual = "NVIDIA Container Toolkit documentation";

// The host's kernel shows its GPU in a container too, whether or not the container may use it.
bool host_has_gpu(const Analysis& analysis) { return analysis.kernel_driver || !list_of(analysis, "gpu.bus").empty(); }

std::string setting_words(const Analysis& analysis, const char* name) {
  const auto value = setting_of(analysis, name);
  return value ? fmt::format("{} is \"{}\"", name, *value) : fmt::format("{} is not set", name);
}

bool asks_for_gpu(const Analysis& analysis) {
  return wants_gpu(analysis) || setting_of(analysis, "NVIDIA_VISIBLE_DEVICES") ||
         setting_of(analysis, "NVIDIA_REQUIRE_CUDA") || setting_of(analysis, "NVIDIA_DRIVER_CAPABILITIES");
}

bool is_withheld(const std::string& value) { return value.empty() || value == "void" || value == "none"; }

// Under WSL no module and no bus shows a GPU: only what asks for one tells that there should be one.
std::vector<Found> find_no_gpu_under_wsl(const Analysis& analysis) {
  if (lists(analysis, kNodes, "dxg") || !asks_for_gpu(analysis)) return {};
  return {{.evidence = fmt::format("In {} under WSL: there is no /dev/dxg, through which the GPU is reached; {}",
                                   fact_text(fact_of(analysis, "container.kind")),
                                   setting_words(analysis, "NVIDIA_VISIBLE_DEVICES"))}};
}

// What the engine says that it gave; an engine that was not asked says nothing.
std::vector<Found> find_no_request(const Analysis& analysis) {
  const Fact& request = fact_of(analysis, "container.gpu_request");
  if (text_of(analysis, "container.gpu_request") != "no GPU") return {};
  Found found{.evidence = fmt::format("The container was started without a GPU: {}; {}", request.detail,
                                      setting_words(analysis, "NVIDIA_VISIBLE_DEVICES"))};
  const bool was_asked = request.detail.find("asked for the GPU") != std::string::npos;
  if (!was_asked && !asks_for_gpu(analysis)) found.severity = Severity::note;
  return {std::move(found)};
}

std::vector<Found> find_no_gpu(const Analysis& analysis) {
  if (std::vector<Found> found = find_no_request(analysis); !found.empty()) return found;
  if (!is_in_container(analysis) || !fact_of(analysis, kNodes).is_answer()) return {};
  if (is_wsl(analysis)) return find_no_gpu_under_wsl(analysis);
  if (!host_has_gpu(analysis) || has_gpu_node(analysis)) return {};
  const auto visible = setting_of(analysis, "NVIDIA_VISIBLE_DEVICES");
  Found found{.evidence = fmt::format(
                  "In {}: the host's kernel {}, and the container has no device node of it; {}",
                  fact_text(fact_of(analysis, "container.kind")),
                  analysis.kernel_driver ? "runs the NVIDIA module " + kernel_version(analysis) : "shows an NVIDIA GPU",
                  setting_words(analysis, "NVIDIA_VISIBLE_DEVICES"))};
  if (!asks_for_gpu(analysis)) found.severity = Severity::note;
  if (visible && is_withheld(*visible)) found.fix = "Start it with NVIDIA_VISIBLE_DEVICES=all, or with --gpus all";
  return {std::move(found)};
}

// Of a node of the control plane that is no fault; a text that shows a driver with its GPUs beside it is of no such
// one.
std::vector<Found> find_node_without_gpus(const Analysis& analysis) {
  if (text_of(analysis, "container.node_gpus") != "0") return {};
  Found found{.evidence = "The capacity of the Kubernetes node lists no nvidia.com/gpu"};
  if (const std::string& detail = fact_of(analysis, "container.node_gpus").detail; !detail.empty()) {
    found.evidence += ", and " + detail;
    found.severity = Severity::warning;
  }
  if (is_a_text(analysis) && analysis.kernel_driver && !analysis.gpus.empty()) {
    found.evidence += fmt::format(", and the driver {} lists GPUs there", kernel_version(analysis));
    found.severity = Severity::warning;
  }
  return {std::move(found)};
}

// What a text shows of a container: what it was told to mount, and that nvidia-smi finds no libcuda in it.
std::vector<Found> find_no_compute_in_text(const Analysis& analysis) {
  const auto capabilities = setting_of(analysis, "NVIDIA_DRIVER_CAPABILITIES");
  const bool without = capabilities && !capabilities->empty() && !has_word(*capabilities, "compute");
  const bool is_gone = is_in_container(analysis) && is_absent(analysis, "driver.user_mode.version");
  if (!is_gone && !(without && wants_gpu(analysis))) return {};
  return {{.evidence = fmt::format("{}{}", setting_words(analysis, "NVIDIA_DRIVER_CAPABILITIES"),
                                   is_gone ? ", and nvidia-smi finds no libcuda" : "")}};
}

// What an image asks of the container runtime: without "compute" no libcuda is mounted, unless the one who starts it
// says otherwise.
std::vector<Found> find_no_compute_of_image(const Analysis& analysis) {
  const auto capabilities = setting_of(analysis, "NVIDIA_DRIVER_CAPABILITIES");
  const bool uses_cuda = std::any_of(analysis.consumers.begin(), analysis.consumers.end(),
                                     [](const AnalysedConsumer& consumer) { return consumer.driver.uses_cuda; });
  if (!capabilities || capabilities->empty() || has_word(*capabilities, "compute") || !uses_cuda) return {};
  Found found{.evidence = fmt::format("{} in the image, so that it is started without libcuda",
                                      setting_words(analysis, "NVIDIA_DRIVER_CAPABILITIES"))};
  found.severity = Severity::warning;
  return {std::move(found)};
}

std::vector<Found> find_no_driver_libraries(const Analysis& analysis) {
  if (is_a_text(analysis)) return find_no_compute_in_text(analysis);
  if (analysis.subject.image) return find_no_compute_of_image(analysis);
  if (!is_in_container(analysis) || !has_gpu_node(analysis) || is_jetson(analysis)) return {};
  if (!is_absent(analysis, "driver.user_mode.version")) return {};
  const auto capabilities = setting_of(analysis, "NVIDIA_DRIVER_CAPABILITIES");
  const bool without = capabilities && !capabilities->empty() && !has_word(*capabilities, "compute");
  Found found{.evidence =
                  fmt::format("The container has {} and no libcuda.so.1; {}", join(list_of(analysis, kNodes), ", "),
                              setting_words(analysis, "NVIDIA_DRIVER_CAPABILITIES"))};
  if (without) return {std::move(found)};
  found.fix =
      "Start it through NVIDIA's container runtime (--gpus all, or --runtime=nvidia with NVIDIA_VISIBLE_DEVICES=all "
      "and "
      "NVIDIA_DRIVER_CAPABILITIES=compute,utility), not by naming device nodes";
  return {std::move(found)};
}

std::vector<Found> find_incomplete_nodes(const Analysis& analysis) {
  if (!is_in_container(analysis) || !has_gpu_node(analysis) || is_wsl(analysis) || is_jetson(analysis)) return {};
  std::vector<std::string> missing;
  for (const char* node : {"nvidiactl", "nvidia-uvm"}) {
    if (!lists(analysis, kNodes, node)) missing.push_back(std::string("/dev/") + node);
  }
  if (missing.empty() || lists(analysis, kNodes, "nvmap")) return {};
  return {{.evidence = fmt::format("The container has {}, and not {}", join(list_of(analysis, kNodes), ", "),
                                   join(missing, ", "))}};
}

// The device controller of cgroup v1 says what may be opened; that of v2 is a program in the kernel and says nothing.
std::vector<Found> find_device_limits(const Analysis& analysis) {
  const std::vector<std::string> rows = list_of(analysis, "cgroup.devices");
  if (rows.empty() || !has_gpu_node(analysis)) return {};
  const bool allowed = std::any_of(rows.begin(), rows.end(), [](const std::string& row) {
    return row.starts_with("a ") || row.starts_with("c 195:") || row.starts_with("c *:");
  });
  if (allowed) return {};
  return {{.evidence = fmt::format(
               "Device nodes are there ({}), and the control group's list has no row for NVIDIA's major number 195: {}",
               join(list_of(analysis, kNodes), ", "), join(rows, "; "))}};
}

// What an image asks of its machine: of the image that is judged, or of the one that this container was made from.
std::map<std::string, std::string> requirements_of(const Analysis& analysis) {
  std::map<std::string, std::string> requirements;
  if (analysis.subject.image) requirements = analysis.subject.image->requirements;
  for (const auto& [id, fact] : analysis.subject.facts) {
    if (id.starts_with("settings.NVIDIA_REQUIRE_") && fact.is_known())
      requirements.emplace(id.substr(9), value_text(*fact.value));
  }
  return requirements;
}

bool requirements_disabled(const Analysis& analysis) {
  const auto value = setting_of(analysis, "NVIDIA_DISABLE_REQUIRE");
  return value && are_requirements_disabled({{"NVIDIA_DISABLE_REQUIRE", *value}});
}

// The API level of the driver itself, not that of a cuda-compat libcuda before it.
std::optional<std::string> own_level(const Analysis& analysis) {
  for (const DriverFile& file : analysis.machine.driver_files) {
    const bool own = file.role == DriverFileRole::driver || file.role == DriverFileRole::wsl;
    if (file.library == "libcuda" && own && file.api_level.is_known()) return value_text(*file.api_level.value);
  }
  if (analysis.kernel_driver && !is_newer_driver(analysis.knowledge, *analysis.kernel_driver)) {
    const DriverBranch* row = branch_of(analysis.knowledge, *analysis.kernel_driver);
    if (row != nullptr && !row->cuda.empty()) return row->cuda;
  }
  const bool compat = user_driver_role(analysis) == DriverFileRole::compat;
  return compat ? std::nullopt : text_of(analysis, "driver.api_level");
}

// What NVIDIA_REQUIRE_CUDA may call the GPU: what NVML said, else what products of its kind are called, which changed
// with drivers (a Tesla T4 was of the brand Tesla and is of NVIDIA). Empty: nothing is known.
std::vector<std::string> requirement_brands(const Gpu& gpu) {
  std::string said = to_lower(gpu.brand);
  std::erase(said, ' ');
  const bool virtual_gpu = said.find("virtual") != std::string::npos || said.find("vgpu") != std::string::npos ||
                           said.find("cloud") != std::string::npos;
  if (!said.empty()) return virtual_gpu ? std::vector<std::string>{} : std::vector{said};
  const std::string brand = brand_of_product(gpu.model);
  if (brand.empty()) return {};
  if (brand == "tesla" || brand == "nvidia") return {"tesla", "nvidia"};
  if (brand == "nvidiartx") return {"nvidiartx", "quadrortx", "quadro"};
  const std::string older = brand.substr(0, brand.rfind("rtx"));
  return older == brand ? std::vector{brand} : std::vector{brand, older};
}

struct Unmet {
  std::string name, text;
  RequirementFacts machine;
};

// Whether the machine is refused, whichever of the brands its GPU has.
bool is_refused(const ImageRequirement& requirement, RequirementFacts machine, const std::vector<std::string>& brands) {
  if (brands.empty()) return evaluate_requirement(requirement, machine) == Held::no;
  return std::all_of(brands.begin(), brands.end(), [&](const std::string& brand) {
    machine.brand = brand;
    return evaluate_requirement(requirement, machine) == Held::no;
  });
}

// The requirements that do not hold; those that cannot be told hold.
std::vector<Unmet> unmet_requirements(const Analysis& analysis) {
  if (requirements_disabled(analysis)) return {};
  RequirementFacts machine;
  std::vector<std::string> brands;
  machine.cuda = own_level(analysis);
  machine.driver = text_of(analysis, "driver.kernel_mode.version");
  if (!analysis.gpus.empty()) {
    const Gpu& gpu = analysis.gpus.front();
    if (gpu.capability) machine.arch = to_string(*gpu.capability);
    brands = requirement_brands(gpu);
  }
  if (!machine.cuda && !machine.driver) return {};
  std::vector<Unmet> unmet;
  for (const auto& [name, text] : requirements_of(analysis)) {
    const Result<ImageRequirement> requirement = parse_image_requirement(text);
    if (requirement && is_refused(*requirement, machine, brands)) unmet.push_back({name, text, machine});
  }
  return unmet;
}

std::string cut(const std::string& text) { return text.size() > 120 ? text.substr(0, 120) + "…" : text; }

std::vector<Found> find_requirement(const Analysis& analysis) {
  std::vector<Found> found;
  for (const Unmet& one : unmet_requirements(analysis)) {
    found.push_back(
        {.evidence = fmt::format("The image asks for {}=\"{}\"; the driver is {}, CUDA {}", one.name, cut(one.text),
                                 one.machine.driver.value_or("not known"), one.machine.cuda.value_or("not known"))});
  }
  // A container that runs in spite of it was let through; the programs in it may still fit.
  if (!analysis.subject.image && is_in_container(analysis)) {
    for (Found& one : found) one.severity = Severity::warning;
  }
  return found;
}

// The GPUs of NVIDIA_VISIBLE_DEVICES by their ids; numbers are those of the machine that it will start on.
std::vector<Found> find_unknown_devices(const Analysis& analysis) {
  const auto value = setting_of(analysis, "NVIDIA_VISIBLE_DEVICES");
  const bool image = analysis.subject.image.has_value();
  if (!value || (!image && !is_in_container(analysis))) return {};
  std::vector<std::string> unknown;
  for (const std::string_view piece : split(*value, ',')) {
    if (names_no_gpu(analysis, trim(piece))) unknown.emplace_back(trim(piece));
  }
  if (unknown.empty()) return {};
  Found found{.evidence = fmt::format("NVIDIA_VISIBLE_DEVICES names {}, which this machine does not have",
                                      join(unknown, ", "))};
  if (!image) found.severity = Severity::warning;  // it was started all the same
  return {std::move(found)};
}

std::vector<Found> find_own_driver(const Analysis& analysis) {
  if (!analysis.subject.image) return {};
  std::vector<std::string> own;
  for (const DriverFile& file : analysis.subject.driver_files) {
    if (file.role == DriverFileRole::driver && file.library == "libcuda" &&
        file.path.find("/tegra") == std::string::npos) {
      own.push_back(file.path);
    }
  }
  if (own.empty()) return {};
  return {{.evidence = "The image holds a driver's library: " + join(own, ", ")}};
}
}  // namespace

const std::vector<Rule>& container_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-CONTAINER-NO-GPU",
       .layer = Layer::container,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::container,
       .statement = "A container that would use the host's GPU was given it.",
       .consequence =
           "Frameworks say that no driver is found, or fall back to the CPU, although nvidia-smi works on the host.",
       .fix = "Start it with --gpus all (Docker), --device nvidia.com/gpu=all (CDI) or a GPU request (Kubernetes), "
              "with NVIDIA's container toolkit configured on the host",
       .source = kToolkitManual,
       .judge = find_no_gpu},
      {.id = "VRV-CONTAINER-NODE-OFFERS-NONE",
       .layer = Layer::container,
       .severity = Severity::note,
       .mender = Mender::platform,
       .category = FaultCategory::container,
       .statement = "A Kubernetes node with GPUs offers them to pods.",
       .consequence = "Pods that ask for a GPU stay pending: \"Insufficient nvidia.com/gpu\".",
       .fix = "See that the device plugin runs on the node and its log; make nvidia the node's default runtime "
              "(nvidia-ctk runtime configure --set-as-default) or give the plugin the runtime class nvidia",
       .source = "NVIDIA/k8s-device-plugin README: prerequisites",
       .judge = find_node_without_gpus},
      {.id = "VRV-CONTAINER-NO-COMPUTE",
       .layer = Layer::container,
       .severity = Severity::error,
       .mender = Mender::application,
       .category = FaultCategory::container,
       .statement = "A container with a GPU has the driver's compute libraries.",
       .consequence = "nvidia-smi may work; CUDA programs say that no driver is found.",
       .fix = "Set NVIDIA_DRIVER_CAPABILITIES=compute,utility for the container or in its image",
       .source =
           "NVIDIA Container Toolkit documentation, driver capabilities; AbdBarho/stable-diffusion-webui-docker#348",
       .judge = find_no_driver_libraries},
      {.id = "VRV-CONTAINER-NODES",
       .layer = Layer::container,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::container,
       .statement = "A container that was given a GPU has nvidiactl and nvidia-uvm too.",
       .consequence = "cuInit fails: no device, or error 999, although /dev/nvidia0 is there.",
       .fix = "Give all of them (--gpus all, or also --device /dev/nvidiactl --device /dev/nvidia-uvm), and load "
              "nvidia_uvm on the host",
       .source = kToolkitManual,
       .judge = find_incomplete_nodes},
      {.id = "VRV-CONTAINER-DEVICE-LIMITS",
       .layer = Layer::container,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::container,
       .statement = "The control group lets the process open the GPU's device nodes.",
       .consequence = "Opening the nodes is refused: \"Failed to initialize NVML: Unknown Error\", no device.",
       .fix = "Start the container anew through NVIDIA's runtime; in a batch system ask for GPUs",
       .source = "Linux Documentation/admin-guide/cgroup-v1/devices.rst",
       .judge = find_device_limits},
      {.id = "VRV-CONTAINER-REQUIREMENT",
       .layer = Layer::container,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::driver_ceiling,
       .statement = "The machine has what the image asks for in NVIDIA_REQUIRE_*.",
       .consequence = "The container runtime refuses to start it (\"unsatisfied condition\"); let through, programs "
                      "that need the newer driver fail with error 35, 803 or 804.",
       .fix = "Update the host's driver, or take the image of an older CUDA; NVIDIA_DISABLE_REQUIRE=1 only silences "
              "the check",
       .source = "NVIDIA Container Toolkit documentation, constraints",
       .judge = find_requirement},
      {.id = "VRV-CONTAINER-DEVICES",
       .layer = Layer::container,
       .severity = Severity::error,
       .mender = Mender::application,
       .category = FaultCategory::container,
       .statement = "The GPUs that an image or container names in NVIDIA_VISIBLE_DEVICES are there.",
       .consequence = "The container runtime refuses to start it: \"unknown device\".",
       .fix = "Start it with --gpus, or with NVIDIA_VISIBLE_DEVICES=all or the ids that nvidia-smi -L lists here",
       .source = kToolkitManual,
       .judge = find_unknown_devices},
      {.id = "VRV-CONTAINER-OWN-DRIVER",
       .layer = Layer::container,
       .severity = Severity::warning,
       .mender = Mender::application,
       .category = FaultCategory::container,
       .statement = "An image holds no driver libraries of its own.",
       .consequence = "The driver comes from the host: on one with another version the image's files get in its way.",
       .fix = "Build the image without the driver's packages; compat libraries belong under /usr/local/cuda/compat",
       .source = kToolkitManual,
       .judge = find_own_driver},
  };
  return rules;
}

}  // namespace varve
