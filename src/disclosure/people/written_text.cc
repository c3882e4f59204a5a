// What people write themselves of a machine: items of a list, rows of a table, headings of an issue form with the value
// below, or two words on a line; reports of programs that are called so (ds_report, xformers.info, mmcv) look the same.
//   - **GPU**: 2x NVIDIA RTX 4090 (24 GB)          | NVIDIA driver | 570.124.06 |
//   ### NVIDIA Driver Version                      torch 2.6.0
//   What does nvidia-smi say?                      410.48           (below a line that speaks of a driver)
//   显卡型号：GeForce GTX 1650                      torch version .................... 2.1.0+cu121
// Taken is what can mean one thing only: a product that is known, a driver's full number, a package of a GPU stack with
// its version. "CUDA 12.4" is not: it may be the driver's, a toolkit's or a framework's.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/lines/written_products.h"
#include "disclosure/lines/written_systems.h"
#include "disclosure/people/gpu_and_driver.h"
#include "disclosure/people/written_facts.h"
#include "disclosure/people/written_gpus.h"
#include "disclosure/people/written_keys.h"
#include "disclosure/people/written_values.h"
#include "disclosure/readers/readers.h"
#include "package/python_metadata.h"
#include "tables/package_table.h"

namespace varve {

namespace {
constexpr std::size_t kMostLine = 240;     // what somebody wrote by hand, not a log
constexpr std::int64_t kHeadingReach = 4;  // lines below a heading in which its value stands

class WrittenTextReader : public TextReader {
 public:
  static constexpr const char* kName = "written by hand";
  const char* name() const override { return kName; }
  bool take(const TextLine& line, Declared& declared) override {
    if (line.text.size() > kMostLine) return false;
    if (line.text.empty() || foreign_.covers(line.text)) return false;
    if (!open_key_.empty() && take_open(line, declared)) return true;
    if (take_bare_driver(line, declared)) return true;
    if (line.text.starts_with('#')) {
      const std::size_t first = std::min(line.text.find_first_not_of('#'), line.text.size());
      heading_ = line.text.size() > kMostWrittenKey ? "" : plain_key(line.text.substr(first));
      heading_line_ = line.number;
      is_of_machine_ = is_heading_of_machine(heading_);
      return false;
    }
    if (!heading_.empty() && line.number - heading_line_ <= kHeadingReach && line.text.size() >= 3) {
      const std::string key = std::move(heading_);
      heading_.clear();
      if (take_pair(key, without_marks_around(line.text), line, declared)) return true;
    }
    if (take_pairs(line, declared) || take_slashed(line, declared)) return true;
    if (const auto pair = written_pair(line.text)) {
      if (!pair->first.empty() && is_digit(pair->first[0])) return false;  // the time of a log
      if (up_to(pair->first, "(").size() > kMostWrittenKey) return false;
      const std::string_view value = without_marks_around(pair->second);
      const std::string key = plain_key(pair->first);
      if (halved_system_.take(pair->first, {key, value, line.text, {kName, line.number}}, declared)) return true;
      if (!value.empty()) return take_pair(key, value, line, declared) || take_described(key, value, line, declared);
      open_key_ = plain_key(pair->first);  // "Python Version:" of a form, and the value on the next line
      open_line_ = line.number;
      return false;
    }
    return take_listed(line, declared) || take_sentence(line, declared) || take_two_words(line, declared) ||
           take_glued(line, declared) || take_written_system(line, kName, is_of_machine_, declared);
  }

