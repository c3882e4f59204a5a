// Sentences that list what a machine has:
//   My environment is Tesla M40 x 4, Ubuntu 16.04, CUDA 9.1, CUDNN v7.1, NCCL 2.1.15.
//   I work on Ubuntu14.04, Python2.7, CUDA8.0 and CUDNN.
//   Software env: Ubuntu 16.04, Python 3.5, CUDA 8.0, CUDNN 5.1.
//   Keras 2.2.2, Tensorflow 1.9.0, python 3.5.5, Ubuntu Mate 18.04 and Nvidia drivers 390.48
// Two pieces of one kind that differ ("Ubuntu 18.04, Ubuntu 20.04") are what something runs on.
#include "disclosure/people/inventory_text.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/lines/written_products.h"
#include "disclosure/lines/written_systems.h"
#include "disclosure/people/spoken_products.h"
#include "disclosure/people/written_keys.h"
#include "disclosure/people/written_values.h"
#include "package/python_metadata.h"

namespace varve {

namespace {
constexpr std::size_t kMostInventory = 400;
constexpr std::size_t kMostPieces = 24;

// How a list of somebody's begins; what follows is the first piece.
constexpr auto kListLeads = std::to_array<std::string_view>({"my environment is ",
                                                             "my env is ",
                                                             "my config is ",
                                                             "my configuration is ",
                                                             "my setup is ",
                                                             "my system is ",
                                                             "my machine is ",
                                                             "my pc is ",
                                                             "my specs are ",
                                                             "my platform is ",
                                                             "our environment is ",
                                                             "i work on ",
                                                             "i am working on ",
                                                             "i'm working on ",
                                                             "i am using ",
                                                             "i'm using ",
                                                             "im using ",
                                                             "i use ",
                                                             "i have ",
                                                             "i am running on ",
                                                             "i'm running on ",
                                                             "i am running ",
                                                             "i'm running ",
                                                             "im running ",
                                                             "i am on ",
                                                             "i'm on ",
                                                             "we are using ",
                                                             "we're using ",
                                                             "we use ",
                                                             "we have ",
                                                             "using ",
                                                             "running on ",
                                                             "running "});
// Keys of such a list: the last word before its colon.
constexpr auto kListKeys =
    std::to_array<std::string_view>({"env", "environment", "environments", "config", "configuration", "setup", "system",
                                     "platform", "specs", "machine", "versions", "环境", "环境信息"});
// What makes it a list of something else.
constexpr auto kNotOwn = std::to_array<std::string_view>(
    {"?",        "requir",    "need",     "should",   "would",    "could",    "recommend", "support",   "minimum",
     "at least", "newer",     "older",    "or later", "or above", " or ",     "tried",     "try ",      "tests ",
     "tested",   "upgrad",    "downgrad", "updat",    "switch",   "instead",  "if ",       "want",      "wish",
     "plan",     "compat",    "availab",  "wheel",    "please",   "publish",  "built for", "build for", "e.g",
     "example",  " vs",       "versus",   "document", "readme",   "another",  "other",     "friend",    "people",
     "before",   "previous",  "used to",  " had ",    " from ",   "n't",      " not ",     " no ",      "without",
     "either",   "different", "compar",   "both",     "works ",   "worked",   "install ",  "docker",    "container",
     "image",    "suggest",   "advis",    "assum",    "your ",    "you ",     "latest",    "until",     "since",
     "reproduc", "trained",   "same ",    "users",    "http",     "prebuilt", "pre-built", "binar"});
// Words around a piece that add nothing.
constexpr auto kBeforePiece =
    std::to_array<std::string_view>({"a ", "an ", "the ", "my ", "one ", "single ", "gpu ", "gpu: ", "os ",
                                     "os: ", "linux ", "with ", "on ", "nvidia gpu "});
constexpr auto kBehindPiece =
    std::to_array<std::string_view>({" box", " machine", " server", " pc", " laptop", " desktop", " workstation", " vm",
                                     " system", " host", " lts", " gpu", " installed"});
// What stands among such pieces and is not kept: compilers, processors, memory.
constexpr auto kBesidePieces = std::to_array<std::string_view>(
    {"gcc",      "g++",    "cmake", "clang",  "bazel", "opencv",   "visual studio", "vs ",      "vs2",
     "msvc",     "ryzen",  "intel", "amd ",   "xeon",  "core i",   "epyc",          "i5",       "i7",
     "i9",       "x86",    "64",    "32gb",   "16gb",  "ram",      "conda",         "anaconda", "mkl",
     "openblas", "numpy",  "chrom", "matlab", "cuda",  "cudnn",    "gb ",           "pip",      "java",
     "keras",    "pandas", "scipy", "docker", "boost", "protobuf", "blas",          "opencl",   "transformers"});

// "v7.1", "7.0.5", "5.1" of cuDNN, also as its header has it (8200, 90100); empty: no release with a point in it.
std::string release_of_cudnn(std::string_view text) {
  while (!text.empty() && (text[0] == ' ' || text[0] == '-' || text[0] == ':' || text[0] == '=')) text.remove_prefix(1);
  if (to_lower(text.substr(0, 8)) == "version ") text.remove_prefix(8);
  if (text.starts_with('v') || text.starts_with('V')) text.remove_prefix(1);
  const std::string_view version = leading_version(text);
  const std::string_view rest = text.substr(version.size());
  if (!rest.empty() && rest[0] != ' ' && rest[0] != '-') return {};
  const auto major = leading_number(version);
  if (!major || *major < 1) return {};
  if (version.find('.') != std::string_view::npos) return *major < 10 ? std::string(version) : std::string();
  // 8200 is 8.2.0, 90100 is 9.1.0 (cudnn_version.h: major * 1000, from 9 on * 10000).
  const auto number = [](std::int64_t part) { return std::to_string(part); };
  if (*major >= 5000 && *major < 9000) {
    return number(*major / 1000) + "." + number(*major / 100 % 10) + "." + number(*major % 100);
  }
  if (*major >= 90000 && *major < 100000) {
    return number(*major / 10000) + "." + number(*major / 100 % 100) + "." + number(*major % 100);
  }
  return {};
}

// What one piece says; a piece of which nothing is kept has a kind too.
struct ListedItem {
  enum class Kind { foreign, beside, cuda, gpu, driver, system, python, package } kind = Kind::foreign;
  std::string name, value;
  std::int64_t count = 1;
};

std::string_view without_words_around(std::string_view piece) {
  for (bool any = true; any;) {
    any = false;
    const std::string lower = to_lower(piece);
    for (const std::string_view word : kBeforePiece) {
      if (!lower.starts_with(word)) continue;
      piece.remove_prefix(word.size());
      any = true;
      break;
    }
    if (any) continue;
    for (const std::string_view word : kBehindPiece) {
      if (!lower.ends_with(word) || lower.size() == word.size()) continue;
      piece.remove_suffix(word.size());
      any = true;
      break;
    }
  }
  return trim(piece);
}

// "tensorflow 1.9.0", "Pytorch0.4.0", "mxnet==1.5.0": the name and the release, and nothing else.
std::optional<ListedItem> package_of_piece(std::string_view piece) {
  std::size_t end = piece.find_first_of(" =0123456789");
  if (end == std::string_view::npos || end < 2) return std::nullopt;
  const std::string name = spoken_package(piece.substr(0, end));
  std::string_view version = piece.substr(end);
  while (!version.empty() && (version[0] == ' ' || version[0] == '=')) version.remove_prefix(1);
  if (to_lower(version.substr(0, 8)) == "version ") version.remove_prefix(8);
  if (version.starts_with('v')) version.remove_prefix(1);
  const bool is_release = is_package_version(version) && version.find('.') != std::string_view::npos &&
                          version.find_first_of(" xX*") == std::string_view::npos && version.back() != '.';
  if (name.empty() || !is_release) return std::nullopt;
  return ListedItem{name == "python" ? ListedItem::Kind::python : ListedItem::Kind::package, name,
                    std::string(version)};
}

ListedItem listed_item(std::string_view piece) {
  piece = without_words_around(piece);
  const std::string lower = to_lower(piece);
  if (lower.starts_with("cudnn")) {
    const std::string release = release_of_cudnn(piece.substr(5));
    if (release.empty()) return {ListedItem::Kind::beside, "", ""};
    return {ListedItem::Kind::package, "cudnn", release};
  }
  if (lower.starts_with("cuda")) return {ListedItem::Kind::cuda, "", ""};
  if (const std::string_view driver = driver_of_piece(piece); !driver.empty()) {
    const bool is_whole = !driver_number(driver).empty();
    return {is_whole ? ListedItem::Kind::driver : ListedItem::Kind::beside, "", std::string(driver)};
  }
  const auto [count, name] = counted(piece);
  if (is_brand(name)) {
    std::string product(plain_product(name));
    if (written_product(product)) return {ListedItem::Kind::gpu, "", product, count};
  }
  if (std::string numbered = numbered_geforce(plain_product(name)); !numbered.empty() && piece.size() > 4) {
    return {ListedItem::Kind::gpu, "", std::move(numbered), count};
  }
  if (const auto system = plain_system(piece)) return {ListedItem::Kind::system, "", *system};
  if (auto package = package_of_piece(piece)) return *package;
  const auto is_beside = [&](std::string_view start) { return lower.starts_with(start); };
  if (std::any_of(kBesidePieces.begin(), kBesidePieces.end(), is_beside)) return {ListedItem::Kind::beside, "", ""};
  return {};
}

std::string without_remarks(std::string_view text) {
  std::string kept;
  std::size_t depth = 0;
  for (const char c : text) {
    if (c == '(') ++depth;
    if (depth == 0) kept += c;
    if (c == ')' && depth > 0) --depth;
  }
  return kept;
}

// Without the words at its start that say whose list it is; whether there were any.
bool take_lead(std::string& text) {
  const std::string lower = to_lower(text);
  for (const std::string_view lead : kListLeads) {
    if (!lower.starts_with(lead)) continue;
    text.erase(0, lead.size());
    return true;
  }
  constexpr std::size_t kMostListKey = 40;
  const std::size_t colon = text.find(": ");
  if (colon == std::string::npos || colon > kMostListKey) return false;
  const std::string key = plain_key(std::string_view(text).substr(0, colon));
  const std::size_t blank = key.rfind(' ');
  const std::string last = blank == std::string::npos ? key : key.substr(blank + 1);
  if (!is_among(last, kListKeys)) return false;
  text.erase(0, colon + 2);
  return true;
}

std::vector<std::string_view> pieces_of(std::string_view text) {
  std::vector<std::string_view> pieces;
  while (!text.empty() && pieces.size() < kMostPieces) {
    std::size_t end = text.find_first_of(",;|");
    std::size_t next = end == std::string_view::npos ? text.size() : end + 1;
    end = std::min(end, text.size());
    for (const std::string_view joint : {" and ", " with ", " on ", " + ", " & ", " in ", " under "}) {
      const std::size_t at = text.find(joint);
      if (at < end) end = at, next = at + joint.size();
    }
    const std::string_view piece = without_marks_around(trim(text.substr(0, end)));
    if (!piece.empty()) pieces.push_back(piece);
    text.remove_prefix(next);
  }
  return pieces;
}

// Two that differ are not of one machine.
bool is_of_one_machine(const std::vector<ListedItem>& items) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    for (std::size_t j = i + 1; j < items.size(); ++j) {
      const bool is_same_kind = items[i].kind == items[j].kind && items[i].name == items[j].name;
      if (is_same_kind && items[i].kind > ListedItem::Kind::cuda && items[i].kind != ListedItem::Kind::gpu &&
          items[i].value != items[j].value) {
        return false;
      }
    }
  }
  return true;
}

