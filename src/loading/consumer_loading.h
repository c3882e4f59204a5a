#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "binary/loader/loader.h"
#include "binary/loader/symbol_scope.h"
#include "loading/loading_ground.h"
#include "model/stack.h"

namespace varve {

// A library of the CUDA stack that somebody has: an environment's package, a toolkit, the process.
struct HeldLibrary {
  std::string path = {};       // as it is asked for, links and all
  std::string real_path = {};  // with links resolved
  std::string soname = {};
  std::string version = {};              // of the library, as far as it is known: "9.26.0"
  std::string package = {};              // of the environment; empty: none
  std::optional<PackageRole> role = {};  // of that package
  std::vector<std::string> opened = {};  // names that it opens late
  bool has_gpu_code = false;             // as far as it was looked for
};

HeldLibrary held_library(const Binary& binary, const std::string& path, const std::string& real_path,
                         std::optional<PackageRole> role);

// What is known of files by their real paths, each read once a capture.
class LoadedFiles {
 public:
  // Files that consumers load from outside what was read before are added to `stack` when they are of the CUDA stack,
  // or no ordinary libraries of the system. Both must live longer.
  LoadedFiles(const LoadingGround& ground, Stack& stack) : ground_(ground), stack_(stack) {}

  void add(const HeldLibrary& library) { known_.emplace(library.real_path, library); }

  // The names that a file opens late, its version and SONAME. `why` is the loader's reason for taking it.
  const HeldLibrary& look_into(const LoadedObject& object);
  std::string package_of(const std::string& real_path) const;  // empty: none
  // nullptr: it cannot be read.
  const DynamicSymbols* symbols(const std::string& real_path);
  // Reads the symbols of several files at once, for what will be asked for anyway.
  void read_symbols(const std::vector<std::string>& real_paths);
  // A path as the document has it.
  std::string shown(const std::string& path) const;
  // Lets go of what takes memory.
  void forget_symbols() { symbols_.clear(); }

 private:
  const LoadingGround& ground_;
  Stack& stack_;
  std::map<std::string, HeldLibrary> known_;
  std::map<std::string, std::unique_ptr<DynamicSymbols>> symbols_;
};

// Where a name is looked for that the loader does not find: frameworks preload from Python what their environment
// holds.
using HeldByName = std::multimap<std::string, const HeldLibrary*>;  // by SONAME and by file name

// Plays what a program would do that opens libraries one by one, and writes down every file that it would have loaded,
// why, and which symbols would stay without a definition. Nothing is executed.
class ConsumerLoading {
 public:
  // `program`: a path; empty: not known, then only symbols are judged that no program of C could give. `takes`: whether
  // the consumer opens a library that another package of its environment holds before it is needed by a file of the
  // package `asker`; empty: any. What its own package holds it does. All must live longer.
  ConsumerLoading(const LoaderContext& context, LoadedFiles& files, const HeldByName& held, const std::string& program,
                  Consumer& consumer, std::function<bool(const std::string& asker, const HeldLibrary&)> takes = {});

  // Opens a library as the consumer's own code would: `kind` needed for what it imports, opened for what it may open.
  // Libraries of an environment's framework that it needs must have been opened before. False: it does not load, for
  // lack of a library.
  bool open(const HeldLibrary& library, DependencyKind kind, const std::string& why);
  // Opens a name for all (RTLD_GLOBAL), as the consumer's Python does before its own libraries.
  void open_for_all(const std::string& name, const std::string& why);
  // Opens a name as the code of a file does. False: it is not found, or that file is not loaded.
  bool open_from(const HeldLibrary& asker, const std::string& name);
  // The same of the first of several names that is there, in a wheel of the environment, where the loader looks, or in
  // one of the folders; of none of them the first is missing.
  void open_one_from(const HeldLibrary& asker, const std::vector<std::string>& names,
                     const std::vector<std::string>& folders);
  // The same for a Python file of the consumer, which goes on where none is there.
  void open_one_from_python(const std::string& file, const std::vector<std::string>& names);
  // What the import of the consumer, or its start, loads: it fails where this does.
  void make_required(const HeldLibrary& library);
  // A file that is not there, though its package lists it; `at_start`: the import wants it. `remark`: what is there.
  void note_absent(const std::string& name, bool at_start, const std::string& remark = {});
  // A module that the consumer does without, as others of its modules load: its kind becomes opened.
  void make_optional(const HeldLibrary& library);
  // A file that is in the process already, with the kernel's mark where it is deleted; nothing is judged about it.
  void take_mapped(const std::string& path);
  // All that is mapped was taken: what the program needs of it is what everybody sees.
  void settle_mapped();
  // Opens what the files of the set open late, those from the `first` object on, and what these open in turn.
  void open_late_names(std::size_t first);
  std::size_t loaded() const { return set_.objects.size(); }
  // Libraries of what is imported before, any of which may have been opened for all by then: what one of them defines
  // is missed by nobody.
  void may_be_given_by(const std::vector<const HeldLibrary*>& libraries);
  // What packages hold whose own files, which would open it, were written over by this one: nothing opens it by a name.
  void leave(std::set<std::string> packages) { left_ = std::move(packages); }
  // Writes the remark; the consumer is complete.
  void finish();

