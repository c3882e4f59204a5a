#pragma once
#include <vector>

#include "capture/subject/subject.h"

namespace varve {

// The libraries of the user driver in the subject's root: libcuda, libnvidia-ml, the PTX compiler and others, wherever
// drivers, container tools, toolkits and distributions put them; links resolved, each file once. Per library the one
// that the process has mapped, or that the loader would take, comes first. Nothing is executed. API levels of files
// that are not the one in use are read from their code, once a build id (binary/static_runtime.h).
std::vector<DriverFile> find_driver_files(const Subject& subject);

// "550.54.15" of libcuda.so.550.54.15; nothing for names without a driver version (Jetson's libcuda.so.1.1).
std::optional<std::string> driver_version_in_name(std::string_view path);

}  // namespace varve