 private:
  bool take_pair(const std::string& key, std::string_view written, const TextLine& line, Declared& declared);
  bool take_pairs(const TextLine& line, Declared& declared);
  bool take_slashed(const TextLine& line, Declared& declared);
  bool take_gpus(std::string_view value, const TextLine& line, Declared& declared);
  // The same product stands in many lines of a text: the table is asked once.
  std::optional<ComputeCapability> product(std::string_view name) {
    if (name != product_) {
      product_ = name;
      capability_ = written_product(name);
    }
    return capability_;
  }
  bool take_numbered(std::int64_t number, std::string_view value, const TextLine& line, Declared& declared);
  static bool take_driver(std::string_view value, const TextLine& line, Declared& declared);
  bool take_package(std::string_view name, std::string_view value, const TextLine& line, Declared& declared);
  bool take_sentence(const TextLine& line, Declared& declared);
  bool take_listed(const TextLine& line, Declared& declared);
  bool take_bare_driver(const TextLine& line, Declared& declared);
  bool take_two_words(const TextLine& line, Declared& declared);
  bool take_glued(const TextLine& line, Declared& declared);
  bool take_described(const std::string& key, std::string_view value, const TextLine& line, Declared& declared);
  bool take_open(const TextLine& line, Declared& declared);
  std::int64_t list_of(std::int64_t line) { return list_ == 0 ? list_ = line : list_; }

