// Files that a process has mapped, against what stands under their names now.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "rules/analysis/rule.h"
#include "rules/software/software_rules.h"
#include "tables/libraries.h"

namespace varve {

namespace {
constexpr std::size_t kMostShown = 5;

bool is_of_environment(const Analysis& analysis, const std::string& path) {
  const auto& all = analysis.subject.environments;
  return std::any_of(all.begin(), all.end(),
                     [&](const Environment& environment) { return path.starts_with(environment.path + "/"); });
}

// Of CUDA, its driver, or an environment: where releases that mix break things.
bool counts(const Analysis& analysis, const Library& library) {
  return is_cuda_library(library.path) || is_driver_library(library.path) || is_of_environment(analysis, library.path);
}

std::string process_words(const Analysis& analysis) {
  for (const ConsumerView& view : analysis.consumers) {
    if (view.consumer.kind == ConsumerKind::process) return view.consumer.name;
  }
  return analysis.subject.subject;
}

std::vector<Found> mapped_files_gone(const Analysis& analysis) {
  std::vector<std::string> important, others;
  std::vector<FindingSubject> about;
  for (const Library& library : analysis.subject.libraries) {
    if (!library.deleted) continue;
    const bool important_one = counts(analysis, library);
    // What a program makes for itself (memfd, a compiler's output) is often removed as soon as it is mapped.
    if (!important_one && !library.replaced) continue;
    const std::string name = base_name(library.path);
    (important_one ? important : others)
        .push_back(fmt::format("{} ({})", name, library.replaced ? "another file is there now" : "removed"));
    if (important_one) about.push_back({About::library, name});
  }
  const std::vector<std::string>& files = important.empty() ? others : important;
  if (files.empty()) return {};
  const std::string is = files.size() == 1 ? "a file that is" : fmt::format("{} files that are", files.size());
  Found found{.evidence = fmt::format("{} has mapped {} no longer what stands under the name: {}",
                                      process_words(analysis), is, and_more(files, kMostShown)),
              .about = std::move(about)};
  if (important.empty()) {
    found.severity = Severity::note;
    found.consequence = "It runs the old files until it is started again";
  }
  return {std::move(found)};
}
}  // namespace

const std::vector<Rule>& mapped_library_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-LIBRARY-GONE-BENEATH",
       .layer = Layer::kernel_library,
       .severity = Severity::warning,
       .mender = Mender::application,
       .category = FaultCategory::library_mix,
       .statement = "The libraries that a process has mapped are those that stand under their names.",
       .consequence =
           "It keeps the old files, and what it opens from now on comes from the new ones: releases mix, or a "
           "part is not found; what is installed is not what it runs",
       .fix = "Start the process again",
       .source = "proc_pid_maps(5): the mark (deleted)",
       .judge = mapped_files_gone},
  };
  return rules;
}

}  // namespace varve
