// Consumers that are no packages: files that were asked about, and a process.
#include <elf.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/redact.h"
#include "base/text.h"
#include "loading/consumers.h"

namespace varve {

namespace {
constexpr std::size_t kMostFiles = 512;

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

HeldLibrary library_at(const std::string& path, const DynamicSection& dynamic) {
  return {.path = path, .real_path = path, .soname = dynamic.soname};
}

// One file as a program, or as any program would open it: a Python stands for that, whose own names some libraries
// want.
Consumer follow_file(const Subject& subject, const std::string& path, const DynamicSection& dynamic, Stack& stack) {
  Consumer consumer{.kind = "binary",
                    .name = clean_utf8(shorten_home(path, subject.home)),
                    .package = {},
                    .environment = {},
                    .libraries = {},
                    .symbols_checked = false,
                    .remark = {}};
  LoadedFiles files(subject, stack);
  const LoaderCache cache = subject_loader_cache(subject);
  const LoaderContext context = subject_loader_context(subject, cache, dynamic.machine);
  const HeldByName nothing;
  const bool is_program = !dynamic.interpreter.empty() && dynamic.soname.empty();
  const std::string program = is_program ? path : find_python(subject, {});
  consumer.kind = is_program ? "binary" : "library";  // decides whether the program itself is judged
  ConsumerLoading loading(context, files, nothing, program, consumer);
  consumer.kind = "binary";
  const std::size_t first = is_program ? 0 : loading.loaded();
  if (!is_program) loading.open(library_at(path, dynamic), DependencyKind::needed, "asked about");
  loading.open_late_names(first);
  loading.finish();
  if (is_program) return consumer;
  const std::string how =
      program.empty() ? "" : "as " + clean_utf8(shorten_home(program, subject.home)) + " would open it";
  consumer.remark = consumer.remark.empty() || how.empty() ? how + consumer.remark : how + "; " + consumer.remark;
  return consumer;
}

void add_files(const Subject& subject, Stack& stack) {
  std::size_t count = 0;
  for (const auto& [path, read] : subject.read_before) {
    // Archives and GPU code load nothing.
    if (read.dynamic.machine != EM_X86_64 && read.dynamic.machine != EM_AARCH64) continue;
    if (++count > kMostFiles) break;
    stack.consumers.push_back(follow_file(subject, path, read.dynamic, stack));
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

// What it has mapped, and what these libraries would still open.
void add_process(const Subject& subject, Stack& stack) {
  const std::string program = subject.world.files.read_link(subject.proc + "/exe").value.value_or("");
  if (subject.libraries.empty() || program.empty()) return;
  Consumer consumer{.kind = "process",
                    .name = clean_utf8(fmt::format("{} ({})", file_name(program), subject.options.process.value_or(0))),
                    .package = {},
                    .environment = environment_of(subject, stack),
                    .libraries = {},
                    .symbols_checked = false,
                    .remark = {}};
  LoadedFiles files(subject, stack);
  const LoaderCache cache = subject_loader_cache(subject);
  const LoaderContext context = subject_loader_context(subject, cache, EM_X86_64);
  const HeldByName nothing;
  ConsumerLoading loading(context, files, nothing, program, consumer);
  for (const Library& library : subject.libraries) {
    if (!library.deleted) loading.take_mapped(library.path);
  }
  loading.open_late_names(0);
  loading.finish();
  stack.consumers.push_back(std::move(consumer));
}
}  // namespace

void collect_consumers(const Subject& subject, Stack& stack) {
  if (!subject.options.exact) return;
  if (subject.options.kind == SubjectKind::files) add_files(subject, stack);
  if (subject.options.process) add_process(subject, stack);
}

}  // namespace varve
