#include "rules/analysis/consumer_losses.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/library_file_name.h"
#include "base/text.h"
#include "model/words/lookup_way.h"
#include "rules/situation/bringing_wheel.h"
#include "rules/situation/package_row.h"
#include "tables/libraries.h"

namespace varve {

namespace {
std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

// The file at whose opening a chain of needs begins: one of the consumer's own, or one that was opened by name.
struct Head {
  const ConsumedLibrary* file = nullptr;
  bool by_name = false;
  bool all_needed = true;  // nothing on the way may be missing
};

// "libgraphbolt_pytorch_2.2.1.so" and "…_2.0.0.so" are one, and so are "cu12/cccl/libcccl.c.parallel.so" and that below
// cu13: numbers apart.
std::string numberless_name(const std::string& path) {
  std::string name;
  for (const char c : path) {
    const bool is_number = (c >= '0' && c <= '9') || c == '.';
    if (!is_number) {
      name += c;
    } else if (!name.ends_with('#')) {
      name += '#';
    }
  }
  return name;
}

class LossFinder {
 public:
  LossFinder(const ConsumerView& view, const LibraryIndex& index) : view_(view), index_(index) {
    for (const LibraryView& library : view.libraries) {
      if (library.loaded->path.empty()) continue;
      by_path_.emplace(library.loaded->path, &library);
      found_[split_library_file_name(library.loaded->name).stem].insert(library.loaded->name);
      if (file_name(library.loaded->name) == "libc.so.6") has_c_library_ = true;
    }
    for (const LibraryView& library : view.libraries) {
      if (!is_missing(*library.loaded) || library.loaded->kind != DependencyKind::needed) continue;
      lacks_cuda_ = lacks_cuda_ || index.cuda_major(library.loaded->name).has_value();
      const std::string& path = head_of(*library.loaded).file->path;
      incomplete_.insert(path);
      if (index.is_cuda_library(library.loaded->name)) lack_cuda_.insert(path);
      if (has_role(library.loaded->name, LibraryRole::of_framework)) extends_absent_.insert(path);
    }
    for (const auto& [path, library] : by_path_) {
      const std::vector<std::string>& lacks = library->loaded->lacks;
      if (lacks.empty()) continue;
      incomplete_.insert(path);
      const auto of_framework = [](const std::string& name) { return has_role(name, LibraryRole::of_framework); };
      if (std::any_of(lacks.begin(), lacks.end(), of_framework)) extends_absent_.insert(path);
    }
    for (const auto& [path, library] : by_path_) {
      const bool loads = !incomplete_.contains(path) && library->loaded->unresolved_count == 0;
      if (loads && is_own_file(*library)) variants_.emplace(numberless_name(path), path);
      if (!has_code(path) || incomplete_.contains(path) || library->loaded->unresolved_count > 0) continue;
      // A copy of a library of CUDA (mindspore's libnccl.so.2) is none of its own kernels.
      if (library->loaded->asked_by.empty() && !index.is_cuda_library(library->loaded->name)) code_complete_ = true;
      if (is_own_file(*library) && !incomplete_.contains(head_of(*library->loaded).file->path)) own_code_loads_ = true;
    }
  }

