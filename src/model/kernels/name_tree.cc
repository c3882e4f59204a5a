#include "model/kernels/name_tree.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "model/kernels/kernel_spelling.h"

namespace varve {
namespace {

constexpr int kDeepest = 64;
constexpr std::string_view kNoNamespace = "(anonymous namespace)";
constexpr std::string_view kLambda = "{lambda(";

bool is_modifier(std::string_view word) {
  constexpr std::array kWords{"const", "volatile", "int", "long", "short", "char", "unsigned", "signed", "double"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

NameTree whole(std::string_view text) {
  NameTree tree;
  tree.parts.emplace_back().text = text;
  return tree;
}

class Parser {
 public:
  explicit Parser(std::string_view name) : name_(name) {}

  NameTree name(int depth) {
    const std::size_t begin = at_;
    NameTree tree;
    if (depth < kDeepest && parts(tree, depth)) return tree;
    at_ = begin;
    skip_balanced();
    return whole(name_.substr(begin, at_ - begin));
  }

  bool at_end() const { return at_ >= name_.size(); }

 private:
  bool parts(NameTree& tree, int depth) {
    for (;;) {
      if (!part(tree.parts.emplace_back(), depth)) return false;
      if (rest().starts_with(" const::")) at_ += 6;
      if (!rest().starts_with("::")) break;
      at_ += 2;
    }
    const std::size_t begin = at_;
    while (!at_end() && (std::string_view("*& ").find(name_[at_]) != std::string_view::npos)) {
      if (name_[at_] == ' ' && !is_modifier(word_at(at_ + 1))) break;
      at_ += name_[at_] == ' ' ? 1 + word_at(at_ + 1).size() : 1;
    }
    tree.ending = name_.substr(begin, at_ - begin);
    return at_end() || std::string_view(",>)").find(name_[at_]) != std::string_view::npos;
  }

  bool part(NamePart& part, int depth) {
    if (rest().starts_with(kNoNamespace)) {
      part.text = kNoNamespace;
      at_ += kNoNamespace.size();
      return true;
    }
    if (rest().starts_with(kLambda)) return lambda(part, depth);
    if (rest().starts_with("&")) {  // the address of a function, as an argument
      part.text = "&";
      ++at_;
    }
    words(part.text);
    if (part.text.empty() || part.text == "&") return false;
    if (rest().starts_with("<") && !list(part.arguments, '>', depth)) return false;
    part.has_arguments = !part.arguments.empty();
    if (rest().starts_with("(")) {
      if (!list(part.parameters, ')', depth)) return false;
      part.has_parameters = true;
    }
    return true;
  }

  // "unsigned long", "operator()", "-2"
  void words(std::string& text) {
    if (rest().starts_with("-")) text += name_[at_++];
    for (;;) {
      const std::string_view word = word_at(at_);
      text += word;
      at_ += word.size();
      if (word == "operator" && (rest().starts_with("()") || rest().starts_with("[]"))) {
        text += rest().substr(0, 2);
        at_ += 2;
      }
      if (word == "auto" && rest().starts_with(":") && !rest().starts_with("::")) {  // "auto:1"
        text += ':';
        ++at_;
        continue;
      }
      const std::string_view next = rest().starts_with(" ") ? word_at(at_ + 1) : std::string_view();
      if (!is_modifier(next) || next == "const" || next == "volatile") return;
      text += ' ';
      ++at_;
    }
  }

  bool lambda(NamePart& part, int depth) {
    part.text = "{lambda}";
    at_ += kLambda.size() - 1;
    if (!list(part.parameters, ')', depth) || !rest().starts_with("#")) return false;
    const std::size_t end = name_.find('}', at_);
    if (end == std::string_view::npos) return false;
    at_ = end + 1;
    return true;
  }

  bool list(std::vector<NameTree>& names, char closing, int depth) {
    for (++at_; !at_end() && name_[at_] != closing;) {
      names.push_back(name(depth + 1));
      if (rest().starts_with(", ")) {
        at_ += 2;
      } else if (!rest().starts_with(std::string_view(&closing, 1))) {
        return false;
      }
    }
    if (at_end()) return false;
    ++at_;
    return true;
  }

  // To the comma or the bracket that ends this name. In round brackets ">" compares, and so does "<" behind a number or
  // a bracket.
  void skip_balanced() {
    std::string open;
    for (; !at_end(); ++at_) {
      const char c = name_[at_], before = at_ > 0 ? name_[at_ - 1] : ' ';
      const bool in_expression = !open.empty() && open.back() == '(';
      if (in_expression && (c == '>' || (c == '<' && (before == ')' || is_digit(before))))) continue;
      const bool closes = std::string_view(">)}]").find(c) != std::string_view::npos;
      if (open.empty() && (closes || c == ',')) return;
      if (std::string_view("<({[").find(c) != std::string_view::npos) open += c;
      if (closes) open.pop_back();
    }
  }

  std::string_view rest() const { return name_.substr(std::min(at_, name_.size())); }
  std::string_view word_at(std::size_t at) const {
    std::size_t end = at;
    while (end < name_.size() && is_name_letter(name_[end])) ++end;
    return at < name_.size() ? name_.substr(at, end - at) : std::string_view();
  }

  std::string_view name_;
  std::size_t at_ = 0;
};

}  // namespace

NameTree parse_name(std::string_view name) {
  Parser parser(name);
  NameTree tree = parser.name(0);
  if (parser.at_end()) return tree;
  return whole(name);
}

const NamePart* named_part(const NameTree& tree) {
  const auto has_name = [](const NamePart& part) {
    return part.text != "{lambda}" && part.text != "operator()" && part.text != kNoNamespace;
  };
  const auto found = std::find_if(tree.parts.rbegin(), tree.parts.rend(), has_name);
  return found == tree.parts.rend() ? nullptr : &*found;
}

}  // namespace varve
