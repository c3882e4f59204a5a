// Symbols that nothing loaded would define.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "binary/elf/demangle.h"
#include "rules/analysis/rule.h"
#include "rules/software/software_rules.h"

namespace varve {

namespace {
constexpr std::size_t kSymbolsTold = 3, kLibrariesTold = 3;

// The loaded library that should have defined the symbol: the one that its version names, else the one whose name
// stands in it (ncclMemFree, __nvJitLinkAddData_12_9). nullptr: nobody can tell.
const LibraryView* provider_of(const ConsumerView& view, const UnresolvedSymbol& symbol) {
  const std::string lower = to_lower(symbol.name);
  const LibraryView* best = nullptr;
  std::size_t longest = 2;
  for (const LibraryView& library : view.libraries) {
    if (!symbol.version.empty()) {
      const bool named = library.loaded->name == symbol.version ||
                         (library.binary != nullptr && library.binary->soname == symbol.version);
      if (named) return &library;
    }
    const std::string stem = to_lower(library_words(library.loaded->name).stem);
    if (stem.size() > longest && lower.find(stem) != std::string::npos) {
      longest = stem.size();
      best = &library;
    }
  }
  return best;
}

std::string symbol_text(const UnresolvedSymbol& symbol) {
  const std::string name = symbol.name.empty() ? std::string("the version") : demangle(symbol.name);
  return clean_utf8(name, 160) + (symbol.version.empty() ? "" : " (version " + symbol.version + ")");
}

std::string provider_text(const LibraryIndex& index, const ConsumerView& view, const ConsumedLibrary& library) {
  for (const UnresolvedSymbol& symbol : library.unresolved) {
    const LibraryView* provider = provider_of(view, symbol);
    if (provider == nullptr || provider->loaded->path.empty()) continue;
    const std::string version =
        provider->binary == nullptr ? std::string("version not known") : index.version_text(*provider->binary);
    return fmt::format("; {} should define it, and would be {} ({}, {})", provider->loaded->name,
                       provider->loaded->path, version, provider->loaded->why);
  }
  return "";
}

// A framework on top of another (vLLM on PyTorch): what it misses, a library of the other should define.
bool is_built_on_provider(const LibraryIndex& index, const ConsumerView& view, const LibraryView& library,
                          const Package& package) {
  for (const UnresolvedSymbol& symbol : library.loaded->unresolved) {
    const LibraryView* provider = provider_of(view, symbol);
    if (provider == nullptr || provider->binary == nullptr) continue;
    const Package* of_provider = index.package_of(*provider->binary);
    return of_provider != nullptr && of_provider->role == PackageRole::framework &&
           std::any_of(package.requirements.begin(), package.requirements.end(),
                       [&](const Requirement& wanted) { return wanted.name == of_provider->name; });
  }
  return false;
}

// Extensions are built against a framework: what they miss, another release of it has.
bool belongs_to_extension(const LibraryIndex& index, const ConsumerView& view, const LibraryView& library) {
  const Package* package = library.binary == nullptr ? nullptr : index.package_of(*library.binary);
  if (package != nullptr)
    return package->role == PackageRole::extension || is_built_on_provider(index, view, library, *package);
  return view.consumer.kind == ConsumerKind::extension && library.loaded->asked_by.empty();
}

std::string framework_text(const ConsumerView& view) {
  if (view.package == nullptr || view.environment == nullptr) return "";
  std::string text;
  if (!view.package->built_for.empty()) text += "; it says it was built for " + view.package->built_for;
  for (const Requirement& wanted : view.package->requirements) {
    const Package* there = find_package(*view.environment, wanted.name);
    if (there == nullptr || there->role != PackageRole::framework) continue;
    text += fmt::format("; it asks for {}{}, and {} is there", wanted.name, wanted.specifier, there->version);
  }
  return text;
}

bool has_effect(const AnalysedConsumer& consumer, const LibraryView& library, LossEffect effect) {
  return std::any_of(consumer.losses.begin(), consumer.losses.end(),
                     [&](const Loss& loss) { return loss.library == library.loaded && loss.effect == effect; });
}

// Undefined symbols that nothing loaded defines, one finding a library, and no more than three a consumer.
// `of_extensions`: of libraries that belong to extensions of a framework; else all others.
std::vector<Found> unresolved_symbols(const Analysis& analysis, bool of_extensions) {
  const LibraryIndex& index = analysis.libraries;
  std::vector<Found> found;
  std::set<std::string> told;
  for (const AnalysedConsumer& view : analysis.consumers) {
    if (!view.consumer.symbols_checked) continue;
    std::size_t of_consumer = 0;
    for (const LibraryView& library : view.libraries) {
      const ConsumedLibrary& wants = *library.loaded;
      if (wants.unresolved_count == 0 || wants.unresolved.empty()) continue;
      const bool waits = waits_for_another_package(index, view, library);
      if ((waits || belongs_to_extension(index, view, library)) != of_extensions) continue;
      if (!waits && has_effect(view, library, LossEffect::side_piece)) continue;  // others do without it
      if (!told.insert(view.consumer.environment + "\n" + wants.path).second) continue;
      if (++of_consumer > kLibrariesTold) continue;
      std::vector<std::string> names;
      for (std::size_t i = 0; i < std::min(kSymbolsTold, wants.unresolved.size()); ++i) {
        names.push_back(symbol_text(wants.unresolved[i]));
      }
      const std::string more = wants.unresolved_count > static_cast<std::int64_t>(names.size()) ? ", …" : "";
      found.push_back(
          {.evidence = fmt::format("{} of {} has {} undefined symbol{} that nothing it would load defines: {}{}",
                                   wants.path, consumer_text(view.consumer), wants.unresolved_count,
                                   wants.unresolved_count == 1 ? "" : "s", join(names, ", "), more) +
                       provider_text(index, view, wants) + (of_extensions ? framework_text(view) : "")});
      if (waits) {
        found.back().severity = Severity::note;
        found.back().consequence = "It can be imported after the package that defines them, and not without it";
        found.back().fix = "Nothing, unless that package was meant to be there";
      }
      if (!waits && analysis.has_no_gpu && has_effect(view, library, LossEffect::gpu_part)) {
        found.back().severity = Severity::note;
        found.back().consequence = "It works on the CPU, and would not use a GPU";
      }
      found.back().about.push_back({About::library, base_name(wants.path)});
      for (const UnresolvedSymbol& symbol : wants.unresolved)
        found.back().about.push_back({About::symbol, symbol.name});
    }
    if (of_consumer > kLibrariesTold) {
      found.back().evidence += fmt::format("; so have {} more of its files", of_consumer - kLibrariesTold);
    }
  }
  return found;
}

std::vector<Found> unresolved_in_libraries(const Analysis& analysis) { return unresolved_symbols(analysis, false); }
std::vector<Found> unresolved_in_extensions(const Analysis& analysis) { return unresolved_symbols(analysis, true); }
}  // namespace

const std::vector<Rule>& symbol_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-LIBRARY-UNRESOLVED",
       .layer = Layer::kernel_library,
       .severity = Severity::error,
       .mender = Mender::framework,
       .category = FaultCategory::library_mix,
       .statement = "Every undefined symbol of a library that would be loaded is defined by another of them",
       .consequence = "The loader refuses the library: at import where it is needed at once, at the first call of what "
                      "it does where it is opened late",
       .fix = "Put the libraries back into one release: install again the package that holds them, or take what "
              "shadows them out of the search path",
       .source = "glibc, dl-lookup.c and dl-version.c: what dlopen with RTLD_NOW would say",
       .judge = unresolved_in_libraries},
      {.id = "VRV-FRAMEWORK-EXTENSION-SYMBOLS",
       .layer = Layer::framework,
       .severity = Severity::error,
       .mender = Mender::framework,
       .category = FaultCategory::framework_bundle,
       .statement = "Every undefined symbol of an extension is defined by the framework that is there",
       .consequence = "Importing it fails with \"undefined symbol\", or it is left out without a word",
       .fix = "Install the build of the extension for this release of the framework, or compile it here; or install "
              "the framework's release that it was built for",
       .source = "glibc, dl-lookup.c: what dlopen with RTLD_NOW would say; C++ names carry types, not releases",
       .judge = unresolved_in_extensions},
  };
  return rules;
}

}  // namespace varve
