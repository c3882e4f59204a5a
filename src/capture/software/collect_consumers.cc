// What the files that were asked about and the process would load, as consumers.
#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/library_file_name.h"
#include "base/redact.h"
#include "base/text.h"
#include "capture/software/collect_software.h"
#include "capture/subject/loaded_libraries.h"
#include "capture/subject/subject_ground.h"
#include "loading/consumers_alone.h"
#include "loading/cuda_users.h"
#include "model/words/lookup_way.h"
#include "package/python_record.h"
#include "world/world.h"

namespace varve {

namespace {
constexpr std::uint16_t kMachineOfCubins = 190;  // EM_CUDA
constexpr std::size_t kMostFiles = 512;
constexpr std::size_t kMostOfSystem = 8192;  // programs

// What the loader reads of a program; nothing for scripts, libraries and data.
std::optional<DynamicSection> program_at(const LoadingGround& ground, const std::string& path) {
  const auto before = ground.read_before.find(path);
  if (before != ground.read_before.end()) return before->second.dynamic;
  const Looked<FileReader> file = ground.files.open(path);
  if (!file) return std::nullopt;
  Result<DynamicSection> dynamic = read_dynamic_section(*file, path);
  const bool is_program = dynamic && !dynamic->interpreter.empty() && dynamic->soname.empty();
  return is_program ? std::optional(std::move(*dynamic)) : std::nullopt;
}

// A cubin: GPU code that a program gives to the driver, and that loads nothing itself.
Consumer cubin_by_itself(const LoadingGround& ground, const std::string& path) {
  Consumer consumer{.kind = ConsumerKind::binary,
                    .name = clean_utf8(shorten_home(path, ground.home)),
                    .package = {},
                    .environment = {},
                    .libraries = {},
                    .symbols_checked = true,
                    .remark = {}};
  ConsumedLibrary itself;
  itself.name = file_name(path);
  itself.path = consumer.name;
  itself.why = lookup_text(LookupWay::asked);
  consumer.libraries.push_back(std::move(itself));
  return consumer;
}

void add_files(const Subject& subject, Stack& stack) {
  const LoadingGround ground = loading_ground(subject);
  std::size_t count = 0;
  for (const auto& [path, read] : subject.read_before) {
    if (++count > kMostFiles) break;
    if (read.dynamic.machine == kMachineOfCubins && read.binary.coverage && read.binary.coverage->regions > 0) {
      stack.consumers.push_back(cubin_by_itself(ground, path));
    }
    // Archives and GPU code load nothing.
    if (read.dynamic.machine != EM_X86_64 && read.dynamic.machine != EM_AARCH64) continue;
    stack.consumers.push_back(follow_file(ground, path, read.dynamic, stack));
  }
}

// Where programs lie that no distribution installed: on PATH and in the usual places. Not those of toolkits and of
// environments, which are told of by themselves, and not the system's own.
std::vector<std::string> program_folders(const Subject& subject, const Stack& stack) {
  std::vector<std::string> folders;
  const std::string search = environment_value(subject.environment, "PATH");
  for (const std::string_view folder : split(search, ':')) folders.emplace_back(folder);
  folders.insert(folders.end(), {"/usr/local/bin", "/app", "/app/bin"});
  for (const std::string& name : subject.files.list("/opt").value.value_or(std::vector<std::string>{})) {
    folders.push_back("/opt/" + name + "/bin");
  }
  if (!subject.home.empty()) folders.insert(folders.end(), {subject.home + "/bin", subject.home + "/.local/bin"});
  std::vector<std::string> owned = {"/usr/bin", "/usr/sbin", "/bin", "/sbin"};
  for (const Environment& environment : stack.environments) {
    owned.push_back(full_path(subject, environment.path) + "/bin");
  }
  std::vector<std::string> kept;
  for (const std::string& folder : folders) {
    const std::string real = subject.files.resolve(folder).value.value_or("");
    const bool of_toolkit = std::any_of(stack.toolkits.begin(), stack.toolkits.end(), [&](const Toolkit& toolkit) {
      return real.starts_with(subject.files.resolve(full_path(subject, toolkit.path)).value.value_or("/nowhere") + "/");
    });
    const bool is_owned = std::find(owned.begin(), owned.end(), real) != owned.end();
    if (!real.starts_with('/') || of_toolkit || is_owned) continue;
    if (std::find(kept.begin(), kept.end(), real) == kept.end()) kept.push_back(real);
  }
  return kept;
}

// Programs outside of environments that use CUDA. In the folders of the system thousands of others lie, and the
// driver's own tools: there the headers decide, not the names that a program opens.
class Programs {
 public:
  Programs(const Subject& subject, Stack& stack) : ground_(loading_ground(subject)), subject_(subject), stack_(stack) {}

  void add_all() {
    for (const std::string& folder : program_folders(subject_, stack_)) add_folder(folder, kMostFiles, uses_cuda);
    for (const char* folder : {"/usr/bin", "/bin"}) add_folder(folder, kMostOfSystem, links_cuda);
  }

 private:
  using Question = bool (*)(const LoadingGround& ground, const std::string& path);

  void add_folder(const std::string& folder, std::size_t most, Question question) {
    for (const std::string& name : subject_.files.list(folder).value.value_or(std::vector<std::string>{})) {
      const std::string path = subject_.files.resolve(folder + "/" + name).value.value_or("");
      const bool is_tool = name.starts_with("nvidia-") || is_of_toolkit(path);
      if (path.empty() || is_shared_library_name(path) || is_tool || !seen_.insert(path).second) continue;
      if (seen_.size() > most) return;
      const std::optional<DynamicSection> dynamic = program_at(ground_, path);
      if (!dynamic || !question(ground_, path)) continue;
      stack_.consumers.push_back(follow_file(ground_, path, *dynamic, stack_));
    }
  }

  bool is_of_toolkit(const std::string& path) const {
    return std::any_of(stack_.toolkits.begin(), stack_.toolkits.end(), [&](const Toolkit& toolkit) {
      return path.starts_with(subject_.files.resolve(full_path(subject_, toolkit.path)).value.value_or("/nowhere") +
                              "/");
    });
  }

  const LoadingGround ground_;
  const Subject& subject_;
  Stack& stack_;
  std::set<std::string> seen_;
};

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
  const SubjectKind kind = subject.options.kind;
  const bool machine = kind == SubjectKind::host || kind == SubjectKind::root || kind == SubjectKind::image;
  if (machine && !subject.options.process && !subject.options.machine_only) Programs(subject, stack).add_all();
}

}  // namespace varve
