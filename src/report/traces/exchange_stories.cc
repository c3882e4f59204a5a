#include "report/traces/exchange_stories.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "base/text.h"
#include "model/kernels/kernel_display.h"

namespace varve {

namespace {
// "fp32 → fp16", where both sides tell and differ.
std::string precision_change(const ExchangeGroup& group) {
  const bool differs =
      !group.a_precision.empty() && !group.b_precision.empty() && group.a_precision != group.b_precision;
  return differs ? group.a_precision + " → " + group.b_precision : "";
}

ExchangeStory story_from(const ExchangeGroup& group, bool of_operations) {
  return {.part = group.part,
          .exchange = group.exchange,
          .reason = group.reason,
          .operation = group.operation,
          .of_operations = of_operations && group.part == Part::kernel,
          .a = group.a.empty() ? "" : group.a[group.a_main],
          .b = group.b.empty() ? "" : group.b[group.b_main],
          .a_others = group.a.empty() ? 0 : group.a.size() - 1,
          .b_others = group.b.empty() ? 0 : group.b.size() - 1,
          .detail = group.detail,
          .precision = precision_change(group),
          .a_times = group.a_times,
          .b_times = group.b_times,
          .a_ns = group.a_ns,
          .b_ns = group.b_ns};
}
}  // namespace

double change_of(const TraceComparison& comparison, std::int64_t a_ns, std::int64_t b_ns) {
  return for_one(b_ns, comparison.b) - for_one(a_ns, comparison.a);
}

std::vector<ExchangeStory> exchange_stories(const TraceComparison& comparison) {
  using Key = std::tuple<Part, Exchange, bool, std::string, std::string, std::string, std::string>;
  std::map<Key, std::size_t> places;
  std::vector<ExchangeStory> stories;
  for (const ExchangeGroup& group : comparison.groups) {
    ExchangeStory story = story_from(group, comparison.of_operations);
    const Key key{story.part, story.exchange, story.reason == ExchangeReason::fusion, story.operation, story.a,
                  story.b,    story.detail};
    const auto [at, is_new] = places.try_emplace(key, stories.size());
    if (is_new) {
      stories.push_back(std::move(story));
      continue;
    }
    ExchangeStory& known = stories[at->second];
    ++known.forms;
    known.a_times += story.a_times, known.b_times += story.b_times;
    known.a_ns += story.a_ns, known.b_ns += story.b_ns;
  }
  const auto rank = [&](const ExchangeStory& x) {  // of equal changes what became something else, then what is long
    return std::tuple(std::abs(change_of(comparison, x.a_ns, x.b_ns)), x.exchange != Exchange::same, x.a_ns + x.b_ns);
  };
  std::stable_sort(stories.begin(), stories.end(),
                   [&](const ExchangeStory& x, const ExchangeStory& y) { return rank(x) > rank(y); });
  return stories;
}

std::string exchange_title(Exchange exchange) {
  switch (exchange) {
    case Exchange::same:
      return "Same";
    case Exchange::other_launch:
      return "Other launch";
    case Exchange::other_code:
      return "Other code";
    case Exchange::replaced:
      return "Replaced";
    case Exchange::appeared:
      return "In B alone";
    case Exchange::vanished:
      break;
  }
  return "In A alone";
}

std::string story_title(const ExchangeStory& story) {
  if (story.of_operations && story.exchange == Exchange::other_launch) return "Other shapes";
  if (story.of_operations && story.exchange == Exchange::other_code) return "Other types";
  if (story.reason == ExchangeReason::work) return "Same product";
  if (story.reason != ExchangeReason::fusion) return exchange_title(story.exchange);
  return story.a_others > story.b_others ? "Fused" : "Split";
}

std::string shown_operation(const std::string& name) {
  constexpr std::size_t kLongest = 56;
  if (name.empty()) return "(operation not known)";
  return name.size() > kLongest ? clean_utf8(name, kLongest) + "…" : name;
}

ShownNames names_of_stories(const std::vector<ExchangeStory>& stories, std::size_t most, std::size_t columns) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(stories.size(), most); ++i) {
    const ExchangeStory& story = stories[i];
    if (story.of_operations || story.exchange == Exchange::replaced) continue;
    names.push_back(story.a.empty() ? story.b : story.a);
  }
  return shown_names(names, columns);
}

std::string story_label(const ExchangeStory& story, std::size_t columns, const ShownNames& names) {
  const auto side = [&](const std::string& name, std::size_t others) {
    std::string text = story.of_operations ? shown_operation(name) : shown_name(names, name, columns);
    if (others > 0) text += fmt::format(" + {}", others);
    return text;
  };
  if (story.reason == ExchangeReason::work) {
    return fmt::format("{}: {} → {}", story.operation, side(story.a, 0), side(story.b, 0));
  }
  if (story.exchange == Exchange::replaced) {
    const std::string a = side(story.a, story.a_others), b = side(story.b, story.b_others);
    return a != b || columns >= kDisplayColumns ? a + " → " + b
                                                : story_label(story, std::min(2 * columns, kDisplayColumns));
  }
  const std::string text = story.a.empty() ? side(story.b, story.b_others) : side(story.a, story.a_others);
  return story.detail.empty() ? text : text + ", " + story.detail;
}

}  // namespace varve
