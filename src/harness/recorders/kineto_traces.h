#pragma once
#include <string>
#include <vector>

#include "harness/recorders/framework_facts.h"
#include "harness/recorders/python_hook.h"

namespace varve {

// The traces of a recorded unit, as files: those that PyTorch wrote when it was asked
// (FOLDER/kineto_trace_PROCESS.json), those of hooks, and the program's own.

std::string kineto_trace(const std::string& folder, int process);
std::vector<std::string> kineto_traces(const std::string& folder);  // that are there and whole, sorted
// Whether PyTorch has begun to write it: by 2.15 under another name, until it is whole.
bool is_trace_begun(const std::string& path);

// Where what an idle window showed is kept until there is a better one.
std::string earlier_trace(const std::string& folder, int process);

// Whether it is a whole trace of a window of so many seconds in which operators and kernels took less than a tenth of
// the time: the program was compiling, or loading data. One that is not there or cannot be read is none.
bool is_idle_trace(const std::string& path, double seconds);

// Files that programs wrote with profilers of their own and that are there, sorted.
std::vector<std::string> existing_traces(const std::vector<ToldFacts>& told);

// Of the traces that PyTorch was asked for those in whose place no hook wrote one.
std::vector<std::string> without_replaced(std::vector<std::string> asked, const HookTraces& left);

}  // namespace varve
