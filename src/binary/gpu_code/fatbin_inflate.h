#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "binary/gpu_code/fatbin.h"
#include "world/file_reader.h"

namespace varve {

// Decompresses entries of fat binaries, with its memory kept from one to the next. Not for several threads.
class EntryInflater {
 public:
  EntryInflater();
  ~EntryInflater();
  EntryInflater(const EntryInflater&) = delete;
  EntryInflater& operator=(const EntryInflater&) = delete;

  // The code of `entry`, valid until the next call. Nothing when more than `cap` bytes must be decompressed for it (of
  // several compressed together: those before it, too), its codec is not known, it does not decompress to the size its
  // header claims, or it cannot be read.
  std::optional<std::span<const std::byte>> inflate(const FileReader& file, const FatbinEntry& entry, std::size_t cap);

 private:
  struct Memory;
  std::unique_ptr<Memory> memory_;
};

}  // namespace varve