  std::vector<Loss> find() const {
    std::vector<Loss> losses;
    const bool without_cuda = finds_no_cuda();
    for (const LibraryView& library : view_.libraries) {
      const ConsumedLibrary& loaded = *library.loaded;
      if (is_missing(loaded) && loaded.kind == DependencyKind::needed) losses.push_back(loss_of_needed(loaded));
      if (is_missing(loaded) && loaded.kind == DependencyKind::opened && is_made_up(loaded.name)) {
        losses.push_back({LossEffect::gpu_part, &loaded, "", true});
      } else if (is_missing(loaded) && is_bound(loaded)) {
        losses.push_back(loss_of_bound(loaded));
      } else if (loaded.path.empty() && loaded.kind == DependencyKind::opened && fails_at_use(library)) {
        losses.push_back({.effect = LossEffect::use,
                          .library = &loaded,
                          .part = {},
                          .by_name = true,
                          .damage = !listing_package(view_, loaded.name).empty() || is_listed_and_gone(loaded)});
      } else if (is_missing(loaded) && is_sought_by_python(loaded)) {
        losses.push_back({LossEffect::gpu_part, &loaded, "", true});
      } else if (is_missing(loaded) && !without_cuda && is_opened_by_module(loaded)) {
        losses.push_back({LossEffect::side_piece, &loaded, "", true});
      }
      if (!loaded.path.empty() && is_missing_part(library)) losses.push_back({LossEffect::use, &loaded, "", true});
      if (loaded.unresolved_count > 0) losses.push_back(loss_of_unbound(library));
    }
    if (without_cuda) {
      for (const LibraryView& library : view_.libraries) {
        if (opens_in_vain(library)) losses.push_back({LossEffect::gpu_part, library.loaded, "", true});
      }
    }
    for (Loss& loss : losses) loss.of_api = is_of_api(loss);
    std::stable_sort(losses.begin(), losses.end(), [](const Loss& a, const Loss& b) { return a.effect < b.effect; });
    return losses;
  }

 private:
  static bool is_missing(const ConsumedLibrary& library) {
    return library.path.empty() && !is_driver_library(library.name);
  }

  bool has_code(const std::string& path) const {
    const auto at = by_path_.find(path);
    const Binary* binary = at == by_path_.end() ? nullptr : at->second->binary;
    return binary != nullptr && binary->coverage && binary->coverage->regions > 0;
  }

  bool lacks_a_cuda_library(const ConsumedLibrary& file) const {
    return std::any_of(file.lacks.begin(), file.lacks.end(),
                       [&](const std::string& name) { return index_.is_cuda_library(name); });
  }

  Head head_of(const ConsumedLibrary& library) const {
    Head head{.file = &library, .by_name = false, .all_needed = library.kind == DependencyKind::needed};
    for (std::size_t steps = 0; !head.file->asked_by.empty() && steps <= by_path_.size(); ++steps) {
      head.by_name = head.file->kind == DependencyKind::opened;
      if (head.by_name) return head;
      const auto up = by_path_.find(head.file->asked_by);
      if (up == by_path_.end()) break;
      head.file = up->second->loaded;
      head.all_needed = head.all_needed && head.file->kind == DependencyKind::needed;
    }
    return head;
  }

  // Own files that are not complete do not matter where the same library was found for another of them under another
  // version (one build for each CUDA lies in the package), or where they are side pieces: they hold no GPU code, and
  // those that do are complete.
  LossEffect effect_on(const Head& head, const ConsumedLibrary& library) const {
    const auto same = found_.find(split_library_file_name(library.name).stem);
    const bool other_version = library.path.empty() && same != found_.end() && !same->second.contains(library.name);
    if (head.file->at_start) return LossEffect::start;
    if (is_of_framework(*head.file)) return LossEffect::side_piece;
    // One file for each release of something (dgl's for torch 2.0.0 to 2.2.1), of which one loads.
    if (!head.by_name && another_loads(head.file->path)) return LossEffect::side_piece;
    if (head.by_name && is_made_up(head.file->name)) return LossEffect::gpu_part;  // and so it is not opened
    if (head.by_name && !library.path.empty()) return LossEffect::use;
    if (head.by_name) {
      // What is opened by name later (plug-ins for networks and storage) may fail to, unless its package sees to it.
      const auto at = by_path_.find(head.file->path);
      const bool own = at != by_path_.end() && is_own_file(*at->second);
      return other_version || (own && is_expected(library.name)) || has_code(library.asked_by) ? LossEffect::use
                                                                                               : LossEffect::side_piece;
    }
    const auto own_file = by_path_.find(head.file->path);
    const bool expected = library.path.empty() && own_file != by_path_.end() && is_expected(library.name);
    if (expected && !head.all_needed) return LossEffect::use;
    // A file for a framework that is not here (open3d_torch_ops.so) is for those who have it, too.
    const bool is_for_another = own_code_loads_ && extends_absent_.contains(head.file->path);
    const bool is_spare = is_for_another || (other_version && code_complete_);
    const bool matters = !is_spare && (has_code(head.file->path) || !code_complete_);
    if (!matters) return LossEffect::side_piece;
    if (head.all_needed) return LossEffect::start;
    // Where others of its files lack CUDA, these are the GPU part, and a file without GPU code that lacks something
    // else is for another kind of device (mindspore's for Ascend).
    const bool is_of_gpu = !lacks_cuda_ || has_code(head.file->path) || lacks_a_cuda_library(*head.file) ||
                           lack_cuda_.contains(head.file->path);
    if (!is_of_gpu) return LossEffect::side_piece;
    return library.path.empty() ? LossEffect::gpu_part : LossEffect::use;
  }

