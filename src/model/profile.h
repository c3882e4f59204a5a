#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

// What a kernel is for.
enum class Family { attention, gemm, conv, norm, elementwise, reduction, copy, collective, other };

// A piece of code that ran, told apart from others by name and library.
struct Kernel {
  std::string name;      // "sgemm_kernel_HASWELL"; without a symbol "libx.so [0x1200-0x1a40]"; "(kernel)" for the OS
  std::string library;   // path of the mapped file, home shortened; "[jit]", "[kernel]", "[unknown]"
  std::string build_id;  // hexadecimal, empty when not known
  Family family = Family::other;
  std::string base;  // name without what the dispatcher chose: "sgemm_kernel"; equals name when nothing is known
  std::string architecture;  // what the dispatcher chose, as the name says it: "HASWELL"; empty when not known

  bool operator==(const Kernel&) const = default;
};

// How often and how long a kernel ran. With the sampling witness: samples, seconds = samples x period, launches 0.
// With oneDNN's verbose lines: launches and seconds, samples 0.
struct ProfileRow {
  Kernel kernel;
  std::uint64_t samples = 0;
  std::uint64_t launches = 0;
  double seconds = 0;
};

// What ran, as one witness saw it. Rows are sorted by (library, name). Merging is associative and commutative.
struct Profile {
  std::string witness;        // "cpu-samples", "onednn-verbose"; empty: nothing was seen
  std::string scope;          // "user" or "user and kernel" code, as the witness was permitted
  double period_seconds = 0;  // CPU time one sample stands for
  std::uint64_t samples = 0;  // all samples: the sum over the rows
  std::uint64_t lost = 0;     // samples the kernel reports as dropped
  std::vector<ProfileRow> rows;
  std::vector<std::string> unseen;  // what this witness could not see and why; empty when it saw everything it can
};

// Profiles of one witness and period added row by row. An empty profile (no witness) is the neutral element; the
// period of profiles that differ becomes 0 (unknown) while seconds still add.
Profile merge_profiles(const Profile& a, const Profile& b);

double profile_seconds(const Profile& profile);  // sum over the rows

// A demangled C++ name as people say it: without parameters, "(anonymous namespace)::" and clone suffixes. Template
// arguments stay, they tell kernels apart. Any other name as it is.
std::string short_name(const std::string& kernel_name);

std::string_view to_string(Family family);
Family family_from(std::string_view text);  // `other` for what it does not know

}  // namespace varve
