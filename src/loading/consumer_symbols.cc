// Whether what a consumer loads binds: the symbols that would stay without a definition.
#include <algorithm>

#include "base/text.h"
#include "loading/consumer_loading.h"

namespace varve {

namespace {
constexpr std::size_t kMostShown = 16;
}  // namespace

// Breadth first, as the loader searches it (elf/dl-deps.c).
std::vector<std::size_t> ConsumerLoading::closure_of(std::size_t object) const {
  std::vector<std::size_t> closure{object};
  for (std::size_t at = 0; at < closure.size(); ++at) {
    for (const std::string& name : set_.objects[closure[at]].dynamic.needed) {
      const std::optional<std::size_t> needed = find_loaded(name);
      if (needed && std::find(closure.begin(), closure.end(), *needed) == closure.end()) closure.push_back(*needed);
    }
  }
  return closure;
}

void ConsumerLoading::judge(const Attempt& attempt) {
  if (other_loader_) return;
  std::vector<std::size_t> searched = global_;
  for (const std::size_t object : closure_of(attempt.object.value_or(0))) {
    if (std::find(searched.begin(), searched.end(), object) == searched.end()) searched.push_back(object);
  }
  Attempt known = attempt;
  std::vector<const DynamicSymbols*> scope;
  for (const std::size_t object : searched) {
    const std::string& path = set_.objects[object].real_path;
    if (path.empty()) continue;  // the unknown program
    if (const DynamicSymbols* symbols = files_.symbols(path)) {
      scope.push_back(symbols);
    } else {
      unread_.insert(path);
      known.missing.push_back(path);
    }
  }
  for (std::size_t object = attempt.first; object < set_.objects.size(); ++object) judge_object(object, scope, known);
}

void ConsumerLoading::judge_object(std::size_t object, const std::vector<const DynamicSymbols*>& scope,
                                   const Attempt& attempt) {
  const std::string& path = set_.objects[object].real_path;
  const DynamicSymbols* symbols = files_.symbols(path);
  if (symbols == nullptr) return;
  const auto loaded = [this](const std::string& name) -> const DynamicSymbols* {
    const std::optional<std::size_t> at = find_loaded(name);
    return at ? files_.symbols(set_.objects[*at].real_path) : nullptr;
  };
  ConsumedLibrary& row = row_of(file_name(path), path);
  row.unresolved.clear();
  row.unresolved_count = 0;
  judged_.insert(path);
  for (const UnboundSymbol& symbol : unbound_symbols(*symbols, scope, loaded)) {
    if (!counts(symbol, path, attempt)) continue;
    ++row.unresolved_count;
    if (row.unresolved.size() >= kMostShown) continue;
    const std::string version = symbol.name.empty() ? symbol.version + " of " + symbol.file : symbol.version;
    row.unresolved.push_back({clean_utf8(symbol.name), clean_utf8(version, 512)});
  }
}

// Whether the loader would fail for sure. What a missing library would define is not known, nor is what a program that
// was not found does; but a version is looked for in the file that it names, and neither the driver nor a Python speaks
// C++ (names that begin with _Z: the Itanium C++ ABI, 5.1).
bool ConsumerLoading::counts(const UnboundSymbol& symbol, const std::string& path, const Attempt& attempt) {
  if (symbol.name.empty()) return true;
  if (!symbol.file.empty() && find_loaded(symbol.file)) return true;
  if (!attempt.missing.empty() || lacks_c_library_) return false;
  if ((attempt.driver_missing || !has_program_) && !symbol.name.starts_with("_Z")) {
    unsure_of_c_names_ = true;
    return false;
  }
  if (!is_defined_elsewhere(symbol.name, symbol.version) && !is_defined_by_failed(symbol.name)) return true;
  elsewhere_.insert(path);
  return false;
}

// By a file that would be there, did it not lack a library: what lacks its symbols then is one thing with that
// (libtorch_nvshmem.so, which opens alone, where libtorch_cpu.so lacks libcudart).
bool ConsumerLoading::is_defined_by_failed(const std::string& name) {
  return std::any_of(failed_.begin(), failed_.end(), [&](const std::string& path) {
    const DynamicSymbols* symbols = path.empty() ? nullptr : files_.symbols(path);
    return symbols != nullptr && symbols->defines(name, nullptr);
  });
}

// By a file that is loaded, but was not opened for all (RTLD_GLOBAL), as far as the files tell.
bool ConsumerLoading::is_defined_elsewhere(const std::string& name, const std::string& version) {
  if (!version.empty()) return false;
  return std::any_of(set_.objects.begin(), set_.objects.end(), [&](const LoadedObject& object) {
    if (object.real_path.empty()) return false;
    const DynamicSymbols* symbols = files_.symbols(object.real_path);
    return symbols != nullptr && symbols->defines(name, nullptr);
  });
}

void ConsumerLoading::may_be_given_by(const std::vector<const HeldLibrary*>& libraries) {
  before_.insert(before_.end(), libraries.begin(), libraries.end());
}

// In which order a program opens what no import opens is not known: what was opened after a file that lacks symbols may
// have come first (libonnxruntime_providers_shared.so gives that of CUDA its host).
void ConsumerLoading::settle_unresolved() {
  for (ConsumedLibrary& row : consumer_.libraries) {
    // One of which not all is shown lacks more than a piece that comes first would give.
    if (row.at_start || row.unresolved_count == 0 || std::ssize(row.unresolved) < row.unresolved_count) continue;
    const auto is_given = [&](const UnresolvedSymbol& symbol) {
      if (symbol.name.empty()) return false;
      return is_defined_elsewhere(symbol.name, symbol.version) ||
             std::any_of(before_.begin(), before_.end(), [&](const HeldLibrary* library) {
               const DynamicSymbols* symbols = files_.symbols(library->real_path);
               return symbols != nullptr && symbols->defines(symbol.name, nullptr);
             });
    };
    if (!std::all_of(row.unresolved.begin(), row.unresolved.end(), is_given)) continue;
    row.unresolved.clear();
    row.unresolved_count = 0;
    elsewhere_.insert(row.path);
  }
}

}  // namespace varve
