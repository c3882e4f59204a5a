// What varve kernels found. A source writes only what it has to say: what is 0, empty or not told is left out.
#include <array>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "model/answers/kernels_record.h"
#include "model/json/documents.h"
#include "model/json/json_parts.h"
#include "model/words/enum_names.h"
#include "model/words/profile_names.h"

namespace varve {

namespace {
constexpr EnumNames<KernelAbsence, 4> kAbsences{{{
    {KernelAbsence::none_absent, "none_absent"},
    {KernelAbsence::not_traced, "not_traced"},
    {KernelAbsence::none_launched, "none_launched"},
    {KernelAbsence::lost, "lost"},
}}};
constexpr EnumNames<TraceSteps::Found, 3> kFound{{{
    {TraceSteps::Found::annotated, "annotated"},
    {TraceSteps::Found::repeated, "repeated"},
    {TraceSteps::Found::none, "none"},
}}};
std::optional<KernelAbsence> absence_from(std::string_view text) { return kAbsences.value(text); }
std::optional<TraceSteps::Found> found_from(std::string_view text) { return kFound.value(text); }

// The numbers of a tally with their names: one table serves both directions.
constexpr std::array<std::pair<const char*, std::uint64_t TraceTally::*>, 11> kTallyCounts{{
    {"launches", &TraceTally::launches},
    {"kernels", &TraceTally::kernels},
    {"launches_without_kernel", &TraceTally::launches_without_kernel},
    {"kernels_before_window", &TraceTally::kernels_before_window},
    {"kernels_without_launch", &TraceTally::kernels_without_launch},
    {"kernels_in_graphs", &TraceTally::kernels_in_graphs},
    {"zero_durations", &TraceTally::zero_durations},
    {"impossible_durations", &TraceTally::impossible_durations},
    {"events", &TraceTally::events},
    {"left_out", &TraceTally::left_out},
    {"environments", &TraceTally::environments},
}};
constexpr std::array<std::pair<const char*, std::int64_t TraceTally::*>, 6> kTallyTimes{{
    {"kernels_ns", &TraceTally::kernels_ns},
    {"before_window_ns", &TraceTally::before_window_ns},
    {"without_launch_ns", &TraceTally::without_launch_ns},
    {"in_graphs_ns", &TraceTally::in_graphs_ns},
    {"impossible_ns", &TraceTally::impossible_ns},
    {"resolution_ns", &TraceTally::resolution_ns},
}};

Json tally_to_json(const TraceTally& tally) {
  Json json = Json::object();
  for (const auto& [name, count] : kTallyCounts) {
    if (tally.*count > 0) json[name] = tally.*count;
  }
  for (const auto& [name, time] : kTallyTimes) {
    if (tally.*time > 0) json[name] = tally.*time;
  }
  if (tally.capped) json["capped"] = true;
  if (!tally.sentences.empty()) json["sentences"] = tally.sentences;
  return json;
}

TraceTally tally_from(const Fields& fields) {
  TraceTally tally;
  for (const auto& [name, count] : kTallyCounts) tally.*count = fields.count(name);
  for (const auto& [name, time] : kTallyTimes) {
    if (fields.has(name)) tally.*time = fields.nanoseconds(name);
  }
  tally.capped = fields.flag("capped", false);
  tally.sentences = fields.texts("sentences");
  return tally;
}

Json step_to_json(const TraceStep& step) {
  Json json{{"name", step.name}, {"start_ns", step.start_ns}, {"length_ns", step.length_ns}};
  json["kernel_ns"] = step.kernel_ns;
  for (const auto& [part, ns] : step.parts) json["parts"][std::string(to_string(part))] = ns;
  if (!step.complete) json["complete"] = false;
  return json;
}

TraceStep step_from(const Fields& fields) {
  TraceStep step{.name = fields.required_text("name"),
                 .start_ns = fields.integer("start_ns"),
                 .length_ns = fields.nanoseconds("length_ns"),
                 .kernel_ns = fields.nanoseconds("kernel_ns"),
                 .parts = parts_from(fields, "parts"),
                 .complete = fields.flag("complete", true)};
  return step;
}

Json steps_to_json(const TraceSteps& steps) {
  Json list = Json::array();
  for (const TraceStep& step : steps.steps) list.push_back(step_to_json(step));
  return {{"found", std::string(kFound.name(steps.found))}, {"detail", steps.detail}, {"steps", std::move(list)}};
}

TraceSteps steps_from(const Fields& fields) {
  TraceSteps steps;
  steps.found = fields.optional_word("found", found_from).value_or(TraceSteps::Found::none);
  steps.detail = fields.text("detail");
  fields.each("steps", [&](const Fields& step) { steps.steps.push_back(step_from(step)); });
  return steps;
}

Json window_to_json(const DividedWindow& window) {
  Json json{{"parts", Json::object()}};
  if (window.rank >= 0) json["rank"] = window.rank;
  if (window.device >= 0) json["device"] = window.device;
  for (const auto& [part, ns] : window.parts) json["parts"][std::string(to_string(part))] = ns;
  return json;
}

DividedWindow divided_window_from(const Fields& fields) {
  return {.rank = small_number<std::int32_t>(fields, "rank", -1),
          .device = small_number<std::int32_t>(fields, "device", -1),
          .parts = parts_from(fields, "parts")};
}

Json source_to_json(const TraceSource& source) {
  Json damage = Json::array();
  for (const TraceDamage& one : source.damage) damage.push_back({{"at", one.at}, {"what", one.what}});
  Json json{{"file", source.file},
            {"format", source.format},
            {"facts", facts_to_json(source.facts)},
            {"damaged", source.damaged},
            {"damage", std::move(damage)}};
  if (source.rank >= 0) json["rank"] = source.rank;
  if (source.ranks > 0) json["ranks"] = source.ranks;
  if (source.absence != KernelAbsence::none_absent) json["absence"] = std::string(kAbsences.name(source.absence));
  if (Json tally = tally_to_json(source.tally); !tally.empty()) json["tally"] = std::move(tally);
  const bool steps = source.steps.found != TraceSteps::Found::none || !source.steps.detail.empty();
  if (steps) json["steps"] = steps_to_json(source.steps);
  for (const DividedWindow& window : source.windows) json["windows"].push_back(window_to_json(window));
  return json;
}

TraceSource source_from(const Fields& fields) {
  TraceSource source;
  source.file = fields.text("file");
  source.format = fields.required_text("format");
  source.facts = facts_from(fields, "facts");
  source.damaged = fields.count("damaged");
  fields.each("damage", [&](const Fields& one) { source.damage.push_back({one.count("at"), one.text("what")}); });
  source.rank = small_number<std::int32_t>(fields, "rank", -1);
  source.ranks = small_number<std::int32_t>(fields, "ranks", 0);
  source.absence = fields.optional_word("absence", absence_from).value_or(KernelAbsence::none_absent);
  source.tally = tally_from(fields.object("tally"));
  source.steps = steps_from(fields.object("steps"));
  fields.each("windows", [&](const Fields& window) { source.windows.push_back(divided_window_from(window)); });
  return source;
}
// The times of a rank with their names, as those of a tally.
constexpr std::array<std::pair<const char*, std::int64_t RankWaiting::*>, 5> kWaitingTimes{{
    {"residual_ns", &RankWaiting::residual_ns},
    {"transfer_ns", &RankWaiting::transfer_ns},
    {"waiting_ns", &RankWaiting::waiting_ns},
    {"exposed_waiting_ns", &RankWaiting::exposed_waiting_ns},
    {"waited_for_ns", &RankWaiting::waited_for_ns},
}};

Json waiting_to_json(const RankWaiting& rank) {
  Json json{{"rank", rank.rank}, {"common", rank.common}, {"offset_ns", rank.offset_ns}};
  for (const auto& [name, time] : kWaitingTimes) json[name] = rank.*time;
  Json last = Json::array();
  for (const auto& [other, ns] : rank.waiting_for) last.push_back({{"rank", other}, {"ns", ns}});
  json["waiting_for"] = std::move(last);
  return json;
}

RankWaiting waiting_from(const Fields& fields) {
  RankWaiting rank;
  rank.rank = small_number<std::int32_t>(fields, "rank", -1);
  rank.common = fields.count("common");
  rank.offset_ns = fields.integer("offset_ns");
  for (const auto& [name, time] : kWaitingTimes) rank.*time = fields.nanoseconds(name);
  fields.each("waiting_for", [&](const Fields& one) {
    rank.waiting_for[small_number<std::int32_t>(one, "rank", -1)] = one.nanoseconds("ns");
  });
  return rank;
}

Json ranks_to_json(const RankReport& report) {
  Json list = Json::array();
  for (const RankWaiting& rank : report.ranks) list.push_back(waiting_to_json(rank));
  return {{"has_common_clock", report.has_common_clock},
          {"detail", report.detail},
          {"collectives", report.collectives},
          {"ranks", std::move(list)}};
}

RankReport ranks_from(const Fields& fields) {
  RankReport report{.has_common_clock = fields.flag("has_common_clock", false),
                    .detail = fields.text("detail"),
                    .collectives = fields.count("collectives"),
                    .ranks = {}};
  fields.each("ranks", [&](const Fields& rank) { report.ranks.push_back(waiting_from(rank)); });
  return report;
}
}  // namespace

Json to_json(const KernelsRecord& record) {
  Json sources = Json::array();
  for (const TraceSource& source : record.sources) sources.push_back(source_to_json(source));
  Json json{{"schema", kKernelsSchema},
            {"tool", tool_to_json(record.tool_version)},
            {"sources", std::move(sources)},
            {"kernels", kernels_to_json(record.record.kernels)},
            {"profiles", profiles_to_json(record.record.profiles)}};
  if (!record.ranks.ranks.empty()) json["rank_report"] = ranks_to_json(record.ranks);
  return json;
}

KernelsRecord kernels_record_from(const Fields& fields) {
  KernelsRecord record;
  record.tool_version = fields.object("tool").text("version");
  fields.each("sources", [&](const Fields& source) { record.sources.push_back(source_from(source)); });
  if (record.sources.empty()) fields.reject("sources", "there is none");
  const KernelIdMap ids = kernels_from(fields, "kernels", record.record.kernels);
  record.record.profiles = profiles_from(fields.object("profiles"), ids);
  record.ranks = ranks_from(fields.object("rank_report"));
  return record;
}

}  // namespace varve
