#include "harness/recorders/python_hook.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "base/embedded.h"
#include "base/text.h"
#include "harness/marks/start_up.h"
#include "harness/unit/redacted_line.h"

namespace varve {

namespace {
constexpr std::size_t kMostFiles = 4096;
constexpr std::size_t kMostBytes = std::size_t{256} << 10;  // of the facts of a process
constexpr std::size_t kMostFailures = 8;
// What start_up_hook.py takes from beside it, where a program needs it.
constexpr std::array kParts = {"framework_questions", "torch_hook", "torch_traces", "torch_window"};

std::string hook_folder(const std::string& folder) { return folder + "/hook"; }
std::string out_folder(const std::string& folder) { return folder + "/hook/out"; }

std::string note_path(const std::string& folder, std::string_view what, int process) {
  return fmt::format("{}/{}_{}", out_folder(folder), what, process);
}

Result<std::string> read_small(const std::string& path) {
  constexpr const char* kDoing = "reading what the start-up hook wrote";
  std::error_code problem;
  if (!std::filesystem::is_regular_file(std::filesystem::symlink_status(path, problem))) {
    return Error{kDoing, file_name(path), "it is no regular file", ""};
  }
  std::ifstream file(path, std::ios::binary);
  std::string text(kMostBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMostBytes) return Error{kDoing, file_name(path), "it is larger than 256 KiB", ""};
  return text;
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code problem;
  for (auto each = std::filesystem::directory_iterator(folder, problem);
       !problem && each != std::filesystem::directory_iterator() && names.size() < kMostFiles;
       each.increment(problem)) {
    names.push_back(each->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// "opened_4711": by which thread, so what its windows show. "others_4711": the CPU time of threads that they do not
// show.
void read_window_note(HookTraces& left, const std::string& name, const std::string& path) {
  if (name.starts_with("opened_")) {
    left.any_opened = true;
    const Result<std::string> text = read_small(path);
    left.shows_every_thread = left.shows_every_thread && text && *text == "every thread";
  }
  if (!name.starts_with("others_")) return;
  const Result<std::string> text = read_small(path);
  double seconds = 0;
  if (text && std::from_chars(text->data(), text->data() + text->size(), seconds).ec == std::errc()) {
    left.unseen_thread_seconds += seconds;
  }
}

void add_failure(HookTraces& left, std::string text) {
  if (left.failures.size() < kMostFailures) left.failures.push_back(std::move(text));
}
}  // namespace

Status lay_hook(const std::string& folder, std::optional<HookWindow> window) {
  std::error_code problem;
  std::filesystem::create_directories(out_folder(folder), problem);
  if (Status laid = lay_start_up(hook_folder(folder), "src/harness/recorders/start_up_hook.py"); !laid) return laid;
  bool good = !problem;
  for (const char* part : kParts) {
    std::ofstream file(fmt::format("{}/{}.py", hook_folder(folder), part));
    file << embedded_file(fmt::format("src/harness/recorders/{}.py", part));
    file.close();
    good = good && file.good();
  }
  if (window) {
    std::ofstream file(hook_folder(folder) + "/window");
    file << fmt::format("{:.3f} {:.3f}", window->start_seconds, window->length_seconds);
    if (window->held_seconds) file << fmt::format(" {:.3f}", *window->held_seconds);
    file << '\n';
    file.close();
    good = good && file.good();
  }
  if (good) return Done{};
  return Error{"writing the start-up hook", hook_folder(folder),
               problem ? problem.message() : "it could not be written",
               "set TMPDIR to a directory that can be written"};
}

std::string hooked_python_path(const std::string& folder, const std::map<std::string, std::string>& environment) {
  const auto set = environment.find("PYTHONPATH");
  return python_path_behind(hook_folder(folder), set == environment.end() ? "" : set->second);
}

void note_to_hook(const std::string& folder, std::string_view what, int process, std::string_view text) {
  std::ofstream(note_path(folder, what, process)) << text;
}

bool has_hook_noted(const std::string& folder, std::string_view what, int process) {
  std::error_code problem;
  return std::filesystem::exists(note_path(folder, what, process), problem);
}

bool is_process_ending(const std::string& folder, int process) {
  std::error_code problem;
  return std::filesystem::exists(note_path(folder, "facts", process) + ".json", problem);
}

HookTraces read_hook(const std::string& folder, std::string_view home) {
  HookTraces left;
  for (const std::string& name : names_in(out_folder(folder))) {
    const std::string path = out_folder(folder) + "/" + name;
    left.any_own |= name.starts_with("own_");
    read_window_note(left, name, path);
    left.any_asked |= name.starts_with("asked_");
    if (name.starts_with("instead_")) left.instead.push_back(name.substr(name.find('_') + 1));
    if (name.starts_with("hook_") && name.ends_with(".json")) left.traces.push_back(path);
    if (name.starts_with("failed_")) {
      const Result<std::string> text = read_small(path);
      add_failure(left, "the start-up hook: " + (text ? redact_line(*text, home) : to_text(text.error())));
    }
    if (!name.starts_with("facts_") || !name.ends_with(".json")) continue;
    const Result<std::string> text = read_small(path);
    Result<ToldFacts> told = text ? parse_framework_facts(*text, name, home) : Result<ToldFacts>(text.error());
    if (told) {
      left.told.push_back(std::move(*told));
    } else {
      add_failure(left, to_text(told.error()));
    }
  }
  return left;
}

}  // namespace varve
