#include "rules/analysis/gpu_code.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/text.h"
#include "rules/situation/consumer_runtimes.h"
#include "rules/situation/library_facts.h"
#include "tables/libraries.h"

namespace varve {

namespace {
constexpr std::size_t kMostTargetsShown = 12, kMostFilesShown = 3;

struct OwnCode {
  std::string path;
  Coverage coverage;
  bool at_start = false;  // the import is known to load it
  bool apart = false;     // a module that the import of the package is known to do without
};

bool is_set(const Situation& situation, const char* name) {
  const auto value = setting_of(situation, name);
  return value && *value != "0" && !value->empty();
}

// Libraries of packages that others load (cuBLAS, NCCL) are no consumer's own code.
bool is_of_runtime(const ConsumerView& view, const Binary& binary) {
  const Package* package = view.environment == nullptr ? nullptr : find_package(*view.environment, binary.package);
  return package != nullptr && package->role == PackageRole::runtime;
}

// Whether the import loads a file, or a file that needs it.
bool is_loaded_at_start(const ConsumerView& view, const ConsumedLibrary* file) {
  for (std::size_t steps = 0; file != nullptr && steps <= view.libraries.size(); ++steps) {
    if (file->at_start || file->kind != DependencyKind::needed || file->asked_by.empty()) return file->at_start;
    const auto up = std::find_if(view.libraries.begin(), view.libraries.end(),
                                 [&](const LibraryView& one) { return one.loaded->path == file->asked_by; });
    file = up == view.libraries.end() ? nullptr : up->loaded;
  }
  return false;
}

bool is_apart(const ConsumedLibrary& file) {
  return file.kind == DependencyKind::opened && file.asked_by.empty() && !file.at_start;
}

std::vector<OwnCode> own_code(const ConsumerView& view) {
  std::vector<OwnCode> own, others;
  std::set<std::string> seen;
  for (const LibraryView& library : view.libraries) {
    const Binary* binary = library.binary;
    const bool code = binary != nullptr && binary->coverage && binary->coverage->regions > 0;
    if (!code || !seen.insert(binary->path).second) continue;
    if (is_own(view, library)) {
      const bool apart = is_extension_module(binary->path) && is_apart(*library.loaded);
      own.push_back({binary->path, *binary->coverage, is_loaded_at_start(view, library.loaded), apart});
    } else if (library.loaded->kind == DependencyKind::needed && !binary->package.empty() &&
               !is_of_runtime(view, *binary)) {
      others.push_back({binary->path, *binary->coverage});
    }
  }
  return own.empty() ? others : own;
}

CoverageCount& operator+=(CoverageCount& sum, const CoverageCount& more) {
  sum.native += more.native;
  sum.jit += more.jit;
  sum.none += more.none;
  return sum;
}

CoverageCount count_all(const std::vector<OwnCode>& code, ComputeCapability gpu,
                        std::optional<std::pair<int, int>> ceiling) {
  CoverageCount sum;
  for (const OwnCode& file : code) sum += count_coverage(file.coverage, gpu, ceiling);
  return sum;
}

void drop_machine_code(std::vector<OwnCode>& code) {
  for (OwnCode& file : code) {
    for (CodeGroup& group : file.coverage.groups) {
      std::erase_if(group.targets, [](const CodeTarget& target) { return target.kind == CodeKind::sass; });
    }
  }
}

std::set<CodeTarget> all_targets(const std::vector<OwnCode>& code) {
  std::set<CodeTarget> targets;
  for (const OwnCode& file : code) {
    for (const CodeGroup& group : file.coverage.groups) targets.insert(group.targets.begin(), group.targets.end());
  }
  return targets;
}

bool is_specialised(const CodeTarget& target) { return target.kind == CodeKind::sass && target.variant != '\0'; }

// Regions that were made for more than one architecture: whole libraries for one kind of GPU are no measure for others.
std::vector<OwnCode> general_code(std::vector<OwnCode> code) {
  for (OwnCode& file : code) {
    std::erase_if(file.coverage.groups, [](const CodeGroup& group) {
      return std::all_of(group.targets.begin(), group.targets.end(), is_specialised);
    });
  }
  return code;
}

// Whether all of it is for single architectures: a fast way beside a general one that has no code of its own to be read
// (torchao's _C_cutlass_90a beside kernels that Triton compiles).
bool is_all_specialised(const std::vector<OwnCode>& code) {
  const std::set<CodeTarget> targets = all_targets(code);
  return !targets.empty() && std::all_of(targets.begin(), targets.end(), is_specialised);
}

// The most regions that any GPU gets out of this code: what a GPU can expect at best.
std::int64_t best_count(const std::vector<OwnCode>& code) {
  std::int64_t best = 0;
  std::set<ComputeCapability> gpus;
  for (const CodeTarget& target : all_targets(code)) gpus.insert(target.architecture);
  for (const ComputeCapability gpu : gpus) {
    const CoverageCount count = count_all(code, gpu, std::nullopt);
    best = std::max(best, count.native + count.jit);
  }
  return best;
}

// Whether what the GPU does not get stands in files of their own, for those who want them (sgl-kernel's flash_ops with
// FlashAttention 3), and another module serves it wholly: then the package works without them. A library that a module
// opens by name (Paddle's libflashattn) makes up for nothing.
bool is_served_beside(const std::vector<OwnCode>& code, ComputeCapability gpu,
                      std::optional<std::pair<int, int>> ceiling) {
  bool any_whole = false;
  for (const OwnCode& file : code) {
    const CoverageCount count = count_coverage(file.coverage, gpu, ceiling);
    const std::int64_t served = count.native + count.jit, best = best_count({file});
    if (file.at_start && 2 * served < best) return false;
    any_whole = any_whole || (is_extension_module(file.path) && best > 0 && served >= best);
  }
  return any_whole;
}

// Whether nothing of what the GPU does not get is for those who import the package, whose own modules have no GPU code:
// it stands in modules of another package that the same wheel holds (nixl_ep beside nixl), and in plug-ins.
bool is_for_another_import(const ConsumerView& view, const std::vector<OwnCode>& code, ComputeCapability gpu,
                           std::optional<std::pair<int, int>> ceiling) {
  const bool has_module = std::any_of(view.libraries.begin(), view.libraries.end(), [&](const LibraryView& library) {
    const std::string& path = library.loaded->path;
    return is_extension_module(path) && is_own(view, library) && !is_apart(*library.loaded);
  });
  bool any_apart = false;
  for (const OwnCode& file : code) {
    const CoverageCount count = count_coverage(file.coverage, gpu, ceiling);
    any_apart = any_apart || file.apart;
    const bool is_imported = file.at_start || (is_extension_module(file.path) && !file.apart);
    if (count.native + count.jit == 0 && is_imported) return false;
  }
  return has_module && any_apart;
}

// Regions that this GPU cannot take and that were specialised for others of its own generation.
std::int64_t regions_for_siblings(const std::vector<OwnCode>& code, ComputeCapability gpu) {
  std::int64_t regions = 0;
  for (const OwnCode& file : code) {
    for (const CodeGroup& group : file.coverage.groups) {
      const CoverageCount count = count_coverage({.regions = 1, .groups = {group}, .codecs = {}, .remark = {}}, gpu);
      const bool sibling = std::any_of(group.targets.begin(), group.targets.end(), [&](const CodeTarget& target) {
        return is_specialised(target) && target.architecture.major == gpu.major;
      });
      if (sibling && count.native + count.jit == 0) regions += group.regions;
    }
  }
  return regions;
}

// Files with code, though not only specialised code, of which nothing serves the GPU.
std::string files_without(const std::vector<OwnCode>& code, ComputeCapability gpu,
                          std::optional<std::pair<int, int>> ceiling) {
  std::vector<std::string> names;
  for (const OwnCode& file : code) {
    const CoverageCount count = count_coverage(file.coverage, gpu, ceiling);
    const auto targets = all_targets({file});
    const bool plain =
        std::any_of(targets.begin(), targets.end(), [](const CodeTarget& t) { return t.variant == '\0'; });
    if (count.native + count.jit == 0 && plain) names.push_back(file.path.substr(file.path.rfind('/') + 1));
  }
  const std::size_t left_out = names.size() > kMostFilesShown ? names.size() - kMostFilesShown : 0;
  if (left_out > 0) names.resize(kMostFilesShown);
  return join(names, ", ") + (left_out > 0 ? fmt::format(" and {} more", left_out) : "");
}

// The newest PTX that serves the GPU, of what a compiler up to `ceiling` takes; nothing: when the version does not
// matter.
std::string newest_ptx(const std::vector<OwnCode>& code, ComputeCapability gpu,
                       const std::optional<std::pair<int, int>>& ceiling = {}) {
  std::pair<int, int> newest{0, 0};
  for (const CodeTarget& target : all_targets(code)) {
    if (target.kind != CodeKind::ptx) continue;
    const CodeGroup alone{.targets = {target}, .regions = 1};
    if (count_coverage({.regions = 1, .groups = {alone}, .codecs = {}, .remark = {}}, gpu, ceiling).jit == 0) continue;
    newest = std::max(newest, std::pair(target.isa_major, target.isa_minor));
  }
  return newest.first == 0 ? "" : fmt::format("{}.{}", newest.first, newest.second);
}

// A table of published builds tells targets, and how much code there is for each it does not.
std::string counts_text(const CodeVerdict& verdict) {
  const CoverageCount& count = verdict.count;
  if (verdict.by_table) return count.native > 0 ? "machine code for it" : "PTX for it";
  return fmt::format("of {} regions {} native, {} by JIT, {} not", count.native + count.jit + count.none, count.native,
                     count.jit, count.none);
}

CodeCause cause_where_some_runs(const ConsumerView& view, const std::vector<OwnCode>& code, CodeVerdict& verdict,
                                const std::optional<std::pair<int, int>>& ceiling) {
  const CoverageCount& count = verdict.count;
  const std::int64_t served = count.native + count.jit;
  if (!ceiling && count.native == 0) return CodeCause::untold;
  const CoverageCount without_ceiling = count_all(code, verdict.gpu, std::nullopt);
  if (2 * served < without_ceiling.native + without_ceiling.jit) {
    return ceiling == std::pair(0, 0) ? CodeCause::ptx_disabled : CodeCause::ptx_too_new;
  }
  const std::vector<OwnCode> general = general_code(code);
  const std::int64_t best = best_count(general);
  const bool is_enough =
      is_served_beside(general, verdict.gpu, ceiling) || is_for_another_import(view, code, verdict.gpu, ceiling);
  if (5 * served < best && !is_enough) return CodeCause::hardly;
  if (2 * served < best) return CodeCause::partly;
  verdict.files = files_without(code, verdict.gpu, ceiling);
  if (count.jit > count.native) return CodeCause::by_jit;
  if (!verdict.files.empty()) return CodeCause::some_files;
  return regions_for_siblings(code, verdict.gpu) > 0 ? CodeCause::for_siblings : CodeCause::native;
}

std::string detail_of(const Situation& situation, const ServingDriver& driver, const CodeVerdict& verdict) {
  const std::string gpu = gpu_words(situation, verdict.gpu), made = "it is made for " + verdict.targets;
  const std::string ceiling = driver.ptx_ceiling ? to_string(*driver.ptx_ceiling) : "?";
  switch (verdict.cause) {
    case CodeCause::native:
      return fmt::format("{}: {}", gpu, counts_text(verdict));
    case CodeCause::by_jit:
      return fmt::format("{}: PTX {} is compiled at the first start ({})", gpu, verdict.newest_ptx,
                         counts_text(verdict));
    case CodeCause::partly:
      return fmt::format("{}: {}, fewer than half of what other GPUs get; {}", gpu, counts_text(verdict), made);
    case CodeCause::hardly:
      return fmt::format("{}: {}, next to nothing of what other GPUs get; {}", gpu, counts_text(verdict), made);
    case CodeCause::for_siblings:
      return fmt::format("{}: {}; code specialised for others of its generation is not for it", gpu,
                         counts_text(verdict));
    case CodeCause::some_files:
      return fmt::format("{}: {}; nothing for it in {}", gpu, counts_text(verdict), verdict.files);
    case CodeCause::ptx_too_new:
      return fmt::format("{}: {} machine code, and its PTX {} is newer than {}, the newest that this driver compiles",
                         gpu, verdict.count.native > 0 ? "little" : "no", verdict.newest_ptx, ceiling);
    case CodeCause::ptx_disabled:
      return fmt::format("{}: {} machine code, and CUDA_DISABLE_PTX_JIT forbids to compile its PTX", gpu,
                         verdict.count.native > 0 ? "little" : "no");
    case CodeCause::machine_code_only:
      return fmt::format("{}: CUDA_FORCE_PTX_JIT asks for PTX, and there is none for it; {}", gpu, made);
    case CodeCause::none:
      return fmt::format("{}: neither machine code nor PTX; {}", gpu, made);
    case CodeCause::untold:
      return fmt::format("{}: only PTX {}, and the newest that this driver compiles is not known", gpu,
                         verdict.newest_ptx);
    case CodeCause::no_code:
      return "no GPU code of its own";
    case CodeCause::not_read:
      return "its files were not looked into";
  }
  return {};
}

void decide(const Situation& situation, const ServingDriver& driver, const ConsumerView& view,
            std::vector<OwnCode> code, CodeVerdict& verdict) {
  const bool forced = is_set(situation, "CUDA_FORCE_PTX_JIT"), disabled = is_set(situation, "CUDA_DISABLE_PTX_JIT");
  const bool any_native = count_all(code, verdict.gpu, std::nullopt).native > 0;
  verdict.targets = targets_text(all_targets(code));
  if (forced) drop_machine_code(code);
  verdict.newest_ptx = newest_ptx(code, verdict.gpu);
  const auto ceiling = disabled ? std::optional(std::pair(0, 0)) : ceiling_pair(driver);
  verdict.count = count_all(code, verdict.gpu, ceiling);
  if (verdict.count.native + verdict.count.jit > 0) {
    verdict.cause = cause_where_some_runs(view, code, verdict, ceiling);
    if (verdict.cause == CodeCause::by_jit) verdict.newest_ptx = newest_ptx(code, verdict.gpu, ceiling);
  } else if ((view.consumer.kind != ConsumerKind::binary && is_all_specialised(code)) ||
             is_for_another_import(view, code, verdict.gpu, ceiling)) {
    verdict.cause = CodeCause::partly;
  } else if (verdict.newest_ptx.empty()) {
    verdict.cause = forced && any_native ? CodeCause::machine_code_only : CodeCause::none;
  } else {
    verdict.cause = disabled ? CodeCause::ptx_disabled : CodeCause::ptx_too_new;
  }
  verdict.detail = detail_of(situation, driver, verdict) + (verdict.by_table ? ", by " + code[0].path : "");
}

// A process is followed with whole sections read or not at all; its symbols are bound already and not compared.
bool is_read_process(const ConsumerView& view) {
  const auto is_unread = [](const LibraryView& library) {
    const std::string& path = library.loaded->path;
    return library.binary == nullptr && is_cuda_library(path) && !is_driver_library(path);
  };
  return view.consumer.kind == ConsumerKind::process && !view.libraries.empty() &&
         std::none_of(view.libraries.begin(), view.libraries.end(), is_unread);
}

bool was_read(const Situation& situation, const ConsumerView& view) {
  const auto& binaries = situation.subject.binaries;
  return view.consumer.symbols_checked || is_read_process(view) ||
         std::any_of(binaries.begin(), binaries.end(), [](const Binary& b) { return b.coverage.has_value(); });
}
}  // namespace

std::string targets_text(const std::set<CodeTarget>& targets) {
  std::vector<std::string> texts;
  std::size_t left_out = 0;
  for (const CodeTarget& target : targets) {
    if (target.kind != CodeKind::sass && target.kind != CodeKind::ptx) continue;
    if (texts.size() < kMostTargetsShown) {
      texts.push_back(to_string(target));
    } else {
      ++left_out;
    }
  }
  return join(texts, ", ") + (left_out > 0 ? fmt::format(" and {} more", left_out) : "");
}

std::vector<CodeVerdict> judge_code(const Situation& situation, const ServingDriver& driver, const ConsumerView& view) {
  std::vector<OwnCode> code = own_code(view);
  bool by_table = false;
  if (code.empty() && !was_read(situation, view)) {
    if (auto published = published_code(situation, view)) {
      code.push_back({std::move(published->source), std::move(published->coverage)});
      by_table = true;
    }
  }
  std::vector<CodeVerdict> verdicts;
  for (const ComputeCapability gpu : capabilities_of(situation)) {
    CodeVerdict verdict{.gpu = gpu, .by_table = by_table};
    if (!code.empty()) {
      decide(situation, driver, view, code, verdict);
    } else {
      verdict.cause = was_read(situation, view) ? CodeCause::no_code : CodeCause::not_read;
      if (verdict.cause == CodeCause::no_code || !decide_by_release(situation, view, verdict)) {
        verdict.detail = detail_of(situation, driver, verdict);
      }
    }
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

CheckState state_of(CodeCause cause) {
  switch (cause) {
    case CodeCause::native:
      return CheckState::ok;
    case CodeCause::by_jit:
    case CodeCause::partly:
    case CodeCause::for_siblings:
    case CodeCause::some_files:
      return CheckState::degraded;
    case CodeCause::ptx_too_new:
    case CodeCause::ptx_disabled:
    case CodeCause::machine_code_only:
    case CodeCause::hardly:
    case CodeCause::none:
      return CheckState::broken;
    case CodeCause::untold:
    case CodeCause::not_read:
      return CheckState::cannot_tell;
    case CodeCause::no_code:
      break;
  }
  return CheckState::not_applicable;
}

}  // namespace varve
