#pragma once
#include <string>

#include "model/run_record.h"

namespace varve {

constexpr const char* kNoPython = "no Python was seen";

// What of its environment a side had at work: "Python 3.11.7, torch 2.15.0, numpy 2.4.6". Frameworks of which it loaded
// a library or which said what they were told, then packages from whose libraries a hundredth of what ran came.
// Installed is not loaded: where nothing tells what was loaded, that is said.
std::string loaded_software(const Run& run, const Variant& variant);

// Frameworks that lie in the environment and of which no library was loaded: those that are written in Python alone,
// which leave no sign, and those that were not used. "" where there are none.
std::string installed_software(const Run& run, const Variant& variant);

}  // namespace varve
