#pragma once
#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

// What a kernel is for.
enum class Family {
  attention,
  gemm,  // matrix products and what prepares their operands
  conv,
  norm,
  softmax,
  elementwise,
  reduction,
  embedding,  // looked up, gathered, scattered
  sort,       // sorted, searched, selected
  optimizer,
  quantisation,
  random,
  fft,  // Fourier transforms
  copy,
  collective,
  other,
};

// How a kernel came by its name.
enum class Named {
  symbol,     // the symbol of a file, demangled
  range,      // no symbol: "libx.so [0x1200-0x1a40]", what lies between its neighbours, in addresses of the file
  generated,  // code that the program made while it ran: as its maker wrote it down, or "(generated code)"
  system,     // what no file of the program stands for: "(kernel)", "(vdso)", "(unknown)"
  trace,      // as a trace or a library's own report calls it
};

// What tells a kernel apart from all others: the only identity there is. Code of a `range` has the same name in two
// builds of a library by chance only, so its build id counts most.
struct KernelKey {
  std::string name;
  std::string library;   // path of the mapped file, home shortened; "[jit]", "[kernel]", "[unknown]"; or of a trace
  std::string build_id;  // hexadecimal; empty when not known

  auto operator<=>(const KernelKey&) const = default;
};

// What a kernel's name says. Texts are empty when it does not say.
struct KernelMeaning {
  Family family = Family::other;
  std::string algorithm;             // how it computes: "flash", "winograd"
  std::string precision;             // "bf16", "tf32"
  std::string base;                  // the name without what a dispatcher chose; the name itself when nothing is known
  std::string architecture;          // what it chose: "HASWELL", "sm_90"
  std::string origin;                // who made it: "CUTLASS", "Triton"
  std::optional<bool> tensor_cores;  // whether it computes on matrix units
  bool compiled = false;             // written by a compiler for this program, and not taken from a library
  bool fused = false;                // several operations in one

  auto operator<=>(const KernelMeaning&) const = default;
};

// A piece of code that ran.
struct Kernel {
  KernelKey key;
  Named named = Named::symbol;
  std::string raw_name;  // as its source wrote it, where that is not key.name and was kept
  KernelMeaning meaning;

  auto operator<=>(const Kernel&) const = default;
};

enum class KernelId : std::uint32_t {};
inline constexpr KernelId kNoKernel{UINT32_MAX};

// Ids of one table as those of another: the place in the list is the id in the first.
using KernelIdMap = std::vector<KernelId>;

// Every kernel of a document once; everything else speaks of kernels by their id in it.
class KernelTable {
 public:
  // The id of the kernel of this key. Where another of that key is known already, the lesser of the two (in the order
  // of their fields) stays, whoever came first. At most 2^32 - 1 kernels.
  KernelId intern(Kernel kernel);
  // Takes in all of another table.
  KernelIdMap intern_all(const KernelTable& other);
  bool knows(const KernelKey& key) const { return find(key, hash_of(key)) != kNoKernel; }

  // The id must be of this table. The reference holds as long as the table.
  const Kernel& operator[](KernelId id) const { return kernels_[static_cast<std::size_t>(id)]; }
  bool holds(KernelId id) const { return static_cast<std::size_t>(id) < kernels_.size(); }
  std::size_t size() const { return kernels_.size(); }
  const std::deque<Kernel>& kernels() const { return kernels_; }  // in the order of their ids

  bool operator==(const KernelTable& other) const { return kernels_ == other.kernels_; }

 private:
  static std::size_t hash_of(const KernelKey& key);
  KernelId find(const KernelKey& key, std::size_t hash) const;  // kNoKernel: it is not there
  void place(std::size_t number);
  void add(Kernel kernel, std::size_t hash);

  std::deque<Kernel> kernels_;
  std::vector<std::size_t> hashes_;   // of their keys
  std::vector<std::uint32_t> slots_;  // a hash table: their numbers, from 1; 0 is free
};

// A demangled C++ name as people say it: without parameters, "(anonymous namespace)::" and clone suffixes. Template
// arguments stay, they tell kernels apart. Any other name as it is.
std::string short_name(const std::string& kernel_name);

std::string_view to_string(Family family);
std::string_view to_string(Named named);
Family family_from(std::string_view text);  // `other` for what it does not know

}  // namespace varve
