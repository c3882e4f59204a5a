#include "kernels/onednn_verbose.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/text.h"
#include "kernels/trace/decimal_time.h"

namespace varve {
namespace {

constexpr std::size_t kLongestLine = 16 * 1024;
constexpr std::size_t kMostRowsKept = 10'000;
constexpr std::size_t kLongestField = 200;
constexpr double kLongestMilliseconds = 1e9;  // eleven days
constexpr std::array<std::string_view, 3> kMarkers = {"onednn_verbose,", "dnnl_verbose,", "mkldnn_verbose,"};

bool has_marker(std::string_view line) {
  return std::any_of(kMarkers.begin(), kMarkers.end(),
                     [&](std::string_view marker) { return line.starts_with(marker); });
}

// Where the first marker stands, or the beginning of one at the end of the text; else the text's end.
std::size_t find_marker(std::string_view text) {
  std::size_t at = text.size();
  for (const std::string_view marker : kMarkers) {
    at = std::min(at, text.find(marker));
    for (std::size_t length = std::min(marker.size() - 1, text.size()); length > 0; --length) {
      if (text.ends_with(marker.substr(0, length))) {
        at = std::min(at, text.size() - length);
        break;
      }
    }
  }
  return at;
}

bool is_format_version(std::string_view field) {
  return field.size() > 1 && field[0] == 'v' && parse_integer(field.substr(1));
}

// Primitive kinds of oneDNN 3.x (dnnl_primitive_kind_t) and their older names.
Family family_of(std::string_view primitive) {
  static constexpr std::pair<std::string_view, Family> kFamilies[] = {
      {"sdpa", Family::attention},
      {"matmul", Family::gemm},
      {"inner_product", Family::gemm},
      {"gemm", Family::gemm},
      {"gemm_api", Family::gemm},
      {"rnn", Family::gemm},
      {"convolution", Family::conv},
      {"deconvolution", Family::conv},
      {"batch_normalization", Family::norm},
      {"layer_normalization", Family::norm},
      {"group_normalization", Family::norm},
      {"lrn", Family::norm},
      {"softmax", Family::softmax},
      {"logsoftmax", Family::softmax},
      {"eltwise", Family::elementwise},
      {"binary", Family::elementwise},
      {"prelu", Family::elementwise},
      {"sum", Family::elementwise},
      {"pooling", Family::reduction},
      {"reduction", Family::reduction},
      {"reorder", Family::copy},
      {"concat", Family::copy},
      {"shuffle", Family::copy},
      {"zero_pad", Family::copy},
  };
  if (primitive.ends_with("_v2")) primitive.remove_suffix(3);
  for (const auto& [name, family] : kFamilies) {
    if (name == primitive) return family;
  }
  return Family::other;
}

// "brg:avx512_core_bf16" was chosen for avx512_core_bf16; "gemm:jit", "ref:any" and "jit:uni" do not say.
std::string architecture_of(std::string_view implementation) {
  for (std::string_view part : split(implementation, ':')) {
    for (std::string_view isa : {"sse4", "avx", "sve", "asimd", "neon", "rvv", "vsx", "amx"}) {
      if (part.starts_with(isa)) return std::string(part);
    }
  }
  return "";
}

Kernel kernel_of(const OnednnExecution& execution) {
  return {.key = {onednn_kernel_name(execution),
                  execution.engine == "cpu" ? "oneDNN" : "oneDNN (" + execution.engine + ")", ""},
          .named = Named::trace,
          .meaning = {.family = family_of(execution.primitive),
                      .base = execution.primitive,
                      .architecture = architecture_of(execution.implementation),
                      .origin = "oneDNN"}};
}

}  // namespace

std::string onednn_kernel_name(const OnednnExecution& execution) {
  return execution.primitive + (execution.implementation.empty() ? "" : " ") + execution.implementation;
}

std::optional<OnednnTemplate> parse_onednn_template(std::string_view line) {
  line = trim(line);
  const std::size_t at = line.find("template:");
  const bool of_graphs = line.substr(0, at).find(",graph,") != std::string_view::npos;
  if (!has_marker(line) || line.size() > kLongestLine || at == std::string_view::npos || of_graphs) return std::nullopt;
  const std::vector<std::string_view> names = split(line.substr(at + std::string_view("template:").size()), ',');
  const auto operation = std::find(names.begin(), names.end(), "operation");
  const auto behind = [&](std::string_view name) {
    const auto found = std::find(operation, names.end(), name);
    return found == names.end() ? std::size_t{0} : static_cast<std::size_t>(found - operation);
  };
  const OnednnTemplate fields{.engine = behind("engine"),
                              .primitive = behind("primitive"),
                              .implementation = behind("implementation"),
                              .problem = behind("problem_desc"),
                              .time = behind("exec_time")};
  const bool has_all =
      fields.engine > 0 && fields.primitive > 0 && fields.implementation > 0 && fields.problem > 0 && fields.time > 0;
  return has_all ? std::optional(fields) : std::nullopt;
}

std::optional<OnednnExecution> parse_onednn_line(std::string_view line, const OnednnTemplate& names) {
  line = trim(line);
  if (!has_marker(line) || line.size() > kLongestLine) return std::nullopt;
  std::vector<std::string_view> fields = split(line, ',');
  std::size_t at = 1;
  OnednnExecution execution;
  if (at < fields.size() && is_format_version(fields[at])) ++at;
  // ONEDNN_VERBOSE_TIMESTAMP=1: milliseconds
  if (at < fields.size() && parse_number(fields[at])) execution.start_ns = ns_from_decimal(fields[at++], 6);
  if (at < fields.size() && fields[at] == "primitive") ++at;
  // exec, engine, primitive, implementation, …, time: at least one field between, or the line was cut.
  if (at + 5 >= fields.size() || fields[at] != "exec") return std::nullopt;
  auto milliseconds = parse_number(fields.back());
  if (!milliseconds || !(*milliseconds >= 0 && *milliseconds <= kLongestMilliseconds)) return std::nullopt;
  const auto field = [&](std::size_t behind) { return at + behind < fields.size() ? fields[at + behind] : ""; };
  const std::string_view engine = field(names.engine), primitive = field(names.primitive);
  const std::string_view implementation = field(names.implementation);
  if (engine.empty() || primitive.empty()) return std::nullopt;
  execution.engine = clean_utf8(engine, kLongestField);
  execution.primitive = clean_utf8(primitive, kLongestField);
  execution.implementation = clean_utf8(implementation, kLongestField);
  // The problem counts from the end, where it stands in every version: lines of old ones have fewer fields.
  const std::size_t from_end = names.time > names.problem ? names.time - names.problem : 1;
  if (fields.size() > at + 4 + from_end) {
    execution.problem = clean_utf8(fields[fields.size() - 1 - from_end], kLongestField);
  }
  execution.duration_ns = ns_from_decimal(fields.back(), 6).value_or(0);
  return execution;
}

void OnednnVerboseScanner::take_line(std::string_view line) {
  if (!has_marker(line)) return;
  auto execution = parse_onednn_line(line);
  if (!execution) {
    if (line.find(",exec,") != std::string_view::npos && line.find(",graph,") == std::string_view::npos) ++skipped_;
    return;
  }
  Kernel kernel = kernel_of(*execution);
  if (rows_.size() >= kMostRowsKept && !kernels_.knows(kernel.key)) {
    ++skipped_;
    return;
  }
  rows_[kernels_.intern(std::move(kernel))].add(execution->duration_ns);
}

// Takes of `text` what belongs to a line of oneDNN's that has begun; returns what stands behind its end.
std::string_view OnednnVerboseScanner::feed_line(std::string_view text) {
  const std::size_t end = text.find('\n');
  const std::string_view piece = text.substr(0, end);
  if (!skipping_ && line_.size() + piece.size() > kLongestLine) {
    ++skipped_;
    skipping_ = true;
  }
  if (!skipping_) line_ += piece;
  if (end == std::string_view::npos) return {};
  if (!skipping_) take_line(line_);
  line_.clear();
  in_line_ = skipping_ = false;
  return text.substr(end + 1);
}

std::string_view OnednnVerboseScanner::feed(std::string_view chunk) {
  own_.clear();
  if (chunk.empty()) own_ = std::exchange(held_, {});
  std::string joined;
  if (!held_.empty()) {
    joined = std::exchange(held_, {}) + std::string(chunk);
    chunk = joined;
  }
  while (!chunk.empty()) {
    if (in_line_) {
      chunk = feed_line(chunk);
      continue;
    }
    const std::size_t at = find_marker(chunk);
    own_ += chunk.substr(0, at);
    chunk.remove_prefix(at);
    in_line_ = has_marker(chunk);
    if (!in_line_) {
      held_ = chunk;
      break;
    }
  }
  return own_;
}

ProfileRecord OnednnVerboseScanner::take() {
  if (in_line_ && !skipping_) take_line(line_);
  line_.clear();
  in_line_ = skipping_ = false;
  ProfileRecord record;
  const std::string unread = skipped_ > 0 ? fmt::format("{} lines of oneDNN could not be read", skipped_) : "";
  if (!rows_.empty()) {
    Profile& profile = record.profiles.by_kind[kOnednnCalls];
    profile.scopes = {"oneDNN primitives"};
    std::vector<ProfileRow> rows;
    for (auto& [kernel, time] : rows_) {
      rows.push_back({.key = {.activity = Activity::call, .kernel = kernel}, .time = std::move(time)});
    }
    add_rows(profile, std::move(rows));
    if (!unread.empty()) profile.unseen.insert(unread);
  } else if (!unread.empty()) {
    record.profiles.add_absent(kOnednnCalls, unread);
  }
  record.kernels = std::exchange(kernels_, {});
  rows_.clear();
  skipped_ = 0;
  return record;
}

bool may_contain_onednn(std::string_view path) {
  const std::string name = file_name(path);
  return name.starts_with("libdnnl") || name.starts_with("libonednn") || name.starts_with("libmkldnn") ||
         name.starts_with("libtorch_cpu.so") || name.starts_with("libtensorflow_cc.so");
}

}  // namespace varve
