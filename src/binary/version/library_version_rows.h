#pragma once
#include <string>

namespace varve {

// How a library can be asked for its version without running it.
enum class VersionWay {
  data,       // an exported variable of 4 bytes: patch, minor, major, 0
  text,       // a text of the read-only data that starts with `name`
  lone_text,  // a text of the read-only data that is nothing but four numbers
  stored,     // a constant in the body of the exported getter `name`
  pieces,     // the getter `name` stores major, minor (and patch) through its arguments
  structure,  // the getter `name` returns the address of three numbers: lea rax, [rip + …]; ret
  copied,  // the getter `name` copies two numbers, the version and the CUDA release: mov rax, [rip + …]; mov [rdi], rax
  runtime,    // the runtime's own constant (static_runtime.h): for libcudart
  file_name,  // the numbers behind ".so."
};

// How one number stands for a version.
enum class VersionScale {
  none,
  thousand,      // 1000 · major + 100 · minor + patch: 12710 is 12.7.10
  ten_thousand,  // 10000 · major + 100 · minor + patch: 130401 is 13.4.1
  either,        // one of the two, by the major number of the SONAME
};

// One way for one library; those of a library stand in the order of trust (data/libraries.json).
struct VersionRow {
  VersionWay way = VersionWay::file_name;
  std::string name;  // the symbol or text
  VersionScale scale = VersionScale::none;
  int parts = 3;               // how many numbers of it belong to the version
  bool soname_major = true;    // its first number must be that of the SONAME
  std::string runtime_getter;  // returns or stores the CUDA release in the form 13040
  int least_major = 0;         // a smaller first number is no version
};

}  // namespace varve
