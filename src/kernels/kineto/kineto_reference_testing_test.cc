#include "kernels/kineto/kineto_reference_testing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <vector>

namespace varve::test {

namespace {
using Tree = nlohmann::ordered_json;
constexpr char kNumber = '\x01';  // before the digits of a number, which a tree keeps as text

// Builds a tree in which every number is the text that it is in the file.
class Builder {
 public:
  using string_t = std::string;
  using binary_t = nlohmann::json::binary_t;

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(std::int64_t value) { return add(kNumber + std::to_string(value)); }
  bool number_unsigned(std::uint64_t value) { return add(kNumber + std::to_string(value)); }
  bool number_float(double, const std::string& text) { return add(kNumber + text); }
  bool string(std::string& value) { return add(value); }
  bool binary(binary_t&) { return false; }
  bool start_object(std::size_t) { return start(Tree::object()); }
  bool start_array(std::size_t) { return start(Tree::array()); }
  bool key(std::string& value) {
    key_ = value;
    says_twice_ = says_twice_ || open_.back()->contains(value);
    return true;
  }
  bool end_object() { return end(); }
  bool end_array() { return end(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) { return false; }

  Tree take() { return std::move(root_); }
  bool says_twice() const { return says_twice_; }

 private:
  bool add(Tree value) { return place(std::move(value)) != nullptr; }
  bool start(Tree value) {
    open_.push_back(place(std::move(value)));
    return true;
  }
  bool end() {
    open_.pop_back();
    return true;
  }
  Tree* place(Tree value) {
    if (open_.empty()) return &(root_ = std::move(value));
    Tree& parent = *open_.back();
    if (parent.is_object()) return &(parent[key_] = std::move(value));
    parent.push_back(std::move(value));
    return &parent.back();
  }

  Tree root_;
  std::vector<Tree*> open_;
  std::string key_;
  bool says_twice_ = false;
};

bool holds_phase(const Tree& tree) {
  if (tree.is_object() && tree.contains("ph")) return true;
  return tree.is_structured() && std::any_of(tree.begin(), tree.end(), holds_phase);
}

// The tree of a trace, whose events are sound as far as JSON goes.
std::optional<Tree> trace_of(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  Builder builder;
  if (!Tree::sax_parse(text.begin(), text.end(), &builder) || builder.says_twice()) return std::nullopt;
  Tree tree = builder.take();
  const bool is_object = tree.is_object() && tree.contains("traceEvents");
  const Tree& events = is_object ? tree["traceEvents"] : tree;
  if (!events.is_array()) return std::nullopt;
  for (const Tree& event : events) {
    if (!event.is_object()) return std::nullopt;
    // An event inside another is what is left when an end was lost: no writer means it.
    for (const Tree& member : event) {
      if (holds_phase(member)) return std::nullopt;
    }
  }
  return tree;
}

std::string text_of(const Tree& object, const char* key) {
  if (!object.contains(key) || !object[key].is_string()) return {};
  std::string text = object[key].get<std::string>();
  return text.starts_with(kNumber) ? text.substr(1) : text;
}

// A decimal number times 1000 as a whole one, digit by digit; 0 for what is none or below zero.
std::int64_t thousandfold(const std::string& text) {
  const std::size_t e = text.find_first_of("eE");
  std::string digits = text.substr(0, e);
  long exponent = 0;
  if (e != std::string::npos) {
    const std::string said = text.substr(e + 1);
    if (said.empty() || said.find_first_not_of("0123456789", said[0] == '+' || said[0] == '-' ? 1 : 0) != said.npos) {
      return 0;
    }
    exponent = std::clamp(std::strtol(said.c_str(), nullptr, 10), -1'000'000L, 1'000'000L);
  }
  std::size_t point = digits.find('.');
  if (point == std::string::npos) point = digits.size();
  std::string number = digits.substr(0, point) + (point < digits.size() ? digits.substr(point + 1) : "");
  if (number.empty() || number.find_first_not_of("0123456789") != std::string::npos) return 0;
  long whole = static_cast<long>(point) + exponent + 3;
  const std::size_t zeros = number.find_first_not_of('0');
  if (zeros == std::string::npos) return 0;
  number.erase(0, zeros);
  whole -= static_cast<long>(zeros);
  if (whole < 0 || whole > 19) return 0;
  number.resize(std::max(number.size(), static_cast<std::size_t>(whole) + 1), '0');
  std::uint64_t value = 0;
  for (long i = 0; i < whole; ++i) value = value * 10 + static_cast<std::uint64_t>(number[i] - '0');
  value += number[whole] >= '5' ? 1 : 0;
  return value > INT64_MAX ? 0 : static_cast<std::int64_t>(value);
}

std::string kind_of(const std::string& category) {
  if (category == "kernel" || category == "Kernel") return "kernel";
  if (category == "gpu_memcpy" || category == "Memcpy") return "copy";
  if (category == "gpu_memset" || category == "Memset") return "fill";
  if (category == "cpu_op" || category == "Operator" || category == "user_annotation") return "host";
  const auto ends_with = [&](std::string_view end) { return std::string_view(category).ends_with(end); };
  return category == "Runtime" || ends_with("_runtime") || ends_with("_driver") ? "call" : "";
}
}  // namespace

std::optional<Reference> reference_of(std::string_view text) {
  const auto tree = trace_of(text);
  if (!tree) return std::nullopt;
  Reference reference;
  for (const Tree& event : tree->is_object() ? (*tree)["traceEvents"] : *tree) {
    if (text_of(event, "ph") != "X") continue;
    const std::string kind = kind_of(text_of(event, "cat"));
    if (kind.empty()) continue;
    ReferenceSum& sum = reference[kind == "host" ? kind : kind + " " + text_of(event, "name")];
    ++sum.count;
    // Sums of made-up numbers may wrap; so may those they are held against.
    sum.total_ns = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum.total_ns) +
                                             static_cast<std::uint64_t>(thousandfold(text_of(event, "dur"))));
  }
  return reference;
}

