#include <algorithm>
#include <map>
#include <set>

#include "base/at_once.h"
#include "base/redact.h"
#include "base/text.h"
#include "package/package_cuda.h"
#include "package/packages.h"
#include "package/python_metadata.h"
#include "package/python_record.h"
#include "tables/libraries.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr std::size_t kMostLibraries = 8192;
constexpr std::size_t kMostListed = 4 * kMostLibraries;  // kept of one package's list
constexpr std::size_t kMostWalked = 512;                 // folders of a package that is installed to be edited
constexpr int kDeepest = 4;                              // below its top

// Nine rows of ten: neither a library nor a compiler.
bool is_source(std::string_view row) {
  return row.ends_with(".py") || row.ends_with(".h") || row.ends_with(".pyc") || row.ends_with(".hpp") ||
         row.ends_with(".cuh");
}

struct ListedFile {
  std::string path, content;  // as in RecordRow
};

// Of a package's list (RECORD) what is asked about.
struct ListedFiles {
  bool whole = false;             // there is a list, and it was read to its end
  std::vector<ListedFile> files;  // libraries and compilers
  std::string folder_cuda;        // "13" where it lists nvidia/cu13/…
  bool has_python = false;        // modules in Python beside the __init__.py of its folders
};

// Looks at nothing but the list itself, so that lists may be read at once.
ListedFiles read_list(const Files& files, const InstalledPackage& installed) {
  ListedFiles list;
  const std::string path = installed.folder + "/" + installed.metadata + "/RECORD";
  const Looked<FileReader> file = files.open(path);
  if (!file) return list;
  const Status read = read_record_rows(*file, path, [&](const RecordRow& listed) {
    const std::string_view row = listed.path;
    list.has_python = list.has_python || (row.ends_with(".py") && !row.ends_with("/__init__.py"));
    if (is_source(row) && !row.starts_with("nvidia/cu")) return;
    if (row.starts_with("nvidia/cu") && list.folder_cuda.empty()) {
      list.folder_cuda = cuda_from_digits(row.substr(9, row.find('/', 9) - 9));
    }
    const bool counts = is_shared_library_name(row) || is_part_of_compiler(row);
    if (counts && list.files.size() < kMostListed)
      list.files.push_back({std::string(row), std::string(listed.content)});
  });
  list.whole = static_cast<bool>(read);
  return list;
}

class Gatherer {
 public:
  Gatherer(const Files& files, const EnvironmentPlace& place) : files_(files), place_(place) {}

  void gather(InstalledPackage& installed, const ListedFiles& list) {
    cudas_.clear();
    set_python(installed.folder);
    package_ = installed.package.name;
    if (!installed.row->has_gpu_code()) return;
    const bool listed = take_list(installed, list);
    for (const std::string& path : installed.conda_files) add_linked(path_below(place_.path, path));
    if (!listed && !installed.metadata.empty()) list_folders(installed, installed.folder, 1);
    if (!installed.tops.empty()) list_folders(installed, installed.folder, kDeepest);
    for (const std::string& source : installed.sources) list_folders(installed, source, kDeepest);
    if (!cudas_.empty()) {
      std::sort(cudas_.begin(), cudas_.end(),
                [](const std::string& a, const std::string& b) { return compare_dotted(a, b) < 0; });
      installed.package.cuda =
          known_fact(cudas_, "names of " + installed.row->cuda_libraries + "*.so", Standing::inferred);
    }
  }

  PackageFiles take() {
    PackageFiles result;
    for (const auto& [path, package] : libraries_) result.libraries.push_back(path);
    result.packages = std::move(libraries_);
    for (const auto& [path, compiler] : compilers_) {
      result.compilers.push_back(
          {path, compiler, missing_fact(Missing::not_asked, "the file", "the file was not read")});
    }
    result.claims = std::move(claims_);
    result.for_other_pythons = std::move(for_other_pythons_);
    return result;
  }

