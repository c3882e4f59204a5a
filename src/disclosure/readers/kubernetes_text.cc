// kubectl describe node, kubectl describe pod (kubernetes/kubectl pkg/describe); the labels are GPU feature discovery's
// (NVIDIA/k8s-device-plugin docs/gpu-feature-discovery), in describe and in YAML.
//   NAME  STATUS  ROLES … OS-IMAGE            KERNEL-VERSION      CONTAINER-RUNTIME     (kubectl get nodes -o wide)
//   Labels:  nvidia.com/cuda.driver.major=535              nvidia.com/cuda.runtime.major=12 (the API level of libcuda)
//            nvidia.com/gpu.product=NVIDIA-A100-SXM4-40GB
//   Capacity:
//     nvidia.com/gpu:     8
//   System Info:
//     Kernel Version:     5.15.0-1041
//       Limits:                                              of a pod's container
//         nvidia.com/gpu:  1
//       Environment:
//         NCCL_DEBUG:  INFO
// Names of nodes, pods and images' registries, labels of others and ids are not kept.
#include <algorithm>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"
#include "tables/gpu_products.h"

namespace varve {

namespace {
enum class KubernetesBlock { none, capacity, system, resources, environment };

class KubernetesReader : public TextReader {
 public:
  static constexpr const char* kName = "kubectl describe";
  const char* name() const override { return kName; }
  void end() override {
    block_ = KubernetesBlock::none;
    nodes_ = 0;
  }
  bool take(const TextLine& line, Declared& declared) override {
    const std::string_view text = trim(line.text.substr(0, 512));
    if (text.size() < 4) return false;
    const std::size_t slash = text.find('/');
    const bool is_ours = slash != std::string_view::npos && text.substr(0, slash).ends_with("nvidia.com");
    if (is_ours && take_label(text, line, declared)) return true;
    // kubectl describe nodes | grep nvidia.com/gpu
    if (holds(line, "describe node") && holds(line, "grep ")) {
      block_ = KubernetesBlock::capacity;
      return true;
    }
    if (holds(line, "nvidia-device-plugin") && holds(line, "CrashLoopBackOff") && declared.device_plugin_line == 0) {
      declared.device_plugin_line = line.number;
    }
    if (holds(line, "OS-IMAGE") && holds(line, "KERNEL-VERSION")) {
      nodes_ = columns_of(text).size();
      const std::vector<std::string_view> head = columns_of(text);
      image_ = static_cast<std::size_t>(std::find(head.begin(), head.end(), "OS-IMAGE") - head.begin());
      nodes_line_ = line.number;
      return true;
    }
    if (nodes_ != 0 && take_node(text, line, declared)) return true;
    if (text.back() == ':' && open(text)) return true;
    if (text.starts_with("Container ID:") && has(text, "://")) {
      declare(declared, "container.kind", "kubernetes", {kName, line.number}, "", Standing::inferred);
      return true;
    }
    return block_ != KubernetesBlock::none && take_member(text, line, declared);
  }

 private:
  bool open(std::string_view text);
  bool take_label(std::string_view text, const TextLine& line, Declared& declared);
  bool take_member(std::string_view text, const TextLine& line, Declared& declared);
  void take_capacity(std::string_view key, std::string_view value, const TextLine& line, Declared& declared);
  void set_gpu(std::string_view key, std::string_view value, Declared& declared);

  bool take_node(std::string_view text, const TextLine& line, Declared& declared);

