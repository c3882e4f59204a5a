#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace varve {

// What the name of an image tells of the CUDA in it, by data/framework_images.json.
struct FrameworkImage {
  std::string name;                        // with its tag: "nvcr.io/nvidia/pytorch:24.05-py3"
  std::string cuda;                        // "12.4", or "12" where the tag tells no more; empty: that of the package
  std::string package = {}, version = {};  // of which the image is: "vllm", "0.9.0"
  bool asks = false;  // it makes the container runtime ask for a driver of this CUDA, as the images nvidia/cuda do
  // Driver branches that data-centre GPUs may have all the same, through the image's cuda-compat. Empty: not stated.
  std::vector<int> branches = {};
};

// Of a word as it stands in commands, files and sentences: quoted, behind "docker://" or "IMAGE=". Nothing for a name
// or a tag that tells nothing.
std::optional<FrameworkImage> framework_image_of(std::string_view word);

// Of "NVIDIA Release 24.05 (build 94018429)", which a container of NVIDIA's prints when it starts.
std::optional<FrameworkImage> framework_image_of_banner(std::string_view line);

// Whether a line names an image as advice, as a question, or beside one that does well.
bool is_image_advice(std::string_view line);

// Reads the table now and not at its first use. Error: what is wrong with it.
Status load_framework_images();

}  // namespace varve
