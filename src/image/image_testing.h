#pragma once
// For tests and benchmarks only: images made on the spot.
#include <map>
#include <string>
#include <vector>

#include "archive/archive_testing.h"
#include "base/hash.h"

namespace varve {

// Writes images. Documents are JSON by hand: tests want to break them.
struct ImageWriter {
  std::vector<std::string> layers;  // blobs, from the bottom up
  std::string media_type = "application/vnd.oci.image.layer.v1.tar";
  std::string configuration = R"({"os": "linux", "architecture": "amd64", "config": {}})";
  std::string annotations = R"({"org.opencontainers.image.ref.name": "test:1"})";  // of the manifest in the index

  static std::string digest(const std::string& blob) { return "sha256:" + sha256_hex(blob); }
  static std::string blob_name(const std::string& blob) { return "blobs/sha256/" + sha256_hex(blob); }
  static std::string descriptor(const std::string& type, const std::string& blob, const std::string& more = "") {
    return R"({"mediaType": ")" + type + R"(", "digest": ")" + digest(blob) + R"(", "size": )" +
           std::to_string(blob.size()) + more + "}";
  }

  std::string manifest() const {
    std::string list;
    for (const std::string& layer : layers) list += (list.empty() ? "" : ", ") + descriptor(media_type, layer);
    return R"({"schemaVersion": 2, "config": )" +
           descriptor("application/vnd.oci.image.config.v1+json", configuration) + R"(, "layers": [)" + list + "]}";
  }
  std::string manifest_descriptor(const std::string& more = "") const {
    return descriptor("application/vnd.oci.image.manifest.v1+json", manifest(),
                      R"(, "annotations": )" + annotations + more);
  }
  static std::string index(const std::string& descriptors) {
    return R"({"schemaVersion": 2, "manifests": [)" + descriptors + "]}";
  }

  // An OCI layout's files by name.
  std::map<std::string, std::string> oci() const {
    std::map<std::string, std::string> files = blobs();
    files["oci-layout"] = R"({"imageLayoutVersion": "1.0.0"})";
    files["index.json"] = index(manifest_descriptor());
    return files;
  }
  std::map<std::string, std::string> blobs() const {
    std::map<std::string, std::string> files;
    for (const std::string& blob : layers) files[blob_name(blob)] = blob;
    files[blob_name(configuration)] = configuration;
    files[blob_name(manifest())] = manifest();
    return files;
  }

  // docker save's files by name.
  std::map<std::string, std::string> docker() const {
    std::map<std::string, std::string> files;
    std::string names;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const std::string name = std::to_string(i) + "/layer.tar";
      files[name] = layers[i];
      names += (i == 0 ? "\"" : ", \"") + name + "\"";
    }
    files["config.json"] = configuration;
    files["manifest.json"] = R"([{"Config": "config.json", "RepoTags": ["test:1"], "Layers": [)" + names + "]}]";
    return files;
  }

  static std::string archive(const std::map<std::string, std::string>& files) {
    TarWriter writer;
    for (const auto& [name, content] : files) writer.file(name, content);
    return writer.end();
  }
};

}  // namespace varve
