#include "package/path_files.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "package/python_literals.h"

namespace varve {

namespace {
constexpr std::size_t kMostOfPathFile = std::size_t{1} << 20;  // of one file
constexpr std::size_t kMostPathFiles = 256;                    // path files of one folder
constexpr std::size_t kMostPathFolders = 64;

class PathFiles {
 public:
  PathFiles(const Files& files, const std::string& folder) : files_(files), folder_(folder) {}

  std::vector<std::string> read() {
    std::size_t count = 0;
    for (const std::string& name : files_.list(folder_).value.value_or(std::vector<std::string>{})) {
      if (!name.ends_with(".pth") || name.starts_with('.') || ++count > kMostPathFiles) continue;
      const Looked<std::string> text = files_.read(folder_ + "/" + name, kMostOfPathFile);
      if (!text) continue;
      for (const std::string_view line : split(*text, '\n')) add_line(trim(line));
    }
    return std::move(found_);
  }

 private:
  // A line is a comment, code to run, or a folder, absolute or below that of the file.
  void add_line(std::string_view line) {
    constexpr std::string_view kFinder = "import __editable__";
    if (line.starts_with(kFinder)) {
      const std::string_view rest = line.substr(std::string_view("import ").size());
      add_finder(std::string(rest.substr(0, rest.find_first_of("; ,"))));
    }
    // "import _editable_skbc_gpu_ops" of scikit-build-core, "import _gpu_ops_editable" of its earlier releases.
    const bool of_builder =
        line.starts_with("import _editable_skbc_") || (line.starts_with("import _") && line.ends_with("_editable"));
    if (of_builder) add_installed_finder(std::string(line.substr(std::string_view("import ").size())));
    // "import _gpu_ops_editable_loader; _gpu_ops_editable_loader.init()" of meson-python.
    const std::size_t loader = line.find("_editable_loader;");
    if (line.starts_with("import _") && loader != std::string_view::npos) {
      add_build(std::string(line.substr(7, loader + std::string_view("_editable_loader").size() - 7)));
    }
    const bool is_code = line.starts_with("import ") || line.starts_with("import\t");
    if (line.empty() || line.front() == '#' || is_code) return;
    add(line.front() == '/' ? std::string(line) : folder_ + "/" + std::string(line));
  }

  // A call at its end: install({"gpu_ops": "/srv/project/src/gpu_ops/__init__.py"}, {"gpu_ops._C": "gpu_ops/_C.so"},
  // …): modules in Python among their sources, what was built in the folder of packages.
  void add_installed_finder(const std::string& module) {
    if (module.find('/') != std::string::npos) return;
    const Looked<std::string> text = files_.read(folder_ + "/" + module + ".py", kMostOfPathFile);
    constexpr std::string_view kCall = "install({";
    const std::size_t call = text ? text->rfind(kCall) : std::string::npos;
    if (call == std::string::npos || (call > 0 && (*text)[call - 1] != '\n')) return;
    const std::size_t begin = call + kCall.size() - 1, end = text->find('}', begin);
    if (end == std::string::npos) return;
    const auto constants = python_constants("MAPPING = " + text->substr(begin, end + 1 - begin) + "\n");
    const PythonValue* mapping = find_constant(constants, "MAPPING");
    if (mapping == nullptr) return;
    for (const PythonValue::Entry& entry : mapping->entries) {
      std::string below = "/" + entry.key;
      std::replace(below.begin(), below.end(), '.', '/');
      for (const char* file : {"/__init__.py", ".py"}) {
        const std::string& path = entry.value.text;
        const std::string ending = below + file;
        if (path.starts_with('/') && path.ends_with(ending)) add(path.substr(0, path.size() - ending.size()));
      }
    }
  }

