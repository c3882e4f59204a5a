// Packages that somebody uses and names without a release, of which only what holds of every release is said:
//   >>> import cudf                       from jax import numpy       when running `import cudf`
//   - mxnet-cu101                         (a name that tells its CUDA, alone on a line)
//   I am trying to install mxnet-cu101 to run on an RTX 3060.
//   I recently updated llama-cpp-python
//   it says "2.0.0+cpu Autocast half"     (a build of torch's by its version alone)
// A sentence that asks, supposes or advises names nothing.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"
#include "package/python_metadata.h"
#include "tables/package_table.h"

namespace varve {

namespace {
constexpr std::size_t kMostLine = 320, kMostNamed = 32;

// The name as data/packages.json has it, of what would use a GPU; empty: of anything else.
std::string package_of(std::string_view word) {
  if (!is_package_name(word) || word.size() < 3) return {};
  std::string name = normal_package_name(word);
  if (name == "pytorch") name = "torch";
  const PackageRow* row = find_package_row(name);
  const bool is_of_gpu = row != nullptr && (row->role == PackageRole::framework || row->role == PackageRole::extension);
  return is_of_gpu ? name : std::string();
}

// "mxnet-cu101": a digit behind "-cu" at its end.
bool tells_cuda(std::string_view name) {
  const std::size_t at = name.rfind("-cu");
  return at != std::string_view::npos && at + 4 < name.size() && is_digit(name[at + 3]) && is_digit(name.back());
}

class NamedPackagesReader : public TextReader {
 public:
  const char* name() const override { return "named without a release"; }
  bool take(const TextLine& line, Declared& declared) override {
    std::string_view text = line.text;
    if (text.size() < 8 || text.size() > kMostLine || line.is_quoted) return false;
    if (holds(line, "+cpu") && !holds(line, "orch")) take_cpu_build(text, line, declared);
    if (!holds(line, "import ") && !holds(line, "nstall") && !holds(line, "pdate") && !holds(line, "pgrade") &&
        !holds(line, "-cu") && !holds(line, "ownload")) {
      return false;
    }
    text = trim(text);
    for (const std::string_view mark : {">>> ", "- ", "* "}) {
      if (text.starts_with(mark)) text = trim(text.substr(mark.size()));
    }
    if (text.starts_with("import ") || (text.starts_with("from ") && has(text, " import "))) {
      note(package_of(up_to(text.substr(text.find(' ') + 1), " .,;")), line, declared);
    } else if (text.find(' ') == std::string_view::npos) {
      if (tells_cuda(text)) note(package_of(text), line, declared);
    } else {
      if (const auto quoted = behind(text, "`import ")) note(package_of(up_to(*quoted, " .,;`")), line, declared);
      take_sentence(text, line, declared);
    }
    return false;  // whoever else knows the line may have it
  }

 private:
  static void note(const std::string& name, const TextLine& line, Declared& declared) {
    if (!name.empty() && declared.named.size() < kMostNamed) declared.named.emplace(name, line.number);
  }
  static void take_cpu_build(std::string_view text, const TextLine& line, Declared& declared);
  static void take_sentence(std::string_view text, const TextLine& line, Declared& declared);
};

// "2.0.0+cpu" without a name is torch's: no other has a first number of 1 or 2 and such a local version.
void NamedPackagesReader::take_cpu_build(std::string_view text, const TextLine& line, Declared& declared) {
  for (const std::string_view word : split_words(text)) {
    const std::string_view version = bare_word(word);
    const bool is_one = version.ends_with("+cpu") && version.size() > 8 && (version[0] == '1' || version[0] == '2') &&
                        leading_version(version).size() + 4 == version.size() &&
                        std::count(version.begin(), version.end(), '.') == 2;
    if (!is_one || declared.asked.size() >= kMostNamed) continue;
    declared.asked.push_back({.name = "torch", .version = std::string(version), .line = line.number});
  }
}

void NamedPackagesReader::take_sentence(std::string_view text, const TextLine& line, Declared& declared) {
  constexpr auto kVerbs = std::to_array<std::string_view>(
      {"install", "installing", "installed", "updated", "upgraded", "download", "downloading", "downloaded"});
  constexpr auto kBeforeName = std::to_array<std::string_view>({"the", "latest", "newest", "to", "my"});
  constexpr auto kOpen = std::to_array<std::string_view>({"should", "would", "could", "you ", "recommend", "instead",
                                                          "how ", "n't ", " not ", "if ", "please", "let ", "want"});
  for (const std::string_view mark : {". ", "? ", "! "}) {
    if (const std::size_t end = text.find(mark); end != std::string_view::npos) {
      take_sentence(text.substr(0, end + 1), line, declared);
      take_sentence(trim(text.substr(end + 1)), line, declared);
      return;
    }
  }
  const std::string lower = " " + to_lower(text) + " ";
  const bool is_own = has(lower, " i ") || has(lower, " i've ") || has(lower, " i'm ") || has(lower, " my ") ||
                      has(lower, " i am ") || has(lower, " we ");
  const bool is_open = std::any_of(kOpen.begin(), kOpen.end(), [&](std::string_view word) { return has(lower, word); });
  if (!is_own || is_open || text.ends_with('?')) return;
  const std::vector<std::string_view> words = split_words(text);
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (!is_among(to_lower(bare_word(words[i])), kVerbs)) continue;
    std::size_t at = i + 1;
    while (at + 1 < words.size() && is_among(to_lower(bare_word(words[at])), kBeforeName)) ++at;
    note(package_of(bare_word(words[at])), line, declared);
  }
}
}  // namespace

std::unique_ptr<TextReader> named_packages_reader() { return std::make_unique<NamedPackagesReader>(); }

}  // namespace varve
