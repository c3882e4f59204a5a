#include "harness/sources/metric_sources.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "harness/results/result_formats.h"
#include "world/files.h"

namespace varve {

namespace {
constexpr std::size_t kSourceFileCap = std::size_t{256} << 20;
constexpr std::size_t kPrintedCap = std::size_t{16} << 20;
constexpr std::size_t kPatternMatchCap = 1'000'000;
constexpr std::size_t kSourceQuoteCap = 160;
constexpr const char* kPatternDoing = "reading --metric-from";
constexpr const char* kJsonDoing = "reading --metric-json";
constexpr const char* kResultDoing = "reading --results";

Result<std::string> read_whole(const std::string& path, const char* doing) {
  const FileHandle file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const auto fault = [&](std::string found) { return Error{doing, path, std::move(found), ""}; };
  if (!file) return fault(errno == ENOENT ? "the unit wrote no such file" : std::strerror(errno));
  struct stat status {};
  if (fstat(file.fd(), &status) != 0) return fault(std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return fault("it is no regular file");
  std::string text;
  char buffer[65536];
  while (true) {
    const ssize_t count = read(file.fd(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fault(std::strerror(errno));
    if (count == 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > kSourceFileCap) return fault(fmt::format("it is larger than {} MiB", kSourceFileCap >> 20));
  }
}

// A number, a text that is one, or an array of them.
bool add_values(const Json& value, const JsonNumber& number, ReportedMetrics& reported) {
  if (value.is_array()) {
    return !value.empty() && std::all_of(value.begin(), value.end(), [&](const Json& one) {
      return !one.is_array() && add_values(one, number, reported);
    });
  }
  std::optional<double> found;
  if (value.is_number()) found = value.get<double>();
  if (value.is_string()) found = printed_number(value.get_ref<const std::string&>());
  if (!found || !std::isfinite(*found)) return false;
  Reported one;
  one.metric.name = number.metric;
  one.metric.better = Better::unknown;
  one.metric.value = *found;
  one.metric.source = number.file + "#" + number.pointer;
  one.combine = Combined::none;
  return reported.add(std::move(one)).empty();
}

// The names beside the part of a pointer that leads nowhere.
std::string members_beside(const Json& document, const std::string& pointer) {
  const Json* at = &document;
  std::string path;
  for (const std::string_view part : split(pointer.empty() ? "" : std::string_view(pointer).substr(1), '/')) {
    if (!at->is_object()) break;
    const auto next = at->find(std::string(part));
    if (next == at->end()) break;
    path += "/" + std::string(part);
    at = &*next;
  }
  if (at->is_array()) return fmt::format("{} is an array of {}", path.empty() ? "the document" : path, at->size());
  if (!at->is_object()) return path + " is no object";
  std::vector<std::string> names;
  for (const auto& [name, value] : at->items()) names.push_back(clean_utf8(name, 40));
  return fmt::format("{} has {}", path.empty() ? "the document" : path, and_more(names, 8));
}
}  // namespace

bool MetricSources::reads_output() const {
  return !patterns.empty() || std::find(results.begin(), results.end(), "-") != results.end();
}

Result<JsonNumber> json_number_from(const std::string& text) {
  const std::size_t hash = text.rfind('#');
  JsonNumber number;
  if (hash != std::string::npos) number = {text.substr(0, hash), text.substr(hash + 1), ""};
  if (number.file.empty() || number.pointer.size() < 2 || number.pointer.front() != '/') {
    return Error{kJsonDoing, text, "it is not FILE#/pointer",
                 "write it as in --metric-json result.json#/tokens_per_second"};
  }
  number.metric = number.pointer.substr(number.pointer.rfind('/') + 1);
  const bool is_index = std::all_of(number.metric.begin(), number.metric.end(), is_digit);
  if (is_index) number.metric = number.pointer.substr(1);
  if (is_built_in_metric(number.metric)) number.metric = number.pointer;
  return number;
}

UnitReadings::UnitReadings(const MetricSources& sources, std::string directory)
    : sources_(sources), directory_(std::move(directory)), matches_(sources.patterns.size()) {
  for (const JsonNumber& number : sources.numbers)
    before_.emplace_back(number.file, file_state(path_in(directory_, number.file)));
  for (const std::string& file : sources.results) {
    if (file != "-") before_.emplace_back(file, file_state(path_in(directory_, file)));
  }
}

void UnitReadings::output(std::string_view bytes) {
  if (!sources_.patterns.empty()) lines_.add(bytes, [this](std::string_view line) { take_line(line); });
  if (!sources_.reads_output() || sources_.results.empty()) return;
  printed_too_much_ = printed_too_much_ || printed_.size() + bytes.size() > kPrintedCap;
  if (!printed_too_much_) printed_ += bytes;
}

void UnitReadings::take_line(std::string_view line) {
  for (std::size_t i = 0; i < matches_.size(); ++i) {
    for (PrintedNumber& match : sources_.patterns[i].find(line)) {
      if (matches_[i].size() < kPatternMatchCap) matches_[i].push_back(std::move(match));
    }
  }
}

Status UnitReadings::finish(ReportedMetrics& reported) {
  if (Status added = add_patterns(reported); !added) return added;
  if (Status added = add_numbers(reported); !added) return added;
  return add_results(reported);
}

Status UnitReadings::add_patterns(ReportedMetrics& reported) {
  lines_.end([this](std::string_view line) { take_line(line); });
  for (std::size_t i = 0; i < matches_.size(); ++i) {
    const OutputPattern& pattern = sources_.patterns[i];
    if (matches_[i].empty()) {
      return Error{kPatternDoing, pattern.expression(), "no line of what the program printed matches",
                   "look at its output, and try the expression on a line of it"};
    }
    for (const PrintedNumber& match : matches_[i]) {
      const std::optional<double> value = printed_number(match.text);
      if (!value || !std::isfinite(*value)) {
        return Error{kPatternDoing, pattern.expression(),
                     fmt::format("what it takes is no number: \"{}\"", clean_utf8(match.text, kSourceQuoteCap)),
                     "let the group take the digits alone: ([0-9.]+)"};
      }
      Reported one;
      one.metric.name = pattern.metric();
      one.metric.unit = match.unit;
      one.metric.better = Better::unknown;
      one.metric.value = *value;
      one.metric.source = "output";
      one.combine = Combined::none;
      if (const std::string fault = reported.add(std::move(one)); !fault.empty()) {
        return Error{kPatternDoing, pattern.expression(), fault, ""};
      }
    }
  }
  return Done{};
}

Status UnitReadings::add_numbers(ReportedMetrics& reported) const {
  for (const JsonNumber& number : sources_.numbers) {
    const Result<std::string> text = fresh_text(number.file, kJsonDoing);
    if (!text) return text.error();
    const Result<Json> json = parse_json(*text, kJsonDoing, number.file);
    if (!json) return json.error();
    const std::string where = number.file + "#" + number.pointer;
    const Json* value = nullptr;
    try {  // a pointer that is none throws
      const Json::json_pointer pointer(number.pointer);
      if (json->contains(pointer)) value = &json->at(pointer);
    } catch (const Json::exception&) {
      value = nullptr;
    }
    if (value == nullptr) {
      return Error{kJsonDoing, where, "there is nothing; " + members_beside(*json, number.pointer), ""};
    }
    if (!add_values(*value, number, reported)) {
      return Error{kJsonDoing, where,
                   "it is no number: " +
                       clean_utf8(value->dump(-1, ' ', false, Json::error_handler_t::replace), kSourceQuoteCap),
                   ""};
    }
  }
  return Done{};
}

Status UnitReadings::add_results(ReportedMetrics& reported) const {
  for (const std::string& file : sources_.results) {
    if (file == "-") {
      if (printed_too_much_) {
        return Error{kResultDoing, "the output", fmt::format("it is larger than {} MiB", kPrintedCap >> 20), ""};
      }
      if (Status read = read_result(printed_, "the output", reported); !read) return read;
      continue;
    }
    const Result<std::string> text = fresh_text(file, kResultDoing);
    if (!text) return text.error();
    if (Status read = read_result(*text, file, reported); !read) return read;
  }
  return Done{};
}

// What this unit wrote to the file: all of it, or what it added to lines of JSON that were there.
Result<std::string> UnitReadings::fresh_text(const std::string& path, const char* doing) const {
  const std::string place = path_in(directory_, path);
  Result<std::string> text = read_whole(place, doing);
  if (!text) return text;
  const auto known =
      std::find_if(before_.begin(), before_.end(), [&](const auto& entry) { return entry.first == path; });
  const FileState now = file_state(place);
  if (known == before_.end() || !known->second.exists) return text;
  const FileState& before = known->second;
  if (same_file(before, now)) {
    return Error{doing, path, "it is as it was before the unit: the unit did not write it",
                 "see where the program writes its result; paths are relative to the working folder"};
  }
  const bool grew = before.device == now.device && before.inode == now.inode && before.size > 0 &&
                    text->size() > before.size && (*text)[before.size - 1] == '\n' && (*text)[before.size] == '{';
  if (grew) text->erase(0, before.size);
  return text;
}

}  // namespace varve
