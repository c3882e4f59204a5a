#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "binary/gpu_code/fatbin.h"
#include "world/file_reader.h"

namespace varve {

// PTX that stands as plain text in data, outside fat binaries: what Rust's include_str!, Zig's @embedFile or
// a string of C++ leave of a compiled kernel, for the program to hand to cuModuleLoadData.

// The target that a text states at its head: ".version 8.4", ".target sm_90a" and, in the line after, another directive
// or a comment. Nothing: it starts otherwise ("%s" of a compiler that writes such heads), or states no architecture.
std::optional<CodeTarget> plain_ptx_target(std::string_view text);

// The texts in the data sections of an ELF file, whatever their names (.rodata, the .oxart of a Rust compiler for
// CUDA), as regions. Each is one where all are for the same target: modules of one program. Texts for different targets
// are one region, as of a program that chooses among them. Empty where there are none, and where the sections cannot be
// read. Looks through at most 256 MiB, and keeps at most 4096 texts.
std::vector<FatbinRegion> plain_ptx_regions(const FileReader& file);

}  // namespace varve
