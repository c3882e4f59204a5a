#include "kernels/cpu_profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "base/text.h"
#include "binary/elf/demangle.h"
#include "binary/elf/rust_name.h"
#include "kernels/address_spaces.h"
#include "kernels/generated_code.h"
#include "kernels/mapped_files.h"
#include "kernels/stacks/sample_operations.h"
#include "kernels/whereabouts.h"
#include "tables/kernel_names.h"

namespace varve {
namespace {

constexpr const char* kGenerated = "[jit]";

// Memory without a file behind it, whatever the kernel calls it; a file otherwise.
bool is_file(std::string_view path) {
  for (std::string_view special : {"//anon", "/memfd:", "/SYSV", "/dev/", "/anon_hugepage"}) {
    if (path.starts_with(special)) return false;
  }
  return path.starts_with("/");
}

Kernel named_kernel(Named named, std::string name, std::string library, std::string build_id = {}) {
  KernelMeaning meaning = kernel_meaning(name);
  return {{std::move(name), std::move(library), std::move(build_id)}, named, "", std::move(meaning)};
}

// Rust writes a function's types into its name: what those are about it is not.
Kernel rust_kernel(std::string name, std::string library, std::string build_id) {
  KernelMeaning meaning = kernel_meaning(name.substr(0, name.find('<')));
  meaning.base = name;
  return {{std::move(name), std::move(library), std::move(build_id)}, Named::symbol, "", std::move(meaning)};
}

Kernel plain_kernel(Named named, const std::string& name, const std::string& library) {
  return {{name, library, ""}, named, "", {.base = name}};
}

double unix_seconds(std::uint64_t monotonic_ns) {
  return 1e-9 * (static_cast<double>(unix_offset_ns()) + static_cast<double>(monotonic_ns));
}

// Turns samples into kernels, one after the other in the order of time.
class FunctionFinder {
 public:
  FunctionFinder(const CpuEvidence& evidence, SymbolCache::Files& files) : evidence_(evidence), files_(files) {
    for (const ProcessExec& exec : evidence.execs) first_seen_.try_emplace(exec.process, exec.time_ns);
    for (const ProcessFork& fork : evidence.forks) first_seen_.try_emplace(fork.process, fork.time_ns);
  }

  // Moves to the moment of a sample: everything mapped until then counts.
  void advance(std::uint64_t time_ns) {
    while (true) {
      std::uint64_t fork = next_time(evidence_.forks, fork_), exec = next_time(evidence_.execs, exec_),
                    mapping = next_time(evidence_.mappings, mapping_);
      if (std::min({fork, exec, mapping}) > time_ns) return;
      if (fork <= exec && fork <= mapping) {
        spaces_.fork(evidence_.forks[fork_++]);
      } else if (exec <= mapping) {
        spaces_.exec(evidence_.execs[exec_++]);
      } else {
        spaces_.map(evidence_.mappings[mapping_++]);
      }
    }
  }

  const Kernel& resolve(const CpuSample& sample) {
    if (sample.in_kernel) return kernel_;
    const ExecutableMapping* mapping = spaces_.find(sample.process, sample.address);
    if (!mapping) {
      unmapped_ = true;
      return unknown_;
    }
    if (mapping->path == "[vdso]") return vdso_;
    if (!is_file(mapping->path)) return resolve_generated(sample);
    return resolve_in_file(*mapping, sample.address - mapping->start + mapping->file_offset);
  }

  // Without numbers: the rows hold them, and equal reasons of many units become one.
  std::vector<std::string> unseen() const {
    std::vector<std::string> reasons(unreadable_.begin(), unreadable_.end());
    if (unmapped_) reasons.push_back("samples in no mapping that is known");
    if (!unnamed_generated_.empty()) {
      const std::string how = how_generated_code_is_named(files_where_unnamed());
      reasons.push_back("names of generated code" + (how.empty() ? "" : " (" + how + ")"));
    }
    return reasons;
  }

 private:
  // The files that the processes mapped whose generated code has no names, or those that they were forked from.
  std::set<std::string> files_where_unnamed() const {
    std::set<std::uint32_t> processes = unnamed_generated_;
    for (auto fork = evidence_.forks.rbegin(); fork != evidence_.forks.rend(); ++fork) {
      if (processes.contains(fork->process)) processes.insert(fork->parent);
    }
    std::set<std::string> paths;
    for (const ExecutableMapping& mapping : evidence_.mappings) {
      if (processes.contains(mapping.process)) paths.insert(mapping.path);
    }
    return paths;
  }

