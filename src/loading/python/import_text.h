#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace varve {

// What a Python file does when it is imported, by its text alone; nothing is run. `source`: the text of a whole file,
// or of a part of it.

// The bodies of functions that a statement at its outermost level calls, up to the first way out: cuda.core imports
// cuda.bindings so.
std::vector<std::string> bodies_run_at_import(const std::string& source);

// Whether a Python file opens libraries itself: ctypes.CDLL(…), ctypes.cdll.LoadLibrary(…), and what cuda-pathfinder
// offers.
bool opens_libraries(const std::string& source);
// Whether it names a library: "librmm.so.1" by 'librmm.so' or "lib/librmm", not by 'librmmlogger' and not in a
// sentence.
bool names_library(const std::string& source, const std::string& file_name);
// Whether it puts such a name together: "libcodec_core7.so" by f"libcodec_core{version}".
bool makes_up_name(const std::string& source, const std::string& file_name);

// Whether the import of a file opens a library of this name. Empty: one of any name.
bool opens_at_import(const std::string& source, const std::string& file_name);
// Whether a function of this name is called where the import of the file comes to it: "load(", "load \\" and "(" in the
// next line, not "preload(" or ".load(".
bool calls_outside_functions(const std::string& source, std::string_view name);

// Whether the import of a file comes to this text in code ("runtime.getLocalRuntimeVersion("), and no try of the same
// function or of the file's outermost level may catch what it raises.
bool comes_to_at_import(const std::string& source, std::string_view text);

// Whether a file opens a library, and raises where none of its tries loads.
bool may_insist(const std::string& source);
// Whether its import does so with a name that it puts together: torchcodec 0.5 has one library for each release of
// FFmpeg, and hands them to torch.ops.load_library.
bool insists_at_import(const std::string& source, const std::string& file_name);

// Where texts may name libraries, looked for once where names are many and texts are long. The texts must live longer.
class LibraryMentions {
 public:
  void add(const std::string& source);
  // Whether one of the texts names the library, as names_library says.
  bool hold(const std::string& file_name) const;

 private:
  std::vector<const std::string*> texts_;   // for names that begin otherwise than with "lib"
  std::vector<std::string_view> mentions_;  // from "lib" on
};

}  // namespace varve
