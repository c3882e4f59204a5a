// What the files that were asked about and the process would load, as consumers.
#include <elf.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/library_file_name.h"
#include "base/text.h"
#include "capture/software/collect_software.h"
#include "capture/subject/loaded_libraries.h"
#include "capture/subject/subject_ground.h"
#include "loading/consumers.h"

namespace varve {

namespace {
constexpr std::size_t kMostFiles = 512;

void add_files(const Subject& subject, Stack& stack) {
  const LoadingGround ground = loading_ground(subject);
  std::size_t count = 0;
  for (const auto& [path, read] : subject.read_before) {
    // Archives and GPU code load nothing.
    if (read.dynamic.machine != EM_X86_64 && read.dynamic.machine != EM_AARCH64) continue;
    if (++count > kMostFiles) break;
    stack.consumers.push_back(follow_file(ground, path, read.dynamic, stack));
  }
}

// The environment that most of the mapped libraries belong to; empty: none.
std::string environment_of(const Subject& subject, const Stack& stack) {
  std::string best;
  std::ptrdiff_t most = 0;
  for (const Environment& environment : stack.environments) {
    const std::string start = full_path(subject, environment.path) + "/";
    const std::ptrdiff_t count = std::count_if(subject.libraries.begin(), subject.libraries.end(),
                                               [&](const Library& library) { return library.path.starts_with(start); });
    if (count > most) {
      most = count;
      best = environment.path;
    }
  }
  return best;
}

void add_process(const Subject& subject, Stack& stack) {
  if (subject.libraries.empty()) return;
  const std::string program = process_link(subject, "exe");
  std::vector<std::string> mapped;
  for (const Library& library : subject.libraries) mapped.push_back(mapped_path(library));
  Consumer consumer = follow_process(loading_ground(subject), program, mapped, stack);
  const std::string name = program.empty() ? "process" : file_name(without_deleted_mark(program));
  consumer.name = clean_utf8(fmt::format("{} ({})", name, subject.options.process.value_or(0)));
  consumer.environment = environment_of(subject, stack);
  stack.consumers.push_back(std::move(consumer));
}
}  // namespace

void collect_consumers(const Subject& subject, Stack& stack) {
  if (!subject.options.exact) return;
  if (subject.options.kind == SubjectKind::files) add_files(subject, stack);
  if (subject.options.process) add_process(subject, stack);
}

}  // namespace varve
