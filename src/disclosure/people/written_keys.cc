// The words of keys, in English, German and Chinese; of an issue form of TensorFlow's ("CUDA/cuDNN version": what is
// installed beside it) and of applications ("Device: cuda:0 NVIDIA GeForce RTX 4090 : cudaMallocAsync").
#include "disclosure/people/written_keys.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "disclosure/lines/words.h"

namespace varve {

namespace {
struct KeyRow {
  std::string_view key;
  WrittenMeaning meaning;
};
// In order of the alphabet; of a key the marks, brackets and "version" at its end are left out.
constexpr auto kWrittenKeys =
    std::to_array<KeyRow>({{"accelerator", WrittenMeaning::gpu},
                           {"betriebssystem", WrittenMeaning::system},
                           {"build.torch_version", WrittenMeaning::built_for},
                           {"card", WrittenMeaning::gpu},
                           {"compute device name", WrittenMeaning::gpu},
                           {"conda python", WrittenMeaning::python},
                           {"cuda driver", WrittenMeaning::driver},
                           {"cuda toolkit", WrittenMeaning::toolkit},
                           {"cuda/cudnn", WrittenMeaning::host_cuda},
                           {"current driver", WrittenMeaning::driver},
                           {"current nvidia driver", WrittenMeaning::driver},
                           {"device", WrittenMeaning::application_gpu},
                           {"device name", WrittenMeaning::gpu},
                           {"distribution", WrittenMeaning::system},
                           {"distro", WrittenMeaning::system},
                           {"driver", WrittenMeaning::driver},
                           {"glibc", WrittenMeaning::libc},
                           {"gpu", WrittenMeaning::gpu},
                           {"gpu & driver", WrittenMeaning::gpu_and_driver},
                           {"gpu + driver", WrittenMeaning::gpu_and_driver},
                           {"gpu / driver", WrittenMeaning::gpu_and_driver},
                           {"gpu and driver", WrittenMeaning::gpu_and_driver},
                           {"gpu card", WrittenMeaning::gpu},
                           {"gpu device", WrittenMeaning::gpu},
                           {"gpu driver", WrittenMeaning::driver},
                           {"gpu hardware", WrittenMeaning::gpu},
                           {"gpu model", WrittenMeaning::gpu},
                           {"gpu model / driver", WrittenMeaning::gpu_and_driver},
                           {"gpu model and driver", WrittenMeaning::gpu_and_driver},
                           {"gpu model and memory", WrittenMeaning::gpu},
                           {"gpu model/driver", WrittenMeaning::gpu_and_driver},
                           {"gpu models", WrittenMeaning::gpu},
                           {"gpu models and configuration", WrittenMeaning::gpu},
                           {"gpu name", WrittenMeaning::gpu},
                           {"gpu type", WrittenMeaning::gpu},
                           {"gpu used", WrittenMeaning::gpu},
                           {"gpu.name", WrittenMeaning::gpu},
                           {"gpu/driver", WrittenMeaning::gpu_and_driver},
                           {"gpus", WrittenMeaning::gpu},
                           {"gpus used", WrittenMeaning::gpu},
                           {"gpu型号", WrittenMeaning::gpu},
                           {"gpu型號", WrittenMeaning::gpu},
                           {"grafikkarte", WrittenMeaning::gpu},
                           {"graphic card", WrittenMeaning::gpu},
                           {"graphics", WrittenMeaning::gpu},
                           {"graphics card", WrittenMeaning::gpu},
                           {"graphics card and driver", WrittenMeaning::gpu_and_driver},
                           {"graphics hardware in use", WrittenMeaning::gpu},
                           {"hardware", WrittenMeaning::gpu},
                           {"hardware: gpu", WrittenMeaning::gpu},
                           {"host os", WrittenMeaning::system},
                           {"host system", WrittenMeaning::system},
                           {"jetpack", WrittenMeaning::jetson},
                           {"kernel", WrittenMeaning::kernel},
                           {"kernel release", WrittenMeaning::kernel},
                           {"l4t", WrittenMeaning::jetson},
                           {"l4t release", WrittenMeaning::jetson},
                           {"libc", WrittenMeaning::libc},
                           {"linux", WrittenMeaning::system},
                           {"linux distribution", WrittenMeaning::system},
                           {"linux distro/architecture", WrittenMeaning::system},
                           {"linux kernel", WrittenMeaning::kernel},
                           {"my gpu", WrittenMeaning::gpu},
                           {"name", WrittenMeaning::application_gpu},
                           {"nvcc", WrittenMeaning::toolkit},
                           {"nvidia display driver", WrittenMeaning::driver},
                           {"nvidia driver", WrittenMeaning::driver},
                           {"nvidia drivers", WrittenMeaning::driver},
                           {"nvidia gpu", WrittenMeaning::gpu},
                           {"nvidia gpu driver", WrittenMeaning::driver},
                           {"nvidia gpu model", WrittenMeaning::gpu},
                           {"nvidia graphics card", WrittenMeaning::gpu},
                           {"nvidia open gpu kernel modules", WrittenMeaning::driver},
                           {"nvidia-driver", WrittenMeaning::driver},
                           {"nvidia-treiber", WrittenMeaning::driver},
                           {"nvidia-treiberversion", WrittenMeaning::driver},
                           {"opencl/cuda driver", WrittenMeaning::driver},
                           {"operating system", WrittenMeaning::system},
                           {"operating system +", WrittenMeaning::system},
                           {"operating system / platform", WrittenMeaning::system},
                           {"operating system/platform", WrittenMeaning::system},
                           {"operating systems", WrittenMeaning::system},
                           {"os", WrittenMeaning::system},
                           {"os & version", WrittenMeaning::system},
                           {"os / platform", WrittenMeaning::system},
                           {"os kernel", WrittenMeaning::kernel},
                           {"os name", WrittenMeaning::system},
                           {"os platform and distribution", WrittenMeaning::system},
                           {"os version", WrittenMeaning::system},
                           {"os/platform", WrittenMeaning::system},
                           {"platform", WrittenMeaning::system},
                           {"python", WrittenMeaning::python},
                           {"python version used", WrittenMeaning::python},
                           {"python-version", WrittenMeaning::python},
                           {"pytorch", WrittenMeaning::torch},
                           {"pytorch-version", WrittenMeaning::torch},
                           {"pytorch.version", WrittenMeaning::torch},
                           {"reproduced on", WrittenMeaning::gpu},
                           {"system", WrittenMeaning::system},
                           {"system os", WrittenMeaning::system},
                           {"torch", WrittenMeaning::torch},
                           {"torch detected gpu", WrittenMeaning::gpu},
                           {"treiber", WrittenMeaning::driver},
                           {"treiberversion", WrittenMeaning::driver},
                           {"video card", WrittenMeaning::gpu},
                           {"what operating system are you using?", WrittenMeaning::system},
                           {"which linux distribution are you using?", WrittenMeaning::system},
                           {"which operating system are you using?", WrittenMeaning::system},
                           {"windows driver", WrittenMeaning::driver},
                           {"wsl", WrittenMeaning::wsl},
                           {"内核", WrittenMeaning::kernel},
                           {"操作系统", WrittenMeaning::system},
                           {"显卡", WrittenMeaning::gpu},
                           {"显卡型号", WrittenMeaning::gpu},
                           {"显卡驱动", WrittenMeaning::driver},
                           {"系统", WrittenMeaning::system},
                           {"系统环境", WrittenMeaning::system},
                           {"驱动", WrittenMeaning::driver}});

constexpr std::size_t kMostMarkedKey = 80;  // with what stands in brackets behind it: "(e.g., Linux Ubuntu 16.04)"

bool is_mark(char c) { return c == ' ' || c == '\t' || c == '*' || c == '-' || c == '+' || c == '_' || c == '`'; }

}  // namespace

std::string_view without_list_marks(std::string_view text) {
  while (!text.empty() && is_mark(text.front())) text.remove_prefix(1);
  if (text.starts_with("• ")) text.remove_prefix(4);
  return text;
}

std::string_view without_marks_around(std::string_view text) {
  const auto is_around = [](char c) { return is_mark(c) || c == '\'' || c == '"' || c == '.' || c == ','; };
  while (!text.empty() && is_around(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_around(text.back())) text.remove_suffix(1);
  return text;
}

std::string plain_key(std::string_view key) {
  std::string plain = to_lower(without_marks_around(up_to(key, "(")));
  std::erase_if(plain, [](char c) { return c == '*' || c == '`'; });
  for (const std::string_view end : {" version", " versions", "版本号", "版本"}) {
    if (plain.ends_with(end) && plain.size() > end.size()) plain.resize(plain.size() - end.size());
    if (plain.ends_with(' ')) plain.pop_back();
  }
  return plain;
}

WrittenMeaning meaning_of_key(const std::string& key) {
  const auto is_before = [](const KeyRow& row, const std::string& sought) { return row.key < sought; };
  const auto* found = std::lower_bound(kWrittenKeys.begin(), kWrittenKeys.end(), key, is_before);
  return found != kWrittenKeys.end() && found->key == key ? found->meaning : WrittenMeaning::none;
}

// The first of ":", "：", "=>", "==" and "|" ends the key; a leader of dots too.
std::optional<std::pair<std::string_view, std::string_view>> written_pair(std::string_view text) {
  if (text.starts_with('|')) {
    text = trim(text.substr(1));
    if (text.ends_with('|')) text.remove_suffix(1);
    const std::size_t bar = text.find('|');
    if (bar == std::string_view::npos || text.find('|', bar + 1) != std::string_view::npos) return std::nullopt;
    return std::pair(trim(text.substr(0, bar)), trim(text.substr(bar + 1)));
  }
  text = without_list_marks(text);
  std::size_t at = std::string_view::npos, length = 1;
  std::string_view before = text.substr(0, kMostMarkedKey);  // a mark counts that stands before the others
  for (const std::string_view mark : {":", "：", " ....", " => ", "=="}) {
    const std::size_t found = before.find(mark);
    if (found == std::string_view::npos) continue;
    at = found;
    length = mark.size();
    before = before.substr(0, at);
  }
  if (at == std::string_view::npos) {  // columns: "GPU 0                   NVIDIA GeForce RTX 3090 (arch=8.6)"
    const std::string_view start = text.substr(0, kMostWrittenKey);
    at = std::min(start.find("   "), start.find('\t'));
    length = 1;
  }
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  std::string_view value = text.substr(at + length);
  // A comparison in a program: if gpu == "A100"; a quoted item of a list in pyproject.toml or setup.py is asked for.
  if (length == 2 && text.substr(at).starts_with("==") && (text[0] == '"' || text[0] == '\'')) return std::nullopt;
  if (length == 2 && (trim(value).starts_with('"') || trim(value).starts_with('\''))) return std::nullopt;
  if (text.substr(at).starts_with(" ....")) value = value.substr(std::min(value.find_first_not_of('.'), value.size()));
  return std::pair(text.substr(0, at), trim(value));
}

}  // namespace varve
