#include "disclosure/people/written_values.h"

#include <algorithm>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/lines/written_products.h"
#include "disclosure/people/written_keys.h"

namespace varve {

void replace_all(std::string& text, std::string_view mark, std::string_view other) {
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + other.size())) {
    text.replace(at, mark.size(), other);
  }
}

std::string with_plain_marks(std::string_view value) {
  std::string text(value);
  if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; })) return text;
  for (const std::string_view sign : {"®", "™"}) replace_all(text, sign, "");
  for (const std::string_view comma : {"，", "、", "；"}) replace_all(text, comma, ", ");
  return text;
}

std::string without_code(std::string_view text) {
  constexpr std::size_t kShort = 24;  // a version, or a name
  std::string kept;
  while (!text.empty()) {
    const std::size_t open = text.find('`');
    const std::size_t close = open == std::string_view::npos ? open : text.find('`', open + 1);
    if (close == std::string_view::npos) break;
    const bool is_message = close - open > kShort;
    kept += text.substr(0, is_message ? open : close + 1);
    text.remove_prefix(close + 1);
  }
  return kept + std::string(text);
}

std::string_view tensorflow_release(std::string_view value) {
  // As Python prints a tuple: ('v1.2.0-rc2-21-g12f033d', '1.2.0').
  if (value.starts_with('(') && value.ends_with(')') && has(value, ", ")) {
    return without_marks_around(value.substr(value.rfind(", ") + 2, value.size() - value.rfind(", ") - 3));
  }
  if (value.starts_with("b'")) value.remove_prefix(2);  // as Python 3 prints bytes: b'v1.13.1-0-g6612da8951' 1.13.1
  if (value.starts_with("''")) value.remove_prefix(2);
  if (value.starts_with('v') && has(value, "-g")) {
    const std::size_t blank = value.find(' ');
    const std::string_view rest = blank == std::string_view::npos ? value.substr(1) : trim(value.substr(blank));
    return up_to(rest, "-");
  }
  for (const std::string_view start : {"tensorflow", "tf"}) {
    if (to_lower(value.substr(0, start.size())) != start) continue;
    const std::string_view rest = trim(value.substr(start.size()));
    if (leading_version(rest).find('.') != std::string_view::npos) return rest;
  }
  return value;
}

bool is_one_of_several(std::string_view behind_version) {
  while (!behind_version.empty() && std::string_view(" ,;/").find(behind_version[0]) != std::string_view::npos) {
    behind_version.remove_prefix(1);
  }
  const std::string_view next = up_to(behind_version, " ,;");
  return leading_version(next) == next && next.find('.') != std::string_view::npos;
}

std::string_view release_of_tf(std::string_view text) {
  if (text.size() < 5 || (text[0] | 0x20) != 't' || (text[1] | 0x20) != 'f') return {};
  const std::string_view rest = text[2] == ' ' ? text.substr(3) : text.substr(2);
  const std::string_view version = leading_version(rest);
  const auto minor = version.size() > 2 ? leading_number(version.substr(2)) : std::nullopt;
  constexpr std::int64_t kLastOfOne = 15, kMostOfTwo = 40;
  const bool is_one = version.starts_with("1.") && minor && *minor <= kLastOfOne;
  const bool is_two = version.starts_with("2.") && minor && *minor <= kMostOfTwo;
  return version == rest && version.size() < 8 && (is_one || is_two) ? version : std::string_view();
}

std::string_view plain_value(std::string_view value) {
  for (const std::string_view start : {"[e.g", "(e.g", "e.g", "<", "[please", "i.e"}) {
    if (value.starts_with(start)) return {};
  }
  value = value.substr(0, value.find(" VRAM "));  // "NVIDIA GeForce GTX 1080 Ti VRAM 11264 Arch (6, 1) Cores 28"
  if (!value.starts_with('[')) return value;
  const std::size_t link = value.find("](");
  if (link != std::string_view::npos) return value.substr(1, link - 1);
  const bool is_all = value.ends_with(']') && value.find(']') + 1 == value.size() && has(value, " ");
  return is_all ? value.substr(1, value.size() - 2) : value;
}

std::string_view driver_of_piece(std::string_view piece) {
  const std::size_t blank = piece.rfind(' ');
  if (blank == std::string_view::npos) return {};
  const std::string_view version = leading_version(piece.substr(blank + 1));
  if (version.size() != piece.size() - blank - 1) return {};
  std::string key = to_lower(piece.substr(0, blank));
  for (const std::string_view start : {"with ", "on ", "using "}) {
    if (key.starts_with(start)) key.erase(0, start.size());
  }
  return meaning_of_key(plain_key(key)) == WrittenMeaning::driver ? version : std::string_view();
}

std::string_view toolkit_of_piece(std::string_view piece) {
  constexpr std::string_view kKey = "cuda toolkit ";
  if (to_lower(piece.substr(0, kKey.size())) != kKey) return {};
  const std::string_view value = piece.substr(kKey.size());
  const std::string_view version = leading_version(value);
  const std::string_view rest = value.substr(version.size());
  const bool is_release = std::count(version.begin(), version.end(), '.') == 1;
  return is_release && (rest.empty() || to_lower(rest).starts_with(" and cudnn ")) ? version : std::string_view();
}

std::string python_of_piece(std::string_view piece) {
  if (to_lower(piece.substr(0, 6)) != "python") return {};
  const std::string_view version = trim(piece.substr(6));
  return leading_version(version) == version && version.starts_with("3.") ? std::string(version) : std::string();
}

