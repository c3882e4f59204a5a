// How two outputs are held against each other: arrays, JSON, text.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "harness/readings/npy_array.h"
#include "harness/readings/output_equality.h"

namespace varve {

namespace {
constexpr std::size_t kShownOutput = 60;

// Numbers that were held against each other, and the first that differs too much.
struct NumberCheck {
  double tolerance = 0;
  double scale = 0;  // numbers below it are held to the tolerance of it
  double largest = 0;
  std::size_t compared = 0;

  bool equal(double a, double b) {
    ++compared;
    if (a == b || (std::isnan(a) && std::isnan(b))) return true;
    if (!std::isfinite(a) || !std::isfinite(b)) return false;
    const double error = std::fabs(a - b) / std::max({std::fabs(a), std::fabs(b), scale});
    largest = std::max(largest, error);
    return error <= tolerance;
  }
  OutputDifference fine() const {
    if (largest == 0) return {true, "equal in every number"};
    return {true, fmt::format("numbers differ by up to {:.2g}, relative, within the tolerance of {:.2g}", largest,
                              tolerance)};
  }
};

std::string shown_output(std::string_view text) { return "\"" + clean_utf8(trim(text), kShownOutput) + "\""; }

double root_mean_square(const std::vector<double>& values) {
  double sum = 0;
  std::size_t finite = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    sum += value * value;
    ++finite;
  }
  return finite == 0 ? 0 : std::sqrt(sum / static_cast<double>(finite));
}

OutputDifference compare_arrays(const NpyArray& a, const NpyArray& b, double tolerance) {
  if (a.shape != b.shape) return {false, fmt::format("the array's shape {} became {}", a.shape, b.shape)};
  NumberCheck numbers{.tolerance = tolerance, .scale = root_mean_square(a.values)};
  std::size_t differing = 0, first = 0;
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    if (!numbers.equal(a.values[i], b.values[i]) && differing++ == 0) first = i;
  }
  if (differing == 0) return numbers.fine();
  return {false, fmt::format("{} of {} values differ; value {}: {:g} became {:g}", differing, a.values.size(), first,
                             a.values[first], b.values[first])};
}

// Where two values differ: the path and how; empty: nowhere.
std::string json_difference(const Json& a, const Json& b, const std::string& path, NumberCheck& numbers) {
  const std::string where = path.empty() ? "the document" : path;
  if (a.is_number() && b.is_number()) {
    if (numbers.equal(a.get<double>(), b.get<double>())) return "";
    return fmt::format("{}: {:g} became {:g}", where, a.get<double>(), b.get<double>());
  }
  if (a.type() != b.type()) return where + ": another type";
  if (a.is_array()) {
    if (a.size() != b.size()) return fmt::format("{}: {} elements became {}", where, a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      std::string found = json_difference(a[i], b[i], fmt::format("{}/{}", path, i), numbers);
      if (!found.empty()) return found;
    }
    return "";
  }
  if (!a.is_object()) return a == b ? "" : fmt::format("{}: another value", where);
  for (const auto& [name, value] : a.items()) {
    const auto other = b.find(name);
    if (other == b.end()) return fmt::format("{}/{} is gone", path, clean_utf8(name, kShownOutput));
    std::string found = json_difference(value, *other, path + "/" + clean_utf8(name, kShownOutput), numbers);
    if (!found.empty()) return found;
  }
  return a.size() == b.size() ? "" : where + " has more members";
}

// The words of a line: runs that may be part of a number, and single other characters.
std::vector<std::string_view> output_words(std::string_view line) {
  std::vector<std::string_view> words;
  const auto in_word = [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '+' || c == '-' ||
           c == '_';
  };
  for (std::size_t at = 0; at < line.size();) {
    std::size_t end = at;
    while (end < line.size() && in_word(line[end])) ++end;
    if (end == at) ++end;
    const std::string_view word = line.substr(at, end - at);
    if (!trim(word).empty()) words.push_back(word);
    at = end;
  }
  return words;
}

OutputDifference compare_texts(std::string_view a, std::string_view b, double tolerance) {
  NumberCheck numbers{.tolerance = tolerance};
  const std::vector<std::string_view> lines_a = split(a, '\n'), lines_b = split(b, '\n');
  for (std::size_t i = 0; i < std::max(lines_a.size(), lines_b.size()); ++i) {
    if (i >= lines_a.size()) return {false, fmt::format("line {} was added: {}", i + 1, shown_output(lines_b[i]))};
    if (i >= lines_b.size()) return {false, fmt::format("line {} is gone: {}", i + 1, shown_output(lines_a[i]))};
    const auto words_a = output_words(lines_a[i]), words_b = output_words(lines_b[i]);
    bool same = words_a.size() == words_b.size();
    for (std::size_t k = 0; same && k < words_a.size(); ++k) {
      if (words_a[k] == words_b[k]) continue;
      const auto number_a = parse_number(words_a[k]), number_b = parse_number(words_b[k]);
      same = number_a && number_b && numbers.equal(*number_a, *number_b);
    }
    if (!same)
      return {false, fmt::format("line {}: {} became {}", i + 1, shown_output(lines_a[i]), shown_output(lines_b[i]))};
  }
  return numbers.fine();
}
}  // namespace

OutputDifference compare_outputs(std::string_view reference, std::string_view now, double tolerance) {
  if (reference == now) return {true, "identical"};
  if (is_npy(reference) && is_npy(now)) {
    const auto a = read_npy(reference), b = read_npy(now);
    if (a && b) return compare_arrays(*a, *b, tolerance);
    return {false, "arrays of a type that is not read differ in their bytes"};
  }
  const auto json_a = parse_json(reference, "", ""), json_b = parse_json(now, "", "");
  if (json_a && json_b) {
    NumberCheck numbers{.tolerance = tolerance};
    std::string found = json_difference(*json_a, *json_b, "", numbers);
    return found.empty() ? numbers.fine() : OutputDifference{false, std::move(found)};
  }
  return compare_texts(reference, now, tolerance);
}

}  // namespace varve
