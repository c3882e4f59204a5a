// How a container is started, and from what: commands that were typed, compose files, Dockerfiles, Kubernetes
// manifests.
//   $ docker run -it --rm --gpus all -e CUDA_VISIBLE_DEVICES=0 pytorch/pytorch:2.5.1-cuda12.4-cudnn9-runtime
//   $ apptainer exec --nv image.sif python train.py
//   FROM pytorch/pytorch:2.5.1-cuda12.4-cudnn9-runtime
//   services:                                     containers:
//     app:                                        - name: train
//       image: tensorflow/tensorflow:2.15.0         image: pytorch/pytorch:2.4.0-cuda12.1-cudnn9-runtime
//       environment:                                resources:
//         CUDA_VISIBLE_DEVICES: all                   limits: {nvidia.com/gpu: 1}
// Whether a GPU was asked for is told at the end, where none of the text's ways to start one asks (stack_of_text.cc).
// Of images the names are kept of those alone that say what they hold; tags: hub.docker.com, pytorch/pytorch and
// tensorflow/tensorflow, nvidia/cuda.
#include <algorithm>
#include <array>

#include "base/dotted_version.h"
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
constexpr std::size_t kMostCommand = 2048;

// What gives a container the GPU, or may.
bool may_give_gpu(std::string_view text) {
  constexpr auto kMarks = std::to_array<std::string_view>(
      {"--gpus", "nvidia", "--device", "--privileged", "NV_GPU=", "--nv", "$@", "--cdi", "gpus:", "privileged: true"});
  return std::any_of(kMarks.begin(), kMarks.end(), [&](std::string_view mark) { return has(text, mark); });
}

// What gives a container another /dev/shm than the 64 MiB of engines, or may; Singularity and Apptainer give the
// host's.
bool may_give_shm(std::string_view text) {
  constexpr auto kMarks =
      std::to_array<std::string_view>({"--shm-size", "--ipc", "--tmpfs", "/dev/shm", "shm_size", "ipc:", "hostIPC",
                                       "medium:", "$@", "singularity ", "apptainer "});
  return std::any_of(kMarks.begin(), kMarks.end(), [&](std::string_view mark) { return has(text, mark); });
}

// nvidia/cuda:11.8.0-base-ubuntu22.04 asks for a driver of that release, or one of the branches that it accepts.
void take_cuda_image(std::string_view tag, const TextLine& line, Declared& declared) {
  const std::string_view version = leading_version(tag.starts_with("cuda") ? tag.substr(4) : tag);
  const auto release = dotted_version_from(version);
  if (!release || release->parts.size() < 2 || release->major() < 9) return;
  declare_image_cuda(declared, std::to_string(release->major()) + "." + std::to_string(release->minor()), line.number);
}

void take_image(std::string_view image, const TextLine& line, Declared& declared) {
  constexpr const char* kName = "name of an image";
  const std::size_t colon = image.rfind(':');
  if (colon == std::string_view::npos) return;
  const std::string_view name = image.substr(0, colon), tag = image.substr(colon + 1);
  if (name == "nvidia/cuda" || name == "docker.io/nvidia/cuda" || name == "nvcr.io/nvidia/cuda") {
    take_cuda_image(tag, line, declared);
  }
  const std::string_view version = leading_version(tag);
  if (version.find('.') == std::string_view::npos) return;
  if (name == "pytorch/pytorch" || name == "docker.io/pytorch/pytorch") {
    const auto cuda = behind(tag, "-cuda");
    std::string digits(cuda ? leading_version(*cuda) : std::string_view());
    std::erase(digits, '.');
    if (digits.size() != 3) return;
    add_package(package_list(declared, {kName, line.number}, ""), "torch", std::string(version) + "+cu" + digits,
                line.number);
  } else if (name == "tensorflow/tensorflow" || name == "docker.io/tensorflow/tensorflow") {
    add_package(package_list(declared, {kName, line.number}, ""), "tensorflow", version, line.number);
    if (has(tag, "gpu")) return;
    declared.package_cuda.emplace("tensorflow", missing_fact(Missing::absent, source_at({kName, line.number}),
                                                             "a build without CUDA: the image's tag has no -gpu"));
  }
}

// "- Docker image: pytorch/pytorch:2.1.0-cuda11.8-cudnn8-devel" of who describes a machine.
void take_named_image(std::string_view text, const TextLine& line, Declared& declared) {
  constexpr auto kDeviceKeys = std::to_array<std::string_view>(
      {"image", "docker image", "container image", "base image", "container base image", "docker"});
  const std::size_t colon = text.find(": ");
  if (colon == std::string_view::npos || colon > 40) return;
  std::string key = to_lower(text.substr(0, colon));
  std::erase_if(key, [](char c) { return c == '*' || c == '-' || c == '`' || c == '\t'; });
  if (!is_among(trim(key), kDeviceKeys)) return;
  std::string_view image = trim(text.substr(colon + 1));
  while (!image.empty() && (image.front() == '`' || image.front() == '*' || image.front() == ' ')) {
    image.remove_prefix(1);
  }
  take_image(up_to(image, "` ,"), line, declared);
}

