#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/environment.h"
#include "world/files.h"

namespace varve {

// What importing a package does to libraries, as its own Python files tell it; nothing is run.
class PackageStart {
 public:
  // `folder`: of packages (site-packages). `tops`: what the package puts there and is imported: {"torch", "functorch"}.
  // `sources`: folders in which a module of theirs may stand instead (an installation to be edited). `files` must live
  // longer.
  PackageStart(const Files& files, std::string folder, const std::vector<std::string>& tops,
               std::vector<std::string> sources = {});

  // Whether the files could be read: those of a compressed layer cannot, and a package of libraries alone has none.
  bool is_known() const { return !texts_.empty(); }
  // The modules that the files at its top import at once: "torch._C". Packages of others too: "torch", "numpy".
  const std::set<std::string>& imports() const { return imports_; }
  // The same, and what those modules of the package import at once, and so on; at most 512 files are read.
  const std::set<std::string>& all_imports() const;
  // Whether the import is known to end without this module of the package: its files were read, and no file that it
  // reaches imports the module, in a try or one branch included.
  bool does_without(const std::string& module) const;
  // Modules that the import tries, and where they are not there compiles by that name with the host's toolkit
  // (torch.utils.cpp_extension.load of exllamav2's ext.py). Whether they are there is not looked at.
  std::vector<std::string> compiled_modules() const;
  // Whether their import opens a library of this name (ctypes.CDLL): "libtorch_global_deps.so".
  bool opens(const std::string& file_name) const;
  // Which of these libraries they open, or what they import at once does: mxnet's base.py opens at import what its
  // libinfo.py names. Where a name comes from elsewhere, it is enough that one of them opens some library at import and
  // one names this; where it is put together on the spot, what does so must raise.
  std::set<std::string> opened_by_import(const std::vector<std::string>& file_names) const;
  // Names that the import hands to the loader as they stand in a text, "libcudnn.so.8" of ctypes.CDLL("libcudnn.so.8"),
  // what is only tried included: onnxruntime 1.14 opens so, for all, what its libraries have no NEEDED entry for.
  std::vector<std::string> opened_names() const;
  // The same of the files at the package's top alone, by their paths.
  std::map<std::string, std::vector<std::string>> names_opened_at_top() const;
  // Whether the import asks cuda-bindings for the version of the runtime that is there: that opens libcudart through
  // cuda-pathfinder, and raises where there is none (numba-cuda-mlir 0.6.0).
  bool asks_for_runtime() const;
  // Whether the files in the package's top folders open NVIDIA's libraries out of other packages.
  bool opens_wheels() const;

 private:
  struct Text {
    std::string module;  // dotted
    bool is_package = false;
    std::string source;
  };
  struct Reached {
    std::set<std::string> imports;
    std::vector<Text> texts;
  };
  std::optional<Text> read_module(const std::string& module) const;
  static void add_opened_names(const Text& text, std::vector<std::string>& names);
  // What the tops import at once, what that imports, and so on. `tried`: also where they go on without it.
  Reached follow(bool tried) const;

  const Files& files_;
  std::string folder_;
  std::vector<std::string> tops_, sources_;
  std::vector<Text> texts_;  // of the tops
  std::set<std::string> imports_;
  mutable std::optional<std::set<std::string>> all_imports_;  // of follow(false), without the texts: they are large
  mutable bool asks_for_runtime_ = false;                     // once all_imports_ is there
};

// Whether a package asks for one that opens NVIDIA's libraries wherever they are (cuda-pathfinder).
bool asks_for_opener(const Package& package);
// Whether a package opens, before its own libraries need them, what its environment holds in NVIDIA's wheels: by
// data/packages.json, else by its files. Nothing: neither tells. `opener_looks`: whether cuda-pathfinder looks into the
// folder that the packages lie in.
std::optional<bool> opens_wheels_first(const Package& package, const PackageStart& start, bool opener_looks = true);

}  // namespace varve
