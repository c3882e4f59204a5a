#include "report/traces/trace_comparison_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace varve {

namespace {
using Basis = TraceComparison::Basis;
constexpr double kNanosecond = 1e-9;

std::string signed_amount(double seconds) {
  const TimeUnit unit = time_unit_for(std::abs(seconds));
  return unit.signed_text(seconds) + " " + unit.name;
}

// "591.5 → 594.9 ms (+3.3 ms, +0.6 %)"
std::string from_to(double a_ns, double b_ns) {
  const TimeUnit unit = time_unit_for(std::max(a_ns, b_ns) * kNanosecond);
  std::string text = fmt::format("{} → {} {} ({}", unit.text(a_ns * kNanosecond), unit.text(b_ns * kNanosecond),
                                 unit.name, signed_amount((b_ns - a_ns) * kNanosecond));
  if (a_ns > 0) text += ", " + change_text(b_ns / a_ns);
  return text + ")";
}

std::string time_text(double ns) {
  const TimeUnit unit = time_unit_for(ns * kNanosecond);
  return fmt::format("{} {}", unit.text(ns * kNanosecond), unit.name);
}

std::string each_step(const TraceComparison& comparison) { return comparison.basis == Basis::a_step ? " a step" : ""; }

const char* things(const TraceComparison& comparison) { return comparison.of_operations ? "operations" : "kernels"; }

AccountLine line_of(const TraceComparison& comparison, std::initializer_list<AccountLineKind> kinds) {
  AccountLine sum;
  for (const AccountLine& line : comparison.lines) {
    if (std::find(kinds.begin(), kinds.end(), line.kind) == kinds.end()) continue;
    sum.a_ns += line.a_ns, sum.b_ns += line.b_ns;
    sum.a_items += line.a_items, sum.b_items += line.b_items;
  }
  return sum;
}

std::string times_text(std::uint64_t a, std::uint64_t b) {
  return a == b ? fmt::format("{} times", a) : fmt::format("{} → {} times", a, b);
}

// Whether a part of a change says something of it.
std::string share_of_change(double part, double whole) {
  const double share = whole == 0 ? 0 : part / whole;
  return share > 0.005 && share <= 2 ? fmt::format(", {:.0f} % of the change", 100 * share) : "";
}

struct Explained {
  double change_ns = 0;
  std::string text;
};

// The exchange that explains most of what an operation changed by; nullptr: none did.
const ExchangeStory* story_of(const std::vector<ExchangeStory>& stories, const std::string& operation) {
  const auto found = std::find_if(stories.begin(), stories.end(), [&](const ExchangeStory& story) {
    return story.exchange == Exchange::replaced && story.operation == operation;
  });
  return found == stories.end() ? nullptr : &*found;
}

std::string replacement_text(const ExchangeStory& story) {
  std::string text = fmt::format("{}, {}", story_label(story, 40), times_text(story.a_times, story.b_times));
  if (story.forms > 1) text += fmt::format(" in {} forms", story.forms);
  if (!story.precision.empty()) text += fmt::format(", in {}", story.precision);
  return text;
}

void explain_operations(const TraceComparison& comparison, const std::vector<ExchangeStory>& stories, double whole_ns,
                        std::vector<Explained>& all) {
  for (const OperationChange& operation : comparison.operations) {
    if (operation.name.empty()) continue;
    const double change = change_of(comparison, operation.a_ns, operation.b_ns);
    std::string text =
        fmt::format("{} {}{}{}", shown_operation(operation.name),
                    from_to(for_one(operation.a_ns, comparison.a), for_one(operation.b_ns, comparison.b)),
                    each_step(comparison), share_of_change(change, whole_ns));
    if (const ExchangeStory* story = story_of(stories, operation.name)) {
      const bool is_most = std::abs(change_of(comparison, story->a_ns, story->b_ns)) > std::abs(change) / 2;
      text += fmt::format("; {}: {}", is_most ? "exchanged" : "in part exchanged", replacement_text(*story));
    } else {
      const bool is_alone = std::any_of(stories.begin(), stories.end(), [&](const ExchangeStory& one) {
        return one.operation == operation.name && (one.a_times == 0 || one.b_times == 0);
      });
      text += operation.a_items == 0   ? "; in B alone"
              : operation.b_items == 0 ? "; in A alone"
              : is_alone               ? "; some of it ran on one side alone"
              : line_of(comparison, {AccountLineKind::other_code}).a_items > 0
                  ? fmt::format("; by {} of the same names", things(comparison))
                  : fmt::format("; by the same {}", things(comparison));
    }
    all.push_back({change, text + "."});
  }
}

void explain_stories(const TraceComparison& comparison, const std::vector<ExchangeStory>& stories, bool by_operation,
                     double whole_ns, std::vector<Explained>& all) {
  for (const ExchangeStory& story : stories) {
    const bool is_said = by_operation && !story.operation.empty();
    if (story.part != Part::kernel || story.exchange == Exchange::same || is_said) continue;
    if (story.exchange == Exchange::other_launch) continue;
    const double change = change_of(comparison, story.a_ns, story.b_ns);
    all.push_back({change, fmt::format("{}: {}, {}{}{}.", story_title(story), replacement_text(story),
                                       from_to(for_one(story.a_ns, comparison.a), for_one(story.b_ns, comparison.b)),
                                       each_step(comparison), share_of_change(change, whole_ns))});
  }
}

// Of what is the same how much came of how often it ran, and how much of how long each took.
std::string same_parts_text(const TraceComparison& comparison) {
  double calls_ns = 0, each_ns = 0;
  for (const ExchangeGroup& group : comparison.groups) {
    const bool is_same = group.exchange == Exchange::same || group.exchange == Exchange::other_launch;
    if (group.part != Part::kernel || !is_same || !group.change) continue;
    calls_ns += group.change->calls_ns, each_ns += group.change->each_ns;
  }
  if (std::abs(calls_ns) < 1) return "";
  return fmt::format(" of that {} by how often they ran and {} by how long each took",
                     signed_amount(calls_ns * kNanosecond), signed_amount(each_ns * kNanosecond));
}

void explain_lines(const TraceComparison& comparison, bool by_operation, std::vector<Explained>& all) {
  // `sign`: -1 of what takes from the window.
  const auto add = [&](const std::string& what, const AccountLine& line, const std::string& more = "", int sign = 1) {
    const double change = sign * change_of(comparison, line.a_ns, line.b_ns);
    if (change == 0) return;
    std::string after = more.empty() ? "" : "," + more;
    if (sign < 0) after = change < 0 ? ", which shortens the window" : ", which lengthens the window";
    all.push_back({change, fmt::format("{} {}{}{}.", what,
                                       from_to(for_one(line.a_ns, comparison.a), for_one(line.b_ns, comparison.b)),
                                       each_step(comparison), after)});
  };
  if (!by_operation) {
    const AccountLine same = line_of(comparison, {AccountLineKind::same, AccountLineKind::other_launch});
    add(fmt::format("{} that are the same on both sides:", comparison.of_operations ? "Operations" : "Kernels"), same,
        same_parts_text(comparison));
  }
  const AccountLine waiting = line_of(comparison, {AccountLineKind::waiting});
  const std::string of_waiting =
      waiting.a_ns + waiting.b_ns == 0
          ? ""
          : fmt::format(" of that waiting for other ranks {}",
                        from_to(for_one(waiting.a_ns, comparison.a), for_one(waiting.b_ns, comparison.b)));
  add("Collectives:",
      line_of(comparison, {AccountLineKind::collective, AccountLineKind::transfer, AccountLineKind::waiting}),
      of_waiting);
  const auto hidden = [&](AccountLineKind kind) {
    AccountLine line = line_of(comparison, {kind});
    line.a_ns = -line.a_ns, line.b_ns = -line.b_ns;
    return line;
  };
  add("Time in which collectives ran beside something else:", hidden(AccountLineKind::overlap_collective), "", -1);
  add("Time in which copies ran beside something else:", hidden(AccountLineKind::overlap_copy), "", -1);
  add(fmt::format("Time in which {} ran beside each other:", things(comparison)), hidden(AccountLineKind::overlap), "",
      -1);
  add("Copies and fills:", line_of(comparison, {AccountLineKind::copy}));
  add(comparison.of_operations ? "Time without any operation:" : "Idle time of the device:",
      line_of(comparison, {AccountLineKind::idle, AccountLineKind::idle_host, AccountLineKind::idle_launch,
                           AccountLineKind::idle_synchronise}));
}

// Operations come first where most of the time of both sides belongs to one.
bool has_operations(const TraceComparison& comparison) {
  const auto most = [](const TraceSideSummary& side) { return 2 * side.with_operation_ns >= side.items_ns; };
  // Code that was compiled on one side calls other operations than the program did.
  const bool is_compiled =
      std::any_of(comparison.groups.begin(), comparison.groups.end(),
                  [](const ExchangeGroup& group) { return group.reason == ExchangeReason::compiled; });
  if (is_compiled) return false;
  return !comparison.operations.empty() && most(comparison.a) && most(comparison.b);
}

std::string exchanged_sentence(const TraceComparison& comparison) {
  std::size_t kinds = 0;
  std::uint64_t places = 0;
  for (const ExchangeGroup& group : comparison.groups) {
    if (group.exchange != Exchange::replaced) continue;
    ++kinds;
    places += std::max(group.a_times, group.b_times);
  }
  const AccountLine replaced = line_of(comparison, {AccountLineKind::replaced});
  const AccountLine same = line_of(comparison, {AccountLineKind::same, AccountLineKind::other_launch});
  const auto amount = [&](const AccountLine& line) {
    return signed_amount(change_of(comparison, line.a_ns, line.b_ns) * kNanosecond);
  };
  std::string text = kinds == 0 ? fmt::format("No {} were replaced. ", things(comparison))
                                : fmt::format("{} of replacement in {}: {}. ", count_text(kinds, "kind", "kinds"),
                                              count_text(places, "place", "places"), amount(replaced));
  const AccountLine alone = line_of(comparison, {AccountLineKind::appeared, AccountLineKind::vanished});
  if (alone.a_items + alone.b_items > 0) {
    text += fmt::format("{} ran in A alone and {} in B alone: {}. ", alone.a_items, alone.b_items, amount(alone));
  }
  const AccountLine code = line_of(comparison, {AccountLineKind::other_code});
  if (code.a_items + code.b_items > 0) {
    text += fmt::format("{} {}: {}. ", std::max(code.a_items, code.b_items),
                        comparison.of_operations ? "of one name and other types" : "of one name and other code",
                        amount(code));
  }
  const std::string number =
      same.a_items == same.b_items ? std::to_string(same.a_items) : fmt::format("{} → {}", same.a_items, same.b_items);
  return text + fmt::format("{} {} are the same: {}.", number, things(comparison), amount(same));
}

// A side that compiles its program is no measure of what the program does.
std::string compiling_sentence(const TraceComparison& comparison) {
  const TraceSideSummary &a = comparison.a, &b = comparison.b;
  if (a.compiling_ns == 0 && b.compiling_ns == 0) return "";
  const auto spent = [&](std::int64_t ns, const TraceSideSummary& side) {
    return fmt::format("{}{} of {}", time_text(for_one(ns, side)), each_step(comparison),
                       time_text(for_one(side.items_ns, side)));
  };
  const std::string rest = from_to(for_one(a.items_ns - a.compiling_ns, a), for_one(b.items_ns - b.compiling_ns, b));
  if (a.compiling_ns > 0 && b.compiling_ns > 0) {
    return fmt::format("Both sides compiled their program meanwhile: A {}, B {}. Without that {}{}.",
                       spent(a.compiling_ns, a), spent(b.compiling_ns, b), rest, each_step(comparison));
  }
  const bool is_b = b.compiling_ns > 0;
  return fmt::format("{} compiled its program meanwhile, and {} did not: {}. Without that {}{}.", is_b ? "B" : "A",
                     is_b ? "A" : "B", is_b ? spent(b.compiling_ns, b) : spent(a.compiling_ns, a), rest,
                     each_step(comparison));
}

// Whether a window stayed as it was: within a thousandth.
bool stayed(std::int64_t a_ns, std::int64_t b_ns) {
  return a_ns > 0 && std::abs(static_cast<double>(b_ns - a_ns)) < 0.001 * static_cast<double>(a_ns);
}
}  // namespace

