// What somebody asked an installer for: commands that were typed, with or without a prompt before them.
//   $ pip install torch===1.3.0 torchvision -f https://…
//   RUN python3 -m pip install --index-url https://download.pytorch.org/whl/cu121 torch==2.4.1
//   user@host:~/proj# uv add onnxruntime-gpu onnxruntime
//   pip install flash_attn-2.8.2+cu128torch2.8-cp312-cp312-linux_x86_64.whl
//   conda install pytorch torchvision cudatoolkit=10.1 -c pytorch
// or as people tell of it, with the name of the package as it is installed:
//   I had installed both onnxruntime and onnxruntime-gpu
//   torch.cuda.is_available() returns False with torch==2.0.0+cpu
//   I use flash_attn-2.6.0+cu122torch2.4cxx11abiFALSE-cp310-cp310-linux_x86_64.whl
//   Downloading https://…/torch-1.13.1%2Bcu117-cp310-cp310-win_amd64.whl (2255.4 MB)
// which index a file names ("--extra-index-url https://…/whl/cu121", of uv's "url = …"),
// and that it was not to be had:
//   ERROR: Could not find a version that satisfies the requirement torch==1.7.1+cu110
//   ERROR: Failed building wheel for flash-attn
//     × No solution found when resolving dependencies   (of uv: nothing of what was asked for so far is there)
// Asked for is not installed: a list of packages that names it says more (text_packages.cc). A CUDA that is asked for
// beside a framework (cudatoolkit) is not taken for the framework's: installers give a build for the CPU all the same.
// Addresses and paths are not kept.
#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"
#include "package/python_metadata.h"
#include "tables/package_table.h"

