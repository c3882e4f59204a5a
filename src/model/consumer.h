#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/binary.h"
#include "model/environment.h"

namespace varve {

// A symbol that a file wants and nothing that would be loaded with it defines.
struct UnresolvedSymbol {
  std::string name;     // as in the file, not demangled; empty: a version is missing as a whole
  std::string version;  // "libcudnn_graph.so.9"; empty: any version
};

// One file that a consumer would load, in the order of loading. What the file says about itself stands in
// Stack::binaries under its path.
struct ConsumedLibrary {
  std::string name;  // as it is asked for: "libcublasLt.so.13"
  std::string path;  // with links resolved; empty: not found
  std::string why;   // "RUNPATH $ORIGIN", "LD_LIBRARY_PATH", "already loaded", "held by the environment"; of one that
                     // is not found: what is known of it
  std::string asked_by;  // path of the file that asks; empty: the consumer's own
  DependencyKind kind = DependencyKind::needed;
  bool at_start = false;                // the start of the program, or the import of the package, fails where this does
  std::vector<std::string> lacks = {};  // of a file that is opened by itself: what it would not load for lack of
  std::vector<UnresolvedSymbol> unresolved;  // the first 16
  std::int64_t unresolved_count = 0;         // all of them
};

enum class ConsumerKind {
  framework,
  extension,
  binary,
  process,
};
std::string_view to_string(ConsumerKind kind);
std::optional<ConsumerKind> consumer_kind_from(std::string_view text);
// What a package is that uses the stack by itself (Package::is_consumer).
ConsumerKind consumer_kind_of(const Package& package);

// What would use the CUDA stack, and all that it would load, found without running it.
struct Consumer {
  ConsumerKind kind = ConsumerKind::binary;
  std::string name;         // "torch 2.15.0", the path of a binary, "python3 (4711)"
  std::string package;      // "torch"; empty for what is no package
  std::string environment;  // path of the environment that holds it; empty: none
  std::vector<ConsumedLibrary> libraries;
  std::vector<std::string> lacks_packages = {};  // that its import imports first, and that are not there: "torch"
  bool symbols_checked = false;                  // whether `unresolved` was looked for
  std::string remark;                            // what could not be followed; may be empty
};

}  // namespace varve