std::string account_line_title(AccountLineKind kind, bool of_operations) {
  const std::string things = of_operations ? "operations" : "kernels";
  switch (kind) {
    case AccountLineKind::same:
      return "the same " + things;
    case AccountLineKind::other_launch:
      return of_operations ? "the same, of other shapes" : "the same, launched with another shape";
    case AccountLineKind::other_code:
      return of_operations ? "the same, of other types" : "the same name, other code";
    case AccountLineKind::replaced:
      return "replaced";
    case AccountLineKind::appeared:
      return "in B alone";
    case AccountLineKind::vanished:
      return "in A alone";
    case AccountLineKind::collective:
      return "collectives, waiting included";
    case AccountLineKind::transfer:
      return "collectives, transferring";
    case AccountLineKind::waiting:
      return "collectives, waiting for other ranks";
    case AccountLineKind::copy:
      return "copies and fills";
    case AccountLineKind::overlap:
      return things + " beside each other";
    case AccountLineKind::overlap_collective:
      return "collectives beside something else";
    case AccountLineKind::overlap_copy:
      return "copies beside something else";
    case AccountLineKind::idle_launch:
      return "idle, host launching";
    case AccountLineKind::idle_synchronise:
      return "idle, host waiting for it";
    case AccountLineKind::idle_host:
      return "idle, host at other work";
    case AccountLineKind::idle:
      break;
  }
  return of_operations ? "without any operation" : "idle";
}

