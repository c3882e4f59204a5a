// How people write GPUs: how many, with or without their maker, with a remark in brackets behind.
#include "disclosure/lines/written_products.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "tables/gpu_products.h"

namespace varve {

// "4x A100", "2 x RTX 4090", "8*H100", "RTX 4090 x2": how many, and the rest.
std::pair<std::int64_t, std::string_view> counted(std::string_view text) {
  const auto count = leading_number(text);
  if (count && *count > 0 && *count <= 16) {
    const std::string_view rest = trim(text.substr(*count > 9 ? 2 : 1));
    for (const std::string_view mark : {"x ", "X ", "*", "× ", "x"}) {
      if (rest.starts_with(mark)) return {*count, trim(rest.substr(mark.size()))};
    }
    if (rest.size() + 1 < text.size() && capability_of_product(up_to(rest, "(["))) return {*count, rest};
  }
  const std::size_t last = text.rfind(' ');
  if (last != std::string_view::npos) {
    std::string_view word = text.substr(last + 1);
    if (word.starts_with('(') && word.ends_with(')')) word = word.substr(1, word.size() - 2);  // "rtx3090 (x2)"
    const bool is_times = word.size() == 2 && (word[0] == 'x' || word[0] == '*');
    if (is_times && word[1] > '0' && word[1] <= '9') return {word[1] - '0', trim(text.substr(0, last))};
  }
  // "GTX 1080 * 2", "Tesla M40 x 4"
  if (last != std::string_view::npos && last > 2) {
    const auto number = parse_integer(text.substr(last + 1));
    const std::string_view before = trim(text.substr(0, last));
    for (const std::string_view mark : {" x", " X", " *", " ×"}) {
      if (!number || *number < 1 || *number > 16 || !before.ends_with(mark)) continue;
      return {*number, trim(before.substr(0, before.size() - mark.size()))};
    }
  }
  const std::string start = to_lower(text.substr(0, 7));
  if (start == "double " || start.starts_with("dual ")) return {2, trim(text.substr(text.find(' ')))};
  const std::size_t star = text.rfind('*');
  if (star != std::string_view::npos && star > 1 && star + 3 == text.size() && text[star + 1] == ' ' &&
      text[star + 2] > '0' && text[star + 2] <= '9') {
    return {text[star + 2] - '0', trim(text.substr(0, star))};  // "A100-SXM4-40GB * 8"
  }
  if (star != std::string_view::npos && star > 1 && star + 2 == text.size() && text[star + 1] > '0' &&
      text[star + 1] <= '9') {
    return {text[star + 1] - '0', trim(text.substr(0, star))};
  }
  return {1, text};
}

namespace {
// With which names of products begin.
constexpr auto kBrands = std::to_array<std::string_view>(
    {"nvidia", "geforce", "rtx", "gtx", "gt", "tesla", "quadro", "titan", "a1", "a2", "a3", "a4",    "a5", "a6",
     "a8",     "b1",      "b2",  "b3",  "h1", "h2",    "h8",     "k1",    "k2", "k4", "k6", "k8",    "l2", "l4",
     "m4",     "m6",      "p1",  "p2",  "p4", "p6",    "t4",     "t1",    "v1", "gb", "gh", "jetson"});
}  // namespace

// Asked of many words: nothing is copied.
bool is_brand(std::string_view name) {
  const auto starts = [&](std::string_view brand) {
    return name.size() >= brand.size() && std::equal(brand.begin(), brand.end(), name.begin(), [](char known, char c) {
             return known == c || (c >= 'A' && c <= 'Z' && known == c - 'A' + 'a');
           });
  };
  return !name.empty() && std::any_of(kBrands.begin(), kBrands.end(), starts);
}

// Up to a bracket, one of print too: names of products are of ASCII.
std::string_view plain_product(std::string_view text) {
  text = up_to(text, "([");
  const auto* const end =
      std::find_if(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  return trim(text.substr(0, static_cast<std::size_t>(end - text.begin())));
}

std::optional<ComputeCapability> written_product(std::string_view text) {
  const bool is_named =
      std::any_of(text.begin(), text.end(), [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); });
  if (!is_named || text.size() > 64 || text.starts_with("sm_") || text.starts_with("cc ")) return std::nullopt;
  if (const auto known = capability_of_product(text)) return known;
  return capability_of_gpu(text);
}

std::string numbered_geforce(std::string_view text) {
  if (text.size() < 4 || text.size() > 24 || text.substr(0, 4).find_first_not_of("0123456789") != std::string::npos)
    return {};
  const std::string_view line = text.substr(0, 2);
  const char step = text[2];
  const bool is_rtx = (line == "20" || line == "30" || line == "40" || line == "50") && step >= '5' && step <= '9';
  const bool is_gtx = (line == "10" && step >= '5' && step <= '8') || (line == "16" && (step == '5' || step == '6'));
  if ((!is_rtx && !is_gtx) || text[3] != '0') return {};
  std::string name = (is_rtx ? "RTX " : "GTX ") + std::string(text.substr(0, 4));
  std::string rest = to_lower(text.substr(4));
  if (rest.starts_with("ti")) rest.insert(0, " ");
  if (rest == "s" || rest == "super") rest = " super";
  for (const std::string_view word : split_words(rest)) {
    if (word == "ti") {
      name += " Ti";
    } else if (word == "super") {
      name += " SUPER";
    } else if (word == "laptop" || word == "mobile") {
      name += " Laptop";
    } else if (word != "gpu" && word != "rtx" && word != "gtx" && word != "gb" &&
               !(is_digit(word[0]) && word.find_first_not_of("0123456789gb") == std::string_view::npos)) {
      return {};
    }
  }
  if (!rest.empty() && rest[0] != ' ') return {};
  return capability_of_product(name) ? name : std::string();
}

// "NVIDIA GeForce RTX 3080", and nothing else on the line: each word begins with a capital or a number.
bool is_bare_product(std::string_view text) {
  if (text.size() < 8 || text.size() > 48 || !(text.starts_with("NVIDIA ") || text.starts_with("GeForce ")))
    return false;
  const std::vector<std::string_view> words = split_words(text);
  return words.size() > 1 && std::all_of(words.begin(), words.end(), [](std::string_view word) {
           return is_digit(word[0]) || (word[0] >= 'A' && word[0] <= 'Z');
         });
}

}  // namespace varve