  template <class List>
  static std::uint64_t next_time(const List& list, std::size_t at) {
    return at < list.size() ? list[at].time_ns : UINT64_MAX;
  }

  const Kernel& resolve_in_file(const ExecutableMapping& mapping, std::uint64_t offset) {
    MappedFile*& known_file = files_of_mappings_[&mapping];
    if (!known_file) known_file = &files_.find_with_symbols(mapping);
    MappedFile& file = *known_file;
    std::optional<std::uint64_t> address = file.symbols ? file.symbols->virtual_address(offset) : std::nullopt;
    std::optional<CodeRange> range = address ? file.symbols->find(*address) : std::nullopt;
    bool in_code = range.has_value();
    if (!in_code) {
      unreadable_.insert(fmt::format("functions of {}: {}", file_name(mapping.path),
                                     file.unreadable.empty() ? "samples outside its code sections" : file.unreadable));
      range = CodeRange{mapping.file_offset, mapping.file_offset + mapping.length, ""};
    }
    std::tuple key(in_code, range->start, range->end);
    auto known = file.kernels.find(key);
    if (known != file.kernels.end()) return known->second;
    const Named named = range->symbol.empty() ? Named::range : Named::symbol;
    std::string name = named == Named::range
                           ? fmt::format("{} [0x{:x}-0x{:x}]", file_name(mapping.path), range->start, range->end)
                           : demangle(range->symbol);
    const bool is_rust = rust_path(range->symbol) || rust_name(range->symbol);
    Kernel kernel = is_rust ? rust_kernel(clean_utf8(name), clean_utf8(mapping.path), file.build_id)
                            : named_kernel(named, clean_utf8(name), clean_utf8(mapping.path), file.build_id);
    return file.kernels.emplace(key, std::move(kernel)).first->second;
  }

  const Kernel& resolve_generated(const CpuSample& sample) {
    auto map = generated_.find(sample.process);
    if (map == generated_.end()) {
      auto seen = first_seen_.find(sample.process);
      double started = unix_seconds(seen != first_seen_.end() ? seen->second : sample.time_ns);
      auto read = GeneratedCode::read(fmt::format("/tmp/perf-{}.map", sample.process), started);
      map = generated_.emplace(sample.process, read ? std::move(*read) : GeneratedCode()).first;
    }
    auto name = map->second.find(sample.address);
    if (!name) {
      unnamed_generated_.insert(sample.process);
      return generated_code_;
    }
    auto known = generated_kernels_.find(*name);
    if (known != generated_kernels_.end()) return known->second;
    return generated_kernels_.emplace(*name, named_kernel(Named::generated, *name, kGenerated)).first->second;
  }

