#pragma once
#include <memory>
#include <string>
#include <vector>

#include "memory_file.h"
#include "world/files.h"

// A file system in memory: every path that a reader may ask for holds the same bytes, as one unnamed file of the
// kernel.
class SameBytes : public varve::Files {
 public:
  explicit SameBytes(std::string_view bytes) : bytes_(bytes), file_(memory_file(bytes)) {}

  varve::Looked<std::string> read(std::string_view, std::size_t cap) const override {
    if (bytes_.size() > cap) return {std::nullopt, varve::LookFailure::unreadable, "too large"};
    return {std::string(bytes_), {}, {}};
  }
  varve::Looked<std::vector<std::string>> list(std::string_view path) const override {
    if (path.ends_with("conda-meta")) return {names({"pytorch-2.1-cuda121.json", "python-3.11.1-0.json"}), {}, {}};
    if (path.ends_with("packages") || path.ends_with("cuda-1")) {
      return {names({"torch-1.dist-info", "cupy-2.egg-info", "bitsandbytes-3.dist-info", "vllm-1.dist-info",
                     "nvidia_cuda_nvcc-13.2.86.dist-info"}),
              {},
              {}};
    }
    if (path.ends_with("/info/")) return {names({"cuda-nvcc-1.list"}), {}, {}};
    if (path.ends_with("/nvidia")) return {names({"cu13", "cuda_nvcc"}), {}, {}};
    if (path == "/opt") return {names({"venv", "cuda-2"}), {}, {}};
    if (path.ends_with("/lib")) return {names({"python3.11"}), {}, {}};
    if (path == "/usr/local") return {names({"cuda-1"}), {}, {}};
    return {names({}), {}, {}};
  }
  varve::Looked<std::string> read_link(std::string_view) const override { return {std::nullopt, {}, {}}; }
  varve::Looked<varve::FileKind> kind(std::string_view path) const override {
    if (path.ends_with("packages") || path.ends_with("conda-meta") || path == "/e") {
      return {varve::FileKind::directory, {}, {}};
    }
    return {varve::FileKind::regular, {}, {}};
  }
  varve::Looked<std::string> resolve(std::string_view path) const override { return {std::string(path), {}, {}}; }
  varve::Looked<varve::FileReader> open(std::string_view) const override { return {file_, {}, {}}; }
  varve::Looked<varve::FileReader> open_magic_link(std::string_view path) const override { return open(path); }
  varve::Looked<std::unique_ptr<Files>> below(std::string_view) const override { return {std::nullopt, {}, {}}; }

 private:
  static std::vector<std::string> names(std::vector<std::string> list) { return list; }
  std::string_view bytes_;
  varve::FileReader file_;
};
