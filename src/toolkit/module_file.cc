#include "toolkit/module_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "toolkit/shell_exports.h"
#include "toolkit/toolkit_layout.h"
#include "toolkit/toolkit_reader.h"

namespace varve {

namespace {
constexpr std::string_view kMark = "Written by varve toolkit; it may be written again.";

// Inside double quotes Tcl(n) puts in variables, commands and backslashes.
std::string tcl_word(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '$' || c == '[' || c == ']' || c == '\\' || c == '{' || c == '}') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// Lua 5.3, section 3.1: a byte may be written as a backslash and three digits.
std::string lua_word(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\' || byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\{:03}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string as_file_name(std::string text) {
  for (char& c : text) {
    const bool plain =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    if (!plain && c != '.') c = '_';
  }
  return text.starts_with('.') ? "_" + text : text;
}

std::string version_of(const InstalledToolkit& installed) {
  std::string version = fact_text(installed.toolkit.version);
  if (!installed.toolkit.version.is_known()) {
    version = installed.toolkit.nvcc.is_known() ? fact_text(installed.toolkit.nvcc) : "unknown";
  }
  return as_file_name(version);
}

class Writer {
 public:
  explicit Writer(ModuleLanguage language) : lua_(language == ModuleLanguage::lua) {}

  void call(const char* tcl, const char* lua, const std::vector<std::string>& words) {
    std::vector<std::string> parts;
    for (const std::string& word : words) parts.push_back(lua_ ? lua_word(word) : tcl_word(word));
    text += lua_ ? fmt::format("{}({})\n", lua, join(parts, ", ")) : fmt::format("{} {}\n", tcl, join(parts, " "));
  }
  void name(const char* variable, const std::string& value) {
    text += lua_ ? fmt::format("setenv({}, {})\n", lua_word(variable), lua_word(value))
                 : fmt::format("setenv {} {}\n", variable, tcl_word(value));
  }
  // What stands first is put in front last.
  void lead(const char* variable, const std::vector<std::string>& folders) {
    for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
      text += lua_ ? fmt::format("prepend_path({}, {})\n", lua_word(variable), lua_word(*folder))
                   : fmt::format("prepend-path {} {}\n", variable, tcl_word(*folder));
    }
  }

  std::string text;

 private:
  bool lua_;
};
}  // namespace

std::string module_name(const InstalledToolkit& toolkit, ModuleLanguage language) {
  return "cuda/" + version_of(toolkit) + (language == ModuleLanguage::lua ? ".lua" : "");
}

std::string module_file_for(const Files& files, const std::string& folder, const InstalledToolkit& toolkit,
                            ModuleLanguage language) {
  const std::string ending = language == ModuleLanguage::lua ? ".lua" : "";
  const std::string plain = folder + "/cuda/" + version_of(toolkit);
  const std::string own = module_text(toolkit, language) ? *module_text(toolkit, language) : "";
  const std::size_t home = std::min(own.find("CUDA_HOME"), own.size());
  const std::string line = own.substr(home, own.find('\n', home) - home);
  // What tells it from others: the folder's name, and of a toolkit in an environment the environment's.
  const std::string place = toolkit.environment.empty() ? toolkit.toolkit.path : toolkit.environment;
  const auto is_of_another = [&](const std::string& file) {
    const Looked<std::string> there = files.read(file);
    return there && is_own_module(*there) && there->find(line) == std::string::npos;
  };
  if (!is_of_another(plain + ending)) return plain + ending;
  const std::string named = plain + "-" + as_file_name(file_name(place));
  for (int i = 2; i < 100; ++i) {
    const std::string file = named + (i == 2 ? "" : "-" + std::to_string(i - 1)) + ending;
    if (!is_of_another(file)) return file;
  }
  return plain + ending;
}

Result<std::string> module_text(const InstalledToolkit& toolkit, ModuleLanguage language) {
  const std::string& path = toolkit.toolkit.path;
  if (path.find(':') != std::string::npos) {
    return Error{"writing a module file", clean_utf8(path), "its path has a colon, which PATH cannot hold",
                 "Lead a link without a colon to it and name that"};
  }
  const bool lua = language == ModuleLanguage::lua;
  Writer writer(language);
  writer.text = lua ? fmt::format("-- {}\n", kMark) : fmt::format("#%Module1.0\n# {}\n", kMark);
  writer.call("module-whatis", "whatis", {"CUDA toolkit " + version_of(toolkit)});
  writer.call("conflict", "conflict", {"cuda"});
  writer.name("CUDA_HOME", toolkit_home(toolkit));
  writer.name("CUDA_PATH", toolkit_home(toolkit));
  const std::string& programs = toolkit.layout.programs;
  if (!programs.empty() && !is_system_programs(programs)) writer.lead("PATH", {programs});
  writer.lead("LD_LIBRARY_PATH", toolkit.layout.libraries);
  const std::vector<std::string> flags = nvcc_flags(toolkit);
  if (!flags.empty()) writer.name("NVCC_PREPEND_FLAGS", join(flags, " "));
  return writer.text;
}

bool is_own_module(std::string_view text) { return text.substr(0, 256).find(kMark) != std::string_view::npos; }

}  // namespace varve
