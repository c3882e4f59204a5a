#pragma once
#include <string>
#include <vector>

#include "world/files.h"

namespace varve {

// A place that something on a machine uses programs of, and what: "/srv/app/venv", "/etc/systemd/system/app.service".
struct EnvironmentPointer {
  std::string path;  // with pyvenv.cfg or conda-meta in it
  std::string found_by;
};

// Where shells, services and Jupyter kernels point: every "PLACE/bin/…" in their start files, units and kernel.json
// whose PLACE is a venv or a conda prefix, each once. Reads at most 1024 files of at most 64 KiB.
std::vector<EnvironmentPointer> environment_pointers(const Files& files, const std::vector<std::string>& homes);
// The same of the processes in /proc, by their command lines and what was activated before they started.
std::vector<EnvironmentPointer> process_pointers(const Files& files);

}  // namespace varve