class ContainerCommandsReader : public TextReader {
 public:
  static constexpr const char* kName = "container";
  const char* name() const override { return kName; }
  void end() override {
    is_open_ = in_variables_ = is_file_ = false;
    indent_ = 0;
  }
  bool take(const TextLine& line, Declared& declared) override {
    const std::string_view text = line.text.substr(0, kMostCommand);
    if (is_open_) {
      continue_command(text, line, declared);
      return true;
    }
    if ((holds(line, "run ") && (holds(line, "docker ") || holds(line, "podman "))) || holds(line, "singularity ") ||
        holds(line, "apptainer ")) {
      return take_run(text, line, declared);
    }
    if (text.starts_with("FROM ")) {
      const std::vector<std::string_view> words = split_words(text);
      if (words.size() > 1) take_image(words[1], line, declared);
      return words.size() > 1;
    }
    if (!is_file_ && holds(line, "mage") && holds(line, "/")) take_named_image(text, line, declared);
    return take_manifest(text, line, declared);
  }

 private:
  bool take_run(std::string_view text, const TextLine& line, Declared& declared);
  void continue_command(std::string_view text, const TextLine& line, Declared& declared);
  bool take_variable(std::string_view item, std::size_t indent, const TextLine& line, Declared& declared);
  bool take_manifest(std::string_view text, const TextLine& line, Declared& declared);

  bool is_open_ = false;   // the command goes on on the next line
  bool is_value_ = false;  // the next word is a variable of the command's
  bool is_file_ = false;   // lines of a compose file or a manifest
  bool in_variables_ = false;
  std::size_t indent_ = 0;  // of the block of variables
};

bool ContainerCommandsReader::take_run(std::string_view text, const TextLine& line, Declared& declared) {
  std::size_t at = std::string_view::npos;
  for (const std::string_view command :
       {"docker run ", "podman run ", "docker container run ", "singularity run ", "singularity exec ",
        "singularity shell ", "apptainer run ", "apptainer exec ", "apptainer shell "}) {
    at = std::min(at, text.find(command));
  }
  if (at == std::string_view::npos) return false;
  if (at >= 7 && text.substr(at - 7, 7) == "nvidia-") declared.container_with_gpu_line = line.number;
  // In a sentence it is what somebody should do: a command stands at the start, behind a prompt or in backticks.
  const std::string_view before = trim(text.substr(0, at));
  const bool is_command = before.empty() || before.ends_with('$') || before.ends_with('#') || before.ends_with('>') ||
                          before.ends_with("sudo") || before.ends_with('`') || before.ends_with(':');
  if (!is_command && !may_give_gpu(text)) return false;
  if (declared.container_line == 0) declared.container_line = line.number;
  is_value_ = false;
  continue_command(text.substr(at), line, declared);
  return true;
}

void ContainerCommandsReader::continue_command(std::string_view text, const TextLine& line, Declared& declared) {
  is_open_ = trim(text).ends_with('\\');
  if (may_give_gpu(text)) declared.container_with_gpu_line = line.number;
  if (may_give_shm(text)) declared.container_with_shm_line = line.number;
  for (std::string_view word : split_words(text)) {
    while (!word.empty() && (word.front() == '`' || word.front() == '"')) word.remove_prefix(1);
    while (!word.empty() && (word.back() == '`' || word.back() == '"')) word.remove_suffix(1);
    const std::size_t equals = word.find('=');
    if (is_value_ && equals != std::string_view::npos && is_variable_name(word.substr(0, equals))) {
      declare_variable(declared, word.substr(0, equals), word.substr(equals + 1), line.number);
    }
    is_value_ = word == "-e" || word == "--env";
    if (!word.starts_with('-')) take_image(word, line, declared);
  }
}

bool ContainerCommandsReader::take_manifest(std::string_view text, const TextLine& line, Declared& declared) {
  if (!is_file_ && !in_variables_ && !text.ends_with(':')) return false;
  if (may_give_shm(text)) declared.container_with_shm_line = line.number;
  const std::size_t indent = std::min(text.find_first_not_of(" -"), text.size());
  const std::string_view item = text.substr(indent);
  if (item == "services:" || item == "containers:") {
    is_file_ = true;
    if (declared.container_line == 0) declared.container_line = line.number;
    return true;
  }
  if (item == "environment:") {  // also of a compose file that is quoted in part
    in_variables_ = true;
    indent_ = indent;
    return true;
  }
  if (!is_file_) return in_variables_ && take_variable(item, indent, line, declared);
  if (may_give_gpu(item) || item.starts_with("deploy:")) declared.container_with_gpu_line = line.number;
  if (item.starts_with("image: ")) {
    std::string_view image = trim(item.substr(7));
    while (!image.empty() && (image.front() == '"' || image.front() == '\'')) image.remove_prefix(1);
    take_image(up_to(image, "\"' "), line, declared);
    in_variables_ = false;
    return true;
  }
  return in_variables_ && take_variable(item, indent, line, declared);
}

bool ContainerCommandsReader::take_variable(std::string_view item, std::size_t indent, const TextLine& line,
                                            Declared& declared) {
  const std::size_t end = item.find_first_of("=:");
  if (indent <= indent_ || end == std::string_view::npos || !is_variable_name(item.substr(0, end))) {
    in_variables_ = false;
    return false;
  }
  std::string_view value = trim(item.substr(end + 1));
  while (!value.empty() && (value.front() == '"' || value.front() == '\'')) value.remove_prefix(1);
  declare_variable(declared, item.substr(0, end), up_to(value, "\"'"), line.number);
  return true;
}
}  // namespace

std::unique_ptr<TextReader> container_commands_reader() { return std::make_unique<ContainerCommandsReader>(); }

}  // namespace varve
