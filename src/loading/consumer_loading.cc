#include "loading/consumer_loading.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "base/library_file_name.h"
#include "base/text.h"
#include "loading/binary_collection.h"
#include "model/words/lookup_way.h"
#include "tables/libraries.h"

namespace varve {

namespace {
constexpr int kMostDepth = 16;     // of libraries that are opened because others need them
constexpr int kMostAttempts = 64;  // to open one library after what it needs was opened first

// "libcudnn.so.9" → "9"
std::string soname_suffix(const std::string& soname) {
  const std::size_t at = soname.find(".so.");
  return at == std::string::npos ? std::string() : soname.substr(at + 4);
}
}  // namespace

ConsumerLoading::ConsumerLoading(const LoaderContext& context, LoadedFiles& files, const HeldByName& held,
                                 const std::string& program, Consumer& consumer,
                                 std::function<bool(const std::string& asker, const HeldLibrary&)> takes)
    : context_(context), files_(files), held_(held), consumer_(consumer), takes_(std::move(takes)) {
  start(program);
}

// Of a system whose C library is not of the files' machine (x86-64 under an emulator on ARM, which has the libraries
// that go with it) or lies in another place: what goes with a C library says nothing about the files.
bool ConsumerLoading::is_elsewhere(const std::string& name) {
  constexpr std::string_view kWithIt[] = {"libc.so.6",     "libm.so.6",     "libdl.so.2",     "libpthread.so.0",
                                          "librt.so.1",    "libutil.so.1",  "libresolv.so.2", "libmvec.so.1",
                                          "libgcc_s.so.1", "libstdc++.so.6"};
  const bool goes_with_it =
      name.starts_with("ld-linux") || std::find(std::begin(kWithIt), std::end(kWithIt), name) != std::end(kWithIt);
  if (has_c_library_ || !goes_with_it) return false;
  return lacks_c_library_ = true;
}

void ConsumerLoading::start(const std::string& program) {
  if (!program.empty()) {
    if (Result<LoadedSet> started = start_loaded_set(context_, program)) {
      set_ = std::move(*started);
      has_program_ = true;
    }
  }
  if (set_.objects.empty()) set_.objects.emplace_back();  // an unknown program, which needs nothing
  has_c_library_ = !resolve_dependency(context_, set_, 0, "libc.so.6").path.empty();
  // What a process needs it has mapped, and other files may stand under those names now.
  if (consumer_.kind != ConsumerKind::process) load_needed(context_, set_);
  for (std::size_t i = 0; i < set_.objects.size(); ++i) global_.push_back(i);
  if (!has_program_) return;
  const std::string& interpreter = set_.objects[0].dynamic.interpreter;
  other_loader_ = !interpreter.empty() && !file_name(interpreter).starts_with("ld-linux");
  note_objects(0, {});
  Attempt attempt{.object = 0, .missing = {}};
  for (const Dependency& missing : set_.missing) {
    // The loader goes on without what LD_PRELOAD names and nobody finds.
    const std::vector<std::string>& preload = context_.preload;
    const bool is_preload = std::find(preload.begin(), preload.end(), missing.name) != preload.end();
    note_missing(missing.name, is_preload ? DependencyKind::opened : DependencyKind::needed, set_.objects[0].real_path);
    if (!is_preload && !is_elsewhere(missing.name)) attempt.missing.push_back(missing.name);
  }
  if (consumer_.kind != ConsumerKind::binary) return;  // any other program is known to start
  ConsumedLibrary& row = row_of(file_name(program), set_.objects[0].real_path);
  row.at_start = true;
  row.lacks = attempt.missing;
  judge(attempt);
}

bool ConsumerLoading::open(const HeldLibrary& library, DependencyKind kind, const std::string& why) {
  return open_name({.asker = 0, .name = library.path, .kind = kind, .why = why}).has_value();
}

void ConsumerLoading::open_for_all(const std::string& name, const std::string& why) {
  const auto object = open_name({.asker = 0, .name = name, .kind = DependencyKind::opened, .why = why});
  if (!object) return;
  for (const std::size_t one : closure_of(*object)) {
    if (std::find(global_.begin(), global_.end(), one) == global_.end()) global_.push_back(one);
  }
}

bool ConsumerLoading::open_from(const HeldLibrary& asker, const std::string& name) {
  for (std::size_t i = 0; i < set_.objects.size(); ++i) {
    if (set_.objects[i].real_path != asker.real_path) continue;
    return open_name({.asker = i, .name = name, .kind = DependencyKind::opened, .why = {}}).has_value();
  }
  return false;
}

void ConsumerLoading::open_one_from(const HeldLibrary& asker, const std::vector<std::string>& names,
                                    const std::vector<std::string>& folders) {
  for (std::size_t i = 0; i < set_.objects.size(); ++i) {
    if (set_.objects[i].real_path != asker.real_path) continue;
    const std::string path = asked_by(set_.objects[i]);
    if (!open_one_of(i, names, folders) && !names.empty()) note_missing(names.front(), DependencyKind::opened, path);
    return;
  }
}

void ConsumerLoading::open_one_from_python(const std::string& file, const std::vector<std::string>& names) {
  if (!open_one_of(0, names, {}) && !names.empty()) note_missing(names.front(), DependencyKind::opened, file);
}

bool ConsumerLoading::open_one_of(std::size_t asker, const std::vector<std::string>& names,
                                  const std::vector<std::string>& folders) {
  for (const std::string& name : names) {
    const HeldLibrary* held = held_for(asker, name);
    const Resolution found = resolve_dependency(context_, set_, asker, name);
    if (found.loaded) return true;
    const auto folder = std::find_if(folders.begin(), folders.end(), [&](const std::string& one) {
      return static_cast<bool>(context_.files.resolve(one + "/" + name));
    });
    const bool is_found = !found.path.empty() && !found.unfit;
    if (held == nullptr && !is_found && folder == folders.end()) continue;
    Request request{.asker = asker, .name = name, .kind = DependencyKind::opened, .why = {}};
    if (held != nullptr) {
      request.name = held->path;
      request.why = to_string(LookupWay::held);
    } else if (!is_found) {
      request.name = *folder + "/" + name;
    }
    (void)open_found(request);
    return true;
  }
  return false;
}

void ConsumerLoading::take_mapped(const std::string& path) {
  for (const LoadedObject& object : set_.objects) {
    if (object.real_path == path) return;
  }
  LoadedObject object{.path = path,
                      .real_path = path,
                      .names = {file_name(without_deleted_mark(path))},
                      .why = lookup_text(LookupWay::mapped),
                      .loader = 0,
                      .dynamic = {}};
  // A file that may not be read is there all the same.
  if (const Looked<FileReader> file = context_.files.open(path)) {
    Result<DynamicSection> dynamic = read_dynamic_section(*file, path);
    if (!dynamic) return;
    object.dynamic = std::move(*dynamic);
  } else {
    // Its SONAME is not known: what it may be asked for by, "libcudart.so.12.1.105" as libcudart.so.12 too.
    std::string name = object.names.front();
    while (name.find(".so.") < name.rfind('.') - 3) object.names.push_back(name.erase(name.rfind('.')));
  }
  set_.objects.push_back(std::move(object));
  note_objects(set_.objects.size() - 1, {});
}

void ConsumerLoading::settle_mapped() { global_ = closure_of(0); }

void ConsumerLoading::open_late_names(std::size_t first) {
  for (std::size_t at = first; at < set_.objects.size(); ++at) {
    const std::vector<std::string> names = files_.look_into(set_.objects[at]).opened;
    for (const std::string& name : names) {
      (void)open_name({.asker = at, .name = name, .kind = DependencyKind::opened, .why = {}});
    }
  }
}

std::optional<std::size_t> ConsumerLoading::find_loaded(const std::string& name) const {
  for (std::size_t i = 0; i < set_.objects.size(); ++i) {
    const LoadedObject& object = set_.objects[i];
    if (object.dynamic.soname == name || object.path == name ||
        std::find(object.names.begin(), object.names.end(), name) != object.names.end()) {
      return i;
    }
  }
  return std::nullopt;
}

// Of several files under one name that the consumer opens: that of the asker's package, then a package that exists to
// be loaded by others.
const HeldLibrary* ConsumerLoading::held_for(std::size_t asker, const std::string& name) const {
  const auto [begin, end] = held_.equal_range(name);
  const std::string& path = set_.objects[asker].real_path;
  const std::string package = files_.package_of(path);
  const HeldLibrary* best = nullptr;
  int best_rank = 3;
  for (auto at = begin; at != end; ++at) {
    if (at->second->real_path == path || !takes(asker, *at->second)) continue;
    const int rank = !package.empty() && at->second->package == package ? 0
                     : at->second->role == PackageRole::runtime         ? 1
                                                                        : 2;
    if (rank < best_rank) {
      best = at->second;
      best_rank = rank;
    }
  }
  return best;
}

bool ConsumerLoading::takes(std::size_t asker, const HeldLibrary& held) const {
  if (!takes_) return true;
  const std::string package = files_.package_of(set_.objects[asker].real_path);
  const bool is_own = !held.package.empty() && (held.package == consumer_.package || held.package == package);
  return is_own || takes_(package, held);
}

// What a library may make of "libcudnn_graph.so" before it opens it: its own version behind it, longest first, then
// what the environment has under such a name.
std::vector<std::string> ConsumerLoading::versioned_names(std::size_t asker, const std::string& name) {
  std::vector<std::string> names;
  const HeldLibrary& own = files_.look_into(set_.objects[asker]);
  const std::string suffix = soname_suffix(own.soname.empty() ? set_.objects[asker].dynamic.soname : own.soname);
  if (!suffix.empty()) {
    std::string version = (own.version + ".").starts_with(suffix + ".") ? own.version : "";
    for (; version.size() > suffix.size(); version.resize(version.rfind('.'))) names.push_back(name + "." + version);
    names.push_back(name + "." + suffix);
  }
  const std::string start = name + ".";
  for (auto at = held_.lower_bound(start); at != held_.end() && at->first.starts_with(start); ++at) {
    if (std::find(names.begin(), names.end(), at->first) == names.end()) names.push_back(at->first);
  }
  return names;
}

std::optional<std::size_t> ConsumerLoading::open_name(const Request& request) {
  if (opened_ >= kMostOpened || request.depth > kMostDepth) return std::nullopt;
  ++opened_;
  std::vector<std::string> names{request.name};
  const bool plain = request.name.find('/') == std::string::npos;
  if (plain && request.kind == DependencyKind::opened && request.name.ends_with(".so")) {
    for (std::string& name : versioned_names(request.asker, request.name)) names.push_back(std::move(name));
  }
  Request next = request;
  for (const std::string& name : names) {
    const Resolution found = resolve_dependency(context_, set_, request.asker, name);
    if (found.loaded) return found.loaded;
    next.name = name;
    if (found.path.empty() || found.unfit) continue;
    const bool is_late = plain && request.kind == DependencyKind::opened;
    if (is_late && !left_.empty() && left_.contains(files_.package_of(found.path))) return std::nullopt;
    return open_found(next);
  }
  for (const std::string& name : names) {
    const HeldLibrary* held = plain ? held_for(request.asker, name) : nullptr;
    if (held == nullptr) continue;
    next.name = held->path;
    next.why = to_string(LookupWay::held);
    return open_found(next);
  }
  note_missing(request.name, request.kind, asked_by(set_.objects[request.asker]));
  return std::nullopt;
}

// One dlopen, after what it needs and only the environment can find was opened: frameworks do that from Python.
ConsumerLoading::Attempt ConsumerLoading::attempt(const Request& request) {
  for (int tries = 0;; ++tries) {
    const std::size_t first = set_.objects.size();
    set_.missing.clear();
    Attempt attempt{.object = load_library(context_, set_, request.asker, request.name), .first = first, .missing = {}};
    note_version_needs(first);
    const HeldLibrary* held = nullptr;
    for (const Dependency& missing : set_.missing) {
      const std::size_t asker = attempt.object.value_or(request.asker);
      const HeldLibrary* candidate = held_for(asker, missing.name);
      const bool is_new = candidate != nullptr && !tried_.contains(candidate->path);
      if (held == nullptr && is_new) held = candidate;
      if (is_driver_library(missing.name)) {
        attempt.driver_missing = true;
      } else if (!is_elsewhere(missing.name)) {
        attempt.missing.push_back(missing.name);
      }
    }
    if (held == nullptr || tries >= kMostAttempts) return attempt;
    set_.objects.erase(set_.objects.begin() + static_cast<std::ptrdiff_t>(first), set_.objects.end());
    tried_.insert(held->path);
    const Request before{.asker = 0,
                         .name = held->path,
                         .kind = request.kind,
                         .why = lookup_text(LookupWay::held),
                         .depth = request.depth + 1};
    // What then needs it says what becomes of it.
    if (!open_name(before)) make_optional(*held);
  }
}

// A version is wanted of a file that somebody else must have loaded, since there is no NEEDED entry for it: without
// that file the loader ends the process (_dl_check_map_versions of glibc, elf/dl-version.c).
void ConsumerLoading::note_version_needs(std::size_t first) {
  for (std::size_t i = first; i < set_.objects.size(); ++i) {
    const DynamicSection& dynamic = set_.objects[i].dynamic;
    for (const VersionNeed& need : dynamic.version_needs) {
      const bool is_needed = std::find(dynamic.needed.begin(), dynamic.needed.end(), need.file) != dynamic.needed.end();
      if (is_needed || find_loaded(need.file)) continue;
      const bool is_noted = std::any_of(set_.missing.begin(), set_.missing.end(),
                                        [&](const Dependency& missing) { return missing.name == need.file; });
      if (!is_noted) set_.missing.push_back({.name = need.file, .kind = DependencyKind::needed});
    }
  }
}

std::optional<std::size_t> ConsumerLoading::open_found(const Request& request) {
  const Attempt done = attempt(request);
  if (!done.object) {
    note_missing(request.name, request.kind, asked_by(set_.objects[request.asker]));
    return std::nullopt;
  }
  if (done.first == set_.objects.size()) return done.object;  // what it needs had loaded it
  note_objects(done.first, request);
  const LoadedObject& root = set_.objects[done.first];
  row_of(file_name(root.path), root.real_path).lacks = done.missing;
  for (const Dependency& missing : set_.missing) {
    for (std::size_t i = done.first; i < set_.objects.size(); ++i) {
      const DynamicSection& dynamic = set_.objects[i].dynamic;
      const bool needs = std::find(dynamic.needed.begin(), dynamic.needed.end(), missing.name) != dynamic.needed.end();
      const auto wants = [&](const VersionNeed& need) { return need.file == missing.name; };
      if (!needs && std::none_of(dynamic.version_needs.begin(), dynamic.version_needs.end(), wants)) continue;
      note_missing(missing.name, DependencyKind::needed, set_.objects[i].real_path);
      break;
    }
  }
  judge(done);
  if (done.missing.empty()) return done.object;
  // The loader would have given up and let go of all of it.
  for (std::size_t i = done.first; i < set_.objects.size(); ++i) failed_.insert(set_.objects[i].real_path);
  set_.objects.erase(set_.objects.begin() + static_cast<std::ptrdiff_t>(done.first), set_.objects.end());
  return std::nullopt;
}

}  // namespace varve
