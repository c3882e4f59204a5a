#include "harness/marks/marked_steps.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "harness/marks/start_up.h"
#include "harness/readings/combine.h"
#include "kernels/analysis/steps.h"

namespace varve {

namespace {
constexpr std::size_t kHeader = 32, kRow = 104, kName = 64, kMostRows = 256;
constexpr std::size_t kMostFiles = 4096;  // one a process
constexpr std::string_view kMagic = "varve-marks 1";
constexpr std::string_view kStepOfPytorch = "ProfilerStep#N";

template <class Number>
Number number_at(std::string_view bytes, std::size_t at) {
  Number number;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

// By the clock of the file system, in nanoseconds; 0: not known.
std::int64_t time_of_change(const std::string& folder) {
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0) return 0;
  return std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

// That clock goes in steps of some milliseconds: a second change within one does not show.
bool is_long_ago(std::int64_t time) {
  constexpr std::int64_t kLong = 100'000'000;
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec - time > kLong;
}

std::string read_marks(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(kHeader + kMostRows * kRow, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return bytes;
}
}  // namespace

std::string injected_library(std::string_view name) {
  std::error_code problem;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", problem);
  if (problem) return "";
  const std::filesystem::path folder = program.parent_path();
  for (const std::filesystem::path& place : {folder.parent_path() / "lib" / "varve" / name, folder / name}) {
    if (std::filesystem::is_regular_file(place, problem)) return place.string();
  }
  return "";
}

MarksFolder::MarksFolder(std::string path, bool wanted) : path_(std::move(path)) {
  std::error_code problem;
  is_there_ = wanted && std::filesystem::create_directory(path_, problem) && !problem;
  if (!is_there_) return;
  library_ = injected_library("libvarve-marks.so");
  has_hook_ = static_cast<bool>(lay_start_up(path_ + "/hook", "src/harness/marks/marks_hook.py"));
}

void MarksFolder::add_to(std::vector<std::string>& environment, MarksAsked asked) const {
  if (asked == MarksAsked::nothing) return;
  if (asked == MarksAsked::by_nvtx_and_torch && has_hook_) add_hook_to(environment);
  const auto speaks_of_it = [](const std::string& setting) {
    return setting.starts_with("NVTX_INJECTION64_PATH=") || setting.starts_with("VARVE_CUDA_RECORD=");
  };
  if (library_.empty() || std::any_of(environment.begin(), environment.end(), speaks_of_it)) return;
  environment.push_back("NVTX_INJECTION64_PATH=" + library_);
  environment.push_back("VARVE_MARKS=" + path_);
}

void MarksFolder::add_hook_to(std::vector<std::string>& environment) const {
  const std::string name = "PYTHONPATH=";
  std::string set;
  std::erase_if(environment, [&](const std::string& setting) {
    if (!setting.starts_with(name)) return false;
    set = setting.substr(name.size());
    return true;
  });
  environment.push_back(name + python_path_behind(path_ + "/hook", set));
}

std::optional<MarkedSteps> MarksFolder::take(const Stretch& life, MarksAsked asked) {
  std::vector<std::filesystem::path> paths;
  std::error_code problem;
  if (!is_there_) return std::nullopt;
  const std::int64_t changed = time_of_change(path_);
  if (changed != 0 && changed == empty_since_) return std::nullopt;
  for (auto each = std::filesystem::directory_iterator(path_, problem);
       !problem && each != std::filesystem::directory_iterator(); each.increment(problem)) {
    // Whatever else the program has put there (a FIFO would never end) stays.
    const bool is_file = std::filesystem::is_regular_file(each->symlink_status(problem));
    if (is_file && paths.size() < kMostFiles) paths.push_back(each->path());
  }
  empty_since_ = paths.empty() && is_long_ago(changed) ? changed : 0;
  std::vector<MarksRow> rows;
  double seconds = 0;
  for (const std::filesystem::path& path : paths) {
    const std::string bytes = read_marks(path);
    std::vector<MarksRow> of_process = parse_marks(bytes);
    seconds += telling_seconds(bytes, asked);
    std::move(of_process.begin(), of_process.end(), std::back_inserter(rows));
    std::filesystem::remove(path, problem);
  }
  std::optional<MarkedSteps> steps = steps_of(rows, life);
  if (steps) steps->telling_seconds = seconds;
  return steps;
}

// Rounded up from docs/measurements/recording.md#on-whose-behalf.
double telling_seconds(std::string_view bytes, MarksAsked asked) {
  constexpr double kStart = 0.5e-3, kTorchRange = 4e-6, kNvtxRange = 0.15e-6;
  if (bytes.size() < kHeader || !bytes.starts_with(kMagic)) return 0;
  const double ranges = number_at<std::uint32_t>(bytes, 28);
  return kStart + ranges * (asked == MarksAsked::by_nvtx_and_torch ? kTorchRange : kNvtxRange);
}

std::vector<MarksRow> parse_marks(std::string_view bytes) {
  std::vector<MarksRow> rows;
  if (bytes.size() < kHeader || !bytes.starts_with(kMagic)) return rows;
  const std::size_t told = number_at<std::uint32_t>(bytes, 20), there = (bytes.size() - kHeader) / kRow;
  for (std::size_t i = 0; i < std::min({told, there, kMostRows}); ++i) {
    const std::string_view row = bytes.substr(kHeader + i * kRow, kRow);
    const auto first = number_at<std::uint64_t>(row, 0), last = number_at<std::uint64_t>(row, 8);
    const auto total = number_at<std::uint64_t>(row, 16), count = number_at<std::uint64_t>(row, 24);
    const bool has_number = number_at<std::uint32_t>(row, 36) != 0;
    const std::string_view name = row.substr(40, kName);
    const std::string annotation =
        step_annotation(std::string(name.substr(0, name.find('\0'))) + (has_number ? "0" : ""));
    if (annotation.empty() || count == 0 || last <= first || last > INT64_MAX || total > INT64_MAX) continue;
    rows.push_back({annotation,
                    {static_cast<std::int64_t>(first), static_cast<std::int64_t>(last)},
                    count,
                    static_cast<std::int64_t>(total)});
  }
  return rows;
}

std::optional<MarkedSteps> steps_of(const std::vector<MarksRow>& rows, const Stretch& life) {
  struct Found {
    MarkedSteps steps;
    double covered = 0;
  };
  std::map<std::string, Found> by_annotation;
  for (const MarksRow& row : rows) {
    const Stretch lived{std::max(row.from_first_to_last.start_ns, life.start_ns),
                        std::min(row.from_first_to_last.end_ns, life.end_ns)};
    if (row.count < 2 || lived.end_ns <= lived.start_ns) continue;
    Found& found = by_annotation[row.annotation];
    found.steps.annotation = row.annotation;
    found.steps.count += row.count;
    found.steps.stretches.push_back(lived);
    found.covered += static_cast<double>(row.total_ns);
  }
  const auto less = [](const auto& a, const auto& b) {
    const bool a_is = a.first == kStepOfPytorch, b_is = b.first == kStepOfPytorch;
    return a_is != b_is ? b_is : a.second.covered < b.second.covered;
  };
  const auto best = std::max_element(by_annotation.begin(), by_annotation.end(), less);
  if (best == by_annotation.end()) return std::nullopt;
  MarkedSteps steps = std::move(best->second.steps);
  steps.stretches = united(std::move(steps.stretches));
  return steps;
}

}  // namespace varve
