// The user driver: which libcuda there are, which one counts, what API it offers, what its compiler accepts.
#include <nlohmann/json.hpp>

#include "base/redact.h"
#include "base/text.h"
#include "capture/gpu/collect_gpu.h"
#include "capture/gpu/driver_files.h"
#include "capture/gpu/nvidia.h"
#include "driver/driver_api.h"
#include "driver/jit_compiler.h"
#include "loading/binary_cache.h"
#include "model/json/stack_parts_json.h"
#include "model/words/lookup_way.h"

namespace varve {

namespace {
constexpr const char* kSearched = "libcuda.so.* in the library directories";

bool is_driver(const DriverFile& file) {
  return file.role != DriverFileRole::stub && file.role != DriverFileRole::empty;
}

// The one that the process has, or that the loader takes; else the first that could be a driver.
const DriverFile* chosen_file(const std::vector<DriverFile>& files, std::string_view library) {
  const DriverFile* first = nullptr;
  for (const DriverFile& file : files) {
    if (file.library != library || file.role == DriverFileRole::stub) continue;
    if (file.loaded_first) return &file;
    if (first == nullptr) first = &file;
  }
  return first;
}

// Its own word for it, where the library may be asked; else what was read from its code.
Fact level_fact(const Subject& subject, const DriverFile& file) {
  const bool ask = subject.world.is_this_machine && subject.options.ask_driver &&
                   subject.options.kind == SubjectKind::host && is_driver(file);
  if (!ask) return file.api_level;
  const Fact asked = driver_api_level(file.path);
  return asked.is_known() ? asked : file.api_level;
}

// Asking takes some 0.2 s, because PTX is compiled for it; the answer belongs to the file, so it is kept by build id.
void ask_compiler(const Subject& subject, const DriverFile& compiler, Facts& facts) {
  constexpr const char* kQuestion = "jit";
  constexpr const char* kCompilerFacts[] = {"driver.jit.version", "driver.jit.ptx_isa", "driver.jit.targets"};
  const BinaryCache cache(subject.options.cache_folder);
  const Json kept = cache.find(compiler.build_id, 0, kQuestion);
  if (kept.is_object() && kept.contains(kCompilerFacts[0]) && kept.contains(kCompilerFacts[1]) &&
      kept.contains(kCompilerFacts[2])) {
    for (const char* id : kCompilerFacts) {
      facts[id] = fact_from_json(kept.at(id)).value_or(missing_fact(Missing::unreadable, compiler.path, "the cache"));
    }
    return;
  }
  const JitCompilerAnswer answer = ask_jit_compiler(compiler.path);
  facts[kCompilerFacts[0]] = answer.version;
  facts[kCompilerFacts[1]] = answer.newest_ptx;
  facts[kCompilerFacts[2]] = answer.targets;
  if (!answer.problem.empty()) return;
  Json keep = Json::object();
  for (const char* id : kCompilerFacts) keep[id] = fact_to_json(facts[id]);
  cache.keep(compiler.build_id, 0, kQuestion, keep);
}

void set_compiler_facts(const Subject& subject, const std::vector<DriverFile>& files, Facts& facts) {
  const DriverFile* compiler = chosen_file(files, "libnvidia-ptxjitcompiler");
  const bool host = subject.world.is_this_machine && subject.options.kind == SubjectKind::host;
  Fact missing = missing_fact(Missing::absent, "libnvidia-ptxjitcompiler.so.1", "not found beside the driver");
  if (compiler == nullptr && has_no_gpu(facts)) {
    missing = missing_fact(Missing::not_applicable, "libnvidia-ptxjitcompiler.so.1", "no GPU");
  } else if (compiler != nullptr && !(host && subject.options.ask_driver)) {
    missing = missing_fact(Missing::not_asked, compiler->path, "only this host's compiler is asked");
  } else if (compiler != nullptr) {
    ask_compiler(subject, *compiler, facts);
    return;
  }
  for (const char* id : {"driver.jit.version", "driver.jit.ptx_isa", "driver.jit.targets"}) facts[id] = missing;
}

// Kernel and user driver are made for each other: only a cuda-compat libcuda may be of another version.
Fact halves_fact(const Facts& facts, const DriverFile* file) {
  const auto kernel = facts.find("driver.kernel_mode.version");
  if (kernel == facts.end()) return missing_fact(Missing::not_applicable, "", "only a running machine has it");
  const std::string source = "driver.kernel_mode.version, driver.user_mode.version";
  if (has_no_gpu(facts)) return missing_fact(Missing::not_applicable, source, "no GPU");
  if (!kernel->second.is_known() || file == nullptr || !file->version.is_known()) {
    return missing_fact(Missing::absent, source, "one of the two is not known");
  }
  if (same_fact(kernel->second, file->version)) return known_fact("same version", source, Standing::inferred);
  const std::string which = file->role == DriverFileRole::compat ? "forward compatibility" : "out of step";
  return known_fact(
      which + ": kernel " + value_text(*kernel->second.value) + ", user " + value_text(*file->version.value), source,
      Standing::inferred);
}

void set_libcuda_facts(const Subject& subject, const std::vector<DriverFile>& files, Facts& facts) {
  std::vector<std::string> all;
  for (const DriverFile& file : files) {
    if (file.library != "libcuda" || file.role == DriverFileRole::stub) continue;
    const std::string mark = file.role == DriverFileRole::empty ? " (empty file)" : "";
    all.push_back(shorten_home(file.path, subject.home) + mark);
  }
  const Fact none = has_no_gpu(facts) ? missing_fact(Missing::not_applicable, kSearched, "no GPU")
                                      : missing_fact(Missing::absent, kSearched, "none found");
  const DriverFile* chosen = chosen_file(files, "libcuda");
  const bool mapped = chosen != nullptr && lookup_way(chosen->found_by) == LookupWay::mapped;
  const std::string source = mapped ? subject.proc + "/maps" : kSearched;
  Fact version = chosen == nullptr ? none : chosen->version;
  if (chosen != nullptr) version.source = source;
  facts["driver.user_mode.all"] = all.empty() ? none : known_fact(std::move(all), kSearched);
  facts["driver.user_mode.version"] = version;
  facts["driver.user_mode.path"] = chosen ? known_fact(shorten_home(chosen->path, subject.home), source) : none;
  facts["driver.user_mode.role"] = chosen ? known_fact(std::string(to_string(chosen->role)), source) : none;
  facts["driver.api_level"] = chosen ? level_fact(subject, *chosen) : none;
  facts["driver.halves"] = halves_fact(facts, chosen);
}
}  // namespace

void collect_user_driver(const Subject& subject, Stack& stack) {
  stack.driver_files = find_driver_files(subject);
  set_libcuda_facts(subject, stack.driver_files, stack.facts);
  set_compiler_facts(subject, stack.driver_files, stack.facts);
  for (DriverFile& file : stack.driver_files) file.path = clean_utf8(shorten_home(file.path, subject.home));
}

}  // namespace varve