  std::string heading_;  // of an issue form, as a key
  std::int64_t heading_line_ = 0;
  bool is_of_machine_ = false;  // the heading above is "Environment", or one like it
  std::string open_key_;        // whose value may stand on the next line
  std::int64_t open_line_ = 0;
  std::int64_t list_ = 0;    // where the packages begin
  std::int64_t asked_ = -9;  // where a question about the driver stands
  ForeignLists foreign_;
  SystemOfTwoLines halved_system_;
  std::string product_;  // that was looked up last
  std::optional<ComputeCapability> capability_;
  std::int64_t numbered_ = 0;  // where GPUs with their numbers begin
};

// "jax 0.4.3/jaxlib 0.4.3", "jax v0.4.1, jaxlib v0.4.1": of a form that asks for both.
bool WrittenTextReader::take_slashed(const TextLine& line, Declared& declared) {
  if (!line.text.starts_with("jax") || line.text.size() > 80) return false;
  const std::size_t second = line.text.find("jaxlib ", 4);
  if (second == std::string_view::npos || std::string_view("/ ,").find(line.text[second - 1]) == std::string_view::npos)
    return false;
  const auto release = [](std::string_view text) {
    const std::vector<std::string_view> words = split_words(text);
    return words.size() == 2 ? without_marks_around(words[1]) : std::string_view();
  };
  std::string_view first = trim(line.text.substr(0, second));
  while (!first.empty() && (first.back() == '/' || first.back() == ',')) first.remove_suffix(1);
  const std::string_view jax = release(first), jaxlib = release(line.text.substr(second));
  return !jax.empty() && !jaxlib.empty() && take_package("jax", jax, line, declared) &&
         take_package("jaxlib", jaxlib, line, declared);
}

// Several keys in one line; a value may be a package with its release ("环境：paddlepaddle-gpu 2.6.1").
bool WrittenTextReader::take_pairs(const TextLine& line, Declared& declared) {
  bool any = false;
  for (const std::string_view text : pairs_of_line(line.text)) {
    const auto pair = written_pair(text);
    if (!pair) continue;
    TextLine value = line;
    value.text = without_marks_around(pair->second);
    any = take_pair(plain_key(pair->first), value.text, line, declared) || take_two_words(value, declared) || any;
  }
  return any;
}

// A line of several: "GPU 0: NVIDIA H100 80GB HBM3", "GPU 1: …".
bool WrittenTextReader::take_numbered(std::int64_t number, std::string_view value, const TextLine& line,
                                      Declared& declared) {
  if (number == 0 || numbered_ == 0) {
    const bool is_one = take_gpus(value, line, declared);
    if (is_one) numbered_ = line.number;
    return is_one;
  }
  const std::string_view name = plain_product(up_to(value, ",;"));
  const auto capability = product(name);
  Gpu* gpu = capability ? gpu_in(gpu_list(declared, {kName, numbered_}), number) : nullptr;
  if (gpu == nullptr) return false;
  gpu->model = clean_utf8(name, 96);
  gpu->capability = capability;
  return true;
}

bool WrittenTextReader::take_gpus(std::string_view value, const TextLine& line, Declared& declared) {
  const std::vector<WrittenGpu> pieces = written_gpus(value, [&](std::string_view name) { return product(name); });
  if (pieces.empty()) return false;
  DeclaredGpus* list = gpu_list(declared, {kName, line.number});
  std::int64_t number = 0;
  for (const WrittenGpu& piece : pieces) {
    for (std::int64_t i = 0; i < piece.count; ++i) {
      Gpu* gpu = gpu_in(list, number++);
      if (gpu == nullptr) return true;
      gpu->model = clean_utf8(piece.name, 96);
      gpu->capability = piece.capability;
    }
  }
  return true;
}

// A driver's number has a branch of three digits and something behind it: "CUDA Driver Version: 12.8" has not.
bool WrittenTextReader::take_driver(std::string_view value, const TextLine& line, Declared& declared) {
  const std::string of_windows = driver_of_windows(leading_version(value));
  const std::string_view version = of_windows.empty() ? leading_version(value) : std::string_view(of_windows);
  const std::size_t dot = version.find('.');
  if (dot != 3 || version.size() < 5 || version.size() > 12) return false;
  declare_driver(declared, version, {kName, line.number});
  return true;
}

bool WrittenTextReader::take_package(std::string_view name, std::string_view value, const TextLine& line,
                                     Declared& declared) {
  if (name == "tensorflow") value = tensorflow_release(value);
  if (name == "torch" && to_lower(value.substr(0, 8)) == "pytorch ") value = trim(value.substr(8));
  if (name == "tensorrt" && value.starts_with('v')) value.remove_prefix(1);
  // "✅ 2.1.1+cu121>=1.8.0" of Ultralytics' checks: what is there, and what was asked for.
  const bool is_checked = value.starts_with("✅ ") || value.starts_with("❌ ");
  if (is_checked) value = up_to(value.substr(value.find(' ') + 1), "<>=!");
  const std::string_view version = up_to(value, " (,;@`");
  if (is_one_of_several(value.substr(version.size()))) return false;
  if (!is_package_version(version) || version.find('.') == std::string_view::npos) return false;
  if (version.find('x') != std::string_view::npos || version.find("..") != std::string_view::npos) return false;
  // "tensorflow-base/tensorflow-gpu": one thing in two packages
  if (const std::size_t slash = name.find('/'); slash != std::string_view::npos && slash > 4) {
    return name.substr(0, slash).substr(0, 5) == name.substr(slash + 1).substr(0, 5) &&
           take_package(name.substr(slash + 1), value, line, declared);
  }
  if (name == "bnb") name = "bitsandbytes";
  if (!is_package_name(name)) return false;
  if (is_known_program(name)) {
    add_system_package(declared, "program", name, version, line.number);
    return true;
  }
  const PackageRow* row = find_package_row(normal_package_name(name));
  if (row == nullptr || !row->has_gpu_code()) return false;
  add_package(package_list(declared, {kName, list_of(line.number)}, ""), name, version, line.number);
  return true;
}

bool WrittenTextReader::take_pair(const std::string& key, std::string_view written, const TextLine& line,
                                  Declared& declared) {
  const TextPlace place{kName, line.number};
  const std::string_view value = plain_value(written);
  if (value.empty()) return false;
  const auto number = key.starts_with("gpu ") ? parse_integer(std::string_view(key).substr(4)) : std::nullopt;
  if (number && *number >= 0) return take_numbered(*number, value, line, declared);
  const WrittenMeaning meaning = meaning_of_key(key);
  if (key == "platform" && value.starts_with("Jetson ")) return take_gpus(value, line, declared);
  if (const std::optional<bool> taken = take_written_fact(meaning, {key, value, line.text, place}, declared))
    return *taken;
  switch (meaning) {
    case WrittenMeaning::gpu:
      return take_gpus(value, line, declared);
    case WrittenMeaning::driver:
      return take_driver(value, line, declared);
    case WrittenMeaning::gpu_and_driver: {
      const auto [gpu, driver] = gpu_and_driver(value);
      const bool any_driver = !driver.empty() && take_driver(driver, line, declared);
      return take_gpus(gpu, line, declared) || any_driver;
    }
    case WrittenMeaning::torch:
      return take_package("torch", value, line, declared);
    case WrittenMeaning::built_for:  // xformers.info
      if (!is_package_version(value)) return false;
      declared.built_for.emplace("xformers", known_fact("torch " + clean_utf8(value, 64),
                                                        fmt::format("line {}", line.number), Standing::declared));
      return true;
    case WrittenMeaning::python: {
      const std::string_view version =
          leading_version(to_lower(value.substr(0, 7)) == "python " ? trim(value.substr(7)) : value);
      const bool is_one = version.starts_with("3.") || version == "2.7" || version.starts_with("2.7.");
      if (!is_one || version.size() > 8) return false;
      if (DeclaredPackages* list = package_list(declared, {kName, list_of(line.number)}, "")) list->python = version;
      return true;
    }
    case WrittenMeaning::application_gpu: {  // "cuda:0 NVIDIA GeForce RTX 4090 : cudaMallocAsync"
      const auto at = value.starts_with("cuda:") ? leading_number(value.substr(5)) : std::nullopt;
      const std::size_t blank = value.find(' ');
      if (!at || blank == std::string_view::npos) return false;
      const std::size_t end = value.find(" : ");
      return take_numbered(*at, trim(value.substr(blank, end == std::string_view::npos ? end : end - blank)), line,
                           declared);
    }
    default:
      break;
  }
  const bool is_checked = value.starts_with("✅ ") || value.starts_with("❌ ");
  // Reports of detectron2 and mmcv, of themselves: the compiler of CUDA that they were made with.
  if ((key == "cuda compiler" || key == "mmcv cuda compiler") && value == "not available") {
    declared.package_cuda.emplace(key == "cuda compiler" ? "detectron2" : "mmcv",
                                  missing_fact(Missing::absent, source_at(place),
                                               "a build without CUDA: it names no compiler of CUDA that made it"));
    return true;
  }
  // "PyTorch index: `cu121`": from where its builds come
  if (key == "pytorch index" && value.size() >= 5 && value.substr(0, 2) == "cu" && declared.torch_index_line == 0) {
    const auto index = parse_integer(value.substr(2));
    if (!index || *index < 90 || *index > 199) return false;
    declared.torch_index_cuda = std::to_string(*index / 10) + "." + std::to_string(*index % 10);
    declared.torch_index_line = line.number;
    return true;
  }
  if (key == "deepspeed info") return take_package("deepspeed", up_to(value, "+, "), line, declared);
  const bool is_release =
      key == "tensorflow" && (value.starts_with("b'") || value.starts_with("''") || value.starts_with("tf") ||
                              value.starts_with("TF") || value.starts_with("(") || value.starts_with("Tensor"));
  const bool may_be_version = !value.empty() && (is_digit(value[0]) || value[0] == 'v' || is_checked || is_release);
  return may_be_version && take_package(key, value, line, declared);
}

// "What's the output of nvidia-smi?", and nothing but a driver's number soon below it.
bool WrittenTextReader::take_bare_driver(const TextLine& line, Declared& declared) {
  const std::string_view text = line.text;
  if (text.size() < 5 || (!is_digit(text[0]) && text.back() != '?')) return false;
  if (text.back() == '?') {
    if (has(text, "nvidia-smi") || has(text, "driver")) asked_ = line.number;
    return false;
  }
  if (line.number - asked_ > kHeadingReach) return false;
  return without_marks_around(text) == leading_version(text) && take_driver(text, line, declared);
}

// "btw my nvidia driver version is 390.77.", and "2x RTX 4090, all_reduce hangs": counted, it is what somebody has.
bool WrittenTextReader::take_sentence(const TextLine& line, Declared& declared) {
  if (is_bare_product(line.text)) return take_gpus(line.text, line, declared);
  if (line.text.starts_with("GPU-")) return take_gpus(line.text.substr(4), line, declared);  // "GPU-Titan Xp"
  if (is_digit(line.text[0]) && line.text.size() > 5) {
    const std::string_view start = trim(up_to(line.text, ",;(."));
    const auto [count, name] = counted(start);
    const bool is_counted = name.size() + 1 < start.size() && (start[1] == 'x' || start[1] == 'X' || start[1] == ' ');
    return is_counted && is_brand(name) && take_gpus(start, line, declared);
  }
  const std::size_t at = line.text.find("driver version is ");
  return at != std::string_view::npos && take_driver(without_marks_around(line.text.substr(at + 18)), line, declared);
}

// "Environment: Ubuntu 22.04 (kernel 6.5.0-41-generic), RTX 4090 (driver 555.42.02)": pieces behind one key.
bool WrittenTextReader::take_described(const std::string& key, std::string_view value, const TextLine& line,
                                       Declared& declared) {
  const bool is_of_machine = is_heading_of_machine(key) || key == "env" || key == "setup";
  if (!is_of_machine) return false;
  TextLine rest = line;
  rest.text = value;
  return take_listed(rest, declared) || take_glued(rest, declared);
}

// Below "Python Version:", on the next line, where that is no key itself.
bool WrittenTextReader::take_open(const TextLine& line, Declared& declared) {
  const std::string key = std::move(open_key_);
  open_key_.clear();
  if (line.number != open_line_ + 1 || has(line.text, ":")) return false;
  if (meaning_of_key(key) == WrittenMeaning::none && key != "tensorflow") return false;
  return take_pair(key, without_marks_around(line.text), line, declared);
}

// "vLLM 0.7.3, 8x H100, driver 535.161.08": pieces between commas, of which two say something of a machine. What else
// somebody tried, asks for or advises says nothing of it.
bool WrittenTextReader::take_listed(const TextLine& line, Declared& declared) {
  // Most lines of a log are none, and cost no more than this.
  const auto names = [&](const SoughtText& part) { return holds(line, part); };
  if (!(names(", ") || names("; ") || names(" (") || names(" | ") || names("，")) ||
      !(names("river ") || names("RTX") || names("GTX") || names("00") || names("Tesla") || names("L4"))) {
    return false;
  }
  const std::string plain = with_plain_marks(without_code(line.text));
  const std::string lower = to_lower(plain);
  for (const std::string_view mark : {"requir", "need", "at least", "minimum", "upgrad", "older", "newer", "tested",
                                      "tried", " or ", "support", "?"}) {
    if (has(lower, mark)) return false;
  }
  std::string gpus, system, python;
  std::string_view driver, toolkit, rest = plain;
  std::vector<std::pair<std::string_view, std::string_view>> packages;
  while (!rest.empty()) {
    const std::size_t end = rest.find_first_of(",;()|");
    const std::string_view piece = without_marks_around(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (piece.size() < 2 || piece.size() > 48) continue;
    if (const std::string_view version = driver_of_piece(piece); !version.empty()) {
      driver = version;
    } else if (const std::string_view release = toolkit_of_piece(piece); !release.empty()) {
      toolkit = release;
    } else if (const std::string_view name = counted(piece).second; is_brand(name) && product(plain_product(name))) {
      gpus += (gpus.empty() ? "" : ",") + std::string(piece);
    } else if (const auto written = plain_system(piece)) {
      system = *written;
    } else if (std::string python_there = python_of_piece(piece); !python_there.empty()) {
      python = std::move(python_there);
    } else if (const std::string_view of_tf = release_of_tf(piece); !of_tf.empty()) {
      packages.emplace_back("tensorflow", of_tf);
    } else if (const std::size_t blank = piece.find_first_of(" ="); blank != std::string_view::npos) {
      packages.emplace_back(piece.substr(0, blank), trim(piece.substr(piece.find_last_of(" =") + 1)));
    }
  }
  if (driver.empty() && gpus.empty()) return false;
  bool any_package = false;
  for (const auto& [name, version] : packages) {
    const std::string key = to_lower(name);
    any_package |= take_package(key == "pytorch" ? "torch" : key, version, line, declared);
  }
  const bool any_other = any_package || !system.empty() || !python.empty() || !toolkit.empty();
  if (!any_other && (driver.empty() || gpus.empty())) return false;
  if (!system.empty()) declare(declared, "os.name", system, {kName, line.number});
  if (!python.empty()) declared.pythons.emplace(python, line.number);
  if (!toolkit.empty()) declare_nvcc(declared, toolkit, "", {kName, line.number});
  if (!driver.empty()) take_driver(driver, line, declared);
  if (!gpus.empty()) take_gpus(gpus, line, declared);
  return true;
}

// "python3.10+cuda12.1+torch2.1.0", "torch2.4", "Python 3.10.14; torch2.4": names with their releases behind them.
bool WrittenTextReader::take_glued(const TextLine& line, Declared& declared) {
  bool any = false;
  TextLine part = line;
  if (line.text.size() > 2 && holds(line, "I ") && holds(line, "+")) {  // "I installed it with python3.10+torch2.1.0"
    for (const std::string_view word : split_words(line.text)) {
      if (std::count(word.begin(), word.end(), '+') > 1) part.text = word;
    }
  }
  for (const auto& [name, version] : glued_releases(part)) {
    if (name == "python") {
      any = declared.pythons.emplace(version, line.number).second || any;
    } else {
      any = take_package(name == "pytorch" ? "torch" : name, version, line, declared) || any;
    }
  }
  return any;
}

bool WrittenTextReader::take_two_words(const TextLine& line, Declared& declared) {
  const std::string_view text = without_list_marks(line.text);
  if (text.size() > 56) return false;
  // In capitals: "tf 1.15" of a log may be any number.
  if (text.starts_with("TF") && take_package("tensorflow", release_of_tf(text), line, declared)) return true;
  // "vllm=0.6.1", and nothing else
  if (const std::size_t sign = text.find('='); sign != std::string_view::npos && sign > 2 && text == line.text) {
    const std::string name = to_lower(trim(text.substr(0, sign)));
    const std::string_view version = trim(text.substr(sign + 1));
    if (version.find(' ') == std::string_view::npos && leading_version(version).size() >= 5) {
      return take_package(name == "pytorch" ? "torch" : name, version, line, declared);
    }
  }
  const std::size_t blank = text.rfind(' ');
  if (blank == std::string_view::npos || blank + 1 >= text.size() || !is_digit(text[blank + 1])) return false;
  const std::string key = plain_key(trim(text.substr(0, blank)));
  const std::string_view value = text.substr(blank + 1);
  const WrittenMeaning meaning = meaning_of_key(key);
  if (meaning == WrittenMeaning::driver) return take_driver(value, line, declared);
  // "Cuda Toolkit 12.8", "Kernel 6.18.30-1-lts"
  if (meaning == WrittenMeaning::toolkit || (meaning == WrittenMeaning::kernel && has(value, "-"))) {
    return take_pair(key, value, line, declared);
  }
  if (meaning == WrittenMeaning::python) {
    const std::string_view version = leading_version(value);
    if (version != value || !(version.starts_with("3.") || version.starts_with("2.7"))) return false;
    declared.pythons.emplace(version, line.number);
    return true;
  }
  if (key.find(' ') != std::string::npos) return false;
  return take_package(meaning == WrittenMeaning::torch ? "torch" : key, value, line, declared);
}
}  // namespace

std::unique_ptr<TextReader> written_text_reader() { return std::make_unique<WrittenTextReader>(); }

}  // namespace varve
