#include "compare/traces/group_tally.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>

#include "compare/traces/launch_code.h"
#include "stats/log_mean.h"

namespace varve {

namespace {
void add_each(const GroupTally::Items& items, std::vector<std::int64_t>& each_ns, std::vector<std::int32_t>& depths,
              std::uint64_t& times) {
  for (std::size_t i = 0; i < items.size(); ++i) each_ns[i] += items[i]->duration_ns;
  if (depths.empty()) {
    for (const TraceSequence::Item* item : items) depths.push_back(item->depth);
  }
  times += items.empty() ? 0 : 1;
}

// The place of what takes most, with what follows deeper than it; the outermost of several, the first of equals.
std::size_t main_of(const std::vector<std::int64_t>& each_ns, const std::vector<std::int32_t>& depths) {
  std::size_t best = 0;
  std::int64_t most = -1;
  for (std::size_t i = 0; i < each_ns.size(); ++i) {
    std::int64_t sum = each_ns[i];
    for (std::size_t j = i + 1; j < depths.size() && depths[j] > depths[i]; ++j) sum += each_ns[j];
    if (sum > most) best = i, most = sum;
  }
  return best;
}

void add_sum(std::vector<std::int64_t>& into, const std::vector<std::int64_t>& from) {
  into.resize(std::max(into.size(), from.size()));
  for (std::size_t i = 0; i < from.size(); ++i) into[i] += from[i];
}

// The codes of one name where each side shows one, and not the same.
void set_code(const std::vector<GroupTally::Total>& a, const std::vector<GroupTally::Total>& b, Launch& code_a,
              Launch& code_b) {
  std::set<Launch> codes_a, codes_b;
  for (const GroupTally::Total& total : a) codes_a.insert(total.codes.begin(), total.codes.end());
  for (const GroupTally::Total& total : b) codes_b.insert(total.codes.begin(), total.codes.end());
  if (codes_a.size() != 1 || codes_b.size() != 1) return;
  code_a = *codes_a.begin(), code_b = *codes_b.begin();
  if (code_a == Launch{} || code_b == Launch{}) code_a = code_b = {};
}

std::int64_t total(const std::vector<std::int64_t>& each_ns) {
  return std::accumulate(each_ns.begin(), each_ns.end(), std::int64_t{0});
}

// What types_behind tells: nothing is said of fp32.
std::string type_words(std::string_view types) { return types.empty() ? "fp32" : std::string(types); }

// Whether the name of a fused kernel lists an operation: "add_relu" does "aten::relu_".
bool lists_operation(const std::string& fused, std::string_view operation) {
  const std::size_t colons = operation.rfind(':');
  if (colons != std::string_view::npos) operation.remove_prefix(colons + 1);
  while (operation.starts_with('_')) operation.remove_prefix(1);
  while (operation.ends_with('_')) operation.remove_suffix(1);
  return operation.size() > 1 && fused.find(operation) != std::string::npos;
}
}  // namespace

GroupTally::Sum& GroupTally::sum_of(const Key& key) {
  Sum& sum = sums_[key];
  sum.a_ns.resize(key.a.size());
  sum.b_ns.resize(key.b.size());
  return sum;
}

void GroupTally::add_same(const TraceSequence::Item& a, const TraceSequence::Item& b, bool count_a, bool count_b) {
  const Launch &launch_a = launches_a_[a.launch], &launch_b = launches_b_[b.launch];
  const MatchItem item_a = names_.item(false, a.kernel, a.operation), item_b = names_.item(true, b.kernel, b.operation);
  const std::uint32_t name = names_.bare_of_operations(item_a.name);
  const LaunchedName launched{
      .is_compiled = names_.is_compiled(item_a.name),
      .same_shapes = item_a.operation == item_b.operation && names_.has_shapes(item_a.operation)};
  const auto count = [&](Sum& sum) {
    if (count_a) ++sum.a_times, sum.a_ns[0] += a.duration_ns;
    if (count_b) ++sum.b_times, sum.b_ns[0] += b.duration_ns;
  };
  // Of operations the bare names are the same, and the shapes behind them may not be.
  const bool other_shapes = item_a.name != item_b.name;
  const std::string_view types_a = names_.types(false, a.kernel), types_b = names_.types(true, b.kernel);
  const Exchange exchange = types_a != types_b ? Exchange::other_code
                            : other_shapes     ? Exchange::other_launch
                                               : exchange_of(launch_a, launch_b, launched);
  if (const auto known = same_.find(name); exchange == Exchange::same && known != same_.end())
    return count(*known->second);
  Key key{.exchange = exchange, .a = {name}, .b = {name}};
  if (key.exchange == Exchange::other_code) {
    const CodePair code = code_of(launch_a, launch_b, launched);
    key.code_a = code.a, key.code_b = code.b;
    if (types_a != types_b) key.types_a = type_words(types_a), key.types_b = type_words(types_b);
  }
  Sum& sum = sum_of(key);
  if (exchange == Exchange::same) same_.emplace(name, &sum);
  count(sum);
}

bool GroupTally::have_one_name(const Items& a, const Items& b) const {
  const auto name = [&](bool of_b, const TraceSequence::Item* item) {
    return names_.bare_of_operations(names_.item(of_b, item->kernel, kNoKernel).name);
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](const auto* x, const auto* y) { return name(false, x) == name(true, y); });
}

