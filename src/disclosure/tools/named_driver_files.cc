// The driver's number in the names of its own files, and where nvidia-ctk says which it found:
//   singularity exec -B /usr/lib64/libcuda.so.440.33.01 …
//   hostPath: /usr/lib/x86_64-linux-gnu/libnvidia-ml.so.560.35.03
//   INFO[0000] Using driver version 560.35.03
// Files that a line misses, removes or takes for an example, those of cuda-compat and those in folders of programs tell
// nothing; where files of two releases are named, none counts (stack_of_text.cc).
#include <array>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
constexpr std::size_t kMostFileLine = 1024;
constexpr auto kLibraries = std::to_array<std::string_view>(
    {"/libcuda.so.", "/libnvidia-", "/libnvoptix.so.", "/libEGL_nvidia.so.", "/libGLX_nvidia.so.", "/libnvcuvid.so."});
constexpr auto kFolders = std::to_array<std::string_view>({"/usr/lib", "/lib", "/nix/store/", "/run/nvidia/driver/"});
constexpr auto kNotThere = std::to_array<std::string_view>(
    {"compat",  "stubs",          "o such file",   "not found", "annot ",  "rm ",  "emove",
     "elete",   "xample",         "e.g",           "should",    "flatpak", "snap", "missing",
     "Missing", "does not exist", "doesn't exist", "instead",   "would",   "if "});

// "440.33.01" behind "libcuda.so."; empty: it is another number.
std::string_view number_of_file(std::string_view name) {
  const auto behind_so = behind(name, ".so.");
  if (!behind_so) return {};
  const std::string_view number = leading_version(*behind_so);
  const std::string_view rest = behind_so->substr(number.size());
  const bool is_end = rest.empty() || std::string_view(" \t\"',:;)]`").find(rest[0]) != std::string_view::npos;
  return is_end && number.find('.') == 3 && number.size() > 5 && number.size() < 13 ? number : std::string_view();
}

class DriverFilesReader : public TextReader {
 public:
  static constexpr const char* kName = "files of the driver";
  const char* name() const override { return kName; }
  bool take(const TextLine& line, Declared& declared) override {
    if (line.text.size() > kMostFileLine) return false;
    if (holds(line, "Using driver version ") && (line.text.starts_with("INFO[") || holds(line, "level=info"))) {
      declare_driver(declared, *behind(line.text, "Using driver version "), {"nvidia-ctk", line.number});
      return true;
    }
    if (!holds(line, ".so.") || !(holds(line, "nvidia") || holds(line, "libcuda") || holds(line, "libnv")))
      return false;
    for (const std::string_view mark : kNotThere) {
      if (has(line.text, mark)) return false;
    }
    for (const std::string_view library : kLibraries) {
      const std::size_t at = line.text.rfind(library);  // libcuda.so.1 may stand before it
      if (at == std::string_view::npos) continue;
      const std::size_t blank = line.text.substr(0, at).find_last_of(" \t\"'=:,[(`");
      const std::string_view path = line.text.substr(blank == std::string_view::npos ? 0 : blank + 1);
      const std::string_view number = number_of_file(up_to(path, " \t\"',"));
      bool is_of_system = false;
      for (const std::string_view folder : kFolders) is_of_system = is_of_system || path.starts_with(folder);
      if (is_of_system && !number.empty()) declared.driver_files.emplace(number, line.number);
    }
    return false;  // whoever else knows the line may have it
  }
};
}  // namespace

std::unique_ptr<TextReader> driver_files_reader() { return std::make_unique<DriverFilesReader>(); }

}  // namespace varve