 private:
  static constexpr int kMostOpened = 8192;  // calls of dlopen
  // False: none of them is there.
  bool open_one_of(std::size_t asker, const std::vector<std::string>& names, const std::vector<std::string>& folders);
  // What became of one call of dlopen.
  struct Attempt {
    std::optional<std::size_t> object;
    std::size_t first = 0;             // object that it added, if any
    std::vector<std::string> missing;  // names that were not found; those of the driver are in driver_missing
    bool driver_missing = false;
  };
  struct Request {
    std::size_t asker = 0;
    std::string name;  // or a path
    DependencyKind kind = DependencyKind::needed;
    std::string why;  // empty: the loader's reason
    int depth = 0;    // of files loaded because others need them
  };

  void start(const std::string& program);
  bool is_elsewhere(const std::string& name);
  std::optional<std::size_t> open_name(const Request& request);
  std::optional<std::size_t> open_found(const Request& request);
  Attempt attempt(const Request& request);
  const HeldLibrary* held_for(std::size_t asker, const std::string& name) const;
  bool takes(std::size_t asker, const HeldLibrary& held) const;
  std::vector<std::string> versioned_names(std::size_t asker, const std::string& name);
  std::optional<std::size_t> find_loaded(const std::string& name) const;
  std::vector<std::size_t> closure_of(std::size_t object) const;
  std::string asked_by(const LoadedObject& object) const;
  ConsumedLibrary& row_of(const std::string& name, const std::string& path);
  void note_objects(std::size_t first, const Request& request);
  void note_missing(const std::string& name, DependencyKind kind, const std::string& asked_by);
  void judge(const Attempt& attempt);
  void judge_object(std::size_t object, const std::vector<const DynamicSymbols*>& scope, const Attempt& attempt);
  bool counts(const UnboundSymbol& symbol, const std::string& path, const Attempt& attempt);
  bool is_defined_elsewhere(const std::string& name, const std::string& version);
  bool is_defined_by_failed(const std::string& name);
  void note_version_needs(std::size_t first);
  void settle_unresolved();

  const LoaderContext& context_;
  LoadedFiles& files_;
  const HeldByName& held_;
  Consumer& consumer_;
  LoadedSet set_;
  std::vector<std::size_t> global_;  // objects of the program's own closure, whose symbols everybody sees
  bool has_program_ = false, other_loader_ = false;
  std::function<bool(const std::string& asker, const HeldLibrary&)> takes_;
  int opened_ = 0;
  std::map<std::string, std::size_t> rows_;            // by path, or by name where there is none
  std::vector<const HeldLibrary*> before_;             // of packages that are imported before
  std::set<std::string> left_;                         // packages
  std::set<std::string> failed_;                       // paths of what was let go of, for lack of a library
  std::set<std::string> tried_;                        // held libraries that were opened for others
  std::set<std::string> judged_, unread_, elsewhere_;  // paths
  bool unsure_of_c_names_ = false;
  bool has_c_library_ = true;
  bool lacks_c_library_ = false;  // somebody needs it
};

}  // namespace varve
