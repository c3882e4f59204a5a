#pragma once
#include <cstddef>
#include <optional>
#include <span>

#include "model/coverage.h"
#include "world/file_reader.h"

namespace varve {

// Whether a cubin (an ELF64 file, machine 190) holds a function: a section ".text.NAME" with bytes in it. Translation
// units without kernels and what nvlink adds to every program leave cubins without. Only the section headers and their
// names are looked at. Nothing when it is no such file or its headers point outside it.
std::optional<bool> cubin_holds_code(const FileReader& cubin);
std::optional<bool> cubin_holds_code(std::span<const std::byte> cubin);

// What a cubin was made for. Cubins of the ABI of CUDA 13 do not tell sm_100a from sm_100 in their header: of those
// from 10.0 on the note of the tools tells it (.note.nv.tkinfo); nothing where it is not there.
std::optional<CodeTarget> cubin_target(const FileReader& file);

// Whether PTX text defines a kernel or a function: the directive .entry or .func stands in it.
bool ptx_holds_code(std::span<const std::byte> text);

}  // namespace varve
