#include "rules/losses/waiting_functions.h"

#include <algorithm>

namespace varve {

namespace {
// A module without GPU code that no file of the import names, in a package of which another module loads: it may be
// what nothing of this release uses any more (modules of MLIR in cuda-quantum 0.12).
bool is_left_over(const ConsumerFiles& files, const Head& head) {
  const std::string& path = head.file->path;
  if (head.file->at_start || head.by_name || !is_extension_module(path) || files.has_code(path)) return false;
  return files.another_module_loads(path);
}

// It wants functions of CUDA, has no NEEDED entry for them, and others of the consumer's files miss libraries of
// CUDA: what opens it has them loaded before (mindspore's libcuda_ops beside libmindspore_gpu).
bool waits_for_cuda(const ConsumerFiles& files, const ConsumedLibrary& library, const Head& head) {
  return files.lacks_cuda && !head.file->at_start && !library.unresolved.empty() &&
         std::all_of(library.unresolved.begin(), library.unresolved.end(),
                     [](const UnresolvedSymbol& symbol) { return symbol.name.starts_with("cu"); });
}

// It wants functions of AMD's ROCm alone: a plug-in for GPUs that nobody looks at here, and that its framework does
// without (jax-rocm60-plugin; names of HIP, MIOpen and the libraries of ROCm).
bool is_for_amd(const ConsumedLibrary& library, const Head& head) {
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
bool is_for_driver(const ConsumerFiles& files, const ConsumedLibrary& library, const Head& head) {
  const std::string& path = head.file->path;
  if (head.file->at_start || library.unresolved.empty() || is_extension_module(path) || files.has_code(path))
    return false;
  return std::all_of(library.unresolved.begin(), library.unresolved.end(), [](const UnresolvedSymbol& symbol) {
    const std::string& name = symbol.name;
    const bool of_cuda = name.size() > 2 && name.starts_with("cu") && name[2] >= 'A' && name[2] <= 'Z';
    return of_cuda || name.starts_with("hsa_") || name.starts_with("ibv_") || name.starts_with("mlx5dv_");
  });
}
}  // namespace

bool waits_for_others(const ConsumerFiles& files, const LibraryView& library, const Head& head) {
  const ConsumedLibrary& wanting = *library.loaded;
  return waits_for_another_package(files.index, files.view, library) || waits_for_cuda(files, wanting, head) ||
         is_for_amd(wanting, head) || is_for_driver(files, wanting, head) || is_left_over(files, head);
}

}  // namespace varve
