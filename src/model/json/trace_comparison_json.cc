// Two traces beside each other. What is 0, empty or not told is left out of a group.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "model/json/documents.h"
#include "model/json/json_parts.h"
#include "model/words/enum_names.h"
#include "model/words/profile_names.h"

namespace varve {

namespace {
using Basis = TraceComparison::Basis;

constexpr EnumNames<Exchange, 6> kExchanges{{{
    {Exchange::same, "same"},
    {Exchange::other_launch, "other_launch"},
    {Exchange::other_code, "other_code"},
    {Exchange::replaced, "replaced"},
    {Exchange::appeared, "appeared"},
    {Exchange::vanished, "vanished"},
}}};
constexpr EnumNames<ExchangeReason, 6> kReasons{{{
    {ExchangeReason::none, "none"},
    {ExchangeReason::operation, "operation"},
    {ExchangeReason::fusion, "fusion"},
    {ExchangeReason::work, "work"},
    {ExchangeReason::compiled, "compiled"},
    {ExchangeReason::position, "position"},
}}};
constexpr EnumNames<Basis, 4> kBases{{{
    {Basis::steps, "steps"},
    {Basis::a_step, "a_step"},
    {Basis::whole, "whole"},
    {Basis::totals, "totals"},
}}};
constexpr EnumNames<AccountLineKind, 17> kLines{{{
    {AccountLineKind::same, "same"},
    {AccountLineKind::other_launch, "other_launch"},
    {AccountLineKind::other_code, "other_code"},
    {AccountLineKind::replaced, "replaced"},
    {AccountLineKind::appeared, "appeared"},
    {AccountLineKind::vanished, "vanished"},
    {AccountLineKind::collective, "collective"},
    {AccountLineKind::transfer, "transfer"},
    {AccountLineKind::waiting, "waiting"},
    {AccountLineKind::copy, "copy"},
    {AccountLineKind::overlap, "overlap"},
    {AccountLineKind::overlap_collective, "overlap_collective"},
    {AccountLineKind::overlap_copy, "overlap_copy"},
    {AccountLineKind::idle_launch, "idle_launch"},
    {AccountLineKind::idle_synchronise, "idle_synchronise"},
    {AccountLineKind::idle_host, "idle_host"},
    {AccountLineKind::idle, "idle"},
}}};
constexpr EnumNames<TraceMeasure::Unit, 3> kMeasureUnits{{{
    {TraceMeasure::Unit::count, "count"},
    {TraceMeasure::Unit::time, "ns"},
    {TraceMeasure::Unit::share, "share"},
}}};
std::optional<TraceMeasure::Unit> measure_unit_from(std::string_view text) { return kMeasureUnits.value(text); }
std::optional<Exchange> exchange_from(std::string_view text) { return kExchanges.value(text); }
std::optional<ExchangeReason> reason_from(std::string_view text) { return kReasons.value(text); }
std::optional<Basis> basis_from(std::string_view text) { return kBases.value(text); }
std::optional<AccountLineKind> line_kind_from(std::string_view text) { return kLines.value(text); }

Json trace_side_to_json(const TraceSideSummary& side) {
  Json json{{"label", side.label},
            {"format", side.format},
            {"units", side.units},
            {"steps", side.steps},
            {"window_ns", side.window_ns},
            {"items_ns", side.items_ns},
            {"items", side.items},
            {"with_operation_ns", side.with_operation_ns},
            {"matched_ns", side.matched_ns},
            {"not_in_steps", side.not_in_steps},
            {"trace_window_ns", side.trace_window_ns},
            {"trace_items_ns", side.trace_items_ns}};
  if (side.files > 1) json["files"] = side.files;
  if (side.compiling_ns > 0) json["compiling_ns"] = side.compiling_ns;
  set_text(json, "device", side.device);
  return json;
}

TraceSideSummary trace_side_from(const Fields& fields) {
  TraceSideSummary side{.label = fields.text("label"),
                        .format = fields.text("format"),
                        .device = fields.text("device"),
                        .files = std::max<std::uint64_t>(fields.count("files"), 1),
                        .units = fields.count("units"),
                        .steps = fields.count("steps"),
                        .window_ns = fields.nanoseconds("window_ns"),
                        .items_ns = fields.nanoseconds("items_ns"),
                        .items = fields.count("items"),
                        .with_operation_ns = fields.nanoseconds("with_operation_ns"),
                        .matched_ns = fields.nanoseconds("matched_ns"),
                        .compiling_ns = fields.nanoseconds("compiling_ns"),
                        .not_in_steps = fields.count("not_in_steps"),
                        .trace_window_ns = fields.nanoseconds("trace_window_ns"),
                        .trace_items_ns = fields.nanoseconds("trace_items_ns")};
  if (side.units == 0) {
    fields.reject("units", "amounts are of one step at least");
    side.units = 1;
  }
  return side;
}

Json group_to_json(const ExchangeGroup& group) {
  Json json{{"exchange", std::string(kExchanges.name(group.exchange))},
            {"a_ns", group.each_a_ns},
            {"b_ns", group.each_b_ns},
            {"a", group.a},
            {"b", group.b},
            {"a_times", group.a_times},
            {"b_times", group.b_times}};
  if (group.a_main > 0) json["a_main"] = group.a_main;
  if (group.b_main > 0) json["b_main"] = group.b_main;
  if (group.part != Part::kernel) json["part"] = std::string(to_string(group.part));
  if (group.reason != ExchangeReason::none) json["reason"] = std::string(kReasons.name(group.reason));
  set_text(json, "operation", group.operation);
  set_text(json, "detail", group.detail);
  set_text(json, "a_precision", group.a_precision);
  set_text(json, "b_precision", group.b_precision);
  set_text(json, "a_library", group.a_library);
  set_text(json, "b_library", group.b_library);
  if (group.change) {
    json["by_calls_ns"] = finite_or_null(group.change->calls_ns);
    json["by_each_ns"] = finite_or_null(group.change->each_ns);
  }
  return json;
}

// The times of the kernels of one side, one for each of its names.
std::vector<std::int64_t> each_ns_from(const Fields& fields, const char* key, std::size_t names, std::int64_t& sum) {
  std::vector<std::int64_t> each;
  for (const std::uint64_t ns : fields.counts(key)) {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 52;  // 52 days
    if (ns > kMost) fields.reject(key, "this is out of range");
    each.push_back(static_cast<std::int64_t>(std::min(ns, kMost)));
    sum = add_ns(sum, each.back());
  }
  if (each.size() != names) {
    fields.reject(key, "there are not as many times as kernels");
    each.resize(names);
  }
  return each;
}

ExchangeGroup group_from(const Fields& fields) {
  ExchangeGroup group;
  group.part = fields.optional_word("part", part_from).value_or(Part::kernel);
  group.exchange = fields.word("exchange", exchange_from);
  group.reason = fields.optional_word("reason", reason_from).value_or(ExchangeReason::none);
  group.operation = fields.text("operation");
  group.a = fields.texts("a");
  group.b = fields.texts("b");
  group.each_a_ns = each_ns_from(fields, "a_ns", group.a.size(), group.a_ns);
  group.each_b_ns = each_ns_from(fields, "b_ns", group.b.size(), group.b_ns);
  group.a_main = fields.count("a_main");
  group.b_main = fields.count("b_main");
  const auto is_there = [](std::size_t place, const std::vector<std::string>& names) {
    return place < std::max<std::size_t>(names.size(), 1);
  };
  if (!is_there(group.a_main, group.a)) fields.reject("a_main", "there are not so many kernels"), group.a_main = 0;
  if (!is_there(group.b_main, group.b)) fields.reject("b_main", "there are not so many kernels"), group.b_main = 0;
  group.detail = fields.text("detail");
  group.a_precision = fields.text("a_precision");
  group.b_precision = fields.text("b_precision");
  group.a_library = fields.text("a_library");
  group.b_library = fields.text("b_library");
  if (fields.has("by_calls_ns")) group.change = ChangeParts{fields.number("by_calls_ns"), fields.number("by_each_ns")};
  group.a_times = fields.count("a_times");
  group.b_times = fields.count("b_times");
  return group;
}

Json line_to_json(const AccountLine& line) {
  Json json{{"line", std::string(kLines.name(line.kind))}, {"a_ns", line.a_ns}, {"b_ns", line.b_ns}};
  if (line.a_items > 0) json["a_items"] = line.a_items;
  if (line.b_items > 0) json["b_items"] = line.b_items;
  return json;
}

AccountLine line_from(const Fields& fields) {
  return {.kind = fields.word("line", line_kind_from),
          .a_ns = fields.integer("a_ns"),
          .b_ns = fields.integer("b_ns"),
          .a_items = fields.count("a_items"),
          .b_items = fields.count("b_items")};
}

Json operation_to_json(const OperationChange& operation) {
  return {{"name", operation.name},
          {"a_ns", operation.a_ns},
          {"b_ns", operation.b_ns},
          {"a_items", operation.a_items},
          {"b_items", operation.b_items}};
}

OperationChange operation_from(const Fields& fields) {
  return {.name = fields.text("name"),
          .a_ns = fields.nanoseconds("a_ns"),
          .b_ns = fields.nanoseconds("b_ns"),
          .a_items = fields.count("a_items"),
          .b_items = fields.count("b_items")};
}

Json rank_to_json(const RankChange& rank) {
  Json json{{"a_window_ns", rank.a_window_ns},         {"b_window_ns", rank.b_window_ns},
            {"a_items_ns", rank.a_items_ns},           {"b_items_ns", rank.b_items_ns},
            {"a_collective_ns", rank.a_collective_ns}, {"b_collective_ns", rank.b_collective_ns}};
  if (rank.rank >= 0) json["rank"] = rank.rank;
  if (rank.device >= 0) json["device"] = rank.device;
  if (rank.a_waiting_ns >= 0) json["a_waiting_ns"] = rank.a_waiting_ns;
  if (rank.b_waiting_ns >= 0) json["b_waiting_ns"] = rank.b_waiting_ns;
  return json;
}

RankChange rank_change_from(const Fields& fields) {
  const auto number = [&](const char* key) {
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(fields.integer(key, -1), -1, INT32_MAX));
  };
  const auto known = [&](const char* key) { return fields.has(key) ? fields.nanoseconds(key) : -1; };
  return {.rank = number("rank"),
          .device = number("device"),
          .a_window_ns = fields.nanoseconds("a_window_ns"),
          .b_window_ns = fields.nanoseconds("b_window_ns"),
          .a_items_ns = fields.nanoseconds("a_items_ns"),
          .b_items_ns = fields.nanoseconds("b_items_ns"),
          .a_collective_ns = fields.nanoseconds("a_collective_ns"),
          .b_collective_ns = fields.nanoseconds("b_collective_ns"),
          .a_waiting_ns = known("a_waiting_ns"),
          .b_waiting_ns = known("b_waiting_ns")};
}

Json measure_to_json(const TraceMeasure& measure) {
  Json json{{"id", measure.id}, {"unit", std::string(kMeasureUnits.name(measure.unit))}};
  if (measure.a) json["a"] = finite_or_null(*measure.a);
  if (measure.b) json["b"] = finite_or_null(*measure.b);
  return json;
}

TraceMeasure measure_from(const Fields& fields) {
  return {.id = fields.required_text("id"),
          .unit = fields.word("unit", measure_unit_from),
          .a = fields.optional_number("a"),
          .b = fields.optional_number("b")};
}

Json known_change_to_json(const KnownChange& change) {
  return {{"id", change.id}, {"component", change.component}, {"a", change.a},
          {"b", change.b},   {"change", change.change},       {"source", change.source}};
}

KnownChange known_change_from(const Fields& fields) {
  return {.id = fields.text("id"),
          .component = fields.text("component"),
          .a = fields.text("a"),
          .b = fields.text("b"),
          .change = fields.text("change"),
          .source = fields.text("source")};
}

// Readers of the document add its amounts up: together they must fit.
void check_amounts(const Fields& fields, const TraceComparison& comparison) {
  constexpr double kMost = 4e18;
  double sum = 0;
  const auto add = [&](std::int64_t a, std::int64_t b) {
    sum += std::abs(static_cast<double>(a)) + std::abs(static_cast<double>(b));
  };
  for (const AccountLine& line : comparison.lines) add(line.a_ns, line.b_ns);
  for (const ExchangeGroup& group : comparison.groups) add(group.a_ns, group.b_ns);
  for (const OperationChange& operation : comparison.operations) add(operation.a_ns, operation.b_ns);
  for (const RankChange& rank : comparison.ranks) {
    add(rank.a_window_ns, rank.b_window_ns);
    add(rank.a_items_ns, rank.b_items_ns);
    add(rank.a_collective_ns, rank.b_collective_ns);
    add(rank.a_waiting_ns, rank.b_waiting_ns);
  }
  for (const TraceSideSummary* side : {&comparison.a, &comparison.b}) {
    add(side->window_ns, side->items_ns);
    add(side->with_operation_ns, side->matched_ns);
    add(side->trace_window_ns, side->trace_items_ns);
  }
  if (sum > kMost) fields.reject("lines", "the times together are out of range");
}

template <class Rows, class ToJson>
Json list_of(const Rows& rows, ToJson to_json_of) {
  Json list = Json::array();
  for (const auto& row : rows) list.push_back(to_json_of(row));
  return list;
}
}  // namespace

