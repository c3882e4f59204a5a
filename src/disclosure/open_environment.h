#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "disclosure/lines/declared.h"
#include "model/environment.h"
#include "tables/knowledge.h"
#include "tables/package_table.h"

namespace varve {

// A package of a text, until all of the text is known (text_packages.cc).
struct OpenPackage {
  Package package;
  std::string build;  // conda's
  std::int64_t line = 0;
  const PackageRow* row = nullptr;
  bool is_listed = false;    // by pip or uv themselves, not written by hand
  bool is_written = false;   // by hand alone
  bool is_asked = false;     // an installer was asked for it, and no list names it
  bool is_of_index = false;  // the package index was to give it
  std::string glibc;         // that the wheel that was asked for needs
};

// An environment while lists are added to it.
struct OpenEnvironment {
  std::map<std::string, OpenPackage> packages;  // by normalised name
  std::string python;
  std::int64_t line = 0, python_line = 0;  // of Python 0: that of the list
  std::vector<std::string> without_wheel;
  bool is_conda = false;
};

// `installer`: "conda", whose "pytorch" is torch, "pip" or empty.
OpenPackage open_package(const DeclaredPackage& declared, const std::string& installer);

// Without its local part: "2.4.0" of "2.4.0+cu121".
inline std::string_view public_version(std::string_view version) { return version.substr(0, version.find('+')); }

// Adds what an installer was asked for and no list names, where there is one environment at most; to that one also the
// Python that lines tell of apart from lists, and what of all that was asked for has no wheels for it (text_asked.cc).
void add_asked(const Declared& declared, const Knowledge& knowledge, std::vector<OpenEnvironment>& environments);

}  // namespace varve
