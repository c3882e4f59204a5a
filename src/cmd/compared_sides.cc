#include "cmd/compared_sides.h"

#include <future>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cmd/document_files.h"
#include "cmd/terminal.h"
#include "compare/traces/compare_traces.h"
#include "kernels/files/trace_files.h"
#include "kernels/files/trace_sides.h"
#include "model/json/documents.h"
#include "report/text/text_report.h"
#include "tables/knowledge.h"
#include "world/world.h"

namespace varve {

namespace {
// The files of one side, and what the answer calls it where it was given as one folder.
struct NamedSide {
  std::vector<std::string> files;
  std::string folder;
};

Result<NamedSide> named_side(const std::vector<std::string>& paths) {
  NamedSide side;
  for (const std::string& path : paths) {
    const Result<std::vector<std::string>> found = traces_at(host_world().files, path);
    if (!found) return found.error();
    side.files.insert(side.files.end(), found->begin(), found->end());
    const bool is_folder = found->size() != 1 || found->front() != path;
    if (is_folder && paths.size() == 1 && found->size() > 1) side.folder = path;
  }
  while (side.folder.size() > 1 && side.folder.ends_with('/')) side.folder.pop_back();
  return side;
}

// "before", of which the answer says how many files it holds.
void set_label(const NamedSide& named, TraceSideSummary& side) {
  if (!named.folder.empty()) side.label = file_name(named.folder);
}
// What one table shows: nothing where not all are runs, or they do not speak of one metric.
std::vector<Comparison> runs_of_one_metric(const std::vector<ComparedAnswer>& answers) {
  std::vector<Comparison> runs;
  for (const ComparedAnswer& answer : answers) {
    if (answer.of_runs == nullptr) return {};
    const bool is_other = !runs.empty() && runs.front().primary.metric != answer.of_runs->primary.metric;
    if (is_other) return {};
    runs.push_back(*answer.of_runs);
  }
  return runs;
}

ExitStatus gravest_of(const std::vector<ComparedAnswer>& answers) {
  ExitStatus gravest = ExitStatus::ok;
  for (const ComparedAnswer& answer : answers) {
    if (answer.status == ExitStatus::failed || gravest == ExitStatus::ok) gravest = answer.status;
  }
  return gravest;
}
}  // namespace

bool names_traces(const std::string& path) {
  const Result<std::vector<std::string>> found = traces_at(host_world().files, path);
  return found && holds_kernels(host_world().files, found->front());
}

Result<ComparedAnswer> compare_trace_sides(const TracesToCompare& options) {
  const Result<NamedSide> named_a = named_side(options.a);
  if (!named_a) return named_a.error();
  const Result<NamedSide> named_b = named_side(options.b);
  if (!named_b) return named_b.error();
  const auto read = [](const std::vector<std::string>& files) { return read_trace_side(host_world().files, files); };
  auto reading_b = std::async(std::launch::async, read, std::cref(named_b->files));
  const Result<TraceSide> a = read(named_a->files);
  const Result<TraceSide> b = reading_b.get();
  if (!a) return a.error();
  if (!b) return b.error();
  const Result<Knowledge> knowledge = load_knowledge();
  if (!knowledge) return knowledge.error();
  Result<TraceComparison> compared =
      compare_traces({a->record, a->sequence}, {b->record, b->sequence}, options.created_at, &*knowledge);
  if (!compared) return compared.error();
  set_label(*named_a, compared->a);
  set_label(*named_b, compared->b);
  const auto comparison = std::make_shared<const TraceComparison>(std::move(*compared));
  return ComparedAnswer{
      .document = [comparison] { return to_json(*comparison); },
      .text = [comparison,
               explain = options.explain] { return text_trace_comparison(*comparison, explain, output_style()); },
      .status = nothing_changed(*comparison) ? ExitStatus::ok : ExitStatus::inconclusive};
}

ExitStatus write_compared(const std::vector<ComparedAnswer>& answers, const std::string& name, bool explain,
                          const OutputOptions& output) {
  if (answers.size() == 1) {
    return write_answer(
        output, [&] { return pretty_json(answers[0].document()); }, answers[0].text, answers[0].status);
  }
  const auto document = [&] {
    Json list = Json::array();
    for (const ComparedAnswer& answer : answers) list.push_back(answer.document());
    return pretty_json(list);
  };
  const auto text = [&] {
    const std::vector<Comparison> table = runs_of_one_metric(answers);
    std::string shown = table.empty() ? "" : text_variants(table, name, output_style());
    for (const ComparedAnswer& answer : answers) {
      if (table.empty() || explain) shown += (shown.empty() ? "" : "\n") + answer.text();
    }
    return shown;
  };
  return write_answer(output, document, text, gravest_of(answers));
}

}  // namespace varve
