#include "rules/losses/consumer_losses.h"

#include <algorithm>

#include "model/words/lookup_way.h"
#include "rules/losses/consumer_files.h"
#include "rules/losses/late_names.h"
#include "rules/losses/waiting_functions.h"
#include "rules/situation/bringing_wheel.h"

namespace varve {

namespace {
class LossFinder {
 public:
  LossFinder(const ConsumerView& view, const LibraryIndex& index) : files_(view, index) {}

  std::vector<Loss> find() const {
    std::vector<Loss> losses;
    const bool without_cuda = finds_no_cuda(files_);
    for (const LibraryView& library : files_.view.libraries) {
      const ConsumedLibrary& loaded = *library.loaded;
      if (is_missing(loaded) && loaded.kind == DependencyKind::needed) losses.push_back(loss_of_needed(loaded));
      if (is_missing(loaded) && loaded.kind == DependencyKind::opened && is_made_up(files_, loaded.name)) {
        losses.push_back({LossEffect::gpu_part, &loaded, "", true});
      } else if (is_missing(loaded) && is_bound(loaded)) {
        losses.push_back(loss_of_bound(loaded));
      } else if (loaded.path.empty() && loaded.kind == DependencyKind::opened && fails_at_use(files_, library)) {
        losses.push_back(
            {.effect = LossEffect::use,
             .library = &loaded,
             .part = {},
             .by_name = true,
             .damage = !is_part_for_cuda(files_, loaded.name) &&
                       (!listing_package(files_.view, loaded.name).empty() || is_listed_and_gone(files_, loaded))});
      } else if (is_missing(loaded) && is_sought_by_python(loaded)) {
        losses.push_back({LossEffect::gpu_part, &loaded, "", true});
      } else if (is_missing(loaded) && !without_cuda && is_opened_by_module(loaded)) {
        losses.push_back({LossEffect::side_piece, &loaded, "", true});
      }
      if (!loaded.path.empty() && is_missing_part(files_, library))
        losses.push_back({LossEffect::use, &loaded, "", true});
      if (loaded.unresolved_count > 0) losses.push_back(loss_of_unbound(library));
    }
    if (without_cuda) {
      for (const LibraryView& library : files_.view.libraries) {
        if (opens_in_vain(files_, library)) losses.push_back({LossEffect::gpu_part, library.loaded, "", true});
      }
    }
    for (Loss& loss : losses) loss.of_api = is_of_api(loss);
    std::stable_sort(losses.begin(), losses.end(), [](const Loss& a, const Loss& b) { return a.effect < b.effect; });
    return losses;
  }

 private:
  // Own files that are not complete do not matter where the same library was found for another of them under another
  // version (one build for each CUDA lies in the package), or where they are side pieces: they hold no GPU code, and
  // those that do are complete.
  LossEffect effect_on(const Head& head, const ConsumedLibrary& library) const {
    const bool other_version =
        library.path.empty() && files_.has_any_version(library.name) && !files_.has(library.name);
    if (head.file->at_start) return LossEffect::start;
    if (is_of_framework(*head.file)) return LossEffect::side_piece;
    // One file for each release of something (dgl's for torch 2.0.0 to 2.2.1), of which one loads.
    if (!head.by_name && files_.another_loads(head.file->path)) return LossEffect::side_piece;
    if (head.by_name && is_made_up(files_, head.file->name)) return LossEffect::gpu_part;  // and so it is not opened
    if (head.by_name && !library.path.empty()) return LossEffect::use;
    if (head.by_name && is_choice_of_another(files_, library)) return LossEffect::side_piece;
    if (head.by_name) {
      // What is opened by name later (plug-ins for networks and storage) may fail to, unless its package sees to it.
      const auto at = files_.by_path.find(head.file->path);
      const bool own = at != files_.by_path.end() && files_.is_own(*at->second);
      return other_version || (own && is_expected(files_, library.name)) || files_.has_code(library.asked_by)
                 ? LossEffect::use
                 : LossEffect::side_piece;
    }
    const auto own_file = files_.by_path.find(head.file->path);
    const bool expected = library.path.empty() && own_file != files_.by_path.end() && is_expected(files_, library.name);
    if (expected && !head.all_needed) return LossEffect::use;
    // A file for a framework that is not here (open3d_torch_ops.so) is for those who have it, too.
    const bool is_for_another = files_.own_code_loads && files_.extends_absent.contains(head.file->path);
    const bool is_spare = is_for_another || (other_version && files_.code_complete);
    const bool matters = !is_spare && (files_.has_code(head.file->path) || !files_.code_complete);
    if (!matters) return LossEffect::side_piece;
    if (head.all_needed) return LossEffect::start;
    // Where others of its files lack CUDA, these are the GPU part, and a file without GPU code that lacks something
    // else is for another kind of device (mindspore's for Ascend).
    const bool is_of_gpu = !files_.lacks_cuda || files_.has_code(head.file->path) ||
                           files_.lacks_a_cuda_library(*head.file) || files_.lack_cuda.contains(head.file->path);
    if (!is_of_gpu) return LossEffect::side_piece;
    return library.path.empty() ? LossEffect::gpu_part : LossEffect::use;
  }

