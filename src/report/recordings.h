#pragma once
#include <string>
#include <vector>

#include "report/run_summary.h"

namespace varve {

// What the text and the page say of what recorders saw on units of their own.

// A recorder that was used, and how much of its unit it saw: ("torch", "PyTorch's profiler, asked on demand; …").
std::vector<Remark> recording_remarks(const Run& run, const Variant& variant);
// The profiles of a side's evidence units, without those that every unit has.
std::vector<SideProfile> recorded_profiles(const Run& run, const Variant& variant);
// "torch (no PyTorch was loaded), cuda (libvarve-cuda.so is not there)"; empty when there is none.
std::string unused_recorders(const Run& run);
// What the framework was told: id and value.
std::vector<Remark> framework_remarks(const Variant& variant);
// "Python 3.11.7 with 29 packages in ~/venv"; empty when no Python was seen.
std::string packages_text(const Variant& variant);

}  // namespace varve
