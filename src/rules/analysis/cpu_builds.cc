#include "rules/analysis/cpu_builds.h"

#include <algorithm>

#include "package/python_metadata.h"
#include "rules/situation/package_row.h"
#include "tables/libraries.h"

namespace varve {

namespace {
const AnalysedConsumer* consumer_of(const Analysis& analysis, const Environment& environment, const Package& package) {
  const auto at = std::find_if(analysis.consumers.begin(), analysis.consumers.end(), [&](const auto& consumer) {
    return consumer.consumer.package == package.name && consumer.consumer.environment == environment.path;
  });
  return at == analysis.consumers.end() ? nullptr : &*at;
}

bool names_gpu_library(const ConsumedLibrary& library) {
  if (has_role(library.name, LibraryRole::driver)) return has_role(library.name, LibraryRole::opens_gpu);
  return has_role(library.name, LibraryRole::cuda) || has_role(library.name, LibraryRole::opens_gpu);
}

bool may_use_gpu(const AnalysedConsumer& consumer) {
  if (consumer.driver.uses_cuda) return true;
  return std::any_of(consumer.libraries.begin(), consumer.libraries.end(), [](const LibraryView& library) {
    const bool code = library.binary != nullptr && library.binary->coverage && library.binary->coverage->regions > 0;
    return code || names_gpu_library(*library.loaded);
  });
}

// Whether its own files were looked into, the names that they open included: then what they do not have is not there.
// Of an installation that has lost one of them nobody knows what that had.
bool was_followed(const AnalysedConsumer& consumer) {
  const bool has_lost = std::any_of(consumer.losses.begin(), consumer.losses.end(), [](const Loss& loss) {
    return loss.is_missing() && (loss.damage || loss.effect == LossEffect::start);
  });
  return consumer.consumer.symbols_checked && !has_lost &&
         std::any_of(consumer.libraries.begin(), consumer.libraries.end(),
                     [&](const LibraryView& library) { return is_own(consumer, library); });
}

bool is_part_of(const PackageRow& whole, const Package& package) {
  return matches_any(normal_package_name(package.name), whole.parts);
}

// Of a framework whose compiled code is packages of their own: none of them is there that uses a GPU.
bool has_no_gpu_part(const Analysis& analysis, const Environment& environment, const PackageRow& row) {
  return std::none_of(environment.packages.begin(), environment.packages.end(), [&](const Package& part) {
    if (!is_part_of(row, part)) return false;
    if (part.cuda.is_known() || part.role == PackageRole::extension) return true;
    const AnalysedConsumer* consumer = consumer_of(analysis, environment, part);
    return consumer != nullptr && may_use_gpu(*consumer);
  });
}

bool is_part_of_another(const Environment& environment, const Package& package) {
  return std::any_of(environment.packages.begin(), environment.packages.end(), [&](const Package& other) {
    const PackageRow* row = row_of(other);
    return row != nullptr && is_part_of(*row, package);
  });
}

// Of a list nobody reads what an extension asks for: beside a framework with CUDA one without it is a fault.
bool is_beside_gpu_framework(const Analysis& analysis, const Environment& environment, const Package& package) {
  if (package.role != PackageRole::extension || !is_a_list(environment)) return false;
  const PackageRow* row = row_of(package);
  if (row != nullptr && row->torch_minor) return false;  // told as another variant than its framework's
  return std::any_of(environment.packages.begin(), environment.packages.end(), [&](const Package& other) {
    return other.cuda.is_known() && is_gpu_framework(analysis, environment, other);
  });
}
}  // namespace

bool is_stated_cpu_build(const Package& package) {
  return !package.cuda.is_known() && package.cuda.missing == Missing::absent &&
         package.cuda.detail.starts_with("a build without CUDA");
}

bool is_gpu_framework(const Analysis& analysis, const Environment& environment, const Package& package) {
  if (package.role != PackageRole::framework) return false;
  const AnalysedConsumer* consumer = consumer_of(analysis, environment, package);
  return package.cuda.is_known() || (consumer != nullptr && may_use_gpu(*consumer));
}

std::string cpu_build_reason(const Analysis& analysis, const Environment& environment, const Package& package) {
  const PackageRow* row = row_of(package);
  if (row == nullptr) return {};
  const bool framework = package.role == PackageRole::framework;
  if (row->selects_cpu) {
    return framework ? "is the distribution without CUDA"
                     : "selects builds without CUDA, and keeps them through every update";
  }
  const bool counts = framework || (package.role == PackageRole::library && !row->without_cuda) ||
                      is_beside_gpu_framework(analysis, environment, package);
  if (counts && is_stated_cpu_build(package)) return "is " + package.cuda.detail + " (" + package.cuda.source + ")";
  if (!framework) return {};
  if (!row->parts.empty()) {
    return is_whole(environment) && has_no_gpu_part(analysis, environment, *row)
               ? "has no package with its CUDA part beside it"
               : "";
  }
  if (row->without_cuda || package.cuda.is_known() || is_part_of_another(environment, package)) return {};
  const AnalysedConsumer* consumer = consumer_of(analysis, environment, package);
  if (consumer == nullptr || !was_followed(*consumer) || may_use_gpu(*consumer)) return {};
  return "is a build without CUDA: its files carry no GPU code, and neither need nor open a library of CUDA";
}

}  // namespace varve