  const CpuEvidence& evidence_;
  SymbolCache::Files& files_;
  AddressSpaces spaces_;
  std::unordered_map<const ExecutableMapping*, MappedFile*> files_of_mappings_;
  std::size_t fork_ = 0, exec_ = 0, mapping_ = 0;
  std::unordered_map<std::uint32_t, std::uint64_t> first_seen_;
  std::unordered_map<std::uint32_t, GeneratedCode> generated_;
  std::map<std::string, Kernel> generated_kernels_;
  std::set<std::string> unreadable_;
  bool unmapped_ = false;
  std::set<std::uint32_t> unnamed_generated_;  // processes
  const Kernel kernel_ = plain_kernel(Named::system, "(kernel)", "[kernel]");
  const Kernel unknown_ = plain_kernel(Named::system, "(unknown)", "[unknown]");
  const Kernel vdso_ = plain_kernel(Named::system, "(vdso)", "[vdso]");
  const Kernel generated_code_ = plain_kernel(Named::generated, "(generated code)", kGenerated);
};

// Where the time of a sample outside of the windows goes; nullptr for one inside.
std::int64_t* outside_of(Profile& profile, Whereabouts where) {
  switch (where) {
    case Whereabouts::before:
      return &profile.before_ns;
    case Whereabouts::between:
      return &profile.between_ns;
    case Whereabouts::after:
      return &profile.after_ns;
    case Whereabouts::inside:
      break;
  }
  return nullptr;
}

// On whose behalf each sample was taken, in their order; nobody's where callers are not known.
SampleOperations operations_of(const CpuEvidence& evidence, Profile& profile) {
  constexpr std::uint64_t kPeriodsNear = 2;
  SampleOperations nobody;
  nobody.of_samples.resize(evidence.samples.size());
  if (!evidence.callers_unavailable.empty()) {
    profile.unseen.insert("on whose behalf code ran: " + evidence.callers_unavailable);
    return nobody;
  }
  std::vector<CalledSample> samples;
  for (const CpuSample& sample : evidence.samples) samples.push_back({sample.process, sample.time_ns, sample.callers});
  auto found =
      find_operations(evidence.callers, samples, kPeriodsNear * static_cast<std::uint64_t>(evidence.period_ns));
  if (found) return std::move(*found);
  profile.unseen.insert("on whose behalf code ran: " + to_text(found.error()));
  return nobody;
}

// What a kernel did for an operation, or for nobody that is known.
struct Served {
  std::uint64_t samples = 0, joined = 0;
};

KernelId intern_operation(KernelTable& kernels, const SampleOperations& operations, std::uint32_t operation) {
  if (operation == SampleOperation::kNobody) return kNoKernel;
  const Operation& named = operations.operations[operation];
  return kernels.intern(named_kernel(Named::symbol, named.name, named.library));
}

}  // namespace

SymbolCache::SymbolCache() : files_(std::make_unique<Files>()) {}
SymbolCache::~SymbolCache() = default;
SymbolCache::SymbolCache(SymbolCache&&) noexcept = default;
SymbolCache& SymbolCache::operator=(SymbolCache&&) noexcept = default;

ProfileRecord cpu_profile(const CpuEvidence& evidence, SymbolCache& cache, std::span<const Stretch> windows) {
  ProfileRecord record;
  if (!evidence.unavailable.empty()) {
    record.profiles.add_absent(kCpuSamples, evidence.unavailable);
    return record;
  }
  Profile& profile = record.profiles.by_kind[kCpuSamples];
  profile.scopes = {evidence.scope};
  profile.periods_ns = {evidence.period_ns};
  profile.lost = evidence.lost;

  cache.files().begin_look();
  FunctionFinder finder(evidence, cache.files());
  const SampleOperations operations = operations_of(evidence, profile);
  std::unordered_map<const Kernel*, std::map<std::uint32_t, Served>> counts;
  for (std::size_t i = 0; i < evidence.samples.size(); ++i) {
    const CpuSample& sample = evidence.samples[i];
    if (std::int64_t* outside = outside_of(profile, whereabouts(sample.time_ns, windows)); outside != nullptr) {
      *outside = add_ns(*outside, evidence.period_ns);
      continue;
    }
    finder.advance(sample.time_ns);
    const SampleOperation& operation = operations.of_samples[i];
    Served& served = counts[&finder.resolve(sample)][operation.operation];
    ++served.samples;
    served.joined += operation.joined ? 1 : 0;
  }
  std::map<KernelKey, const Kernel*> kernels;  // in an order that does not hang on addresses
  for (const auto& [kernel, served] : counts) kernels.try_emplace(kernel->key, kernel);
  for (const auto& [key, kernel] : kernels) record.kernels.intern(*kernel);
  std::vector<ProfileRow> rows;
  for (const auto& [kernel, by_operation] : counts) {
    for (const auto& [operation, served] : by_operation) {
      ProfileRow& row = rows.emplace_back();
      row.key.kernel = record.kernels.intern(*kernel);
      row.key.operation = intern_operation(record.kernels, operations, operation);
      row.samples = served.samples;
      row.time.total_ns = static_cast<std::int64_t>(served.samples) * evidence.period_ns;
      row.joined_ns = static_cast<std::int64_t>(served.joined) * evidence.period_ns;
    }
  }
  add_rows(profile, std::move(rows));
  if (!evidence.scope_limit.empty()) profile.unseen.insert(evidence.scope_limit);
  for (std::string& reason : finder.unseen()) profile.unseen.insert(std::move(reason));
  return record;
}

std::vector<Library> loaded_libraries(const CpuEvidence& evidence, SymbolCache& cache) {
  cache.files().begin_look();
  std::map<std::pair<std::string, std::string>, Library> libraries;  // by path and build id
  for (const ExecutableMapping& mapping : evidence.mappings) {
    if (!is_file(mapping.path)) continue;
    const MappedFile& file = cache.files().find(mapping);
    Library& library = libraries[{file.path, file.build_id}];
    library.path = clean_utf8(file.path);
    library.build_id = file.build_id;
    library.build_id_missing = file.build_id_missing;
    library.deleted = library.deleted || mapping.deleted;
  }
  std::vector<Library> list;
  for (auto& [key, library] : libraries) list.push_back(std::move(library));
  return list;
}

}  // namespace varve