  // Bindings of one's own choice are side pieces. Where a package that is no part of CUDA itself (cuda-bindings calls
  // the driver, and brings a runtime) finds none of the libraries that it binds, nothing of it can be used.
  Loss loss_of_bound(const ConsumedLibrary& library) const {
    const bool is_part_of_cuda = files_.row != nullptr && files_.row->version_is_cuda;
    const bool finds_any =
        std::any_of(files_.view.libraries.begin(), files_.view.libraries.end(),
                    [](const LibraryView& other) { return !other.loaded->path.empty() && is_bound(*other.loaded); });
    const LossEffect effect = is_part_of_cuda || finds_any ? LossEffect::side_piece : LossEffect::gpu_part;
    return {effect, &library, "", true};
  }

  // A CUDA library that the package's own Python opens when it is imported and goes on without, and of which no version
  // is there: whatever the package does with it fails.
  bool is_sought_by_python(const ConsumedLibrary& library) const {
    return library.kind == DependencyKind::opened && library.asked_by.ends_with(".py") &&
           !files_.has_any_version(library.name);
  }

  // A CUDA library that a module opens late, of which no version is there: what needs it fails by itself.
  bool is_opened_by_module(const ConsumedLibrary& library) const {
    return library.kind == DependencyKind::opened && is_extension_module(library.asked_by) &&
           files_.index.cuda_major(library.name) && !files_.has_any_version(library.name);
  }

  // A module of a framework that is imported first, and that it does without itself: its own verdict tells it.
  static bool is_of_framework(const ConsumedLibrary& file) {
    return lookup_way(file.why) == LookupWay::of_framework && !file.at_start;
  }

  Loss loss_of_needed(const ConsumedLibrary& library) const {
    const Head first = files_.head_of(library);
    Loss worst{library.at_start ? LossEffect::start : effect_on(first, library), &library, first.file->path, false,
               library.at_start || first.file->at_start};
    for (const auto& [path, root] : files_.by_path) {
      const std::vector<std::string>& lacks = root->loaded->lacks;
      if (std::find(lacks.begin(), lacks.end(), library.name) == lacks.end()) continue;
      // What the package opens by itself too, and others of its files need, begins where those do.
      const bool is_needed = root->loaded->kind == DependencyKind::needed;
      const Head head =
          is_needed ? files_.head_of(*root->loaded) : Head{root->loaded, !root->loaded->asked_by.empty(), false};
      const LossEffect effect = effect_on(head, library);
      if (effect < worst.effect || (head.file->at_start && !worst.at_start)) {
        worst = {effect, &library, path, false, head.file->at_start};
      }
    }
    worst.damage = !listing_package(files_.view, library.name).empty();
    // A root without the C library is no whole system: what its packages do not hold may lie elsewhere.
    const bool is_certain = files_.has_c_library || library.at_start || files_.index.is_cuda_library(library.name);
    if (!is_certain && !files_.view.consumer.package.empty()) worst.effect = LossEffect::side_piece;
    return worst;
  }

  Loss loss_of_unbound(const LibraryView& library) const {
    const ConsumedLibrary& loaded = *library.loaded;
    const Head head = files_.head_of(loaded);
    const bool waits = waits_for_others(files_, library, head);
    LossEffect effect = waits ? LossEffect::side_piece : effect_on(head, loaded);
    // What lacks libraries of CUDA as well is the GPU part.
    if (effect == LossEffect::use && files_.lacks_a_cuda_library(loaded)) effect = LossEffect::gpu_part;
    return {effect, &loaded, head.file->path, false, head.file->at_start};
  }

  bool is_of_api(const Loss& loss) const {
    const std::string& name = loss.library->name;
    if (loss.by_name) return false;
    const auto asker = files_.by_path.find(loss.library->asked_by);
    if (asker != files_.by_path.end() && is_of_framework(*asker->second->loaded)) return false;
    return loss.effect == LossEffect::side_piece && loss.is_missing() && is_extension_module(loss.library->asked_by) &&
           (files_.index.cuda_major(name) || is_expected(files_, name));
  }

  ConsumerFiles files_;
};

}  // namespace

std::vector<Loss> losses_of(const ConsumerView& view, const LibraryIndex& index) {
  return LossFinder(view, index).find();
}

}  // namespace varve
