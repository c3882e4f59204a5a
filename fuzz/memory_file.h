#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "world/file_reader.h"

// The bytes as a file that the kernel keeps in memory.
inline varve::FileReader memory_file(std::string_view bytes) {
  varve::FileHandle handle(memfd_create("fuzz", MFD_CLOEXEC));
  if (!handle || write(handle.fd(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) std::abort();
  varve::Result<varve::FileReader> reader = varve::FileReader::open(std::move(handle), "fuzz");
  if (!reader) std::abort();
  return std::move(*reader);
}

inline varve::FileReader memory_file(const std::uint8_t* data, std::size_t size) {
  return memory_file({reinterpret_cast<const char*>(data), size});
}