std::string operation_title(const TraceComparison& comparison, const OperationChange& operation) {
  const bool two_frameworks = std::any_of(comparison.groups.begin(), comparison.groups.end(),
                                          [](const auto& group) { return group.reason == ExchangeReason::work; });
  if (operation.name.empty() && two_frameworks) return "(all but products of matrices)";
  return shown_operation(operation.name);
}

std::vector<std::string> comparison_headline(const TraceComparison& comparison) {
  const TraceSideSummary &a = comparison.a, &b = comparison.b;
  std::vector<std::string> sentences;
  std::string first = fmt::format("{} {}{}", comparison.of_operations ? "Time in operations" : "Kernel time",
                                  from_to(for_one(a.items_ns, a), for_one(b.items_ns, b)), each_step(comparison));
  const bool has_window = a.window_ns > 0 && b.window_ns > 0;
  if (has_window) {
    first += fmt::format("; {} {}", comparison.of_operations ? "from the first to the last of them" : "the window",
                         from_to(for_one(a.window_ns, a), for_one(b.window_ns, b)));
  }
  sentences.push_back(first + ".");
  if (std::string paired = paired_by_sentence(comparison); !paired.empty()) sentences.push_back(paired);
  if (std::string compiled = compiling_sentence(comparison); !compiled.empty()) sentences.push_back(compiled);
  sentences.push_back(exchanged_sentence(comparison));
  if (has_window && !stayed(a.trace_items_ns, b.trace_items_ns) && stayed(a.trace_window_ns, b.trace_window_ns)) {
    sentences.push_back(fmt::format(
        "Over the whole traces wall time did not move: time in {} changed by {}, the window by {}.{}",
        comparison.of_operations ? "operations" : "kernels and collectives",
        signed_amount(static_cast<double>(b.trace_items_ns - a.trace_items_ns) * kNanosecond),
        signed_amount(static_cast<double>(b.trace_window_ns - a.trace_window_ns) * kNanosecond),
        a.steps != b.steps ? fmt::format(" It held {} complete steps, and now {}.", a.steps, b.steps) : ""));
  }
  return sentences;
}