  // Opened by a module that binds this library and nothing else: that module alone cannot be used.
  static bool is_bound(const ConsumedLibrary& library) {
    const std::vector<std::string> names = bound_names(library.asked_by);
    return library.kind == DependencyKind::opened && std::find(names.begin(), names.end(), library.name) != names.end();
  }

  // Bindings of one's own choice are side pieces. Where a package that is no part of CUDA itself (cuda-bindings calls
  // the driver, and brings a runtime) finds none of the libraries that it binds, nothing of it can be used.
  Loss loss_of_bound(const ConsumedLibrary& library) const {
    const bool is_part_of_cuda = row_ != nullptr && row_->version_is_cuda;
    const bool finds_any = std::any_of(view_.libraries.begin(), view_.libraries.end(), [](const LibraryView& other) {
      return !other.loaded->path.empty() && is_bound(*other.loaded);
    });
    const LossEffect effect = is_part_of_cuda || finds_any ? LossEffect::side_piece : LossEffect::gpu_part;
    return {effect, &library, "", true};
  }

  // A CUDA library that the package's own Python opens when it is imported and goes on without, and of which no version
  // is there: whatever the package does with it fails.
  bool is_sought_by_python(const ConsumedLibrary& library) const {
    return library.kind == DependencyKind::opened && library.asked_by.ends_with(".py") &&
           !found_.contains(split_library_file_name(library.name).stem);
  }

  // A CUDA library that a module opens late, of which no version is there: what needs it fails by itself.
  bool is_opened_by_module(const ConsumedLibrary& library) const {
    return library.kind == DependencyKind::opened && is_extension_module(library.asked_by) &&
           index_.cuda_major(library.name) && !found_.contains(split_library_file_name(library.name).stem);
  }

  // A module of a framework that is imported first, and that it does without itself: its own verdict tells it.
  static bool is_of_framework(const ConsumedLibrary& file) {
    return lookup_way(file.why) == LookupWay::of_framework && !file.at_start;
  }

  bool another_loads(const std::string& path) const {
    const auto [begin, end] = variants_.equal_range(numberless_name(path));
    return std::any_of(begin, end, [&](const auto& variant) { return variant.second != path; });
  }

  Loss loss_of_needed(const ConsumedLibrary& library) const {
    const Head first = head_of(library);
    Loss worst{library.at_start ? LossEffect::start : effect_on(first, library), &library, first.file->path, false,
               library.at_start || first.file->at_start};
    for (const auto& [path, root] : by_path_) {
      const std::vector<std::string>& lacks = root->loaded->lacks;
      if (std::find(lacks.begin(), lacks.end(), library.name) == lacks.end()) continue;
      // What the package opens by itself too, and others of its files need, begins where those do.
      const bool is_needed = root->loaded->kind == DependencyKind::needed;
      const Head head = is_needed ? head_of(*root->loaded) : Head{root->loaded, !root->loaded->asked_by.empty(), false};
      const LossEffect effect = effect_on(head, library);
      if (effect < worst.effect || (head.file->at_start && !worst.at_start)) {
        worst = {effect, &library, path, false, head.file->at_start};
      }
    }
    worst.damage = !listing_package(view_, library.name).empty();
    // A root without the C library is no whole system: what its packages do not hold may lie elsewhere.
    const bool is_certain = has_c_library_ || library.at_start || index_.is_cuda_library(library.name);
    if (!is_certain && !view_.consumer.package.empty()) worst.effect = LossEffect::side_piece;
    return worst;
  }

