#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/fact.h"

namespace varve {

struct ImageLayer {
  std::string digest;      // "sha256:…" as the manifest states it; empty in docker-save
  std::string media_type;  // or "tar", "tar+gzip" where no manifest says
  std::uint64_t size = 0;  // bytes in the archive
};

// What an image states about itself.
struct Image {
  std::string format;    // "OCI layout", "OCI archive", "docker-save archive", "docker-save directory"
  std::string name;      // its tag, if it has one
  std::string platform;  // "linux/amd64"
  Fact digest;           // of the manifest; its detail says whether --verify computed it
  std::vector<ImageLayer> layers;
  std::map<std::string, std::string> labels;        // by allow-list
  std::vector<std::string> remarks;                 // what was left out or looks wrong, in words
  std::map<std::string, std::string> requirements;  // NVIDIA_REQUIRE_*: what it asks of the host
};

}  // namespace varve