void GroupTally::add_group(ExchangeReason reason, const Items& a, const Items& b, bool count_a, bool count_b) {
  if (have_one_name(a, b)) {
    for (std::size_t i = 0; i < a.size(); ++i) add_same(*a[i], *b[i], count_a, count_b);
    return;
  }
  Key key{.exchange = b.empty()   ? Exchange::vanished
                      : a.empty() ? Exchange::appeared
                                  : Exchange::replaced,
          .reason = reason_of(reason, a, b)};
  bool first = true;
  std::uint32_t work = kNoToken;
  const auto take = [&](bool of_b, const Items& items, std::vector<std::uint32_t>& into) {
    for (const TraceSequence::Item* item : items) {
      const MatchItem one = names_.item(of_b, item->kernel, item->operation);
      into.push_back(names_.bare_of_operations(one.name));
      if (first) key.operation = one.bare_operation;
      if (one.bare_operation != key.operation) key.operation = kNoToken;  // several: none in particular
      work = one.work;
      first = false;
    }
  };
  take(false, a, key.a);
  take(true, b, key.b);
  if (reason == ExchangeReason::work) key.operation = work;
  Sum& sum = sum_of(key);
  if (count_a) add_each(a, sum.a_ns, sum.a_depths, sum.a_times);
  if (count_b) add_each(b, sum.b_ns, sum.b_depths, sum.b_times);
}

// Kernels that only their place joins, where the name of the fewer ones lists what the others did: "aten::add" and
// "aten::relu" for "triton_poi_fused_add_relu".
ExchangeReason GroupTally::reason_of(ExchangeReason reason, const Items& a, const Items& b) const {
  if (reason != ExchangeReason::position || a.size() == b.size()) return reason;
  const bool b_is_fused = a.size() > b.size();
  std::string fused;
  for (const TraceSequence::Item* item : b_is_fused ? b : a) {
    const std::string& name = names_.text(names_.item(b_is_fused, item->kernel, kNoKernel).name);
    const std::size_t at = name.find("_fused_");
    if (at != std::string::npos) fused += name.substr(at + 7) + "_";
  }
  for (const TraceSequence::Item* item : b_is_fused ? a : b) {
    const MatchItem one = names_.item(!b_is_fused, item->kernel, item->operation);
    if (one.bare_operation == kNoToken || !lists_operation(fused, names_.text(one.bare_operation))) return reason;
  }
  return ExchangeReason::fusion;
}

// What is known of a group beside its sums.
void GroupTally::describe(const Key& key, const Sum& sum, std::uint64_t units_a, std::uint64_t units_b,
                          ExchangeGroup& group) const {
  const auto take = [&](bool of_b, const std::vector<std::uint32_t>& names, std::size_t main, std::string& precision,
                        std::string& library) {
    const Kernel* kernel = main < names.size() ? names_.kernel(of_b, names[main]) : nullptr;
    if (kernel == nullptr) return;
    precision = kernel->meaning.precision;
    library = kernel->key.library;
  };
  take(false, key.a, group.a_main, group.a_precision, group.a_library);
  take(true, key.b, group.b_main, group.b_precision, group.b_library);
  if (!key.types_a.empty()) group.a_precision = key.types_a, group.b_precision = key.types_b;
  const bool is_one = key.a.size() == 1 && key.a == key.b;
  if (!is_one || sum.a_times == 0 || sum.b_times == 0 || group.a_ns <= 0 || group.b_ns <= 0) return;
  const auto [calls, each] = split_product_change(static_cast<double>(sum.a_times) / static_cast<double>(units_a),
                                                  static_cast<double>(group.a_ns) / static_cast<double>(sum.a_times),
                                                  static_cast<double>(sum.b_times) / static_cast<double>(units_b),
                                                  static_cast<double>(group.b_ns) / static_cast<double>(sum.b_times));
  group.change = ChangeParts{calls, each};
}

void GroupTally::add_other(const TraceSequence::Item& item, bool of_b) {
  const std::uint32_t name = names_.item(of_b, item.kernel, kNoKernel).name;
  Sum& sum = sum_of({.part = item.part, .a = {name}, .b = {name}});
  ++(of_b ? sum.b_times : sum.a_times);
  (of_b ? sum.b_ns : sum.a_ns)[0] += item.duration_ns;
}

