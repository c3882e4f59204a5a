#pragma once
#include <cstddef>
#include <cstdint>

#include "inject/totals.h"

// The machine code that the driver loaded, by digest, so that it can be found in files afterwards.
namespace varve::inject {

struct Module {
  char sha256[65] = {};     // of its bytes up to where its ELF headers say that it ends
  std::uint64_t size = 0;   // of these bytes
  std::uint32_t flags = 0;  // e_flags: holds the architecture
  std::uint32_t functions = 0;
  bool is_told = false;
};

// How many of `size` bytes at `cubin` an ELF file's headers and sections take; `size` for what is no ELF file or
// points outside it. The rest is padding, which files and drivers may have in different amounts.
std::size_t elf_extent(const char* cubin, std::size_t size);

// Calls `take(context, name, length)` for each function of a cubin: its sections ".text.NAME". Returns their number.
std::uint32_t each_function(const char* cubin, std::size_t size, void* context,
                            void (*take)(void* context, const char* name, std::size_t length));

class Modules {
 public:
  bool reserve();

  // Notes a module and its functions; of one that is known already nothing. `made` must be filled by read_module.
  void add(const Module& made, const char* cubin, std::size_t size);
  std::uint32_t count() const { return used_; }
  std::uint64_t loaded() const { return loaded_; }  // those that are alike counted each
  Module& operator[](std::uint32_t number) { return modules_[number]; }

  // Which module holds the kernel of this name: kNoModule, kSeveralModules or its number.
  std::uint32_t holder_of(const char* name, std::size_t size) const;

 private:
  struct Function {
    std::uint64_t hash = 0;  // of its name; 0: no function
    std::uint32_t module = kNoModule;
  };
  void add_function(std::uint64_t hash, std::uint32_t module);

  Reserved<Module> modules_;
  Reserved<Function> functions_;
  std::uint32_t used_ = 0, functions_used_ = 0;
  std::uint64_t loaded_ = 0;
};

// What a module is: hashes it, which takes milliseconds for megabytes.
Module read_module(const char* cubin, std::size_t size);

}  // namespace varve::inject