std::vector<std::string> largest_explanations(const TraceComparison& comparison) {
  constexpr std::size_t kMost = 3;
  const bool by_operation = has_operations(comparison);
  const std::vector<ExchangeStory> stories = exchange_stories(comparison);
  const double whole = change_of(comparison, comparison.a.items_ns, comparison.b.items_ns);
  std::vector<Explained> all;
  if (by_operation) explain_operations(comparison, stories, whole, all);
  explain_stories(comparison, stories, by_operation, whole, all);
  explain_lines(comparison, by_operation, all);
  std::stable_sort(all.begin(), all.end(), [](const Explained& x, const Explained& y) {
    return std::abs(x.change_ns) > std::abs(y.change_ns);
  });
  std::vector<std::string> texts;
  for (const Explained& one : all) {
    if (texts.size() < kMost && one.change_ns != 0) texts.push_back(one.text);
  }
  return texts;
}

std::vector<std::string> fact_sentences(const TraceComparison& comparison) {
  constexpr std::size_t kMost = 4, kLongest = 48;
  std::vector<std::string> same, different, unknown;
  const auto cut = [](const std::string& text) {
    return text.size() > kLongest ? clean_utf8(text, kLongest) + "…" : text;
  };
  for (const ControlItem& item : comparison.facts) {
    if (item.state == ItemState::same) same.push_back(item.title + " " + cut(item.a));
    if (item.state == ItemState::different) {
      different.push_back(fmt::format("{}: {} → {}", item.title, cut(item.a), cut(item.b)));
    }
    if (item.state == ItemState::unknown) unknown.push_back(item.title);
  }
  std::vector<std::string> sentences;
  if (different.size() == 1) {
    sentences.push_back("Different, and alone among what both tell: " + different.front() +
                        ". What they do not tell may differ too: this is not established as the cause.");
  } else if (!different.empty()) {
    sentences.push_back("Different: " + and_more(different, kMost) +
                        ". Several differ, so that none of them is established as the cause.");
  }
  if (!same.empty()) sentences.push_back("Same: " + and_more(same, kMost) + ".");
  if (!unknown.empty()) {
    sentences.push_back("Not told by both, and so not known to be the same: " + and_more(unknown, kMost) + ".");
  }
  sentences.push_back(
      "Everything else of the stack is not known from these traces: versions of the framework and of kernel libraries "
      "that are not named here, clocks, settings.");
  return sentences;
}

std::string no_verdict_sentence() {
  return "No verdict on speed: one trace a side has no pairs and no spread; this is what changed.";
}

std::string basis_sentence(const TraceComparison& comparison) {
  switch (comparison.basis) {
    case Basis::steps:
      return fmt::format("Compared step by step: {}.", comparison.basis_detail);
    case Basis::a_step:
      return fmt::format("Amounts are of one step: {}; {} and {} outside of complete steps are left out.",
                         comparison.basis_detail, comparison.a.not_in_steps, comparison.b.not_in_steps);
    case Basis::whole:
      return fmt::format("All of both traces is compared as one sequence: {}.", comparison.basis_detail);
    case Basis::totals:
      break;
  }
  return fmt::format("Totals only, by name and operation: {}. Where their windows differ, so may all of this.",
                     comparison.basis_detail);
}

}  // namespace varve
