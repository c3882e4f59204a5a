// What a text tells of a container beyond the facts that readers found: whether it was given the GPU, and what its
// image asks of the driver.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "disclosure/stack_of_text.h"

namespace varve {

namespace {
// A container that was started without a GPU, where a program asked for one. One of the text's ways to start it that
// gives the GPU is enough to say nothing.
void set_gpu_request(const Declared& declared, Stack& stack) {
  const std::int64_t asked = declared.asked_gpu_line != 0 ? declared.asked_gpu_line : declared.no_smi_line;
  const bool is_given = declared.container_with_gpu_line != 0 || declared.variables.contains("NVIDIA_VISIBLE_DEVICES");
  if (declared.container_line == 0 || asked == 0 || is_given || stack.facts.contains("container.gpu_request")) return;
  Fact request = known_fact(std::string("no GPU"), fmt::format("line {} (container)", declared.container_line),
                            Standing::declared);
  request.detail = fmt::format("nothing that starts it asks for one, and a program asked for the GPU (line {})", asked);
  stack.facts.emplace("container.gpu_request", std::move(request));
}

// Engines give a container 64 MiB of /dev/shm where nothing asks for more.
void set_shared_memory(const Declared& declared, Stack& stack) {
  if (declared.container_line == 0 || declared.container_with_shm_line != 0) return;
  Fact memory = known_fact(std::string("the engine's default, 64 MiB"),
                           fmt::format("line {} (container)", declared.container_line), Standing::inferred);
  memory.detail = "nothing that starts it asks for more";
  stack.facts.emplace("container.shared_memory", std::move(memory));
}

// What the container runtime compares the driver with, of an image of NVIDIA's that is named and no other.
void set_image_requirement(const Declared& declared, Stack& stack, const Knowledge& knowledge) {
  constexpr const char* kRequirement = "settings.NVIDIA_REQUIRE_CUDA";
  const auto told = stack.facts.find(kRequirement);
  if (declared.image_line <= 0 || (told != stack.facts.end() && told->second.is_known())) return;
  std::string asked = "cuda>=" + declared.image_cuda;
  for (const CompatPackage& package : knowledge.compat_packages) {
    if (package.cuda != declared.image_cuda) continue;
    for (const int branch : package.branches) {
      for (const std::string& brand : package.brands) {
        const std::string of = brand == "any" ? "" : "brand=" + brand + ",";
        asked += fmt::format(" {}driver>={},driver<{}", of, branch, branch + 1);
      }
    }
  }
  stack.facts[kRequirement] =
      known_fact(std::move(asked),
                 fmt::format("the name of the image in line {} (data/compat_packages.json)", declared.image_line),
                 Standing::inferred);
}

// The CUDA of the package's build that the image has; empty: not in the table.
std::string cuda_of_package_image(const FrameworkImage& image, const Knowledge& knowledge) {
  const auto version = dotted_version_from(image.version);
  for (const FrameworkBuild& build : knowledge.framework_builds) {
    if (build.framework == image.package && build.is_default && version && is_within(*version, build.version)) {
      return build.cuda;
    }
  }
  return {};
}

// What the image's name tells of the CUDA in it.
void set_framework_image(const Declared& declared, Stack& stack, const Knowledge& knowledge) {
  if (declared.framework_image_line <= 0) return;
  const FrameworkImage& image = declared.framework_image;
  const std::string cuda = image.package.empty() ? image.cuda : cuda_of_package_image(image, knowledge);
  if (cuda.empty()) return;
  const std::string line = fmt::format("line {}", declared.framework_image_line);
  const std::string table = image.package.empty() ? "data/framework_images.json" : "data/framework_builds.json";
  stack.facts["container.image.name"] = known_fact(image.name, line, Standing::declared);
  stack.facts["container.image.cuda"] =
      known_fact(cuda, fmt::format("the name of the image in {} ({})", line, table), Standing::inferred);
  if (image.branches.empty()) return;
  stack.facts["container.image.branches"] =
      known_fact(fmt::format("{}", fmt::join(image.branches, ", ")), "its release notes (data/framework_images.json)",
                 Standing::inferred);
}

// What Kubernetes offers of a node's GPUs, its device plugin tells.
void set_device_plugin(const Declared& declared, Stack& stack) {
  const auto told = stack.facts.find("container.node_gpus");
  if (declared.device_plugin_line == 0 || told == stack.facts.end() || !told->second.is_known()) return;
  told->second.detail = fmt::format("the device plugin does not stay up (line {})", declared.device_plugin_line);
}
}  // namespace

void set_container(const Declared& declared, Stack& stack, const Knowledge& knowledge) {
  set_device_plugin(declared, stack);
  set_gpu_request(declared, stack);
  set_shared_memory(declared, stack);
  set_image_requirement(declared, stack, knowledge);
  set_framework_image(declared, stack, knowledge);
}

}  // namespace varve
