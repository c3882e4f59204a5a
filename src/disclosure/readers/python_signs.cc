// Which Python it is, by the way, in lines that are others':
//   Python 3.13.1 (main, …             Python 3.10.18 | packaged by conda-forge | (main, …        Using CPython 3.12.8
//   conda create -n x python=3.10      …/lib/python3.11/site-packages/torch/… (tags/v3.13.9:8183fa5, … File
//   "/usr/lib/python3.10/runpy.py", line 196               flash_attn_2_cuda.cpython-310-x86_64-linux-gnu.so
//   Downloading numpy-1.26.1-cp311-cp311-win_amd64.whl          C:\…\Programs\Python\Python311\python.exe
//   This program is tested with 3.10.6 Python, but you have 3.11.2.   (Stable Diffusion's web UI)
//   [Taichi] version 1.8.0, llvm 15.0.4, …, linux, python 3.10.18
// An interpreter loads no extension of another release, and pip takes no wheel for another one. Only where all signs
// agree does the version count (text_asked.cc). No line is taken from others.
#include <algorithm>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
constexpr std::size_t kMostPythonSigns = 16;
constexpr std::size_t kMostSignLine = 2048;

// What `python --version` prints and what the interpreter says when it starts.
std::string_view banner_version(std::string_view text) {
  if (!text.starts_with("Python ") && !text.starts_with("python ") && !text.starts_with("python3.")) return {};
  const std::string_view rest = text.substr(text[6] == ' ' ? 7 : 6);
  const std::string_view version = leading_version(rest), behind_it = rest.substr(version.size());
  if (behind_it.empty()) return version;
  if (text[0] == 'p') return {};  // a command
  const bool is_banner =
      behind_it.starts_with(" (") || behind_it.starts_with(" | packaged by ") || behind_it == " on Windows";
  return is_banner ? version : std::string_view();
}

// The folder of packages, or of the interpreter's own modules in a traceback: "/lib/python3.11/site-packages/".
std::string_view folder_version(std::string_view text) {
  constexpr std::string_view kFolder = "/python3.";
  const std::size_t at = text.find(kFolder);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + kFolder.size() - 2);
  const std::string_view version = leading_version(rest), behind_it = rest.substr(version.size());
  if (behind_it.starts_with("/site-packages") || behind_it.starts_with("/dist-packages")) return version;
  const bool is_frame = behind_it.starts_with('/') && text.substr(0, at).find("File \"/") != std::string_view::npos;
  return is_frame ? version : std::string_view();
}

// "310" is 3.10; empty: it is none of Python 3.
std::string version_of_digits(std::string_view text) {
  const std::string_view digits = text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
  if (digits.size() < 2 || digits.size() > 3 || digits[0] != '3') return {};
  return "3." + std::string(digits.substr(1));
}

// Of a wheel that pip took: "Downloading numpy-1.26.1-cp311-cp311-win_amd64.whl", with or without an address. A wheel
// for the stable ABI ("-cp38-abi3-") is for later releases too.
std::string wheel_version(std::string_view text) {
  text = trim(text);
  bool is_taken = false;
  for (const std::string_view start : {"Downloading ", "Using cached ", "Processing "}) {
    is_taken = is_taken || text.starts_with(start);
  }
  const std::size_t at = is_taken ? text.find("-cp3") : std::string_view::npos;
  if (at == std::string_view::npos) return {};
  constexpr std::size_t kDash = 3;  // "-cp" before the digits
  const std::string_view rest = text.substr(at + kDash);
  const std::size_t next = rest.find('-');
  const bool is_own = next != std::string_view::npos && rest.substr(next).starts_with("-cp3");
  return is_own ? version_of_digits(rest) : std::string();
}

// Of an extension's file, of a folder that setuptools builds in, of the interpreter's folder under Windows.
std::string file_version(std::string_view text) {
  if (const auto rest = behind(text, ".cpython-"); rest && rest->find(".so: ") < 40) return version_of_digits(*rest);
  if (const auto rest = behind(text, "-cpython-"); rest && has(text, "temp.")) return version_of_digits(*rest);
  constexpr std::string_view kFolder = "\\Python";
  const std::size_t at = text.find("\\Python3");
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + kFolder.size());
  const std::size_t end = std::min(rest.find('\\'), rest.size());
  const std::string inside = to_lower(rest.substr(end, kFolder.size() + 1));
  const bool is_interpreter = inside == "\\python." || inside.starts_with("\\lib\\");
  return is_interpreter && end < 4 ? version_of_digits(rest) : std::string();
}

std::string python_of(const TextLine& line) {
  const std::string_view text = trim(line.text);
  if (holds(line, ".whl")) {
    if (std::string version = wheel_version(text); !version.empty()) return version;
  }
  if (holds(line, "tags/v3.")) return std::string(leading_version(behind(text, "tags/v")->substr(0, 12)));
  if (!holds(line, "ython")) return {};
  if (const std::string_view version = banner_version(text); !version.empty()) return std::string(version);
  if (text.starts_with("Using CPython ")) return std::string(leading_version(text.substr(14)));
  if (text.starts_with("Using Python ") && holds(line, " environment")) {
    return std::string(leading_version(text.substr(13)));
  }
  if (holds(line, "conda create ") && holds(line, " python=")) {
    const std::string_view rest = *behind(text, " python=");
    return std::string(leading_version(rest.starts_with('=') ? rest.substr(1) : rest));
  }
  if (const auto own = behind(text, " Python, but you have "); own) return std::string(leading_version(*own));
  if (holds(line, ", python 3.") && text.starts_with('[')) {
    return std::string(leading_version(behind(text, ", python ")->substr(0, 12)));
  }
  if (const std::string_view version = folder_version(text); !version.empty()) return std::string(version);
  return file_version(text);
}

class PythonSignsReader : public TextReader {
 public:
  const char* name() const override { return "Python"; }
  bool take(const TextLine& line, Declared& declared) override {
    // Most lines are looked at by memchr alone.
    const bool may_be = holds(line, "ython") || holds(line, "tags/v3.") || holds(line, ".whl");
    if (!may_be || line.text.size() > kMostSignLine || declared.pythons.size() >= kMostPythonSigns) return false;
    const std::string version = python_of(line);
    if (version.starts_with("3.") || version.starts_with("2.")) declared.pythons.emplace(version, line.number);
    return false;
  }
};
}  // namespace

std::unique_ptr<TextReader> python_signs_reader() { return std::make_unique<PythonSignsReader>(); }

}  // namespace varve
