#include <limits>
#include <nlohmann/json.hpp>

#include "model/json/documents.h"
#include "model/json/json_parts.h"
#include "model/words/names.h"
#include "model/words/profile_names.h"

namespace varve {

namespace {

Json estimate_to_json(const Estimate& estimate) {
  return {{"value", finite_or_null(estimate.value)},
          {"low", finite_or_null(estimate.interval.low)},
          {"high", finite_or_null(estimate.interval.high)}};
}

constexpr double kInfinite = std::numeric_limits<double>::infinity();

Estimate estimate_from(const Fields& fields) {
  return {.value = fields.number("value", std::numeric_limits<double>::quiet_NaN()),
          .interval = {fields.number("low", -kInfinite), fields.number("high", kInfinite)}};
}

Json optional_estimate_to_json(const std::optional<Estimate>& estimate) {
  return estimate ? estimate_to_json(*estimate) : Json(nullptr);
}

std::optional<Estimate> optional_estimate_from(const Fields& fields, const char* key) {
  if (!fields.has(key)) return std::nullopt;
  return estimate_from(fields.object(key));
}

Json side_to_json(const SideSummary& side) {
  return {
      {"label", side.label}, {"command", side.command}, {"units", side.units}, {"spread", finite_or_null(side.spread)}};
}

SideSummary side_from(const Fields& fields) {
  return {.label = fields.required_text("label"),
          .command = fields.text("command"),
          .units = static_cast<int>(fields.integer("units")),
          .spread = fields.number("spread")};
}

Json metric_to_json(const MetricComparison& metric) {
  Json json{
      {"metric", metric.metric},
      {"unit", metric.unit},
      {"better", std::string(to_string(metric.better))},
      {"paired", metric.paired},
      {"pairs", metric.pairs},
      {"a_median", finite_or_null(metric.a_median)},
      {"b_median", finite_or_null(metric.b_median)},
      {"log_ratios", metric.log_ratios},
      {"ratio", estimate_to_json(metric.ratio)},
      {"ratio_90", {{"low", finite_or_null(metric.ratio_90.low)}, {"high", finite_or_null(metric.ratio_90.high)}}},
      {"pair_spread", finite_or_null(metric.pair_spread)},
      {"margin", metric.margin},
      {"speed", std::string(to_string(metric.speed))},
      {"pairs_needed", metric.pairs_needed ? Json(*metric.pairs_needed) : Json(nullptr)}};
  if (metric.by_block) json["by_block"] = true;
  return json;
}

MetricComparison metric_comparison_from(const Fields& fields) {
  MetricComparison metric;
  metric.metric = fields.required_text("metric");
  metric.unit = fields.text("unit");
  metric.better = fields.word("better", better_from);
  metric.paired = fields.flag("paired", true);
  metric.by_block = fields.flag("by_block", false);
  metric.pairs = static_cast<int>(fields.integer("pairs"));
  metric.a_median = fields.number("a_median");
  metric.b_median = fields.number("b_median");
  metric.log_ratios = fields.numbers("log_ratios");
  metric.ratio = estimate_from(fields.object("ratio"));
  const Fields narrow = fields.object("ratio_90");
  metric.ratio_90 = {narrow.number("low", -kInfinite), narrow.number("high", kInfinite)};
  metric.pair_spread = fields.number("pair_spread");
  metric.margin = fields.required_number("margin");
  metric.speed = fields.word("speed", speed_from);
  if (const auto needed = fields.optional_integer("pairs_needed")) metric.pairs_needed = static_cast<int>(*needed);
  return metric;
}

Json change_to_json(const KernelChange& row) {
  Json json{{"label", row.label},
            {"state", std::string(to_string(row.state))},
            {"family", std::string(to_string(row.family))},
            {"library", row.library},
            {"a", row.a},
            {"b", row.b},
            {"a_seconds", row.a_seconds},
            {"b_seconds", row.b_seconds},
            {"change", estimate_to_json(row.change)},
            {"sampling_error", finite_or_null(row.sampling_error)},
            {"share", optional_estimate_to_json(row.share)}};
  if (row.points) json["points"] = finite_or_null(*row.points);
  set_text(json, "detail", row.detail);
  if (row.parts.empty()) return json;
  json["parts"] = Json::array();
  for (const KernelChange& part : row.parts) json["parts"].push_back(change_to_json(part));
  return json;
}

// Only operations have parts, and those are kernels.
KernelChange change_from(const Fields& fields, bool of_kernels = false) {
  KernelChange row;
  row.label = fields.required_text("label");
  row.state = fields.word("state", kernel_state_from);
  row.family = family_from(fields.text("family"));
  row.library = fields.text("library");
  row.a = fields.texts("a");
  row.b = fields.texts("b");
  row.a_seconds = fields.number("a_seconds");
  row.b_seconds = fields.number("b_seconds");
  row.change = estimate_from(fields.object("change"));
  row.sampling_error = fields.number("sampling_error");
  row.share = optional_estimate_from(fields, "share");
  row.points = fields.optional_number("points");
  row.detail = fields.text("detail");
  if (!of_kernels) fields.each("parts", [&](const Fields& part) { row.parts.push_back(change_from(part, true)); });
  return row;
}

Json account_to_json(const KernelAccount& account) {
  Json rows = Json::array();
  for (const KernelChange& row : account.rows) rows.push_back(change_to_json(row));
  Json json{{"witness", std::string(to_string(account.kind.witness))},
            {"quantity", std::string(to_string(account.kind.quantity))},
            {"available", account.available},
            {"pairs", account.pairs},
            {"total", estimate_to_json(account.total)},
            {"a_seconds", account.a_seconds},
            {"b_seconds", account.b_seconds},
            {"rows", rows},
            {"shares_withheld", account.shares_withheld},
            {"why", account.why},
            {"notes", account.notes},
            {"exchanged_share", optional_estimate_to_json(account.exchanged_share)},
            {"by_operation", account.by_operation},
            {"explains_metric", account.explains_metric},
            {"of", account.of}};
  if (account.by_block) json["by_block"] = true;
  if (account.recorded) json["recorded"] = true;
  return json;
}

KernelAccount account_from(const Fields& fields) {
  KernelAccount account;
  account.kind = {fields.word("witness", witness_from), fields.word("quantity", quantity_from)};
  account.available = fields.flag("available", false);
  account.pairs = static_cast<int>(fields.integer("pairs"));
  account.by_block = fields.flag("by_block", false);
  account.total = estimate_from(fields.object("total"));
  account.a_seconds = fields.number("a_seconds");
  account.b_seconds = fields.number("b_seconds");
  fields.each("rows", [&](const Fields& row) { account.rows.push_back(change_from(row)); });
  account.shares_withheld = fields.text("shares_withheld");
  account.why = fields.text("why");
  account.notes = fields.texts("notes");
  account.exchanged_share = optional_estimate_from(fields, "exchanged_share");
  account.by_operation = fields.flag("by_operation", false);
  account.explains_metric = fields.flag("explains_metric", false);
  account.recorded = fields.flag("recorded", false);
  account.of = fields.text("of");
  return account;
}

}  // namespace

Json bundle_to_json(const Bundle& bundle) {
  Json members = Json::array();
  for (const BundleMember& member : bundle.members) {
    members.push_back({{"name", member.name}, {"a", member.a}, {"b", member.b}, {"because", member.because}});
  }
  Json json{{"item", bundle.item}, {"title", bundle.title}, {"under_test", bundle.under_test}, {"members", members}};
  if (!bundle.follows.empty()) json["follows"] = bundle.follows;
  set_text(json, "unknown", bundle.unknown);
  return json;
}

Bundle bundle_from(const Fields& fields) {
  Bundle bundle{.item = fields.required_text("item"), .title = fields.text("title"), .members = {}};
  bundle.under_test = fields.flag("under_test", false);
  fields.each("members", [&](const Fields& row) {
    bundle.members.push_back({row.required_text("name"), row.text("a"), row.text("b"), row.text("because")});
  });
  bundle.follows = fields.texts("follows");
  bundle.unknown = fields.text("unknown");
  return bundle;
}

Json control_item_to_json(const ControlItem& item) {
  Json json{
      {"id", item.id}, {"layer", std::string(to_string(item.layer))}, {"title", item.title},          {"a", item.a},
      {"b", item.b},   {"state", std::string(to_string(item.state))}, {"under_test", item.under_test}};
  if (!item.unrecorded.empty()) json["unrecorded"] = item.unrecorded;
  return json;
}

ControlItem control_item_from(const Fields& fields) {
  return {.id = fields.required_text("id"),
          .layer = fields.word("layer", layer_from),
          .title = fields.text("title"),
          .a = fields.text("a"),
          .b = fields.text("b"),
          .state = fields.word("state", item_state_from),
          .under_test = fields.flag("under_test", false),
          .unrecorded = fields.text("unrecorded")};
}

Json to_json(const Comparison& comparison) {
  Json others = Json::array();
  for (const MetricComparison& metric : comparison.others) others.push_back(metric_to_json(metric));
  Json items = Json::array();
  for (const ControlItem& item : comparison.items) items.push_back(control_item_to_json(item));
  Json bundles = Json::array();
  for (const Bundle& bundle : comparison.bundles) bundles.push_back(bundle_to_json(bundle));
  Json accounts = Json::array();
  for (const KernelAccount& account : comparison.accounts) accounts.push_back(account_to_json(account));
  return {{"schema", kComparisonSchema},
          {"created_at", comparison.created_at},
          {"tool", tool_to_json(comparison.tool_version)},
          {"title", comparison.title},
          {"benchmark", comparison.benchmark},
          {"change", comparison.change},
          {"one_document", comparison.one_document},
          {"a", side_to_json(comparison.a)},
          {"b", side_to_json(comparison.b)},
          {"primary", metric_to_json(comparison.primary)},
          {"others", others},
          {"items", items},
          {"control", std::string(to_string(comparison.control))},
          {"variable", comparison.variable},
          {"bundles", bundles},
          {"accounts", accounts},
          {"findings", findings_to_json(comparison.findings)},
          {"metric_note", comparison.metric_note},
          {"without_marked", comparison.without_marked},
          {"verdict", comparison.verdict},
          {"quote", comparison.quote},
          {"explanations", comparison.explanations},
          {"assumptions", comparison.assumptions},
          {"reasons", comparison.reasons}};
}

Comparison comparison_from(const Fields& fields) {
  Comparison comparison;
  comparison.created_at = fields.required_text("created_at");
  comparison.tool_version = fields.object("tool").required_text("version");
  comparison.title = fields.text("title");
  comparison.benchmark = fields.text("benchmark");
  comparison.change = fields.text("change");
  comparison.one_document = fields.flag("one_document", true);
  comparison.a = side_from(fields.object("a"));
  comparison.b = side_from(fields.object("b"));
  comparison.primary = metric_comparison_from(fields.object("primary"));
  fields.each("others", [&](const Fields& row) { comparison.others.push_back(metric_comparison_from(row)); });
  fields.each("items", [&](const Fields& row) { comparison.items.push_back(control_item_from(row)); });
  comparison.control = fields.word("control", control_from);
  comparison.variable = fields.texts("variable");
  fields.each("bundles", [&](const Fields& row) { comparison.bundles.push_back(bundle_from(row)); });
  fields.each("accounts", [&](const Fields& row) { comparison.accounts.push_back(account_from(row)); });
  comparison.findings = findings_from(fields, "findings");
  comparison.metric_note = fields.text("metric_note");
  comparison.without_marked = fields.text("without_marked");
  comparison.verdict = fields.text("verdict");
  comparison.quote = fields.text("quote");
  comparison.explanations = fields.texts("explanations");
  comparison.assumptions = fields.texts("assumptions");
  comparison.reasons = fields.texts("reasons");
  return comparison;
}

}  // namespace varve