Json to_json(const TraceComparison& comparison) {
  return {{"schema", kTraceComparisonSchema},
          {"created_at", comparison.created_at},
          {"tool", tool_to_json(comparison.tool_version)},
          {"a", trace_side_to_json(comparison.a)},
          {"b", trace_side_to_json(comparison.b)},
          {"basis", std::string(kBases.name(comparison.basis))},
          {"basis_detail", comparison.basis_detail},
          {"of_operations", comparison.of_operations},
          {"lines", list_of(comparison.lines, line_to_json)},
          {"groups", list_of(comparison.groups, group_to_json)},
          {"operations", list_of(comparison.operations, operation_to_json)},
          {"ranks", list_of(comparison.ranks, rank_to_json)},
          {"measures", list_of(comparison.measures, measure_to_json)},
          {"collectives_detail", comparison.collectives_detail},
          {"facts", list_of(comparison.facts, control_item_to_json)},
          {"known_changes", list_of(comparison.known_changes, known_change_to_json)},
          {"remarks", comparison.remarks}};
}

TraceComparison trace_comparison_from(const Fields& fields) {
  TraceComparison comparison;
  comparison.created_at = fields.required_text("created_at");
  comparison.tool_version = fields.object("tool").text("version");
  comparison.a = trace_side_from(fields.object("a"));
  comparison.b = trace_side_from(fields.object("b"));
  comparison.basis = fields.word("basis", basis_from);
  comparison.basis_detail = fields.text("basis_detail");
  comparison.of_operations = fields.flag("of_operations", false);
  fields.each("lines", [&](const Fields& row) { comparison.lines.push_back(line_from(row)); });
  fields.each("groups", [&](const Fields& row) { comparison.groups.push_back(group_from(row)); });
  fields.each("operations", [&](const Fields& row) { comparison.operations.push_back(operation_from(row)); });
  fields.each("ranks", [&](const Fields& row) { comparison.ranks.push_back(rank_change_from(row)); });
  fields.each("measures", [&](const Fields& row) { comparison.measures.push_back(measure_from(row)); });
  comparison.collectives_detail = fields.text("collectives_detail");
  fields.each("known_changes", [&](const Fields& row) { comparison.known_changes.push_back(known_change_from(row)); });
  fields.each("facts", [&](const Fields& row) { comparison.facts.push_back(control_item_from(row)); });
  comparison.remarks = fields.texts("remarks");
  check_amounts(fields, comparison);
  return comparison;
}

}  // namespace varve