  // MesonpyMetaFinder('gpu_ops', {'gpu_ops'}, '/srv/project/build/cp311', …): what was built lies there as it would be
  // installed, and Python's files where Meson's plan of the installation has them.
  void add_build(const std::string& module) {
    if (module.find('/') != std::string::npos) return;
    const Looked<std::string> text = files_.read(folder_ + "/" + module + ".py", kMostOfPathFile);
    const std::size_t call = text ? text->rfind("MesonpyMetaFinder(") : std::string::npos;
    const std::size_t begin = call == std::string::npos ? call : text->find("'/", call);
    if (begin == std::string::npos) return;
    const std::string build = text->substr(begin + 1, text->find('\'', begin + 1) - begin - 1);
    const std::string plan = build + "/meson-info/intro-install_plan.json";
    const Looked<std::string> planned = files_.read(plan, kMostOfPathFile);
    const Result<Json> json = parse_json(planned ? *planned.value : "", "reading where a build's files go", plan);
    const Json python = json && json->is_object() ? json->value("python", Json()) : Json();
    const Json nothing = Json::object();
    for (const auto& [path, file] : (python.is_object() ? python : nothing).items()) {
      const auto to = file.is_object() ? file.find("destination") : file.end();
      if (to == file.end() || !to->is_string()) continue;
      const std::string& place = to->get_ref<const std::string&>();  // "{py_platlib}/gpu_ops/__init__.py"
      const std::string below = place.substr(std::min(place.find('/'), place.size()));
      if (!below.empty() && path.ends_with(below)) add(path.substr(0, path.size() - below.size()));
    }
    add(build);
  }

  // "__editable___gpu_ops_1_0_finder": MAPPING = {"gpu_ops": "/srv/project/src/gpu_ops"}.
  void add_finder(const std::string& module) {
    if (module.find('/') != std::string::npos) return;
    const Looked<std::string> text = files_.read(folder_ + "/" + module + ".py", kMostOfPathFile);
    if (!text) return;
    const auto constants = python_constants(*text);
    const PythonValue* mapping = find_constant(constants, "MAPPING");
    if (mapping == nullptr) return;
    for (const PythonValue::Entry& entry : mapping->entries) {
      std::string below = "/" + entry.key;
      std::replace(below.begin(), below.end(), '.', '/');
      const std::string& path = entry.value.text;
      if (path.starts_with('/') && path.ends_with(below)) add(path.substr(0, path.size() - below.size()));
    }
  }

  void add(const std::string& path) {
    const Looked<std::string> resolved = files_.resolve(path);
    if (!resolved || *resolved == folder_ || *resolved == "/" || found_.size() >= kMostPathFolders) return;
    const Looked<FileKind> kind = files_.kind(*resolved);
    if (!kind || *kind != FileKind::directory) return;  // the standard library in a zip file
    if (std::find(found_.begin(), found_.end(), *resolved) == found_.end()) found_.push_back(*resolved);
  }

  const Files& files_;
  const std::string& folder_;
  std::vector<std::string> found_;
};

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// "/srv/my%20project" → "/srv/my project" (RFC 3986, 2.1)
std::string decoded(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool is_code = text[at] == '%' && at + 2 < text.size();
    const int high = is_code ? digit_of(text[at + 1]) : -1, low = is_code ? digit_of(text[at + 2]) : -1;
    if (high < 0 || low < 0) {
      plain += text[at];
      continue;
    }
    plain += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return plain;
}
}  // namespace

std::vector<std::string> path_file_folders(const Files& files, const std::string& folder) {
  return PathFiles(files, folder).read();
}

std::string editable_project(const Files& files, const std::string& metadata_folder) {
  constexpr std::string_view kLocal = "file://";
  const std::string path = metadata_folder + "/direct_url.json";
  const Looked<std::string> text = files.read(path, kMostOfPathFile);
  if (!text) return {};
  const Result<Json> json = parse_json(*text, "reading where a package came from", path);
  if (!json || !json->is_object()) return {};
  const Json url = json->value("url", Json()), about = json->value("dir_info", Json());
  const bool editable = about.is_object() && about.value("editable", Json()) == Json(true);
  if (!editable || !url.is_string()) return {};
  const std::string& address = url.get_ref<const std::string&>();
  if (!address.starts_with(std::string(kLocal) + "/")) return {};
  return files.resolve(decoded(std::string_view(address).substr(kLocal.size()))).value.value_or("");
}

}  // namespace varve
