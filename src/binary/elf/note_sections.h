#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "binary/elf/elf_headers.h"

namespace varve {

struct NamedSection {
  std::string name;  // ".rodata"
  Elf64_Shdr header{};
};

// The sections of an ELF file with their names; none in a file stripped of its section headers. Error: as
// read_elf_headers; names outside the file.
Result<std::vector<NamedSection>> read_named_sections(const FileReader& reader, const std::string& where);

// What a libcuda of a forward compatibility package says about itself in the section .note.cuda.fwd_compatibility: a
// note of "NVIDIA Corporation" whose description is the JSON {"Format": 1, "CUDA Version": "13.1", "Driver": [535, …],
// "Device": [1, …]} (NVIDIA Container Toolkit, cmd/nvidia-cdi-hook/cudacompat). Evidence, not a verdict: the toolkit
// itself takes the list of drivers for Tegra only.
struct ForwardCompatibility {
  std::string cuda_version;          // "13.1"; empty when it is not stated
  std::vector<int> driver_branches;  // of the kernel drivers that it is made for: 535, 550
  std::vector<int> devices;          // numbers whose meaning is not published
};
// Nothing: no such section, or one that does not follow the format.
std::optional<ForwardCompatibility> read_forward_compatibility(const FileReader& reader);

// The compilers of the host code, as they signed .comment: "GCC: (GNU) 8.5.0 20210514 (Red Hat 8.5.0-20)". Each once,
// in the order of the file, at most 64.
std::vector<std::string> host_compilers(const FileReader& reader);

}  // namespace varve
