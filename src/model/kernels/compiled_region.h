#pragma once
#include <string_view>

namespace varve {

// Whether what a framework calls an operation is code that it compiled for the program, or the way into it: PyTorch's
// "Torch-Compiled Region: 0/0" and "CompiledFunction", JAX's "PjitFunction(f)" and what executes it. It stands around
// the operators of a library that such code still calls, and is none itself.
bool is_compiled_region(std::string_view operation);

// Whether it makes such code, which takes seconds and happens once: PyTorch's "dynamo" and what it calls
// ("compile_file (dynamo_timed)"), XLA's "HloPassPipeline". What runs inside of it is the compiler's, and none of the
// program's own operations.
bool is_compiling(std::string_view operation);

}  // namespace varve