  KubernetesBlock block_ = KubernetesBlock::none;
  std::size_t nodes_ = 0, image_ = 0;  // columns of `kubectl get nodes -o wide`; 0: none is open. Which is the system's
  std::int64_t nodes_line_ = 0;
  bool is_offered_ = false;  // a line of the capacity names GPUs
  std::int64_t most_ = -1;   // GPUs of the node that has most of them
  std::int64_t labels_ = 0;  // where the labels begin
  std::string driver_, level_, major_;
};

// A row of `kubectl get nodes -o wide`. Nodes that are not alike tell nothing of that which the text is about.
bool KubernetesReader::take_node(std::string_view text, const TextLine& line, Declared& declared) {
  const std::vector<std::string_view> row = columns_of(text);
  if (row.size() != nodes_ || image_ + 1 >= row.size()) {
    nodes_ = 0;
    return false;
  }
  const bool is_first = line.number == nodes_line_ + 1;
  const auto tell = [&](const char* id, std::string_view value) {
    const auto known = declared.facts.find(id);
    if (is_first) {
      declare(declared, id, clean_utf8(value, 96), {"kubectl get nodes", line.number});
    } else if (known != declared.facts.end() && known->second.source.ends_with("(kubectl get nodes)") &&
               value_text(*known->second.value) != value) {
      declared.facts.erase(known);
    }
  };
  tell("os.name", row[image_]);
  tell("os.kernel.release", row[image_ + 1]);
  return true;
}

bool KubernetesReader::open(std::string_view text) {
  const KubernetesBlock before = block_;
  if (text == "Capacity:" || text == "Allocatable:") block_ = KubernetesBlock::capacity;
  if (text == "System Info:") block_ = KubernetesBlock::system;
  if (text == "Limits:" || text == "Requests:") block_ = KubernetesBlock::resources;
  if (text == "Environment:") block_ = KubernetesBlock::environment;
  if (block_ == before) return false;
  is_offered_ = false;
  return true;
}

// "Labels:  nvidia.com/gpu.count=8" and, in YAML, "nvidia.com/gpu.count: "8"".
bool KubernetesReader::take_label(std::string_view text, const TextLine& line, Declared& declared) {
  const std::string_view label = *behind(text, "nvidia.com/");
  const std::size_t sign = label.find_first_of("=:");
  if (sign == std::string_view::npos) return false;
  const std::string_view key = label.substr(0, sign);
  std::string_view value = trim(label.substr(sign + 1));
  if (value.starts_with('"')) value = up_to(value.substr(1), "\"");
  const bool is_driver = key.starts_with("cuda."), is_gpu = key.starts_with("gpu.");
  if (value.empty() || (!is_driver && !is_gpu)) return false;
  const TextPlace place{kName, line.number};
  if (labels_ == 0) labels_ = line.number;
  if (key == "cuda.driver.major") driver_ = value;
  if (key == "cuda.driver.minor" && !driver_.empty()) driver_ += "." + std::string(value);
  if (key == "cuda.driver.rev" && has(driver_, "."))
    declare_driver(declared, driver_ + "." + std::string(value), place);
  if (key == "cuda.driver-version.full") declare_driver(declared, value, place);
  if (key == "cuda.runtime.major") level_ = value;
  if (key == "cuda.runtime.minor" && !level_.empty())
    declare_api_level(declared, level_ + "." + std::string(value), place);
  if (key == "cuda.runtime-version.full") declare_api_level(declared, value, place);
  if (is_gpu) set_gpu(key.substr(4), value, declared);
  return true;
}

// "NVIDIA-A100-SXM4-40GB": blanks are written as dashes, a dash too.
void KubernetesReader::set_gpu(std::string_view key, std::string_view value, Declared& declared) {
  DeclaredGpus* list = gpu_list(declared, {kName, labels_});
  Gpu* gpu = gpu_in(list, 0);
  if (gpu == nullptr) return;
  if (key == "count") list->count = leading_number(value).value_or(0);
  if (key == "memory") gpu->memory_mib = leading_number(value);
  if (key == "compute.major") major_ = value;
  if (key == "compute.minor" && !major_.empty()) {
    gpu->capability = compute_capability_from(major_ + "." + std::string(value));
  }
  if (key != "product") return;
  if (value.ends_with("-SHARED")) value.remove_suffix(7);
  std::string spaced(value);
  for (char& letter : spaced) letter = letter == '-' ? ' ' : letter;
  const std::string& model = capability_of_product(value) ? std::string(value) : spaced;
  gpu->model = clean_utf8(model, 96);
}

bool KubernetesReader::take_member(std::string_view text, const TextLine& line, Declared& declared) {
  const auto pair = key_and_value(text);
  if (!pair && block_ == KubernetesBlock::capacity && text.starts_with("nvidia.com/")) return true;  // of a grep
  if (!pair || pair->first.empty() || pair->second.empty()) {
    block_ = KubernetesBlock::none;
    return false;
  }
  const auto [key, value] = *pair;
  const TextPlace place{kName, line.number};
  switch (block_) {
    case KubernetesBlock::capacity:
      take_capacity(key, value, line, declared);
      return true;
    case KubernetesBlock::system:
      if (key == "Kernel Version") declare(declared, "os.kernel.release", clean_utf8(value, 96), place);
      if (key == "OS Image") declare(declared, "os.name", clean_utf8(value, 96), place);
      if (key == "Architecture" && value == "amd64") declare(declared, "os.architecture", "x86_64", place);
      if (key == "Architecture" && value == "arm64") declare(declared, "os.architecture", "aarch64", place);
      return true;
    case KubernetesBlock::resources:
      if (key != "nvidia.com/gpu") break;
      declare(declared, "container.gpu_request", std::string(leading_version(value)), place, "nvidia.com/gpu");
      return true;
    case KubernetesBlock::environment:
      if (!is_variable_name(key)) break;
      declare_variable(declared, key, value, line.number);
      return true;
    case KubernetesBlock::none:
      break;
  }
  const bool stays = block_ == KubernetesBlock::resources &&
                     (key == "cpu" || key == "memory" || key == "ephemeral-storage" || has(key, "/"));
  if (!stays) block_ = KubernetesBlock::none;
  return stays;
}

// Of a node's block "pods" stands last: one without GPUs before it offers none. Of several nodes that with most counts.
void KubernetesReader::take_capacity(std::string_view key, std::string_view value, const TextLine& line,
                                     Declared& declared) {
  std::int64_t count = -1;
  if (key == "nvidia.com/gpu" || key.starts_with("nvidia.com/mig-")) {
    is_offered_ = true;
    count = leading_number(value).value_or(0);
  } else if (key == "pods") {
    block_ = KubernetesBlock::none;
    if (!is_offered_) count = 0;
  }
  if (count <= most_) return;
  most_ = count;
  declared.facts["container.node_gpus"] = known_fact(count, source_at({kName, line.number}), Standing::declared);
}
}  // namespace

std::unique_ptr<TextReader> kubernetes_reader() { return std::make_unique<KubernetesReader>(); }

}  // namespace varve