 private:
  // What imports from the folder: "313", "314t"; empty: not known.
  void set_python(const std::string& folder) {
    python_.clear();
    if (!place_.python.is_known()) return;
    const std::string version = value_text(*place_.python.value);
    const std::size_t dot = version.find('.');
    if (dot == std::string::npos) return;
    python_ = version.substr(0, dot) + version.substr(dot + 1, version.find('.', dot + 1) - dot - 1);
    if (folder.find("/python" + version.substr(0, version.find('.', dot + 1)) + "t/") != std::string::npos) {
      python_ += 't';
    }
  }

  void add(const std::string& path) {
    if (path.empty() || libraries_.size() >= kMostLibraries) return;
    if (is_for_another_python(path, python_)) {
      if (for_other_pythons_.size() < kMostLibraries) for_other_pythons_.emplace(path, package_);
      return;
    }
    if (const auto compiler = gpu_compiler_at(path)) compilers_.emplace(path, *compiler);
    if (is_shared_library_name(path)) libraries_.insert_or_assign(path, package_);
  }

  // A list may name files beside the folder of packages (../../../bin/x), but none outside the prefix.
  void add_below(const std::string& folder, std::string_view row) {
    const std::size_t lib = std::min(folder.rfind("/lib/python3"), folder.rfind("/lib64/python3"));
    const std::string prefix = folder.substr(0, lib) + "/";
    const std::string path = path_below(folder, row);
    if (path.starts_with(prefix)) add(path);
  }

  // conda's lists have the links libx.so and libx.so.12 beside libx.so.12.1.
  void add_linked(const std::string& path) {
    if (!path.empty()) add(files_.resolve(path).value.value_or(path));
  }

  // What the package's list says; false: it has none.
  bool take_list(InstalledPackage& installed, const ListedFiles& list) {
    const std::string label = installed.package.name + " " + installed.package.version;
    const bool as_listed = !installed.package.is_of_conda();
    for (const ListedFile& file : list.files) {
      const RecordRow listed{file.path, file.content};
      const bool library = is_shared_library_name(listed.path);
      note_cuda(listed.path, installed.row->cuda_libraries);
      if (library || gpu_compiler_at(listed.path)) add_below(installed.folder, listed.path);
      if ((library || is_part_of_compiler(listed.path)) && as_listed && !installed.is_candidate())
        claims_.add(path_below(installed.folder, listed.path), label, listed.digest(), listed.size());
    }
    // From CUDA 13 on the names of the wheels do not tell, but the folder that they share does.
    Fact& cuda = installed.package.cuda;
    if (!list.folder_cuda.empty() && !cuda.is_known() && cuda.missing == Missing::absent) {
      cuda = known_fact(list.folder_cuda, "its folder nvidia/cu" + list.folder_cuda, Standing::inferred);
    }
    return list.whole;
  }

  // "bitsandbytes/libbitsandbytes_cuda128.so" with "libbitsandbytes_cuda" → "12.8".
  void note_cuda(std::string_view path, const std::string& start) {
    if (start.empty()) return;
    const std::string_view name = path.substr(path.rfind('/') + 1);
    if (!name.starts_with(start) || !name.ends_with(".so")) return;
    const std::string cuda = cuda_from_digits(name.substr(start.size(), name.size() - start.size() - 3));
    if (!cuda.empty()) cudas_.push_back(cuda);
  }

