#include "loading/consumers_alone.h"

#include <elf.h>

#include "base/redact.h"
#include "base/text.h"
#include "loading/consumer_loading.h"
#include "loading/environment_libraries.h"
#include "model/words/lookup_way.h"

namespace varve {

namespace {
HeldLibrary library_at(const std::string& path, const DynamicSection& dynamic) {
  return {.path = path, .real_path = path, .soname = dynamic.soname};
}
}  // namespace

Consumer follow_file(const LoadingGround& ground, const std::string& path, const DynamicSection& dynamic,
                     Stack& stack) {
  Consumer consumer{.kind = ConsumerKind::binary,
                    .name = clean_utf8(shorten_home(path, ground.home)),
                    .package = {},
                    .environment = {},
                    .libraries = {},
                    .symbols_checked = false,
                    .remark = {}};
  LoadedFiles files(ground, stack);
  const LoaderContext context = loader_context(ground, dynamic.machine);
  const HeldByName nothing;
  const bool is_program = !dynamic.interpreter.empty() && dynamic.soname.empty();
  const std::string program = is_program ? path : find_python(ground, {});
  if (!is_program) consumer.kind = ConsumerKind::extension;  // of a program that is known to start
  ConsumerLoading loading(context, files, nothing, program, consumer);
  consumer.kind = ConsumerKind::binary;
  const std::size_t first = is_program ? 0 : loading.loaded();
  if (!is_program) {
    const HeldLibrary library = library_at(path, dynamic);
    loading.open(library, DependencyKind::needed, lookup_text(LookupWay::asked));
    loading.make_required(library);
  }
  loading.open_late_names(first);
  loading.finish();
  if (is_program) return consumer;
  const std::string how =
      program.empty() ? "" : "as " + clean_utf8(shorten_home(program, ground.home)) + " would open it";
  consumer.remark = consumer.remark.empty() || how.empty() ? how + consumer.remark : how + "; " + consumer.remark;
  return consumer;
}

Consumer follow_process(const LoadingGround& ground, const std::string& program, const std::vector<std::string>& mapped,
                        Stack& stack) {
  Consumer consumer{.kind = ConsumerKind::process,
                    .name = {},
                    .package = {},
                    .environment = {},
                    .libraries = {},
                    .symbols_checked = false,
                    .remark = {}};
  LoadedFiles files(ground, stack);
  const LoaderContext context = loader_context(ground, EM_X86_64);
  const HeldByName nothing;
  ConsumerLoading loading(context, files, nothing, program, consumer);
  for (const std::string& path : mapped) loading.take_mapped(path);
  loading.settle_mapped();
  loading.open_late_names(0);
  loading.finish();
  return consumer;
}

}  // namespace varve
