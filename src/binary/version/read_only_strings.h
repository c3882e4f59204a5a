#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "world/file_reader.h"

namespace varve {

// The sections .rodata, .lrodata and .rodata.* of a file, as ranges of the file. Other sections hold compressed code
// in which fragments of such texts turn up.
struct ReadOnlyRange {
  std::uint64_t offset = 0, size = 0;
};
Result<std::vector<ReadOnlyRange>> read_only_ranges(const FileReader& reader, const std::string& where);

// What the read-only data of a file tells in plain text.
struct ReadOnlyStrings {
  std::vector<std::string> library_names;  // sorted: "libnvrtc.so.13", to be opened when they are first used
  std::vector<std::string> cuda_tools;     // sorted: "CUDA 13.2 V13.2.86", device compilers that left their name
  bool runtime_texts = false;              // carries a CUDA runtime (static_runtime.h)
  bool is_cut = false;                     // there was more than 64 MiB of it, the rest was not read
};

// Reads all of it, up to 64 MiB: tens of milliseconds for the largest libraries, so only where exactness was asked for.
// A library name is a whole zero-terminated string lib*.so[.N…]; names that a program composes ("libcudnn%s.so.%d")
// are not seen, but for the driver's: it is named where its functions for modules and launches are. At most 4096 names.
// Error: no 64-bit little-endian ELF file, sections outside the file.
Result<ReadOnlyStrings> read_only_strings(const FileReader& reader, const std::string& where);

// The names alone; none when the file cannot be read.
std::vector<std::string> opened_names(const FileReader& reader);

// Whether the whole text is a library's name.
bool is_library_name(std::string_view text);

// The first "release X.Y, VX.Y.Z" after `at` in a text that starts there with kCudaToolsMark; as "CUDA X.Y VX.Y.Z".
inline constexpr std::string_view kCudaToolsMark = "Cuda compilation tools, release ";
std::optional<std::string> parse_cuda_tools(std::string_view text);

}  // namespace varve
