#include "kernels/databases/operation_finder.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace varve {

void OperationFinder::add_operation(std::uint64_t thread, std::int64_t start_ns, std::int64_t duration_ns,
                                    NameId name) {
  spans_.push_back({thread, start_ns, start_ns + duration_ns, name});
}

void OperationFinder::add_call(std::uint64_t thread, std::int64_t start_ns, std::uint64_t correlation) {
  if (correlation != 0) calls_.push_back({thread, start_ns, correlation});
}

void OperationFinder::settle() {
  if (spans_.empty()) calls_ = {};
  const auto outer_first = [](const Span& a, const Span& b) {
    return std::tuple(a.thread, a.start_ns, b.end_ns) < std::tuple(b.thread, b.start_ns, a.end_ns);
  };
  std::sort(spans_.begin(), spans_.end(), outer_first);
  std::sort(calls_.begin(), calls_.end(), [](const Call& a, const Call& b) {
    return std::tuple(a.thread, a.start_ns) < std::tuple(b.thread, b.start_ns);
  });
  std::vector<const Span*> open;  // on one thread, the innermost last
  auto next = spans_.begin();
  for (const Call& call : calls_) {
    const auto begins_before = [&](const Span& span) {
      return std::tuple(span.thread, span.start_ns) <= std::tuple(call.thread, call.start_ns);
    };
    for (; next != spans_.end() && begins_before(*next); ++next) {
      while (!open.empty() && (open.back()->thread != next->thread || open.back()->end_ns <= next->start_ns)) {
        open.pop_back();
      }
      open.push_back(&*next);
    }
    while (!open.empty() && (open.back()->thread != call.thread || open.back()->end_ns < call.start_ns)) {
      open.pop_back();
    }
    if (!open.empty()) found_.emplace_back(call.correlation, open.back()->name);
  }
  calls_ = {};
  // Of two calls of one correlation the first that is known stays: the outer one, a runtime's around a driver's.
  std::stable_sort(found_.begin(), found_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
}

NameId OperationFinder::operation_of(std::uint64_t correlation) const {
  const auto at = std::lower_bound(found_.begin(), found_.end(), correlation,
                                   [](const auto& one, std::uint64_t wanted) { return one.first < wanted; });
  return at != found_.end() && at->first == correlation ? at->second : kNoName;
}

std::optional<std::string> operation_from_range(std::string_view text) {
  constexpr std::array<std::string_view, 3> kFields = {", seq = ", ", op_id = ", ", sizes = "};
  std::size_t end = std::string_view::npos;
  for (const std::string_view field : kFields) end = std::min(end, text.find(field));
  if (end == std::string_view::npos) {
    if (!text.starts_with("aten::")) return std::nullopt;
    end = text.size();
  }
  std::string name(text.substr(0, end));
  const std::size_t sizes = text.find(kFields[2], end);
  if (sizes == std::string_view::npos) return name;
  std::string shapes;
  int depth = 0;
  for (const char c : text.substr(sizes + kFields[2].size())) {
    depth += c == '[' ? 1 : c == ']' ? -1 : 0;
    if (c != ' ') shapes += c;
    if (depth <= 0) break;
  }
  return shapes.starts_with("[[") ? name + " " + shapes : name;
}

}  // namespace varve
