#include "disclosure/people/spoken_products.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/lines/written_products.h"
#include "disclosure/people/written_values.h"
#include "package/python_metadata.h"
#include "tables/package_table.h"

namespace varve {

bool is_mark_behind(std::string_view word) {
  const std::string_view bare = bare_word(word);
  return bare.data() + bare.size() != word.data() + word.size();
}

namespace {
// Kubernetes, and families of a cloud's machines that begin like a GPU: "K8s", "p4d.24xlarge", "P3dn".
bool is_no_product(std::string_view word) {
  constexpr auto kOthers = std::to_array<std::string_view>({"k8s", "k8", "p3dn", "p4d", "p4de", "p5e", "p5en"});
  const std::string lower = to_lower(word);
  return is_among(std::string_view(lower).substr(0, lower.find('.')), kOthers);
}

// "Xavier NX", "Orin Nano": without NVIDIA's name for them; alone they are names of people and places.
bool is_module_at(const SpokenWords& words, std::size_t at) {
  const std::string first = to_lower(bare_word(words[at]));
  if ((first != "xavier" && first != "orin") || at + 1 == words.size()) return false;
  const std::string next = to_lower(bare_word(words[at + 1]));
  return next == "nx" || next == "nano" || next == "agx";
}

// "CUDA is slow with a 3060.", "with a 3060 and …": one thing of that number, in a sentence that speaks of a GPU.
// "1080" may be a screen's, and what stands right behind a number may be what it counts ("a 3060 token prompt").
bool is_one_of_number(const SpokenWords& words, std::size_t at, std::size_t end) {
  constexpr auto kGoesOn = std::to_array<std::string_view>({"and", "with", "but", "running", "laptop", "mobile"});
  const bool is_one = at > 1 && to_lower(words[at - 1]) == "a" && !bare_word(words[at]).starts_with("1080");
  if (!is_one || !(end == words.size() || is_mark_behind(words[end - 1]) || is_among(words[end], kGoesOn)))
    return false;
  return std::any_of(words.begin(), words.end(), [](std::string_view word) {
    const std::string lower = to_lower(bare_word(word));
    return lower == "gpu" || lower == "gpus" || lower == "cuda" || lower == "nvidia" || lower == "vram";
  });
}
}  // namespace

std::optional<SpokenProduct> numbered_product_at(const SpokenWords& words, std::size_t at, bool is_of_gpu) {
  std::string_view first = bare_word(words[at]);
  std::int64_t count = 1;
  if (first.size() > 5 && first[0] > '1' && first[0] <= '9' && (first[1] == 'x' || first[1] == 'X')) {  // "2x3090"
    count = first[0] - '0';
    first.remove_prefix(2);
    is_of_gpu = true;
  }
  if (first.size() < 4 || first.size() > 6 || !is_digit(first[0])) return std::nullopt;
  std::string text(first);
  std::size_t taken = 1;
  while (at + taken < words.size() && !is_mark_behind(words[at + taken - 1])) {
    const std::string next = to_lower(bare_word(words[at + taken]));
    if (next == "rtx" || next == "gtx") {  // "4080 RTX"
      is_of_gpu = true;
      ++taken;
      break;
    }
    if (next != "ti" && next != "super") break;
    text += " " + next;
    ++taken;
  }
  std::string name = numbered_geforce(text);
  if (name.empty()) return std::nullopt;
  is_of_gpu = is_of_gpu || text.size() > 4 || is_one_of_number(words, at, at + taken);
  for (std::size_t i = at + taken; i < words.size() && i < at + taken + 2; ++i) {
    const std::string next = to_lower(bare_word(words[i]));
    is_of_gpu = is_of_gpu || next.starts_with("gpu") || next.starts_with("card") || next == "graphics";
    // "a 4060 8G": its memory right behind it
    const std::size_t unit = next.find('g');
    const auto memory = leading_number(next);
    is_of_gpu = is_of_gpu || (i == at + taken && memory && *memory > 1 && *memory < 97 && unit < 3 &&
                              (next.substr(unit) == "g" || next.substr(unit) == "gb"));
  }
  if (!is_of_gpu) return std::nullopt;
  return SpokenProduct{std::move(name), taken, count};
}

namespace {
// "Tesla M40 x 4", "GTX 1080 * 2", "T4 GPU x4", "RTX 3090 (x2)": how many, behind the product.
void count_behind(const SpokenWords& words, std::size_t at, SpokenProduct& product) {
  std::size_t next = at + product.words;
  if (next < words.size() && is_among(to_lower(words[next]), std::array<std::string_view, 3>{"gpu", "gpus", "cards"})) {
    ++next;
  }
  if (next >= words.size()) return;
  std::string times = to_lower(bare_word(words[next]));
  if (words[next].starts_with('*')) times = words[next];
  replace_all(times, "×", "x");
  replace_all(times, "*", "x");
  if (times.empty() || times[0] != 'x') return;
  std::string_view number = std::string_view(times).substr(1);
  if (number.empty() && ++next < words.size()) number = bare_word(words[next]);
  number = up_to(number, ",.;)");
  const auto count = parse_integer(number);
  constexpr std::int64_t kMostGpus = 16;
  if (!count || *count < 1 || *count > kMostGpus) return;
  product.count = *count;
  product.words = next + 1 - at;
}
// "L2 norm", "an M4 chip": what these name alone is seldom a GPU.
bool is_other_thing(const SpokenWords& words, std::size_t at, const SpokenProduct& product) {
  const std::string name = to_lower(product.name);
  if (name != "l2" && name != "m4") return false;
  const auto speaks_of_gpu = [&](std::size_t i) {
    const std::string word = i < words.size() ? to_lower(bare_word(words[i])) : "";
    return word == "nvidia" || word == "gpu" || word == "gpus" || word == "tesla";
  };
  return !speaks_of_gpu(at + product.words) && !(at > 0 && speaks_of_gpu(at - 1));
}
}  // namespace

std::optional<SpokenProduct> spoken_product_at(const SpokenWords& words, std::size_t at) {
  constexpr auto kParts =
      std::to_array<std::string_view>({"geforce", "rtx", "gtx", "gt", "tesla", "quadro", "titan", "nvidia", "jetson",
                                       "agx", "orin", "xavier", "nano", "nx", "thor"});
  constexpr auto kEnds = std::to_array<std::string_view>(
      {"ti", "super", "mobile", "laptop", "max-q", "ada", "generation", "pcie", "sxm", "sxm2", "sxm4", "sxm5", "xp"});
  std::string_view first = bare_word(words[at]);
  std::int64_t count = 1;
  // "8-A100", "4xV100"
  if (first.size() > 3 && first[0] > '1' && first[0] <= '9' &&
      std::string_view("xX-*").find(first[1]) != std::string_view::npos) {
    count = first[0] - '0';
    first.remove_prefix(2);
  }
  if (!(is_brand(first) || is_module_at(words, at)) || to_lower(first) == "nvidia" || is_no_product(first))
    return std::nullopt;
  // "nvidia470" is a branch of drivers.
  const bool is_branch = first.size() == 9 && to_lower(first).starts_with("nvidia") &&
                         first.substr(6).find_first_not_of("0123456789") == std::string_view::npos;
  if (is_branch) return std::nullopt;
  std::optional<SpokenProduct> longest;
  std::string name;
  bool has_number = false;
  for (std::size_t i = at; i < words.size(); ++i) {
    std::string_view word = i == at ? first : bare_word(words[i]);
    if (const std::size_t star = word.find('*'); star != std::string_view::npos && star + 2 == word.size()) {
      count = counted(word).first;  // "P100*4"
      word = word.substr(0, star);
    }
    // "H100/H200": one of several
    if (const std::size_t slash = word.find('/'); slash != std::string_view::npos && is_brand(word.substr(slash + 1))) {
      break;
    }
    const std::string lower = to_lower(word);
    const bool is_number = !has_number && word.find_first_of("0123456789") != std::string_view::npos &&
                           word.find('.') == std::string_view::npos;
    if (word.empty() || !(is_number || is_among(lower, kParts) || is_among(lower, kEnds))) break;
    has_number = has_number || is_number;
    name += (i == at ? "" : " ") + std::string(word);
    // Several are written with an s: "2x P40s".
    const bool is_plural = name.ends_with('s') && !written_product(name);
    const std::string one = is_plural ? name.substr(0, name.size() - 1) : name;
    if (written_product(one)) longest = SpokenProduct{one, i - at + 1, count};
    if (is_mark_behind(words[i])) break;  // a mark ends it
  }
  if (longest && longest->count == 1 && !is_mark_behind(words[at + longest->words - 1])) {
    count_behind(words, at, *longest);
  }
  if (longest && is_other_thing(words, at, *longest)) return std::nullopt;
  return longest;
}

std::string plain_name(const std::string& product) {
  std::string name = to_lower(product);
  for (const std::string_view beside :
       {"nvidia", "geforce", "tesla", "quadro", "rtx", "gtx", "laptop", "mobile", "gpu", "jetson", " "}) {
    replace_all(name, beside, "");
  }
  for (const std::string_view end : {"-sxm", "-pcie", "-80g", "-40g", "-16g", "-32g", "sxm", "pcie"}) {
    if (const std::size_t at = name.find(end); at != std::string::npos && at > 1) name.resize(at);
  }
  return name;
}

std::string_view driver_number(std::string_view word) {
  word = bare_word(word);
  if (word.starts_with('v')) word.remove_prefix(1);
  const bool is_one = word.size() >= 5 && word.size() <= 12 && leading_version(word) == word && word.find('.') == 3;
  return is_one ? word : std::string_view();
}

std::string spoken_package(std::string_view word) {
  const std::string name = to_lower(word);
  if (name.starts_with("nvidia")) return {};  // "NVIDIA-SMI 555.42.06"
  if (is_known_program(name)) return name;
  if (name == "python" || name == "pytorch") return name == "python" ? name : "torch";
  const PackageRow* row =
      name.size() > 2 && is_package_name(name) ? find_package_row(normal_package_name(name)) : nullptr;
  return row != nullptr && row->has_gpu_code() ? name : std::string();
}

void tell_spoken(SpokenMachine::Told& told, std::string_view value, std::int64_t line, std::int64_t count) {
  if (told.line != 0 && plain_name(told.value) != plain_name(std::string(value))) told.is_several = true;
  constexpr std::size_t kLongest = 96;
  if (told.line == 0) {
    told = {clean_utf8(value, kLongest), line, count, told.is_several, told.is_doubtful};
  } else if (!told.is_several) {
    told.count = std::max(told.count, count);
  }
}

// "Ubuntu 20.04" and "Ubuntu 20.04.2" are one.
void tell_system(SpokenMachine::Told& told, const std::string& value, std::int64_t line) {
  if (told.line == 0) {
    told = {value, line, 1, told.is_several, told.is_doubtful};
  } else if (value.starts_with(told.value)) {
    told.value = value;
  } else if (!told.value.starts_with(value)) {
    told.is_several = true;
  }
}

void tell_beside(SpokenMachine& spoken, const std::string& model, std::int64_t count) {
  const std::string name = plain_name(model);
  const bool is_known = std::any_of(spoken.beside.begin(), spoken.beside.end(),
                                    [&](const auto& other) { return plain_name(other.first) == name; });
  if (!is_known && plain_name(spoken.gpu.value) != name) spoken.beside.emplace_back(model, count);
}

}  // namespace varve
