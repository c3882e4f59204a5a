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

// Where shells, services, Jupyter kernels and processes point: every "PLACE/bin/…" in their start files, units,
// kernel.json and command lines whose PLACE is a venv or a conda prefix, each once. Reads at most 1024 files of at most
// 64 KiB, and the processes of /proc.
std::vector<EnvironmentPointer> environment_pointers(const Files& files, const std::vector<std::string>& homes);

}  // namespace varve
