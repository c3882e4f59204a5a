// What an environment and a package manager say about themselves: METADATA, RECORD, constants of Python files, conda's
// records, the databases of dpkg and apk, version files of toolkits. All readers see every input.
#include <map>
#include <string>

#include "base/redact.h"
#include "memory_file.h"
#include "package/environments.h"
#include "package/package_database.h"
#include "package/python_literals.h"
#include "package/python_metadata.h"
#include "package/python_record.h"
#include "toolkit/toolkit_reader.h"
#include "toolkit/toolkit_search.h"

namespace {
// A file system in memory: every path that a reader may ask for holds the same bytes, as an unnamed file of the kernel.
class SameBytes : public varve::Files {
 public:
  explicit SameBytes(std::string_view bytes) : bytes_(bytes) {}

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
  varve::Looked<varve::FileReader> open(std::string_view) const override { return {memory_file(bytes_), {}, {}}; }
  varve::Looked<varve::FileReader> open_magic_link(std::string_view path) const override { return open(path); }
  varve::Looked<std::unique_ptr<Files>> below(std::string_view) const override { return {std::nullopt, {}, {}}; }

 private:
  static std::vector<std::string> names(std::vector<std::string> list) { return list; }
  std::string_view bytes_;
};

void read_environments(const SameBytes& files) {
  const varve::EnvironmentPlace place{.kind = "conda",
                                      .path = "/e",
                                      .folders = {"/e/lib/python3.11/site-packages"},
                                      .conda_meta = "/e/conda-meta",
                                      .found_by = {},
                                      .python = {}};
  const varve::EnvironmentReading reading = varve::read_environment(files, place, "/home/me");
  for (const std::string& library : reading.libraries) {
    if (!library.starts_with('/') || library.find("/../") != std::string::npos) std::abort();
  }
  (void)varve::toolkits_in_environment(files, place);
  if (const auto venv = varve::environment_at(files, "/e")) varve::fact_text(venv->python);
  (void)varve::find_environments(
      files, {.environment = {{"VIRTUAL_ENV", "/e"}}, .homes = {"/home/me"}, .working_directory = "", .folders = {}});
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const varve::PackageMetadata metadata = varve::parse_metadata(text);
  for (const std::string& line : metadata.requirements) {
    const auto wanted = varve::parse_requirement(line);
    if (wanted) varve::marker_applies(wanted->marker, {.python = "3.11", .extras = {"cublas"}});
  }
  varve::marker_applies(text, {.python = "", .extras = {}});
  varve::python_constants(text);
  varve::parse_dpkg_status(text, {"*"});
  varve::parse_apk_installed(text, {"*"});
  varve::defined_number(text, "CUDA_VERSION");
  const SameBytes files(text);
  read_environments(files);
  (void)varve::gpu_packages_fact(files);
  varve::find_toolkits(files, {{"LOADEDMODULES", "cuda/12"}});
  return 0;
}
