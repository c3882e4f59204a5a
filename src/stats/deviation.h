#pragma once
#include "model/comparison.h"

namespace varve {

// The standard deviations that are compatible with one estimated with so many degrees of freedom from normal values:
// deviation · sqrt(degrees / χ²), at both quantiles of χ² that leave (1 - confidence) / 2 outside. From 0 to infinity
// where there are no degrees. Hald 1952, Statistical Theory with Engineering Applications, section 11.
Interval deviation_interval(double deviation, double degrees, double confidence);

}  // namespace varve
