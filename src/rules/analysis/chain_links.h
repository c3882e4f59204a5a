#pragma once
#include <span>

#include "model/fact.h"
#include "model/finding.h"

namespace varve {

// The links of the chain, from the hardware to a running kernel. bundled_runtime stands for the framework and the CUDA
// that it brings, kernels for the GPU code.
std::span<const Layer> chain_links();

// The link that a fault of this layer and kind belongs to. Every layer has one, so that a fault has a place.
Layer link_of(Layer layer, FaultCategory category);

}  // namespace varve