namespace {
class Speller {
 public:
  explicit Speller(std::mt19937_64& random) : random_(random) {}

  std::string spell(const Tree& tree, const std::string& key = {}) {
    if (tree.is_object()) return spell_object(tree);
    if (tree.is_array()) return spell_array(tree, key);
    if (!tree.is_string()) return tree.dump();
    const std::string text = tree.get<std::string>();
    if (!text.starts_with(kNumber)) return spell_text(text, key == "name");
    const std::string number = text.substr(1);
    return key == "dur" || key == "ts" ? spell_time(number) : number;
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  std::string blanks() {
    std::string text;
    for (std::uint64_t i = below(4) == 0 ? below(70) : below(2); i > 0; --i) text += " \n\t\r"[below(4)];
    return text;
  }

  std::string spell_object(const Tree& tree) {
    std::vector<std::string> members;
    for (const auto& [key, value] : tree.items()) {
      members.push_back(blanks() + spell_text(key, false) + blanks() + ":" + blanks() + spell(value, key) + blanks());
    }
    std::shuffle(members.begin(), members.end(), random_);
    return fmt::format("{{{}}}", members.empty() ? blanks() : fmt::format("{}", fmt::join(members, ",")));
  }

  std::string spell_array(const Tree& tree, const std::string& key) {
    std::vector<std::string> values;
    for (const Tree& value : tree) values.push_back(blanks() + spell(value) + blanks());
    if (key == "traceEvents") std::shuffle(values.begin(), values.end(), random_);
    return fmt::format("[{}]", values.empty() ? blanks() : fmt::format("{}", fmt::join(values, ",")));
  }

  std::string spell_text(const std::string& text, bool may_escape) {
    std::string spelled = Tree(text).dump();
    if (!may_escape || below(3) != 0) return spelled;
    std::string escaped = "\"";
    for (std::size_t i = 1; i + 1 < spelled.size(); ++i) {
      if (spelled[i] == '\\') {
        escaped += spelled[i++];
        escaped += spelled[i];
      } else if (spelled[i] == '/' && below(2) == 0) {
        escaped += "\\/";
      } else if (static_cast<unsigned char>(spelled[i]) < 0x80 && below(4) == 0) {
        const int code = spelled[i];
        escaped += below(2) == 0 ? fmt::format("\\u{:04x}", code) : fmt::format("\\u{:04X}", code);
      } else {
        escaped += spelled[i];
      }
    }
    return escaped + '"';
  }

  // The same value with its point elsewhere.
  std::string spell_time(const std::string& number) {
    const bool is_plain = number.find_first_not_of("0123456789.") == std::string::npos;
    std::string text = number;
    if (is_plain && below(2) == 0) {
      const std::size_t point = std::min(number.find('.'), number.size());
      std::string digits = number;
      if (point < digits.size()) digits.erase(point, 1);
      const auto to = static_cast<std::size_t>(1 + below(digits.size()));
      const long power = static_cast<long>(point) - static_cast<long>(to);
      text = digits.substr(0, to);
      // A number of JSON begins with no needless zero.
      if (text.size() > 1 && text[0] == '0') return number;
      if (to < digits.size()) text += "." + digits.substr(to);
      text += fmt::format("{}{}{}", below(2) == 0 ? "e" : "E", power >= 0 && below(2) == 0 ? "+" : "", power);
    } else if (is_plain && below(2) == 0) {
      text += number.find('.') == std::string::npos ? ".000" : "0000000000000000";
    }
    return below(4) == 0 ? '"' + text + '"' : text;
  }

  std::mt19937_64& random_;
};
}  // namespace

std::optional<std::string> respelled(std::string_view text, std::mt19937_64& random) {
  const auto tree = trace_of(text);
  if (!tree) return std::nullopt;
  return Speller(random).spell(*tree);
}

}  // namespace varve::test
