#pragma once
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

// The recorder's own memory: never the program's heap, whose allocator and leak checker are its own.
namespace varve::inject {

// Zeroes, of which only what is touched takes memory. Null where the system gives none.
inline void* reserve_bytes(std::size_t bytes) {
  void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return at == MAP_FAILED ? nullptr : at;
}

// A row of so many T, all of them zeroes at first. Nobody gives it back: it lives as long as the process.
template <class T>
struct Reserved {
  T* items = nullptr;
  std::uint32_t size = 0;

  bool reserve(std::uint32_t count) {
    items = static_cast<T*>(reserve_bytes(std::size_t{count} * sizeof(T)));
    size = items == nullptr ? 0 : count;
    return items != nullptr;
  }
  T& operator[](std::uint32_t index) { return items[index]; }
  const T& operator[](std::uint32_t index) const { return items[index]; }
};

}  // namespace varve::inject
