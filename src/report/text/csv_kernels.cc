// What varve kernels found, for a spreadsheet or a script.
#include <fmt/format.h>

#include "base/text.h"
#include "report/printable.h"
#include "report/text/text_kernels.h"

namespace varve {

namespace {
// RFC 4180: in quotes where it holds a comma, a quote or a line end. A leading = + - or @, which spreadsheets would
// compute, gets an apostrophe before it, as they write text themselves.
std::string csv_field(const std::string& text) {
  std::string field = printable(text);
  if (!field.empty() && std::string_view("=+-@").find(field.front()) != std::string_view::npos) field = "'" + field;
  if (field.find_first_of(",\"") == std::string::npos) return field;
  std::string quoted = "\"";
  for (const char c : field) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string texts(const std::set<std::string>& list) {
  return csv_field(join(std::vector<std::string>(list.begin(), list.end()), " "));
}

std::string csv_line(const std::string& traces, ProfileKind kind, Activity activity, const RowGroup& group) {
  const Durations& time = group.time;
  const auto known = [&](std::int64_t ns) { return time.has_spread() ? std::to_string(ns) : std::string(); };
  return fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", csv_field(traces),
                     to_string(kind.witness), to_string(kind.quantity), to_string(activity), csv_field(group.name),
                     csv_field(group.full_name), texts(group.families), texts(group.sources), texts(group.precisions),
                     group.tensor_cores ? "yes" : "", group.compiled ? "yes" : "", group.times(), time.total_ns,
                     known(time.min_ns), known(time.quantile(0.5)), known(time.quantile(0.99)), known(time.max_ns),
                     group.nested_ns, group.share_ns, group.impossible_ns, group.bytes,
                     group.samples > 0 ? "samples" : "times");
}

std::string csv_steps(const std::vector<KernelsRecord>& records) {
  std::vector<Part> parts;
  for (int part = 0; part <= static_cast<int>(Part::idle); ++part) parts.push_back(static_cast<Part>(part));
  std::string out = "trace,rank,step,complete,start_ns,length_ns,total_ns";
  for (const Part part : parts) out += fmt::format(",part_{}_ns", to_string(part));
  out += '\n';
  for (const KernelsRecord& record : records) {
    for (const TraceSource& source : record.sources) {
      for (const TraceStep& step : source.steps.steps) {
        out += fmt::format("{},{},{},{},{},{},{}", csv_field(source.file),
                           source.rank >= 0 ? std::to_string(source.rank) : "", csv_field(step.name),
                           step.complete ? "yes" : "no", step.start_ns, step.length_ns, step.kernel_ns);
        for (const Part part : parts) {
          const auto at = step.parts.find(part);
          out += fmt::format(",{}", at == step.parts.end() ? 0 : at->second);
        }
        out += '\n';
      }
    }
  }
  return out;
}
}  // namespace

std::string csv_kernels(const std::vector<KernelsRecord>& records, KernelGrouping grouping) {
  if (grouping == KernelGrouping::step) return csv_steps(records);
  std::string out =
      "traces,witness,quantity,activity,name,full_name,family,made_by,precision,tensor_cores,compiled,count,total_ns,"
      "min_ns,p50_ns,p99_ns,max_ns,nested_ns,share_ns,impossible_ns,bytes,counted\n";
  for (const KernelsRecord& record : records) {
    std::string traces = record.sources.empty() ? "" : record.sources.front().file;
    if (record.sources.size() > 1) traces += fmt::format(" and {} more", record.sources.size() - 1);
    for (const auto& [kind, profile] : record.record.profiles.by_kind) {
      std::set<Activity> activities;
      for (const ProfileRow& row : profile.rows) activities.insert(row.key.activity);
      for (const Activity activity : activities) {
        for (const RowGroup& group : kernel_groups(record.record.kernels, profile, {activity}, grouping)) {
          out += csv_line(traces, kind, activity, group);
        }
      }
    }
  }
  return out;
}

}  // namespace varve
