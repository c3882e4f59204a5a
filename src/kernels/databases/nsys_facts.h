#pragma once
#include "kernels/databases/trace_database.h"

namespace varve {

// What an export of Nsight Systems says of the machine and of how it was recorded, told to the sink: driver, GPUs,
// system, versions of the exporter; of environments, which it carries whole, only the settings that steer which code
// runs, and the version constants of an image (trace.image_…, declared by whoever built the image). How many
// environments it holds is told as well, also those hidden among its strings.
void tell_nsys_facts(TraceDatabase& database, TraceSink& sink);

// What the recording was set to, by its own settings.
struct NsysSettings {
  bool cuda = false, nvtx = false;  // were traced
  bool whole_graphs = false;        // kernels inside graphs were not told one by one
};
NsysSettings nsys_settings(TraceDatabase& database);

}  // namespace varve
