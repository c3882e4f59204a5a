#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "world/file_reader.h"

namespace varve {

// One row of /etc/ld.so.cache.
struct LoaderCacheEntry {
  std::string name;                // "libcuda.so.1"
  std::string path;                // "/usr/lib/x86_64-linux-gnu/libcuda.so.1"
  std::string capability;          // of a glibc-hwcaps directory: "x86-64-v3"; else empty
  bool legacy_capability = false;  // of a directory that only loaders before glibc 2.37 know (tls, avx512_1)
  std::uint16_t machine = 0;       // EM_X86_64, EM_AARCH64; 0: another machine or ABI
};

// The cache of the dynamic loader, in the order of the file. Layout (glibc elf/cache.c, sysdeps/generic/dl-cache.h),
// all little-endian:
//   "glibc-ld.so.cache1.1", u32 rows, u32 bytes of strings, u8 byte order (0 unset, 2 little), 3 bytes, u32 offset of
//   the extension, 3 × u32 unused                                                                          48 bytes
//   rows: i32 flags, u32 name, u32 path (offsets from the "g" of the magic), u32 OS version, u64 hwcap     24 bytes
//   extension: u32 0xeaa42174, u32 sections; sections: u32 tag, u32 flags, u32 offset, u32 size; tag 1 is an array of
//   u32 offsets of the names of glibc-hwcaps directories, which a hwcap with bit 62 indexes by its low 32 bits.
// A cache made for both formats begins with "ld.so-1.7.0", u32 rows at 12 and rows of 12 bytes; the part above follows
// at the next multiple of 8.
struct LoaderCache {
  std::vector<LoaderCacheEntry> entries;

  // The rows of one name for one machine, in the order of the file.
  std::vector<const LoaderCacheEntry*> find(std::string_view name, std::uint16_t machine) const;
};

// Error: another format, tables or strings outside the file, more than 64 MiB (of the file or of
// names) or 131 072 rows.
Result<LoaderCache> read_loader_cache(const FileReader& reader, const std::string& where);

}  // namespace varve
