#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "world/files.h"

namespace varve {

// What the files of container engines say: rows of the fact container.gpu_runtime.engines, and what in them cannot
// work.
struct Engines {
  std::vector<std::string> rows, faults;
};

inline constexpr const char* kContainerdFile = "/etc/containerd/config.toml";
inline constexpr const char* kNotTold = "not told of NVIDIA's runtime";

bool is_nvidia_runtime(std::string_view program);
// By its path, or in the folders where services find programs.
bool has_program(const Files& files, const std::string& program);
// Adds a fault where the runtime for GPUs of an engine is not there.
void check_program(const Files& files, const std::string& engine, const std::string& program, Engines& engines);

void look_at_containerd(const Files& files, Engines& engines);  // that of k3s and RKE2 too
void look_at_crio(const Files& files, Engines& engines);
void look_at_podman(const Files& files, Engines& engines);
// The configuration of NVIDIA's runtime itself; `told`: whether an engine uses it.
void look_at_nvidia_runtime(const Files& files, bool told, Engines& engines);

}  // namespace varve
