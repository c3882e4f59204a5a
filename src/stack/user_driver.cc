
#include <algorithm>
#include <set>

#include "base/redact.h"
#include "base/text.h"
#include "stack/collectors.h"
#include "stack/nvidia.h"
#include "stack/reading.h"

namespace varve {

namespace {
// Where drivers, container tools and distributions put libcuda.
constexpr const char* kDirectories[] = {"/usr/lib/x86_64-linux-gnu",
                                        "/usr/lib/aarch64-linux-gnu",
                                        "/usr/lib/x86_64-linux-gnu/nvidia/current",
                                        "/usr/lib64",
                                        "/usr/lib64/nvidia",
                                        "/usr/lib",
                                        "/usr/lib/nvidia",
                                        "/usr/lib/aarch64-linux-gnu/nvidia",
                                        "/usr/lib/aarch64-linux-gnu/tegra",
                                        "/usr/lib/wsl/lib",
                                        "/usr/local/nvidia/lib64",
                                        "/usr/local/nvidia/lib",
                                        "/run/opengl-driver/lib",
                                        "/run/nvidia/driver/usr/lib/x86_64-linux-gnu",
                                        "/run/nvidia/driver/usr/lib64",
                                        "/usr/local/cuda/compat"};

struct Candidate {
  std::string path;    // all links resolved
  bool empty = false;  // a file of no bytes, as docker commit leaves where a driver was mounted
};

bool is_stub(std::string_view path) { return path.find("/stubs/") != std::string_view::npos; }

bool is_empty_file(const Files& files, const std::string& path) {
  const Looked<FileReader> file = files.open(path);
  return file && file->size() == 0;
}

// "libcuda.so.550.54.15" is version 550.54.15. Jetson's libcuda.so.1.1 and plain libcuda.so carry none.
std::optional<std::string> version_in_name(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  constexpr std::string_view kStart = "libcuda.so.";
  if (!name.starts_with(kStart)) return std::nullopt;
  const std::string_view version = name.substr(kStart.size());
  const std::size_t dot = version.find('.');
  const auto major = parse_integer(version.substr(0, dot));
  if (dot == std::string_view::npos || !major || *major < 10) return std::nullopt;
  return std::string(version);
}

// The order of the loader: LD_LIBRARY_PATH first. Relative entries have no meaning here.
std::vector<std::string> search_directories(const Subject& subject) {
  std::vector<std::string> directories;
  const std::string first = environment_value(subject.environment, "LD_LIBRARY_PATH");
  for (const std::string_view piece : split(first, ':')) {
    if (piece.starts_with('/')) directories.emplace_back(piece);
  }
  directories.insert(directories.end(), std::begin(kDirectories), std::end(kDirectories));
  return directories;
}

// Every libcuda.so.* in the directories; in each, the one that the loader would take (libcuda.so.1) first.
std::vector<Candidate> find_candidates(const Subject& subject) {
  const Files& files = subject.files;
  std::vector<Candidate> candidates;
  std::set<std::string> seen_directories, seen_files;
  for (const std::string& directory : search_directories(subject)) {
    const Looked<std::string> resolved = files.resolve(directory);
    if (!resolved || !seen_directories.insert(*resolved).second) continue;
    std::vector<std::string> names = files.list(*resolved).value.value_or(std::vector<std::string>{});
    std::erase_if(names, [](const std::string& name) { return !name.starts_with("libcuda.so"); });
    std::stable_partition(names.begin(), names.end(), [](const std::string& name) { return name == "libcuda.so.1"; });
    for (const std::string& name : names) {
      const Looked<std::string> file = files.resolve(*resolved + "/" + name);
      if (!file || is_stub(*file) || is_stub(*resolved + "/") || !seen_files.insert(*file).second) continue;
      candidates.push_back({*file, is_empty_file(files, *file)});
    }
  }
  return candidates;
}

// What the process has mapped says more than any search.
std::optional<std::string> mapped_libcuda(const Subject& subject) {
  for (const Library& library : subject.libraries) {
    const std::string_view name = std::string_view(library.path).substr(library.path.rfind('/') + 1);
    if (name.starts_with("libcuda.so") && !is_stub(library.path)) return library.path;
  }
  return std::nullopt;
}

Fact version_fact(const Candidate& chosen, const std::string& source) {
  if (chosen.empty) return missing_fact(Missing::unreadable, source, chosen.path + " is an empty file, not a driver");
  if (const auto version = version_in_name(chosen.path)) return known_fact(*version, source);
  return missing_fact(Missing::unsupported, source, "its file name carries no version: " + chosen.path);
}
}  // namespace

void collect_user_driver(const Subject& subject, Stack& stack) {
  Facts& facts = stack.facts;
  const std::vector<Candidate> candidates = find_candidates(subject);
  std::vector<std::string> all;
  for (const Candidate& candidate : candidates) {
    all.push_back(shorten_home(candidate.path, subject.home) + (candidate.empty ? " (empty file)" : ""));
  }
  const std::string searched = "libcuda.so.* in the library directories";
  const Fact none = has_no_gpu(facts) ? missing_fact(Missing::not_applicable, searched, "no GPU")
                                      : missing_fact(Missing::absent, searched, "none found");
  facts["driver.user_mode.all"] = all.empty() ? none : known_fact(std::move(all), searched);

  std::optional<Candidate> chosen;
  std::string source = searched;
  if (const auto mapped = mapped_libcuda(subject)) {
    chosen = Candidate{*mapped};
    source = subject.proc + "/maps";
  } else if (!candidates.empty()) {
    chosen = candidates.front();
  }
  facts["driver.user_mode.version"] = chosen ? version_fact(*chosen, source) : none;
  facts["driver.user_mode.path"] = chosen ? known_fact(shorten_home(chosen->path, subject.home), source) : none;
}

}  // namespace varve
