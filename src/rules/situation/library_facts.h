#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/dotted_version.h"
#include "base/version_specifier.h"
#include "model/finding.h"
#include "rules/situation/consumer_view.h"
#include "rules/situation/situation.h"

namespace varve {

// What a file name or SONAME says: "libcudnn_ops.so.9.1.0" is {"cudnn_ops", "9.1.0"}, auditwheel's
// "libcudnn-74a4c495.so.9" is {"cudnn", "9"}. The stem is the whole name where it is no library's.
struct LibraryWords {
  std::string stem, numbers;
};
LibraryWords library_words(std::string_view path_or_name);
std::string base_name(std::string_view path);
// What Python imports: "name.cpython-311-x86_64-linux-gnu.so", "name.abi3.so".
bool is_extension_module(std::string_view path);

// Libraries that are released together and only work together: "cudnn" for cudnn_ops, "cublas" for cublasLt. Empty for
// what belongs to no such family.
std::string family_of(std::string_view stem);

// The major numbers of a text or list with CUDA versions: of Package.cuda, Binary.runtime. Empty: not known.
std::vector<int> cuda_majors(const Fact& fact);

// -1, 0, 1 by as many numbers as both have, at most three; 0 where that is none.
int compare_releases(const DottedVersion& a, const DottedVersion& b);

// "torch 2.15.0 in ~/venv"
std::string consumer_text(const Consumer& consumer);

struct KnownVersion {
  DottedVersion version;
  std::string text;         // "9.26.0"
  bool is_of_file = false;  // its own bytes or name tell; not the wheel that lists it, or another file of that
};

// The tables and the stack, ordered for questions about libraries. Borrows the situation.
class LibraryIndex {
 public:
  explicit LibraryIndex(const Situation& situation);
  LibraryIndex(const LibraryIndex&) = delete;  // one a check: see Analysis
  LibraryIndex(LibraryIndex&&) = default;

  // The CUDA major version that a SONAME belongs to, by data/libraries.json: 12 of "libcublas.so.12". Nothing where
  // it is not known, or where several have the same SONAME (libcusparse.so.12).
  std::optional<int> cuda_major(std::string_view name) const;
  // Whether it is a library of the CUDA stack: a row of the table has its name, whatever the number behind it. Those of
  // the driver are not.
  bool is_cuda_library(std::string_view name) const;

  // The wheels that hold a library of this name, by data/libraries.json; empty: none is known.
  std::vector<std::string> wheels_with(const std::string& soname) const;
  // The same of one major release of CUDA, and those that hold it for any.
  std::vector<std::string> wheels_with(const std::string& soname, int cuda_major) const;

  const Environment* environment(std::string_view path) const;  // nullptr: not of the stack
  const Binary* binary(std::string_view path) const;
  const Package* package_of(const Binary& binary) const;
  // All binaries whose file name has this stem, in the order of the stack.
  const std::vector<const Binary*>& with_stem(const std::string& stem) const;

  // What a library's file says, or, where it has only the number of its SONAME, the version of the wheel that it is of.
  std::optional<KnownVersion> version(const Binary& binary) const;
  std::string version_text(const Binary& binary) const;  // "9.26.0"; "version not known"

 private:
  struct Names {
    bool known = false;                        // a row has this stem
    std::map<int, std::optional<int>> majors;  // by the number of the SONAME; nothing: several, or none
  };
  const Names* names_of(std::string_view name) const;

  std::map<std::string, Names, std::less<>> names_;
  struct Wheel {
    std::string name;
    std::optional<int> cuda_major;
  };
  std::map<std::string, std::vector<Wheel>> wheels_;  // by SONAME
  std::map<std::string, const Binary*, std::less<>> binaries_;
  std::map<std::string, std::vector<const Binary*>> by_stem_;
  std::map<std::string, const Environment*, std::less<>> environments_;
};

// Whether one of a consumer's own Python modules lacks only what another package would have loaded before it
// (cuda.core's bridge to torch): it needs nothing but libraries of CUDA and of the system, and its package asks for no
// framework. Python code that imports such a module looks first whether the other package is there.
bool waits_for_another_package(const LibraryIndex& index, const ConsumerView& view, const LibraryView& library);

// The severity of what goes wrong on a GPU only: `otherwise` on a machine that has one, a note where there is none or
// nobody knows.
Severity with_gpu(const Situation& situation, Severity otherwise);

}  // namespace varve
