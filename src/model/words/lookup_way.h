#pragma once
#include <string>
#include <string_view>

namespace varve {

// How a name of a library led to a file, or to none. Documents say it in the words of to_string, with more behind them
// where there is more to say: "RUNPATH $ORIGIN/../lib", "not found; nothing looks for it in ~/venv/…".
enum class LookupWay {
  program,            // it is what was asked about
  interpreter,        // the loader that the program names
  loaded,             // it was there already
  path,               // the name is a path
  rpath,              // DT_RPATH of the asker or of who loaded it
  runpath,            // DT_RUNPATH of the asker
  library_path,       // LD_LIBRARY_PATH
  cache,              // /etc/ld.so.cache
  default_directory,  // /lib, /usr/lib, …
  mapped,             // the process has it mapped
  held,               // the loader would not find it; the environment has it, and opens it by its path
  of_framework,       // a module of a framework that is imported first
  of_import,          // a module of the package, when it is imported
  by_python,          // the package's Python opens it
  asked,              // a file that was named on the command line
  of_package,         // a library of the package, opened by itself
  nowhere,            // not found
  other,              // words of another version of the program
};

std::string_view to_string(LookupWay way);
// What documents say: the words, and what stands behind them.
std::string lookup_text(LookupWay way, std::string_view more = {});

LookupWay lookup_way(std::string_view text);
// Behind "; ", where a text has it: "nothing looks for it in ~/venv/…"; empty otherwise.
std::string_view lookup_remark(std::string_view text);

// Where the system keeps its own libraries, or where a process has them from.
bool is_of_the_system(LookupWay way);

}  // namespace varve