namespace varve {

namespace {
constexpr std::size_t kMostAsked = 64, kMostPrompt = 96;

// Whether a sentence tells what somebody did, not what others should do.
bool is_told(std::string_view text) {
  const std::string told = to_lower(text);
  const auto any_of = [&](std::initializer_list<std::string_view> marks) {
    return std::any_of(marks.begin(), marks.end(), [&](std::string_view mark) { return has(told, mark); });
  };
  return any_of({"running", " ran ", "i run ", "i used", "i did", "installed with", "installed by", "installed via"}) &&
         !any_of({"try", "should", "please", "you can", "need to", "instead", "recommend"});
}

// What stands before the command: nothing, a prompt, a mark of a list, of a notebook or of a Dockerfile.
// CMAKE_ARGS="-DGGML_CUDA=on" FORCE_CMAKE=1, set X=1 &&: what is set for the command alone.
std::string_view without_assignments(std::string_view text) {
  for (text = trim(text); !text.empty(); text = trim(text)) {
    std::string_view rest = text;
    for (const std::string_view word : {"set ", "export ", "&& "}) {
      if (rest.starts_with(word)) rest = trim(rest.substr(word.size()));
    }
    const std::size_t sign = rest.find('=');
    if (sign == std::string_view::npos || !is_variable_name(rest.substr(0, sign))) return text;
    rest.remove_prefix(sign + 1);
    const char quote = rest.empty() ? ' ' : rest[0];
    const bool is_quoted = quote == '"' || quote == '\'';
    const std::size_t end = rest.find(is_quoted ? quote : ' ', is_quoted ? 1 : 0);
    text = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return text;
}

bool is_before_command(std::string_view text) {
  text = without_assignments(text);
  for (const std::string_view word : {"sudo", "-m", "python", "python3", "uv", "&&"}) {
    if (text.ends_with(word)) text = trim(text.substr(0, text.size() - word.size()));
  }
  if (text.empty() || text == "RUN" || text == "-" || text == "*" || text == "`" || text == "- `") return true;
  if (text.ends_with("`!") || text.ends_with("`%")) return true;  // of a notebook, quoted in a sentence
  if (text.ends_with('`')) return is_told(text);
  if (text.size() > kMostPrompt) return false;
  const char last = text.back();
  const bool is_number = text.size() < 4 && last == '.' && is_digit(text.front());
  return last == '$' || last == '!' || last == '%' || last == '>' || is_number || (last == '#' && has(text, "@"));
}

// What would use the CUDA stack by itself.
bool is_of_consumer(const PackageRow* row) {
  return row != nullptr && (row->role == PackageRole::framework || row->role == PackageRole::extension);
}

// NVIDIA's wheels that frameworks open by a name with a major version, and that people pin.
bool is_runtime_wheel(std::string_view name) {
  return name.starts_with("nvidia-cudnn-cu") || name.starts_with("nvidia-nccl-cu");
}

struct Command {
  std::string_view words;
  bool is_conda = false;
};
constexpr auto kCommands = std::to_array<Command>({{"pip install ", false},
                                                   {"pip3 install ", false},
                                                   {"uv add ", false},
                                                   {"conda install ", true},
                                                   {"mamba install ", true}});

// Options whose value is a word of its own.
bool takes_value(std::string_view option) {
  constexpr auto kWithValue = std::to_array<std::string_view>(
      {"-f", "-i", "-r", "-c", "-e", "-t", "-n", "-p", "--index-url", "--extra-index-url", "--find-links",
       "--requirement", "--constraint", "--target", "--channel", "--name", "--prefix", "--python", "--index"});
  return std::find(kWithValue.begin(), kWithValue.end(), option) != kWithValue.end();
}

// The CUDA of an index of PyTorch's or Paddle's: "12.1" of …/whl/cu121, "11.8" of …/packages/stable/cu118/.
std::string cuda_of_index(std::string_view word) {
  const auto digits = has(word, "://") ? behind(word, "/cu") : std::nullopt;
  if (!digits) return {};
  const std::string_view number = up_to(*digits, "/'\"");
  const bool is_number = number.size() == 3 && number.find_first_not_of("0123456789") == std::string_view::npos;
  return is_number ? std::string(number.substr(0, 2)) + "." + std::string(number.substr(2)) : "";
}

// "2.39" of manylinux_2_39_x86_64 (PEP 600): the oldest glibc that the wheel runs with.
std::string glibc_of_tag(std::string_view tag) {
  const auto minor = behind(tag, "manylinux_2_");
  const auto number = minor ? leading_number(*minor) : std::nullopt;
  return number && *number > 0 && *number < 100 ? "2." + std::to_string(*number) : "";
}

// "flash_attn-2.8.2+cu128torch2.8-cp312-cp312-linux_x86_64.whl", with a folder or an address before it.
std::optional<AskedPackage> asked_wheel(std::string_view word) {
  while (!word.empty() && (word.back() == '"' || word.back() == '\'')) word.remove_suffix(1);
  word = word.substr(word.rfind('/') == std::string_view::npos ? 0 : word.rfind('/') + 1);
  const std::vector<std::string_view> parts = split(word, '-');
  if (!word.ends_with(".whl") || parts.size() < 5) return std::nullopt;
  std::string version(parts[1]);
  if (const std::size_t plus = version.find("%2B"); plus != std::string::npos) version.replace(plus, 3, "+");
  if (!is_package_version(version)) return std::nullopt;
  return AskedPackage{
      .name = std::string(parts[0]), .version = std::move(version), .cuda = {}, .glibc = glibc_of_tag(parts.back())};
}

// "3.10" of "-cp310-cp310-"; empty: it is for others too.
std::string python_of_wheel(std::string_view word) {
  const std::vector<std::string_view> parts = split(word, '-');
  if (parts.size() < 5) return {};
  const std::string_view tag = parts[parts.size() - 3];
  const bool is_one = tag.starts_with("cp3") && tag.size() > 3 && tag.size() < 6 && is_digit(tag[3]) &&
                      is_digit(tag.back()) && parts[parts.size() - 2].starts_with(tag);
  return is_one ? "3." + std::string(tag.substr(3)) : std::string();
}

// "torch==2.4.1", "jax[cuda12]", "'vllm>=0.8'", "pytorch=1.9.0=py3.8_cpu_0": the name, and the version where it is one.
AskedPackage asked_package(std::string_view word, bool is_conda) {
  while (!word.empty() && (word.front() == '"' || word.front() == '\'')) word.remove_prefix(1);
  while (!word.empty() && (word.back() == '"' || word.back() == '\'' || word.back() == ',')) word.remove_suffix(1);
  AskedPackage asked{.name = std::string(up_to(word, "[=<>~!@;")), .version = {}, .cuda = {}};
  const std::size_t equals = word.find('=');
  const bool is_bound = word.find_first_of("<>~!*") != std::string_view::npos;
  if (equals == std::string_view::npos || is_bound) return asked;
  std::string_view version = word.substr(equals);
  const std::size_t marks = std::min(version.find_first_not_of('='), version.size());
  if (marks < 2 && !is_conda) return asked;
  version = up_to(version.substr(marks), "=");
  const bool is_whole = std::count(version.begin(), version.end(), '.') >= 2;
  if (is_package_version(version) && is_whole) asked.version = version;
  return asked;
}

std::string_view without_quotes(std::string_view word) {
  const auto is_quote = [](char c) { return c == '\'' || c == '"' || c == '`' || c == ',' || c == '.' || c == ')'; };
  while (!word.empty() && is_quote(word.front())) word.remove_prefix(1);
  while (!word.empty() && is_quote(word.back())) word.remove_suffix(1);
  return word;
}

class AskedPackagesReader : public TextReader {
 public:
  static constexpr const char* kName = "pip install";
  const char* name() const override { return kName; }
  void end() override { is_in_dependencies_ = false; }
  bool take(const TextLine& line, Declared& declared) override {
    const std::string_view text = line.text.substr(0, 1024);
    if (take_dependency(text, line, declared)) return true;
    if (text.size() < 10 || !(holds(line, "==") || holds(line, "nstall") || holds(line, "uv add ") ||
                              holds(line, " version ") || holds(line, "rror: ") || holds(line, "ERROR: ") ||
                              holds(line, ".whl") || holds(line, "/cu") || holds(line, "No solution found"))) {
      return false;
    }
    if (holds(line, "No solution found when resolving")) {
      declared.asked.clear();
      return false;
    }
    if (holds(line, "/cu") && take_index(text, line, declared)) return true;
    if (holds(line, ".whl") && take_wheels(text, line, declared)) return false;
    if (text.starts_with("ERROR: ") || text.starts_with("error: ") || text.starts_with("  ERROR: ")) {
      return take_failure(text, line, declared);
    }
    for (const Command& command : kCommands) {
      const std::size_t at = text.find(command.words);
      if (at == std::string_view::npos || !is_before_command(text.substr(0, at))) continue;
      return take_words(text.substr(at + command.words.size()), command.is_conda, line, declared);
    }
    return take_mention(text, line, declared);
  }

 private:
  static bool take_mention(std::string_view text, const TextLine& line, Declared& declared);
  static bool take_words(std::string_view rest, bool is_conda, const TextLine& line, Declared& declared);
  static bool take_failure(std::string_view text, const TextLine& line, Declared& declared);
  bool take_dependency(std::string_view text, const TextLine& line, Declared& declared);
  static bool take_index(std::string_view text, const TextLine& line, Declared& declared);
  static bool take_wheels(std::string_view text, const TextLine& line, Declared& declared);

  bool is_in_dependencies_ = false;  // of an environment file
};

bool AskedPackagesReader::take_words(std::string_view rest, bool is_conda, const TextLine& line, Declared& declared) {
  for (const std::string_view joint : {" && ", " | ", "; ", "`"}) rest = rest.substr(0, rest.find(joint));
  std::vector<AskedPackage> asked;
  std::string cuda;
  bool is_value = false, is_of_index = !is_conda;
  for (const std::string_view word : split_words(rest)) {
    if (word == "-f" || word == "-i" || word == "--pre" || has(word, "://") || word.starts_with("--index") ||
        word.starts_with("--extra-index") || word.starts_with("--find-links")) {
      is_of_index = false;
    }
    if (word.starts_with("cudatoolkit") || word.starts_with("pytorch-cuda")) {
      if (declared.asked_gpu_line == 0) declared.asked_gpu_line = line.number;
    }
    if (std::string of_index = cuda_of_index(word); !of_index.empty()) cuda = std::move(of_index);
    const bool was_value = is_value;
    is_value = takes_value(word);
    const auto wheel = asked_wheel(word);
    const bool is_place = word.find('/') != std::string_view::npos && !wheel;
    if (was_value || word.starts_with('-') || is_place || word == "\\") continue;
    AskedPackage package = wheel ? *wheel : asked_package(word, is_conda);
    const std::string name = normal_package_name(package.name);
    const PackageRow* row = is_conda ? find_conda_row(name) : find_package_row(name);
    if (row == nullptr && is_conda) row = find_package_row(name);
    if (!(is_of_consumer(row) || (!is_conda && is_runtime_wheel(name))) || !is_package_name(package.name)) continue;
    if (is_conda && row->name.find('*') == std::string::npos) package.name = row->name;
    package.line = line.number;
    package.is_of_conda = is_conda;
    asked.push_back(std::move(package));
  }
  for (AskedPackage& package : asked) {
    package.is_of_index = is_of_index;
    if (package.name == "torch" || package.name == "paddlepaddle-gpu") package.cuda = cuda;
    if (declared.asked.size() < kMostAsked) declared.asked.push_back(std::move(package));
  }
  return !asked.empty();
}

// "I installed vllm==0.8.5 in a new environment", "there is nvidia-cudnn-cu12==8.9.2.26 installed for my env".
bool says_own_install(std::string_view text) {
  const std::string lower = " " + to_lower(text);
  for (const std::string_view mark : {"if i ", "can i ", "could i ", "do i ", "must i ", "when to ", "how to "}) {
    if (has(lower, mark)) return false;
  }
  for (const std::string_view own : {" i install", " i have installed", " i've installed", " we installed",
                                     "installed for my", "installed in my", " i use ", " i'm using "}) {
    if (has(lower, own)) return true;
  }
  return false;
}

// In a sentence: two that were installed, or a name with its version as pip writes it.
bool AskedPackagesReader::take_mention(std::string_view text, const TextLine& line, Declared& declared) {
  constexpr std::size_t kMostSentence = 240;
  const bool has_version = has(text, "=="), is_printed = has(text, " version ");
  const auto both = text.size() <= kMostSentence && has(text, "nstall") ? behind(text, " both ") : std::nullopt;
  if (text.size() > kMostSentence || (!has_version && !both && !is_printed)) return false;
  for (const std::string_view mark : {"require", "depends", "but you have", "incompatible", "conflict"}) {
    if (has(text, mark)) return false;  // what a package wants is not what is there
  }
  // '    "torch==2.1.0",': an item of pyproject.toml or setup.py, of which nobody says that it was installed
  const std::string_view item = trim(text);
  if ((item.front() == '"' || item.front() == '\'') && item.find(' ') == std::string_view::npos) return false;
  const bool is_own = says_own_install(text);
  for (const std::string_view mark : {"install", "should", "upgrade", "downgrade", "instead", "try", "tried"}) {
    if (!both && has(text, mark) && !(is_own && mark == "install")) return false;  // advice
  }
  std::vector<AskedPackage> named;
  const auto take = [&](std::string_view word) {
    while (!word.empty() && (word.front() == '`' || word.front() == '(')) word.remove_prefix(1);
    while (!word.empty() && has("`).,;:", word.substr(word.size() - 1))) word.remove_suffix(1);
    AskedPackage package = asked_package(word, false);
    const std::string name = normal_package_name(package.name);
    if (!is_package_name(package.name) || !(is_of_consumer(find_package_row(name)) || is_runtime_wheel(name))) return;
    package.line = line.number;
    named.push_back(std::move(package));
  };
  if (both) {
    const std::vector<std::string_view> words = split_words(*both);
    if (words.size() >= 3 && words[1] == "and") take(words[0]), take(words[2]);
    if (named.size() == 1) named.clear();
  } else {
    const std::vector<std::string_view> words = split_words(text);
    for (const std::string_view word : words) {
      if (has(word, "==") && !word.starts_with('=')) take(word);
    }
    // As Python prints it: torch version '2.7.1+cu118'.
    for (std::size_t i = 0; i + 2 < words.size(); ++i) {
      if (words[i + 1] != "version") continue;
      const std::string_view shown = words[i + 2], version = without_quotes(shown);
      if (version == shown && !has(version, "+cu") && !has(version, "+cpu")) continue;
      const std::string module = to_lower(words[i]);
      take((module == "pytorch" ? "torch" : module) + "==" + std::string(version));
    }
    std::erase_if(named, [](const AskedPackage& package) { return package.version.empty(); });
  }
  for (AskedPackage& package : named) {
    if (declared.asked.size() < kMostAsked) declared.asked.push_back(std::move(package));
  }
  return false;  // whoever else knows the line may have it
}

// "- python=3.9", "- pytorch=2.0.1" below "dependencies:" of an environment file of conda's. Those with a build are of
// an export, which another reader knows.
bool AskedPackagesReader::take_dependency(std::string_view text, const TextLine& line, Declared& declared) {
  if (!is_in_dependencies_ && !holds(line, "dependencies:")) return false;
  const std::string_view item = trim(text);
  if (item == "dependencies:") {
    is_in_dependencies_ = true;
    return false;
  }
  is_in_dependencies_ = item.starts_with("- ");
  if (!is_in_dependencies_ || std::count(item.begin(), item.end(), '=') != 1) return false;
  const std::string_view word = trim(item.substr(2));
  AskedPackage package = asked_package(word, true);
  if (package.name == "python") {
    const std::string_view version = leading_version(word.substr(word.find('=') + 1));
    if (version.starts_with("3.")) declared.pythons.emplace(version, line.number);
    return false;
  }
  const PackageRow* row = find_conda_row(normal_package_name(package.name));
  if (!is_of_consumer(row) || package.version.empty()) return false;
  if (row->name.find('*') == std::string::npos) package.name = row->name;
  package.line = line.number;
  package.is_of_conda = true;
  if (declared.asked.size() < kMostAsked) declared.asked.push_back(std::move(package));
  return false;
}

// A line of a requirements file, or of pyproject.toml, that names the index of PyTorch's for one CUDA.
bool AskedPackagesReader::take_index(std::string_view text, const TextLine& line, Declared& declared) {
  text = trim(text);
  bool is_index = false;
  for (const std::string_view start :
       {"--extra-index-url ", "--index-url ", "-i ", "--find-links ", "-f ", "url = \""}) {
    is_index = is_index || text.starts_with(start);
  }
  if (!is_index || !has(text, "download.pytorch.org/whl/")) return false;
  std::string cuda = cuda_of_index(text);
  if (cuda.empty()) return false;
  const bool is_other = declared.torch_index_line != 0 && declared.torch_index_cuda != cuda;
  declared.torch_index_line = is_other ? -1 : line.number;  // of two, which of them is meant is not told
  declared.torch_index_cuda = std::move(cuda);
  return true;
}

// Wheels that pip takes, or that somebody says that they use.
bool AskedPackagesReader::take_wheels(std::string_view text, const TextLine& line, Declared& declared) {
  constexpr std::size_t kMostSentence = 240;
  const std::string_view start = trim(text);
  bool is_taken = false;
  for (const std::string_view mark : {"Downloading ", "Using cached ", "Processing "}) {
    is_taken = is_taken || start.starts_with(mark);
  }
  if (!is_taken &&
      (text.size() > kMostSentence || line.is_quoted || !says_own_install(text) || has(text, "install "))) {
    return false;
  }
  bool any = false;
  for (std::string_view word : split_words(text)) {
    word = without_quotes(word);
    auto wheel = asked_wheel(word);
    if (!wheel || !is_of_consumer(find_package_row(normal_package_name(wheel->name)))) continue;
    wheel->line = line.number;
    if (const std::string python = python_of_wheel(word); !is_taken && !python.empty()) {
      declared.pythons.emplace(python, line.number);
    }
    if (declared.asked.size() < kMostAsked) declared.asked.push_back(std::move(*wheel));
    any = true;
  }
  return any;
}

bool AskedPackagesReader::take_failure(std::string_view text, const TextLine& line, Declared& declared) {
  constexpr auto kNotFound =
      std::to_array<std::string_view>({"satisfies the requirement ", "No matching distribution found for "});
  constexpr auto kNotBuilt = std::to_array<std::string_view>(
      {"Failed building wheel for ", "Could not build wheels for ", "Failed to build "});
  const auto behind_any = [&](const auto& marks) -> std::optional<std::string_view> {
    for (const std::string_view mark : marks) {
      if (const auto rest = behind(text, mark)) return trim(*rest);
    }
    return std::nullopt;
  };
  const auto not_found = behind_any(kNotFound);
  const auto rest = not_found ? not_found : behind_any(kNotBuilt);
  if (!rest) return false;
  const std::string name = normal_package_name(up_to(*rest, " [=<>~!@;,("));
  std::erase_if(declared.asked, [&](const AskedPackage& one) { return normal_package_name(one.name) == name; });
  AskedPackage asked = asked_package(up_to(*rest, " ("), false);
  asked.line = line.number;
  if (not_found && !asked.version.empty() && declared.refused.size() < kMostAsked) {
    declared.refused.push_back(std::move(asked));
  }
  return true;
}
}  // namespace

std::unique_ptr<TextReader> asked_packages_reader() { return std::make_unique<AskedPackagesReader>(); }

}  // namespace varve