ExchangeGroup GroupTally::group_from(const Key& key, const Sum& sum) const {
  ExchangeGroup group{.part = key.part,
                      .exchange = key.exchange,
                      .reason = key.reason,
                      .operation = key.operation == kNoToken ? "" : names_.text(key.operation),
                      .a_times = sum.a_times,
                      .b_times = sum.b_times,
                      .a_ns = total(sum.a_ns),
                      .b_ns = total(sum.b_ns)};
  for (const std::uint32_t name : key.a) group.a.push_back(names_.text(name));
  for (const std::uint32_t name : key.b) group.b.push_back(names_.text(name));
  if (key.exchange == Exchange::other_code) group.detail = code_detail(key.code_a, key.code_b);
  group.each_a_ns = sum.a_ns, group.each_b_ns = sum.b_ns;
  group.a_main = main_of(sum.a_ns, sum.a_depths), group.b_main = main_of(sum.b_ns, sum.b_depths);
  // Copies and collectives have no sequence: what one side does not show is of the other alone.
  if (key.part != Part::kernel && sum.b_times == 0)
    group.exchange = Exchange::vanished, group.b.clear(), group.each_b_ns.clear();
  if (key.part != Part::kernel && sum.a_times == 0)
    group.exchange = Exchange::appeared, group.a.clear(), group.each_a_ns.clear();
  return group;
}

void GroupTally::add_totals(Part part, ExchangeReason reason, std::uint32_t operation, const std::vector<Total>& a,
                            const std::vector<Total>& b) {
  Key key{.part = part,
          .exchange = b.empty()   ? Exchange::vanished
                      : a.empty() ? Exchange::appeared
                                  : Exchange::replaced,
          .reason = a.empty() || b.empty() ? ExchangeReason::none : reason,
          .operation = operation};
  // Each name once, with all that ran under it.
  const auto take = [&](const std::vector<Total>& totals, std::vector<std::uint32_t>& into) {
    std::map<std::uint32_t, Total> by_name;
    for (const Total& total : totals) {
      Total& sum = by_name[names_.bare_of_operations(total.name)];
      sum.times += total.times, sum.ns += total.ns;
    }
    for (const auto& [name, total] : by_name) into.push_back(name);
    return by_name;
  };
  const auto sums_a = take(a, key.a), sums_b = take(b, key.b);
  if (key.a == key.b) {
    key.exchange = Exchange::same, key.reason = ExchangeReason::none, key.operation = kNoToken;
    set_code(a, b, key.code_a, key.code_b);
    if (!(key.code_a == key.code_b)) key.exchange = Exchange::other_code;
  }
  Sum& sum = sum_of(key);
  const auto add = [](const std::map<std::uint32_t, Total>& totals, std::vector<std::int64_t>& each_ns,
                      std::uint64_t& times) {
    std::size_t i = 0;
    std::uint64_t most = 0;
    for (const auto& [name, total] : totals) each_ns[i++] += total.ns, most = std::max(most, total.times);
    times += most;
  };
  add(sums_a, sum.a_ns, sum.a_times);
  add(sums_b, sum.b_ns, sum.b_times);
}

// What is alone by its place, and ran on both sides: it ran more or less often, and neither vanished nor appeared.
void GroupTally::join_single_kernels() {
  std::map<std::uint32_t, std::pair<Sum, Sum>> by_name;
  const auto name_of = [](const Key& key) {
    const bool is_one = key.part == Part::kernel && key.a.size() + key.b.size() == 1;
    return is_one ? (key.a.empty() ? key.b : key.a).front() : kNoToken;
  };
  for (const auto& [key, sum] : sums_) {
    if (name_of(key) == kNoToken) continue;
    Sum& into = key.a.empty() ? by_name[name_of(key)].second : by_name[name_of(key)].first;
    into.a_times += sum.a_times, into.b_times += sum.b_times;
    add_sum(into.a_ns, sum.a_ns);
    add_sum(into.b_ns, sum.b_ns);
  }
  std::erase_if(by_name, [&](const auto& one) {
    const bool on_both = one.second.first.a_times > 0 && one.second.second.b_times > 0;
    return !on_both && !same_.contains(one.first);
  });
  std::erase_if(sums_, [&](const auto& one) { return by_name.contains(name_of(one.first)); });
  for (const auto& [name, both] : by_name) {
    Sum& sum = sum_of({.a = {name}, .b = {name}});
    sum.a_times += both.first.a_times, sum.b_times += both.second.b_times;
    add_sum(sum.a_ns, both.first.a_ns);
    add_sum(sum.b_ns, both.second.b_ns);
  }
}

std::vector<ExchangeGroup> GroupTally::take(std::uint64_t units_a, std::uint64_t units_b) {
  join_single_kernels();
  std::vector<ExchangeGroup> groups;
  for (const auto& [key, sum] : sums_) {
    groups.push_back(group_from(key, sum));
    describe(key, sum, units_a, units_b, groups.back());
  }
  const auto change = [&](const ExchangeGroup& group) {
    return std::abs(static_cast<double>(group.b_ns) / static_cast<double>(units_b) -
                    static_cast<double>(group.a_ns) / static_cast<double>(units_a));
  };
  std::stable_sort(groups.begin(), groups.end(),
                   [&](const ExchangeGroup& x, const ExchangeGroup& y) { return change(x) > change(y); });
  return groups;
}

}  // namespace varve