  // Below `place`, a folder of packages or of sources. `depth`: 1 for what an installer laid out flat.
  void list_folders(const InstalledPackage& installed, const std::string& place, int depth) {
    std::vector<std::string> names = installed.tops.empty() ? installed.row->folders : installed.tops;
    const std::string top = installed.folder + "/" + installed.metadata + "/top_level.txt";
    const Looked<std::string> text = installed.metadata.empty() ? Looked<std::string>{} : read_value(files_, top);
    if (text) {
      for (const std::string_view line : split(*text, '\n')) {
        if (line.find('/') == std::string_view::npos && trim(line) != "..") names.emplace_back(trim(line));
      }
    }
    if (names.empty()) {
      names = {normal_package_name(installed.package.name)};
      std::replace(names[0].begin(), names[0].end(), '-', '_');
    }
    const std::set<std::string> tops(names.begin(), names.end());
    for (const std::string& name : tops) {
      const std::string folder = path_below(place, name);
      if (folder.empty() || folder == place) continue;
      if (depth == 1) {
        for (const char* part : {"", "/lib", "/bin"}) list_folder(folder + part);
      } else {
        walk(folder, depth);
      }
      list_folder(folder + ".libs");
    }
    // A module of its own beside the folders: "gpu_ops.cpython-311-x86_64-linux-gnu.so".
    auto& beside = beside_[place];
    if (!beside) beside = files_.list(place).value.value_or(std::vector<std::string>{});
    for (const std::string& name : *beside) {
      if (tops.contains(name.substr(0, name.find('.')))) add(place + "/" + name);
    }
  }

  void list_folder(const std::string& folder) {
    for (const std::string& name : files_.list(folder).value.value_or(std::vector<std::string>{})) {
      add(folder + "/" + name);
    }
  }

  // Sources have no list of files, and what is built among them lies where the build put it.
  void walk(const std::string& top, int depth) {
    std::vector<std::pair<std::string, int>> waiting{{top, depth}};
    for (std::size_t at = 0; at < waiting.size(); ++at) {
      const auto [folder, left] = waiting[at];
      for (const std::string& name : files_.list(folder).value.value_or(std::vector<std::string>{})) {
        const std::string path = folder + "/" + name;
        if (is_shared_library_name(path) || gpu_compiler_at(path)) add(path);
        const bool may_be_folder = name.find('.') == std::string::npos && name != "__pycache__";
        if (left == 0 || !may_be_folder || waiting.size() >= kMostWalked) continue;
        const Looked<FileKind> kind = files_.kind(path);
        if (kind && *kind == FileKind::directory) waiting.emplace_back(path, left - 1);
      }
    }
  }

  const Files& files_;
  const EnvironmentPlace& place_;
  std::map<std::string, std::string> libraries_;  // with the package that lists it
  std::map<std::string, GpuCompiler> compilers_;
  std::map<std::string, std::string> for_other_pythons_;
  std::string package_, python_;
  std::vector<std::string> cudas_;
  std::map<std::string, std::optional<std::vector<std::string>>> beside_;  // names in folders of packages
  FileClaims claims_;
};

// Packages with modules for Python and without a library that the table of libraries has: what is called like a wheel
// of libraries and is the Python side of some (nvidia-nvcomp 5, cuda-cccl, nvidia-deepstream-videodecode), which is
// imported by itself. `with_modules`: those with modules in Python.
std::set<std::string> packages_with_modules(const std::map<std::string, std::string>& libraries,
                                            std::set<std::string> with_modules) {
  std::set<std::string> with_libraries;
  for (const auto& [path, package] : libraries) {
    const std::string name = file_name(path);
    const bool is_module = name.find(".cpython-") != std::string::npos || name.ends_with(".abi3.so");
    if (is_module) with_modules.insert(package);
    if (!is_module && library_of(name) != nullptr) with_libraries.insert(package);
  }
  for (const std::string& package : with_libraries) with_modules.erase(package);
  return with_modules;
}
}  // namespace

std::optional<GpuCompiler> gpu_compiler_at(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = path.substr(slash + 1);
  if (name.starts_with("libnvrtc.so")) {
    return is_shared_library_name(name) ? std::optional(GpuCompiler::nvrtc) : std::nullopt;
  }
  const std::string_view folder = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  if (folder != "bin" && !folder.ends_with("/bin")) return std::nullopt;
  if (name == "nvcc") return GpuCompiler::nvcc;
  const bool is_ptxas = name == "ptxas" || (name.starts_with("ptxas-") && name.find('.') == std::string_view::npos);
  return is_ptxas ? std::optional(GpuCompiler::ptxas) : std::nullopt;
}

