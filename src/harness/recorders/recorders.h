#pragma once
#include <memory>

#include "harness/unit/recorder.h"
#include "kernels/trace/trace.h"

namespace varve {

// The recorders, each in the file of its name. choose.cc has the table.

// PyTorch through its own profiler: asked by Kineto's on-demand protocol, else opened by a start-up hook of Python.
std::unique_ptr<Recorder> torch_recorder();
// CUPTI, through libvarve-cuda.so in the program itself.
std::unique_ptr<Recorder> cuda_recorder();
// What JAX and TensorFlow were told, by the start-up hook; sees no kernels. torch_recorder() does it beside the rest.
std::unique_ptr<Recorder> framework_recorder();
// The lines that oneDNN writes about each primitive.
std::unique_ptr<Recorder> onednn_recorder();

// What of a unit's traces counts, on the clock of UNIX: what the metric speaks of, or the steps that the program
// marked. None where neither is known.
TraceWindows windows_of(const UnitOutcome& outcome);

}  // namespace varve
