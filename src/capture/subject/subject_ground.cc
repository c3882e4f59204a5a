#include "capture/subject/subject_ground.h"

#include <algorithm>
#include <initializer_list>

#include "base/text.h"

namespace varve {

namespace {
// The psABI's level of a processor by its flags (x86-64 psABI, table 3.1), which chooses glibc-hwcaps folders.
int cpu_level(const Looked<std::string>& cpuinfo) {
  if (!cpuinfo) return 1;
  const std::size_t at = cpuinfo->find("\nflags");
  if (at == std::string::npos) return 1;
  const std::string_view line = std::string_view(*cpuinfo).substr(at + 1, cpuinfo->find('\n', at + 1) - at - 1);
  const std::vector<std::string_view> flags = split_words(line);
  const auto has = [&](std::initializer_list<std::string_view> wanted) {
    return std::all_of(wanted.begin(), wanted.end(), [&](std::string_view flag) {
      return std::find(flags.begin(), flags.end(), flag) != flags.end();
    });
  };
  if (!has({"cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"})) return 1;
  if (!has({"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"})) return 2;
  return has({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}) ? 4 : 3;
}
}  // namespace

LoadingGround loading_ground(const Subject& subject) {
  const CaptureOptions& options = subject.options;
  LoadingGround ground{.files = subject.files,
                       .read_before = subject.read_before,
                       .environment = subject.environment,
                       .home = subject.home,
                       .working_directory = {},
                       .cpu_level = cpu_level(subject.cpuinfo),
                       .how = {.coverage = options.coverage, .exact = options.exact},
                       .cache_folder = options.cache_folder,
                       .progress = options.progress,
                       .memory = subject.loader_memory};
  // NVIDIA's container runtime runs ldconfig in a container before it starts (NVIDIA Container Toolkit,
  // cmd/nvidia-cdi-hook/update-ldcache), so that a cache from the build of an image is made anew.
  if (!subject.start_paths.empty()) {
    std::string& path = ground.environment["LD_LIBRARY_PATH"];
    path = join(subject.start_paths, ":") + (path.empty() ? "" : ":") + path;
  }
  ground.runs_ldconfig = options.kind == SubjectKind::image;
  if (!subject.own_files || options.process) {
    ground.working_directory = process_link(subject, "cwd");
  }
  // Files of compressed layers cannot be opened again.
  for (const auto& [path, read] : subject.read_before) ground.memory->dynamics.emplace(path, read.dynamic);
  return ground;
}

}  // namespace varve