std::vector<std::pair<std::string, std::string>> glued_releases(const TextLine& line) {
  constexpr std::size_t kMostGlued = 120;
  std::vector<std::pair<std::string, std::string>> found;
  const bool may_be = holds(line, "ython") || holds(line, "orch") || holds(line, "ensor");
  if (!may_be || line.text.size() > kMostGlued || !holds(line, ".")) return found;
  std::string text = to_lower(with_plain_marks(without_list_marks(line.text)));
  // "My environment : tensorrt7.0, cuda10.2, tensorflow2.1"
  if (const std::size_t colon = text.find(':'); colon != std::string::npos) {
    const std::string key = plain_key(text.substr(0, colon));
    if (!key.ends_with("environment") && !key.ends_with("env") && key != "versions" && key != "环境") return found;
    text.erase(0, colon + 1);
  }
  if (text.ends_with('+') || has(text, "+ ") || has(text, "+,") || has(text, ">")) return found;
  for (char& c : text) c = c == ',' || c == ';' || c == '+' || c == '|' ? ' ' : c;
  std::size_t glued = 0;
  const std::vector<std::string_view> words = split_words(text);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (is_brand(words[i])) continue;  // a GPU among them
    std::string_view name = words[i].substr(0, words[i].find_first_of("0123456789")), version = words[i];
    version.remove_prefix(name.size());
    if (name == "cu" && version.size() == 3 && !found.empty() && found.back().first.ends_with("torch")) {
      found.back().second += "+cu" + std::string(version);
      continue;
    }
    if (version.empty() && i + 1 < words.size() && is_digit(words[i + 1][0])) {
      version = words[++i];  // "python 3.10.14"
    } else {
      ++glued;
    }
    while (name.ends_with('=')) name.remove_suffix(1);
    if (name == "tf" && !release_of_tf("tf" + std::string(version)).empty()) name = "tensorflow";
    const bool is_release = leading_version(version) == version && version.find('.') != std::string_view::npos;
    if (name.size() < 3 || !is_package_name(name) || !is_release) return {};  // something else is said
    found.emplace_back(name, version);
  }
  return glued > 0 && found.size() > 1 ? found : std::vector<std::pair<std::string, std::string>>();
}

// "31.0.15.3623" is 536.23, "30.0.14.7111" 471.11 (HawaiiBeach/TinyNvidiaUpdateChecker#96): Windows' own number of the
// driver ends with the five digits of NVIDIA's.
std::string driver_of_windows(std::string_view version) {
  const std::vector<std::string_view> parts = split(version, '.');
  // "26.21.14.3086" is 430.86 (a release for Windows: keylase/nvidia-patch#114)
  const bool is_of_model = parts.size() == 4 && parts[0].size() == 2 &&
                           ((parts[0][0] == '3' && parts[1] == "0") || (parts[0][0] == '2' && parts[1] == "21"));
  const bool is_one = is_of_model && parts[2].size() == 2 && parts[2][0] == '1' && parts[3].size() == 4;
  if (!is_one) return {};
  return std::string(parts[2].substr(1)) + std::string(parts[3].substr(0, 2)) + "." + std::string(parts[3].substr(2));
}

// "GTX 2060", "RTX 1080": people mix the prefixes up; no number has both.
std::string with_own_prefix(std::string_view product) {
  const std::string start = to_lower(product.substr(0, 3));
  return start == "gtx" || start == "rtx" ? numbered_geforce(trim(product.substr(3))) : std::string();
}

bool is_heading_of_machine(std::string_view key) {
  if (has(key, "requir")) return false;
  for (const std::string_view word : {"environment", "system info", "my setup", "specs", "my system"}) {
    if (has(key, word)) return true;
  }
  return false;
}

std::vector<std::string_view> pairs_of_line(std::string_view text) {
  constexpr std::size_t kMostPairs = 12;
  std::vector<std::string_view> pairs;
  while (!text.empty() && pairs.size() < kMostPairs) {
    std::size_t end = text.size(), next = text.size();
    for (const std::string_view mark : {"，", "；", ", ", "; "}) {
      const std::size_t at = text.find(mark);
      if (at >= end) continue;
      end = at;
      next = at + mark.size();
    }
    const std::string_view pair = trim(text.substr(0, end));
    if (!has(pair, ":") && !has(pair, "：")) return {};
    pairs.push_back(pair);
    text.remove_prefix(next);
  }
  return pairs.size() > 1 ? pairs : std::vector<std::string_view>();
}

bool ForeignLists::covers(std::string_view text) {
  const bool is_heading = text.starts_with('#') || (text.starts_with("**") && text.size() < 64 && text.ends_with("**"));
  if (is_heading) {
    const std::string lower = to_lower(text);
    // A title that tells of an unsupported toolchain heads no list.
    constexpr std::size_t kMostHeading = 40;
    is_required_ = false;
    if (lower.size() > kMostHeading || has(lower, "unsupported") || has(lower, "not supported")) {
      is_quoted_list_ = false;
      return false;
    }
    for (const std::string_view wanted : {"requirement", "prerequisite", "supported ", "how to install", "changelog",
                                          "installation guide", "install guide", "setup guide", "release notes",
                                          "installation steps", "getting started", "quick start", "quickstart"}) {
      is_required_ = is_required_ || has(lower, wanted);
    }
    is_quoted_list_ = false;
    return false;
  }
  const char first = text.front();
  const bool is_item = first == '-' || first == '*' || first == '+' || is_digit(first) || first == ' ';
  if (!is_item) {
    is_quoted_list_ = false;
    if (text.ends_with(':')) {
      const std::string lower = to_lower(text);
      is_quoted_list_ =
          has(lower, "saw your") || has(lower, "your readme") || has(lower, "your software environment is");
    }
  }
  return is_required_ || is_quoted_list_;
}
}  // namespace varve
