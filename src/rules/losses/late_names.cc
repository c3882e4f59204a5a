#include "rules/losses/late_names.h"

#include <algorithm>

#include "base/library_file_name.h"
#include "base/text.h"
#include "model/words/lookup_way.h"
#include "rules/situation/bringing_wheel.h"
#include "tables/libraries.h"

namespace varve {

namespace {
std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

// Whether its package asks for a wheel that holds it.
bool is_asked_for(const ConsumerFiles& files, const std::string& name) {
  if (files.view.package == nullptr) return false;
  const std::vector<Requirement>& wanted = files.view.package->requirements;
  const std::vector<std::string> wheels = files.index.wheels_with(name);
  return std::any_of(wanted.begin(), wanted.end(), [&](const Requirement& one) {
    return std::find(wheels.begin(), wheels.end(), one.name) != wheels.end();
  });
}

// A library of its own CUDA, of a package that does nothing without a GPU.
bool is_vital(const ConsumerFiles& files, const std::string& name) {
  if (files.row == nullptr || !files.row->gpu_only) return false;
  const std::optional<int> major = files.index.cuda_major(name);
  return major && cuda_majors(files.view.package->cuda) == std::vector<int>{*major};
}

// Found in a wheel whose folder the loader does not search: there for a package that asks for that wheel, and
// therefore preloads it; not for one that knows nothing of it.
bool is_held_for_others(const ConsumerFiles& files, const LibraryView& library) {
  const ConsumedLibrary& wanted = *library.loaded;
  if (lookup_way(wanted.why) != LookupWay::held || library.binary == nullptr || files.view.package == nullptr)
    return false;
  if (library.binary->package == files.view.package->name || folder_of(wanted.path) == folder_of(wanted.asked_by)) {
    return false;
  }
  const Binary* asker = files.index.binary(wanted.asked_by);
  const Package* of_asker = asker == nullptr ? nullptr : files.index.package_of(*asker);
  for (const Package* package : {files.view.package, of_asker}) {
    if (package == nullptr) continue;
    for (const Requirement& requirement : package->requirements) {
      if (requirement.name == library.binary->package) return false;
    }
  }
  return true;
}

// One that states no CUDA: a file of its own with GPU code opens the matrix products of the CUDA release that it was
// built with, and they are nowhere (ctranslate2: "libcublas.so.12 is not found or cannot be loaded").
bool opens_cublas_in_vain(const ConsumerFiles& files) {
  return std::any_of(files.view.libraries.begin(), files.view.libraries.end(), [&](const LibraryView& library) {
    const std::string& name = library.loaded->name;
    const auto asker = files.by_path.find(library.loaded->asked_by);
    if (!opens_in_vain(files, library) || asker == files.by_path.end() || !files.is_own(*asker->second)) return false;
    const Binary* binary = asker->second->binary;
    const bool code = binary != nullptr && binary->coverage && binary->coverage->regions > 0;
    if (!code || family_of(library_words(name).stem) != "cublas") return false;
    return cuda_majors(binary->runtime) == std::vector<int>{*files.index.cuda_major(name)};
  });
}
}  // namespace

bool is_bound(const ConsumedLibrary& library) {
  const std::vector<std::string> names = bound_names(library.asked_by);
  return library.kind == DependencyKind::opened && std::find(names.begin(), names.end(), library.name) != names.end();
}

bool is_made_up(const ConsumerFiles& files, const std::string& name) {
  const std::string stem = split_library_file_name(name).stem;
  return files.row != nullptr &&
         std::any_of(files.row->opens.begin(), files.row->opens.end(),
                     [&](const std::string& one) { return one.substr(0, one.find(':')) == stem; });
}

bool is_expected(const ConsumerFiles& files, const std::string& name) {
  return is_asked_for(files, name) || is_vital(files, name) || !listing_package(files.view, name).empty();
}

bool is_choice_of_another(const ConsumerFiles& files, const ConsumedLibrary& wanted) {
  const Binary* asker = files.index.binary(wanted.asked_by);
  const Package* of_asker = asker == nullptr ? nullptr : files.index.package_of(*asker);
  if (of_asker == nullptr || of_asker->name == files.view.consumer.package) return false;
  const std::vector<std::string> wheels = files.index.wheels_with(wanted.name);
  const bool is_asked_for =
      is_expected(files, wanted.name) ||
      std::any_of(of_asker->requirements.begin(), of_asker->requirements.end(), [&](const Requirement& one) {
        return std::find(wheels.begin(), wheels.end(), one.name) != wheels.end();
      });
  return wanted.path.empty() && files.index.is_cuda_library(wanted.name) && !files.index.cuda_major(wanted.name) &&
         !is_asked_for;
}

bool is_listed_and_gone(const ConsumerFiles& files, const ConsumedLibrary& wanted) {
  if (files.view.environment == nullptr) return false;
  const std::vector<FileFault>& faults = files.view.environment->file_faults;
  return std::any_of(faults.begin(), faults.end(), [&](const FileFault& fault) {
    const bool is_gone = fault.kind == FileFaultKind::missing || fault.kind == FileFaultKind::replaced;
    if (!is_gone || base_name(fault.path) != wanted.name) return false;
    return std::any_of(fault.packages.begin(), fault.packages.end(),
                       [&](const std::string& label) { return label.starts_with(files.view.consumer.package + " "); });
  });
}

bool is_part_for_cuda(const ConsumerFiles& files, const std::string& name) {
  const std::string stem = split_library_file_name(name).stem;
  const bool compiles = name.ends_with(".bc") || name == "nvcc" || name.starts_with("ptxas");
  return compiles ||
         (!files.index.is_cuda_library(name) && (stem.find("_cuda") != std::string::npos || stem.ends_with("-cuda")));
}

bool is_missing_part(const ConsumerFiles& files, const LibraryView& library) {
  const ConsumedLibrary& wanted = *library.loaded;
  if (wanted.kind != DependencyKind::opened || wanted.asked_by.empty() || is_bound(wanted)) return false;
  const std::string stem = library_words(wanted.name).stem, family = family_of(stem);
  if (family.empty() || family == "tensorrt" || family != family_of(library_words(wanted.asked_by).stem)) {
    return false;
  }
  if (!wanted.path.empty()) return is_held_for_others(files, library);
  // The number behind the name is made up at run time: whatever has the name may be what it opens.
  const auto& same = files.index.with_stem(stem);
  const bool there = std::any_of(same.begin(), same.end(), [&](const Binary* binary) {
    return folder_of(binary->path) == folder_of(wanted.asked_by);
  });
  const bool loaded =
      std::any_of(files.view.libraries.begin(), files.view.libraries.end(), [&](const LibraryView& other) {
        return !other.loaded->path.empty() && library_words(other.loaded->path).stem == stem;
      });
  return !there && !loaded;
}

bool fails_at_use(const ConsumerFiles& files, const LibraryView& library) {
  const ConsumedLibrary& wanted = *library.loaded;
  if (is_driver_library(wanted.name)) return false;
  if (is_missing_part(files, library)) return true;
  // What its package lists and the loader finds elsewhere (torch's libgomp.so.1, the system's) is not missed.
  if (is_listed_and_gone(files, wanted) && !files.has(wanted.name)) return true;
  const auto asker = files.by_path.find(wanted.asked_by);
  const bool own = wanted.asked_by.empty() || (asker != files.by_path.end() && files.is_own(*asker->second));
  if (!own || !files.index.cuda_major(wanted.name)) return false;
  // Several versions are tried one after the other.
  if (files.has_any_version(wanted.name)) return false;
  const bool is_elsewhere_held = lookup_way(wanted.why) == LookupWay::nowhere && !lookup_remark(wanted.why).empty();
  return is_elsewhere_held || is_asked_for(files, wanted.name) || is_vital(files, wanted.name);
}

bool opens_in_vain(const ConsumerFiles& files, const LibraryView& library) {
  const std::string& name = library.loaded->name;
  return library.loaded->path.empty() && library.loaded->kind == DependencyKind::opened &&
         files.index.cuda_major(name) && !is_made_up(files, name) && !fails_at_use(files, library);
}

bool finds_no_cuda(const ConsumerFiles& files) {
  if (files.view.package == nullptr) return false;
  const bool is_framework = files.view.package->role == PackageRole::framework;
  if (is_framework && !files.view.package->cuda.is_known()) return opens_cublas_in_vain(files);
  const bool has_one =
      std::any_of(files.view.libraries.begin(), files.view.libraries.end(), [&](const LibraryView& library) {
        return !library.loaded->path.empty() && files.index.is_cuda_library(library.loaded->name);
      });
  const auto in_vain =
      std::count_if(files.view.libraries.begin(), files.view.libraries.end(), [&](const LibraryView& library) {
        return opens_in_vain(files, library) && (is_framework || files.has_code(library.loaded->asked_by));
      });
  return !has_one && in_vain >= 2;
}

}  // namespace varve