  Loss loss_of_unbound(const LibraryView& library) const {
    const ConsumedLibrary& loaded = *library.loaded;
    const Head head = head_of(loaded);
    const bool waits = waits_for_another_package(index_, view_, library) || waits_for_cuda(loaded, head) ||
                       is_for_amd(loaded, head) || is_for_driver(loaded, head) || is_left_over(head);
    LossEffect effect = waits ? LossEffect::side_piece : effect_on(head, loaded);
    // What lacks libraries of CUDA as well is the GPU part.
    if (effect == LossEffect::use && lacks_a_cuda_library(loaded)) effect = LossEffect::gpu_part;
    return {effect, &loaded, head.file->path, false, head.file->at_start};
  }

  // A module without GPU code that no file of the import names, in a package of which another module loads: it may be
  // what nothing of this release uses any more (modules of MLIR in cuda-quantum 0.12).
  bool is_left_over(const Head& head) const {
    const std::string& path = head.file->path;
    if (head.file->at_start || head.by_name || !is_extension_module(path) || has_code(path)) return false;
    return std::any_of(variants_.begin(), variants_.end(), [&](const auto& variant) {
      return variant.second != path && is_extension_module(variant.second);
    });
  }

  // It wants functions of CUDA, has no NEEDED entry for them, and others of the consumer's files miss libraries of
  // CUDA: what opens it has them loaded before (mindspore's libcuda_ops beside libmindspore_gpu).
  bool waits_for_cuda(const ConsumedLibrary& library, const Head& head) const {
    return lacks_cuda_ && !head.file->at_start && !library.unresolved.empty() &&
           std::all_of(library.unresolved.begin(), library.unresolved.end(),
                       [](const UnresolvedSymbol& symbol) { return symbol.name.starts_with("cu"); });
  }

  // It wants functions of AMD's ROCm alone: a plug-in for GPUs that nobody looks at here, and that its framework does
  // without (jax-rocm60-plugin; names of HIP, MIOpen and the libraries of ROCm).
  static bool is_for_amd(const ConsumedLibrary& library, const Head& head) {
    return !head.file->at_start && !library.unresolved.empty() &&
           std::all_of(library.unresolved.begin(), library.unresolved.end(), [](const UnresolvedSymbol& symbol) {
             return symbol.name.starts_with("hip") || symbol.name.starts_with("__hip") ||
                    symbol.name.starts_with("miopen") || symbol.name.starts_with("roc") ||
                    symbol.name.starts_with("hsa_");
           });
  }

  // It wants functions of drivers alone (libcuda, AMD's HSA, verbs of InfiniBand), has no NEEDED entry for them, and is
  // neither a module nor holds GPU code: a plug-in, whose host has opened them for all before (those for UCX of
  // Modular's max-core).
  bool is_for_driver(const ConsumedLibrary& library, const Head& head) const {
    const std::string& path = head.file->path;
    if (head.file->at_start || library.unresolved.empty() || is_extension_module(path) || has_code(path)) return false;
    return std::all_of(library.unresolved.begin(), library.unresolved.end(), [](const UnresolvedSymbol& symbol) {
      const std::string& name = symbol.name;
      const bool of_cuda = name.size() > 2 && name.starts_with("cu") && name[2] >= 'A' && name[2] <= 'Z';
      return of_cuda || name.starts_with("hsa_") || name.starts_with("ibv_") || name.starts_with("mlx5dv_");
    });
  }

  // A member of its asker's own family that is opened by name and would not be there.
  bool is_missing_part(const LibraryView& library) const {
    const ConsumedLibrary& wanted = *library.loaded;
    if (wanted.kind != DependencyKind::opened || wanted.asked_by.empty() || is_bound(wanted)) return false;
    const std::string stem = library_words(wanted.name).stem, family = family_of(stem);
    if (family.empty() || family == "tensorrt" || family != family_of(library_words(wanted.asked_by).stem)) {
      return false;
    }
    if (!wanted.path.empty()) return is_held_for_others(library);
    // The number behind the name is made up at run time: whatever has the name may be what it opens.
    const auto& same = index_.with_stem(stem);
    const bool there = std::any_of(same.begin(), same.end(), [&](const Binary* binary) {
      return folder_of(binary->path) == folder_of(wanted.asked_by);
    });
    const bool loaded = std::any_of(view_.libraries.begin(), view_.libraries.end(), [&](const LibraryView& other) {
      return !other.loaded->path.empty() && library_words(other.loaded->path).stem == stem;
    });
    return !there && !loaded;
  }

