#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "rules/situation/situation.h"

namespace varve {

inline constexpr const char* kNodes = "driver.device_nodes";  // the fact that many rules ask for

// Questions about the machine that many rules ask.

bool is_in_container(const Situation& situation);  // known to be in one
bool is_on_host(const Situation& situation);       // known not to be in one
bool is_wsl(const Situation& situation);           // Windows has the driver and the GPU
bool is_jetson(const Situation& situation);
bool is_virtual(const Situation& situation);  // a virtual machine, by its hypervisor

bool has_gpu_node(const Situation& situation);  // a device node of a GPU itself, of any kind of machine

bool lists(const Situation& situation, std::string_view id, std::string_view value);
// The rows of a list fact that hold the text.
std::vector<std::string> rows_with(const Situation& situation, std::string_view id, std::string_view text);
// NVIDIA's GPUs on the PCI bus that this kernel driver is bound to ("nvidia", "nouveau"; empty: none).
std::vector<std::string> gpus_bound_to(const Situation& situation, std::string_view driver);

// Whether something of the subject would use a GPU: a framework or extension built for CUDA, or a binary that asks for
// libcuda.
bool wants_gpu(const Situation& situation);

// Whether a word stands in a list such as NVIDIA_DRIVER_CAPABILITIES=compute,utility; "all" stands for every word.
bool has_word(std::string_view list, std::string_view word);

// Whether an entry of CUDA_VISIBLE_DEVICES or NVIDIA_VISIBLE_DEVICES is the id of a GPU or of a part of one (MIG), as
// captures keep it, that this machine is known not to have. No for everything else, and where not all ids are known.
bool names_no_gpu(const Situation& situation, std::string_view entry);

// The version of the kernel module as its file spells it; empty: not known.
std::string kernel_version(const Situation& situation);

}  // namespace varve
