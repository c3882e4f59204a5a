#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/fact.h"

namespace varve {

struct ImageLayer {
  std::string digest;      // "sha256:…" as the manifest states it; empty in docker-save
  std::string media_type;  // or "tar", "tar+gzip" where no manifest says
  std::uint64_t size = 0;  // bytes in the archive
};

enum class ImageFormat { oci_layout, oci_archive, docker_archive, docker_directory };
std::string_view to_string(ImageFormat format);
std::optional<ImageFormat> image_format_from(std::string_view text);

// What an image states about itself.
struct Image {
  ImageFormat format = ImageFormat::oci_layout;
  std::string name;      // its tag, if it has one
  std::string platform;  // "linux/amd64"
  Fact digest;           // of the manifest; its detail says whether --verify computed it
  std::vector<ImageLayer> layers;
  std::map<std::string, std::string> labels;        // by allow-list
  std::vector<std::string> remarks;                 // what was left out or looks wrong, in words
  std::map<std::string, std::string> requirements;  // NVIDIA_REQUIRE_*: what it asks of the host
};

}  // namespace varve
