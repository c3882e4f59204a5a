#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "world/files.h"

namespace varve {

// Libraries that packages of an environment open with ctypes for those that import them: librmm opens librmm.so so that
// the modules of rmm, which imports librmm first, find it loaded. Told by their Python files; nothing is run.
class LibraryOpeners {
 public:
  // `folders`: of packages. `files` must live longer.
  LibraryOpeners(const Files& files, std::vector<std::string> folders) : files_(files), folders_(std::move(folders)) {}

  // Whether one of the modules `tops` of a package ("rmm"), or one that it imports wherever in its text, opens this
  // library, which lies below the folder of that very module; or one of `tops` itself opens it by a name beside that of
  // the package that holds it (cyborgdb_core librmm's). Follows imports three packages deep, and reads the files at
  // each package's top.
  bool opens(const std::vector<std::string>& tops, const std::string& library);

  // Whether a file in a folder directly below one of the modules opens libraries of NVIDIA's wheels and names this one
  // (deepmd/tf/env.py): what loads the library may have imported that first.
  bool opens_below(const std::vector<std::string>& tops, const std::string& library);

  // Whether one of the modules' own files that open libraries names this one, its number apart, which may be made up:
  // "libbitsandbytes_cuda128.so" by "libbitsandbytes_cuda".
  bool mentions(const std::vector<std::string>& tops, const std::string& file_name);

 private:
  struct Module {
    std::string folder;
    std::vector<std::string> openers;  // texts of its files that open libraries
    std::set<std::string> imports;     // of other packages, their tops
  };
  const Module& module(std::string top);
  const std::vector<std::string>& openers_below(const std::string& top);
  bool is_namespace(const std::string& top);  // a folder without __init__.py

  const Files& files_;
  std::vector<std::string> folders_;
  std::map<std::string, bool> namespaces_;
  std::map<std::string, Module> modules_;
  std::map<std::string, std::vector<std::string>> below_;  // texts
};

}  // namespace varve
