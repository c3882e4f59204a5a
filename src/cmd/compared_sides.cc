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
}  // namespace

bool names_traces(const std::string& path) {
  const Result<std::vector<std::string>> found = traces_at(host_world().files, path);
  return found && holds_kernels(host_world().files, found->front());
}

ExitStatus compare_trace_sides(const TracesToCompare& options) {
  const Result<NamedSide> named_a = named_side(options.a);
  if (!named_a) return complain(named_a.error());
  const Result<NamedSide> named_b = named_side(options.b);
  if (!named_b) return complain(named_b.error());
  const auto read = [](const std::vector<std::string>& files) { return read_trace_side(host_world().files, files); };
  auto reading_b = std::async(std::launch::async, read, std::cref(named_b->files));
  const Result<TraceSide> a = read(named_a->files);
  const Result<TraceSide> b = reading_b.get();
  if (!a) return complain(a.error());
  if (!b) return complain(b.error());
  const Result<Knowledge> knowledge = load_knowledge();
  if (!knowledge) return complain(knowledge.error());
  Result<TraceComparison> comparison =
      compare_traces({a->record, a->sequence}, {b->record, b->sequence}, options.created_at, &*knowledge);
  if (!comparison) return complain(comparison.error());
  set_label(*named_a, comparison->a);
  set_label(*named_b, comparison->b);
  return write_answer(
      options.output, [&] { return pretty_json(to_json(*comparison)); },
      [&] { return text_trace_comparison(*comparison, options.explain, output_style()); },
      nothing_changed(*comparison) ? ExitStatus::ok : ExitStatus::inconclusive);
}

}  // namespace varve
