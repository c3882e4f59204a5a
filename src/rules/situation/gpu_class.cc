#include "rules/situation/gpu_class.h"

#include <array>

#include "base/text.h"
#include "tables/gpu_products.h"

namespace varve {

namespace {
struct Word {
  const char* word;
  GpuClass gpu_class;
};

// The brands of nvmlDeviceGetBrand (nvml.h, nvmlBrandType_t). "nvidia" is what data-centre GPUs since Ampere answer.
constexpr std::array kBrands = {
    Word{"virtual", GpuClass::unknown},  Word{"vgpu", GpuClass::unknown},       Word{"cloud", GpuClass::unknown},
    Word{"geforce", GpuClass::consumer}, Word{"titan", GpuClass::consumer},     Word{"quadro", GpuClass::professional},
    Word{"nvs", GpuClass::professional}, Word{"rtx", GpuClass::professional},   Word{"tesla", GpuClass::data_center},
    Word{"grid", GpuClass::data_center}, Word{"nvidia", GpuClass::data_center},
};

GpuClass class_of_kind(ProductClass kind) {
  switch (kind) {
    case ProductClass::datacenter:
      return GpuClass::data_center;
    case ProductClass::professional:
      return GpuClass::professional;
    case ProductClass::geforce:
    case ProductClass::titan:
      return GpuClass::consumer;
    case ProductClass::jetson:
      return GpuClass::embedded;
    case ProductClass::desktop_soc:
      break;
  }
  return GpuClass::unknown;
}
}  // namespace

GpuClass gpu_class(const Gpu& gpu) {
  const std::string brand = to_lower(gpu.brand);
  for (const Word& row : kBrands) {
    if (brand.find(row.word) != std::string::npos) return row.gpu_class;
  }
  const std::optional<ProductClass> kind = class_of_product(gpu.model);
  return kind ? class_of_kind(*kind) : GpuClass::unknown;
}

}  // namespace varve
