#pragma once
#include <vector>

#include "rules/analysis/rule.h"

namespace varve {

// A source of rules about which files are loaded.
inline constexpr const char* kLoaderManual =
    "ld.so(8), search order and LD_LIBRARY_PATH; System V gABI, Shared Object Dependencies";

// The tables of rules about files, packages and toolkits, one a file.
const std::vector<Rule>& symbol_rules();           // symbols that nothing defines
const std::vector<Rule>& library_mix_rules();      // which of several files and releases is taken
const std::vector<Rule>& other_cuda_rules();       // libraries of another CUDA than what loads them
const std::vector<Rule>& mapped_library_rules();   // what a process has mapped, and what stands there now
const std::vector<Rule>& missing_library_rules();  // libraries that are not found
const std::vector<Rule>& package_mix_rules();      // packages side by side
const std::vector<Rule>& framework_build_rules();  // builds and what is built on them
const std::vector<Rule>& toolkit_claim_rules();    // what names a toolkit
const std::vector<Rule>& toolkit_build_rules();    // what would be compiled with it

}  // namespace varve
