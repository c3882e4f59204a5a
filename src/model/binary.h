#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/coverage.h"
#include "model/fact.h"

namespace varve {

enum class DependencyKind {
  needed,  // DT_NEEDED: taken when the file is loaded
  opened,  // a name in its read-only data, opened when it is first used
};
std::string_view to_string(DependencyKind kind);
std::optional<DependencyKind> dependency_kind_from(std::string_view text);

// One library that a binary asks for, and what the loader would take for it.
struct Dependency {
  std::string name;  // "libcublasLt.so.13"
  DependencyKind kind = DependencyKind::needed;
  std::string path;  // empty: not found
  std::string why;   // "RUNPATH $ORIGIN/../../cublas/lib", "LD_LIBRARY_PATH", "ld.so.cache", "not found"
};

// A file of the CUDA stack, or a binary with GPU code, as its bytes tell it; nothing of it was executed.
struct Binary {
  std::string path;
  std::string environment;  // path of the environment or toolkit that it belongs to; empty: none
  std::string package;      // of the environment, by its list of files: "torch"; empty: not known
  std::string soname;
  std::string build_id;    // empty when it has none
  std::int64_t bytes = 0;  // size of the file; 0: not known
  Fact version;
  Fact runtime;                       // the CUDA runtime it is or carries: "13.2"
  std::vector<std::string> built_by;  // compilers that left their name: "CUDA 13.1 V13.1.80", "GCC: (GNU) 8.5.0"
  std::vector<Dependency> dependencies;
  std::optional<Coverage> coverage;  // nothing: no GPU code
};

}  // namespace varve