bool is_part_of_compiler(std::string_view path) { return path.ends_with(".bc") || gpu_compiler_at(path).has_value(); }

bool is_for_another_python(std::string_view path, std::string_view python) {
  constexpr std::string_view kTag = ".cpython-";
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t at = name.find(kTag);
  if (python.empty()) return false;
  if (at == std::string_view::npos) return name.find(".pypy") != std::string_view::npos;
  const std::string_view rest = name.substr(at + kTag.size());
  std::string_view tag = rest.substr(0, rest.find_first_of("-."));
  while (tag.ends_with('d') || tag.ends_with('m')) tag.remove_suffix(1);  // builds for debugging; before Python 3.8
  return tag != python;
}

PackageFiles files_of_packages(const Files& files, const EnvironmentPlace& place,
                               std::vector<InstalledPackage>& packages) {
  Gatherer gatherer(files, place);
  std::vector<ListedFiles> lists(packages.size());
  for_each_at_once(packages.size(), [&](std::size_t i) {
    if (packages[i].row->has_gpu_code() && !packages[i].metadata.empty()) lists[i] = read_list(files, packages[i]);
  });
  for (std::size_t i = 0; i < packages.size(); ++i) gatherer.gather(packages[i], lists[i]);
  PackageFiles found = gatherer.take();
  for (std::size_t i = 0; i < packages.size(); ++i) {
    if (lists[i].has_python) found.with_python.insert(packages[i].package.name);
  }
  return found;
}

EnvironmentReading read_environment(const Files& files, const EnvironmentPlace& place, const std::string& home) {
  std::vector<InstalledPackage> packages = read_packages(files, place);
  PackageFiles found = files_of_packages(files, place, packages);
  EnvironmentReading reading;
  Environment& environment = reading.environment;
  environment.kind = place.kind;
  environment.path = clean_utf8(shorten_home(place.path, home));
  environment.python = place.python;
  environment.python.source = shorten_home(environment.python.source, home);
  if (place.sees_system) {
    environment.python.detail = "the packages of the installation beneath are seen too (include-system-site-packages)";
  }
  std::set<std::string> owners;
  for (const auto& [library, owner] : found.packages) owners.insert(owner);
  const std::set<std::string> importable = packages_with_modules(found.packages, found.with_python);
  for (InstalledPackage& installed : packages) {
    const bool uses_by_itself = importable.contains(installed.package.name);
    if (installed.package.role == PackageRole::runtime && uses_by_itself)
      installed.package.role = PackageRole::extension;
    // cuda-python 12.8 is a list of others; 11.8 and 12.4 are the modules themselves.
    if (installed.package.role == PackageRole::extension && installed.row->version_is_cuda && !uses_by_itself)
      installed.package.role = PackageRole::library;
    // An unlisted package without libraries is an ordinary user of the framework.
    const bool extends = installed.row != &unlisted_extension() || owners.contains(installed.package.name);
    if (!extends) continue;
    if (installed.is_candidate()) reading.candidates.insert(installed.package.name);
    environment.packages.push_back(std::move(installed.package));
  }
  for (CarriedCompiler& compiler : found.compilers) {
    reading.compilers.push_back(compiler.path);
    compiler.path = clean_utf8(shorten_home(compiler.path, home));
    environment.compilers.push_back(std::move(compiler));
  }
  environment.runtimes = missing_fact(Missing::not_asked, "libraries", "the libraries were not read");
  environment.file_faults = found.claims.faults(files, home);
  found.claims.give_to_owners(environment.file_faults, found.packages);
  reading.libraries = std::move(found.libraries);
  reading.packages = std::move(found.packages);
  reading.for_other_pythons = std::move(found.for_other_pythons);
  return reading;
}

}  // namespace varve