void tell_listed(const ListedItem& item, std::int64_t line, SpokenMachine& spoken) {
  switch (item.kind) {
    case ListedItem::Kind::driver:
      return tell_spoken(spoken.driver, item.value, line);
    case ListedItem::Kind::system:
      return tell_system(spoken.system, item.value, line);
    case ListedItem::Kind::python:
      return tell_spoken(spoken.packages["python"], item.value, line);
    case ListedItem::Kind::package:
      return tell_spoken(spoken.packages[item.name], item.value, line);
    default:
      return;
  }
}
// "python3.8+, torch1.7.1+" is what something wants.
bool wants_more(std::string_view text) {
  for (std::size_t at = text.find('+', 1); at != std::string_view::npos; at = text.find('+', at + 1)) {
    const bool is_end = at + 1 == text.size() || text[at + 1] == ' ' || text[at + 1] == ',';
    if (is_end && (is_digit(text[at - 1]) || text[at - 1] == 'x')) return true;
  }
  return false;
}
}  // namespace

void note_inventory(std::string_view sentence, const TextLine& line, SpokenMachine& spoken) {
  if (sentence.size() > kMostInventory || line.is_quoted) return;
  std::string text = without_remarks(without_list_marks(trim(sentence)));
  while (text.ends_with('.') || text.ends_with(' ')) text.pop_back();
  if (text.find_first_of("0123456789") == std::string::npos || wants_more(text)) return;
  if (says_any(" " + to_lower(text) + " ", kNotOwn)) return;
  const bool has_lead = take_lead(text);
  std::vector<ListedItem> items;
  std::size_t of_stack = 0, of_hardware = 0;
  for (const std::string_view piece : pieces_of(text)) {
    ListedItem item = listed_item(piece);
    if (item.kind == ListedItem::Kind::foreign) return;
    of_stack += item.kind == ListedItem::Kind::beside ? 0 : 1;
    of_hardware += item.kind == ListedItem::Kind::gpu || item.kind == ListedItem::Kind::driver ? 1 : 0;
    items.push_back(std::move(item));
  }
  constexpr std::size_t kLeastOwn = 2, kLeastBare = 3;
  const bool is_whole_line = trim(line.text).size() <= trim(sentence).size() + 1 && !is_digit(line.text[0]) &&
                             without_list_marks(line.text) == line.text;
  const auto is_system = [](const ListedItem& item) { return item.kind == ListedItem::Kind::system; };
  const bool may_be_bare = of_hardware > 0 || (is_whole_line && std::any_of(items.begin(), items.end(), is_system));
  if (of_stack < (has_lead ? kLeastOwn : kLeastBare) || (!has_lead && !may_be_bare)) return;
  if (!is_of_one_machine(items)) return;
  bool any_gpu = false;
  for (const ListedItem& item : items) {
    if (item.kind != ListedItem::Kind::gpu) {
      tell_listed(item, line.number, spoken);
      continue;
    }
    const std::string model = clean_utf8(item.value, 96);
    spoken.named.emplace(plain_name(model), line.number);
    if (any_gpu) {
      tell_beside(spoken, model, item.count);
    } else {
      tell_spoken(spoken.gpu, model, line.number, item.count);
    }
    any_gpu = true;
  }
}

}  // namespace varve
