#pragma once
// For tests and benchmarks only: tar archives and images made on the spot.
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"

namespace varve {

// Writes the members of a tar archive one behind the other. Everything a reader must survive can be written: names,
// types and sizes are taken as they are given.
struct TarWriter {
  std::string bytes;

  TarWriter& member(char type, const std::string& name, const std::string& content = "", const std::string& link = "") {
    header(type, name, content.size(), link);
    return pad(content);
  }
  TarWriter& file(const std::string& name, const std::string& content) { return member('0', name, content); }
  TarWriter& directory(const std::string& name) { return member('5', name); }
  TarWriter& link(const std::string& name, const std::string& target) { return member('2', name, "", target); }
  TarWriter& hard_link(const std::string& name, const std::string& target) { return member('1', name, "", target); }

  // Extended headers for the member that follows: GNU's, and pax with one record.
  TarWriter& gnu_name(const std::string& name) { return member('L', "././@LongLink", name + '\0'); }
  TarWriter& gnu_link(const std::string& link) { return member('K', "././@LongLink", link + '\0'); }
  TarWriter& pax(const std::string& key, const std::string& value) {
    const std::string rest = " " + key + "=" + value + "\n";
    std::size_t length = rest.size() + 1;
    while (std::to_string(length).size() + rest.size() != length) ++length;
    return member('x', "pax", std::to_string(length) + rest);
  }

  // A header alone. `prefix` is ustar's; `size` is written in base 256 where octal digits do not suffice.
  void header(char type, const std::string& name, std::uint64_t size, const std::string& link = "",
              const std::string& prefix = "", const std::string& magic = std::string("ustar\00000", 8)) {
    std::string block(512, '\0');
    put(block, 0, name.substr(0, 100));
    put(block, 100, "0000644");
    put(block, 124, size < (std::uint64_t{1} << 33) ? octal(size, 11) : base_256(size));
    put(block, 136, octal(0, 11));
    block[156] = type;
    put(block, 157, link.substr(0, 100));
    put(block, 257, magic);
    put(block, 345, prefix.substr(0, 155));
    bytes += with_sum(block);
  }
  TarWriter& pad(const std::string& content) {
    bytes += content;
    bytes.resize((bytes.size() + 511) / 512 * 512);
    return *this;
  }
  std::string end() const { return bytes + std::string(1024, '\0'); }

  static std::string with_sum(std::string block) {
    put(block, 148, "        ");
    std::uint64_t sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    put(block, 148, octal(sum, 6) + '\0' + ' ');
    return block;
  }
  static void put(std::string& block, std::size_t at, const std::string& text) { block.replace(at, text.size(), text); }
  static std::string octal(std::uint64_t value, std::size_t digits) {
    std::string text(digits, '0');
    for (std::size_t i = digits; i-- > 0; value /= 8) text[i] = static_cast<char>('0' + value % 8);
    return text;
  }
  static std::string base_256(std::uint64_t value) {
    std::string text(12, '\0');
    for (std::size_t i = 12; i-- > 1; value /= 256) text[i] = static_cast<char>(value % 256);
    text[0] = static_cast<char>(0x80);
    return text;
  }
};

// Compressed with the libraries themselves: image_testing_test.cc. Only for tests of this folder.
std::string gzip(const std::string& bytes);
std::string zstd(const std::string& bytes);

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