  // Found in a wheel whose folder the loader does not search: there for a package that asks for that wheel, and
  // therefore preloads it; not for one that knows nothing of it.
  bool is_held_for_others(const LibraryView& library) const {
    const ConsumedLibrary& wanted = *library.loaded;
    if (lookup_way(wanted.why) != LookupWay::held || library.binary == nullptr || view_.package == nullptr)
      return false;
    if (library.binary->package == view_.package->name || folder_of(wanted.path) == folder_of(wanted.asked_by)) {
      return false;
    }
    const Binary* asker = index_.binary(wanted.asked_by);
    const Package* of_asker = asker == nullptr ? nullptr : index_.package_of(*asker);
    for (const Package* package : {view_.package, of_asker}) {
      if (package == nullptr) continue;
      for (const Requirement& requirement : package->requirements) {
        if (requirement.name == library.binary->package) return false;
      }
    }
    return true;
  }

  // A name that is opened late and not found, and without which what opens it fails.
  bool fails_at_use(const LibraryView& library) const {
    const ConsumedLibrary& wanted = *library.loaded;
    if (is_driver_library(wanted.name)) return false;
    if (is_missing_part(library)) return true;
    // What its package lists and the loader finds elsewhere (torch's libgomp.so.1, the system's) is not missed.
    const auto same = found_.find(split_library_file_name(wanted.name).stem);
    const bool is_elsewhere = same != found_.end() && same->second.contains(wanted.name);
    if (is_listed_and_gone(wanted) && !is_elsewhere) return true;
    const auto asker = by_path_.find(wanted.asked_by);
    const bool own = wanted.asked_by.empty() || (asker != by_path_.end() && is_own_file(*asker->second));
    if (!own || !index_.cuda_major(wanted.name)) return false;
    // Several versions are tried one after the other.
    const std::string stem = split_library_file_name(wanted.name).stem;
    if (found_.contains(stem)) return false;
    const bool is_elsewhere_held = lookup_way(wanted.why) == LookupWay::nowhere && !lookup_remark(wanted.why).empty();
    return is_elsewhere_held || is_asked_for(wanted.name) || is_vital(wanted.name);
  }

  bool opens_in_vain(const LibraryView& library) const {
    const std::string& name = library.loaded->name;
    return library.loaded->path.empty() && library.loaded->kind == DependencyKind::opened && index_.cuda_major(name) &&
           !is_made_up(name) && !fails_at_use(library);
  }

  // A framework that opens its CUDA libraries by name and finds none of them runs on the CPU without a word. So does a
  // package whose only files with GPU code do (qoco-cuda).
  bool finds_no_cuda() const {
    if (view_.package == nullptr) return false;
    const bool is_framework = view_.package->role == PackageRole::framework;
    if (is_framework && !view_.package->cuda.is_known()) return opens_cublas_in_vain();
    const bool has_one = std::any_of(view_.libraries.begin(), view_.libraries.end(), [&](const LibraryView& library) {
      return !library.loaded->path.empty() && index_.is_cuda_library(library.loaded->name);
    });
    const auto in_vain = std::count_if(view_.libraries.begin(), view_.libraries.end(), [&](const LibraryView& library) {
      return opens_in_vain(library) && (is_framework || has_code(library.loaded->asked_by));
    });
    return !has_one && in_vain >= 2;
  }

