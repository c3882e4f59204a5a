#include "rules/analysis/chain_links.h"

#include <array>

namespace varve {

std::span<const Layer> chain_links() {
  static constexpr std::array kLinks = {
      Layer::hardware,  Layer::os,           Layer::kernel_driver,   Layer::user_driver,
      Layer::container, Layer::host_toolkit, Layer::bundled_runtime, Layer::kernel_library,
      Layer::kernels,   Layer::settings,     Layer::handshake,
  };
  return kLinks;
}

Layer link_of(Layer layer, FaultCategory category) {
  if (layer == Layer::framework && category == FaultCategory::kernel_coverage) return Layer::kernels;
  return layer == Layer::framework ? Layer::bundled_runtime : layer;
}

}  // namespace varve
