#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "binary/elf/symbols.h"
#include "binary/frames/code_file.h"
#include "kernels/cpu_profile.h"
#include "model/kernels/kernel.h"

namespace varve {

// A file as a process had it mapped, and what its bytes on disk say if they are still the same file.
struct MappedFile {
  std::string path;
  std::string build_id;          // the kernel's, else the file's
  std::string build_id_missing;  // why there is none
  std::string unreadable;        // why the file's symbols are not known; "" until somebody asks, or when they are
  std::optional<SymbolTable> symbols;
  bool symbols_read = false;
  std::unique_ptr<CodeFile> code;  // nullptr until somebody asks, or when it cannot be read; borrows the symbols
  bool code_read = false;
  // Those resolved before: (in a code section of the file, start, end); addresses of the file, else offsets in it.
  std::map<std::tuple<bool, std::uint64_t, std::uint64_t>, Kernel> kernels;

  // What the file on disk was when it was read.
  std::tuple<std::uint64_t, std::uint64_t, std::int64_t, std::int64_t> on_disk;
};

struct SymbolCache::Files {
  // The file behind a mapping: its path and build id, or why there is none. Looks at the disk, once for each
  // `begin_look`, where the kernel did not say the build id.
  MappedFile& find(const ExecutableMapping& mapping);
  // The same with its symbols read, where possible, for which the disk is looked at.
  MappedFile& find_with_symbols(const ExecutableMapping& mapping);
  // The same with its code, where its symbols could be read.
  MappedFile& find_with_code(const ExecutableMapping& mapping);
  void begin_look() { ++look_; }

 private:
  struct Entry {
    MappedFile file;
    std::uint64_t look = 0;
  };
  Entry& entry_of(const ExecutableMapping& mapping);
  MappedFile& look_at(const ExecutableMapping& mapping, Entry& entry);

  std::map<std::tuple<std::string, std::string, std::uint64_t, bool>, Entry> entries_;
  std::uint64_t look_ = 1;
};

}  // namespace varve