  // One that states no CUDA: a file of its own with GPU code opens the matrix products of the CUDA release that it was
  // built with, and they are nowhere (ctranslate2: "libcublas.so.12 is not found or cannot be loaded").
  bool opens_cublas_in_vain() const {
    return std::any_of(view_.libraries.begin(), view_.libraries.end(), [&](const LibraryView& library) {
      const std::string& name = library.loaded->name;
      const auto asker = by_path_.find(library.loaded->asked_by);
      if (!opens_in_vain(library) || asker == by_path_.end() || !is_own_file(*asker->second)) return false;
      const Binary* binary = asker->second->binary;
      const bool code = binary != nullptr && binary->coverage && binary->coverage->regions > 0;
      if (!code || family_of(library_words(name).stem) != "cublas") return false;
      return cuda_majors(binary->runtime) == std::vector<int>{*index_.cuda_major(name)};
    });
  }

  bool is_own_file(const LibraryView& library) const {
    if (library.binary != nullptr && !library.binary->package.empty()) {
      return library.binary->package == view_.consumer.package;
    }
    return library.loaded->asked_by.empty();
  }

  // A file that its package lists and that was taken away.
  bool is_listed_and_gone(const ConsumedLibrary& wanted) const {
    if (view_.environment == nullptr) return false;
    const std::vector<FileFault>& faults = view_.environment->file_faults;
    return std::any_of(faults.begin(), faults.end(), [&](const FileFault& fault) {
      if (fault.kind != FileFaultKind::missing || base_name(fault.path) != wanted.name) return false;
      return std::any_of(fault.packages.begin(), fault.packages.end(),
                         [&](const std::string& label) { return label.starts_with(view_.consumer.package + " "); });
    });
  }

  // Whether somebody has seen to it: a package lists it, or the consumer's asks for a wheel that holds it.
  bool is_expected(const std::string& name) const {
    return is_asked_for(name) || is_vital(name) || !listing_package(view_, name).empty();
  }

  // A library of its own CUDA, of a package that does nothing without a GPU.
  bool is_vital(const std::string& name) const {
    if (row_ == nullptr || !row_->gpu_only) return false;
    const std::optional<int> major = index_.cuda_major(name);
    return major && cuda_majors(view_.package->cuda) == std::vector<int>{*major};
  }

  // Whether its code puts the name together, and sees no GPU where the library is not there.
  bool is_made_up(const std::string& name) const {
    const std::string stem = split_library_file_name(name).stem;
    return row_ != nullptr && std::any_of(row_->opens.begin(), row_->opens.end(),
                                          [&](const std::string& one) { return one.substr(0, one.find(':')) == stem; });
  }

  bool is_of_api(const Loss& loss) const {
    const std::string& name = loss.library->name;
    if (loss.by_name) return false;
    const auto asker = by_path_.find(loss.library->asked_by);
    if (asker != by_path_.end() && is_of_framework(*asker->second->loaded)) return false;
    return loss.effect == LossEffect::side_piece && loss.is_missing() && is_extension_module(loss.library->asked_by) &&
           (index_.cuda_major(name) || is_expected(name));
  }

  // Whether its package asks for a wheel that holds it.
  bool is_asked_for(const std::string& name) const {
    if (view_.package == nullptr) return false;
    const std::vector<Requirement>& wanted = view_.package->requirements;
    const std::vector<std::string> wheels = index_.wheels_with(name);
    return std::any_of(wanted.begin(), wanted.end(), [&](const Requirement& one) {
      return std::find(wheels.begin(), wheels.end(), one.name) != wheels.end();
    });
  }

  const ConsumerView& view_;
  const LibraryIndex& index_;
  const PackageRow* row_ = view_.package == nullptr ? nullptr : row_of(*view_.package);
  std::map<std::string, const LibraryView*> by_path_;
  std::map<std::string, std::set<std::string>> found_;             // stem → names that were found
  std::set<std::string> incomplete_, extends_absent_, lack_cuda_;  // paths of own files
  std::multimap<std::string, std::string> variants_;  // paths of own files that load, by path without numbers
  bool code_complete_ = false, own_code_loads_ = false, has_c_library_ = false, lacks_cuda_ = false;
};

}  // namespace

std::vector<Loss> losses_of(const ConsumerView& view, const LibraryIndex& index) {
  return LossFinder(view, index).find();
}

}  // namespace varve
