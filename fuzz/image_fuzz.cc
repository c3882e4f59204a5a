// A whole image. The input holds its documents and layers, divided by lines of "%%": first index.json or docker-save's
// manifest.json, then the manifest, the configuration, and layers, each made sound where no mutation could pass: "@2"
// in one document stands for the digest of the part with that number, check sums of tar headers are made right, and a
// layer that starts with "zstd" is compressed.
#include <zstd.h>

#include <string>
#include <vector>

#include "image/image.h"
#include "image/image_requirement.h"
#include "image/image_testing.h"
#include "memory_file.h"

namespace {
constexpr std::string_view kDivider = "\n%%\n";

std::vector<std::string> parts_of(std::string_view input) {
  std::vector<std::string> parts;
  while (parts.size() < 9) {
    const std::size_t end = input.find(kDivider);
    parts.emplace_back(input.substr(0, end));
    if (end == std::string_view::npos) break;
    input.remove_prefix(end + kDivider.size());
  }
  return parts;
}

void make_layer_sound(std::string& layer) {
  const bool compressed = layer.starts_with("zstd");
  if (compressed) layer.erase(0, 4);
  for (std::size_t at = 0; at + 512 <= layer.size(); at += 512) {
    const std::string block = layer.substr(at, 512);
    if (block.find_first_not_of('\0') != std::string::npos) layer.replace(at, 512, varve::TarWriter::with_sum(block));
  }
  if (!compressed) return;
  std::string out(ZSTD_compressBound(layer.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), layer.data(), layer.size(), 1));
  layer = std::move(out);
}

void put_digests(std::string& document, const std::vector<std::string>& parts) {
  for (std::size_t at = document.find('@'); at != std::string::npos; at = document.find('@', at + 1)) {
    if (at + 1 >= document.size() || document[at + 1] < '0' || document[at + 1] > '8') continue;
    const auto part = static_cast<std::size_t>(document[at + 1] - '0');
    if (part < parts.size()) document.replace(at, 2, varve::sha256_hex(parts[part]));
  }
}

std::string archive_of(std::vector<std::string> parts) {
  for (std::size_t i = 3; i < parts.size(); ++i) make_layer_sound(parts[i]);
  for (const std::size_t i : {2, 1, 0}) {
    if (i < parts.size()) put_digests(parts[i], parts);
  }
  varve::TarWriter archive;
  archive.file(parts[0].starts_with('[') ? "manifest.json" : "index.json", parts[0]);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    archive.file("blobs/sha256/" + varve::sha256_hex(parts[i]), parts[i]);
    archive.file(std::to_string(i), parts[i]);
  }
  return archive.end();
}

void look_around(const varve::Files& files, const std::string& directory, int depth, int& looks) {
  const auto names = files.list(directory.empty() ? "/" : directory);
  if (!names || depth > 20) return;
  for (const std::string& name : *names) {
    if (++looks > 200) return;
    const std::string path = directory + "/" + name;
    const auto resolved = files.resolve(path);
    if (resolved && files.resolve(*resolved) && *files.resolve(*resolved) != *resolved) std::abort();
    (void)files.read(path, 1000);
    (void)files.read_link(path);
    (void)files.below(path);
    if (!files.read_link(path)) look_around(files, path, depth + 1, looks);
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::string> parts = parts_of({reinterpret_cast<const char*>(data), size});
  const std::string archive = archive_of(parts);
  const varve::FileReader file = memory_file(archive);
  varve::ImageOptions options;
  options.verify = size % 2 == 0;
  options.keep = [](std::string_view path, std::uint64_t) { return path.ends_with('t'); };
  options.inspect = [](std::string_view path, std::uint64_t) { return path.ends_with('o'); };
  options.inspected = [](std::string_view, const varve::FileReader& seen) { (void)seen.start(0, 100); };
  options.progress = [](std::uint64_t done, std::uint64_t total) {
    if (done > total) std::abort();
  };
  options.limits.inflate = {.total = 1 << 20, .ratio = 200, .ratio_from = 1 << 18};  // small, to be fast
  options.limits.kept = 1 << 20;
  options.limits.inspected = 1 << 20;
  options.limits.names = 1 << 20;
  const auto opened = varve::open_image("/proc/self/fd/" + std::to_string(file.fd()), options);
  if (!opened) return 0;
  int looks = 0;
  look_around(*opened->files, "", 0, looks);
  for (const auto& [name, text] : opened->image.requirements) {
    const auto requirement = varve::parse_image_requirement(text);
    if (requirement)
      (void)varve::evaluate_requirement(*requirement, {.cuda = "12.4", .driver = "550", .arch = {}, .brand = {}});
  }
  return 0;
}
