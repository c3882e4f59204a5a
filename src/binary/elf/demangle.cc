#include "binary/elf/demangle.h"

#include <cxxabi.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/text.h"
#include "binary/elf/mangled_name.h"
#include "binary/elf/rust_name.h"

namespace varve {
namespace {

constexpr std::size_t kMostMangled = 4096;
constexpr std::size_t kMostName = 1000;
constexpr std::size_t kLongestMangled = std::size_t{64} << 10;
constexpr std::size_t kMostReadable = std::size_t{64} << 10;
constexpr double kMostGrowth = 4096;

// A bracketed part of a mangled name (template arguments, a function type, a nested name) and the substitutions
// ("S3_") written in it.
struct Bracket {
  std::vector<int> references;
  int largest = -1;
};

// The brackets of a mangled name, inner ones before the ones around them; identifiers are skipped by their length.
std::vector<Bracket> find_brackets(std::string_view name) {
  std::vector<Bracket> open(1), closed;
  for (std::size_t at = 2; at < name.size(); ++at) {
    char letter = name[at];
    if (std::isdigit(static_cast<unsigned char>(letter))) {
      std::size_t length = 0;
      while (at < name.size() && std::isdigit(static_cast<unsigned char>(name[at])) && length < name.size()) {
        length = length * 10 + static_cast<std::size_t>(name[at++] - '0');
      }
      at += length;
      --at;  // the loop steps on
    } else if (std::string_view("IFJNXLM").find(letter) != std::string_view::npos) {
      open.emplace_back();
    } else if (letter == 'E' && open.size() > 1) {
      Bracket inner = std::move(open.back());
      open.pop_back();
      open.back().references.insert(open.back().references.end(), inner.references.begin(), inner.references.end());
      open.back().largest = std::max(open.back().largest, inner.largest);
      if (inner.references.size() > 1) closed.push_back(std::move(inner));
    } else if (letter == 'S') {
      std::size_t end = name.find('_', at);
      int id = 0;
      for (std::size_t digit = at + 1; end != std::string_view::npos && digit < end && id >= 0; ++digit) {
        char c = name[digit];
        bool ok = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
        id = !ok || id > 10'000 ? -1 : id * 36 + (c <= '9' ? c - '0' : c - 'A' + 10) + (digit + 1 == end ? 1 : 0);
      }
      if (end == std::string_view::npos || id < 0) continue;
      open.back().references.push_back(id);
      open.back().largest = std::max(open.back().largest, id);
      at = end;
    }
  }
  for (Bracket& rest : open) {
    if (rest.references.size() > 1) closed.push_back(std::move(rest));
  }
  return closed;
}

// How much longer than the mangled name the readable one may become. A chain of types, each naming the one before
// twice, doubles at every link; __cxa_demangle would write it out. What contains a bracket is numbered after all that
// is referred to in it, so a link is a bracket with several references above the largest of its predecessor.
double possible_growth(std::string_view mangled) {
  std::vector<Bracket> brackets = find_brackets(mangled);
  if (brackets.size() > 500) return kMostGrowth + 1;
  std::vector<double> growth(brackets.size(), 1);
  double most = 1;
  for (std::size_t i = 0; i < brackets.size(); ++i) {
    growth[i] = static_cast<double>(brackets[i].references.size());
    for (std::size_t before = 0; before < i; ++before) {
      auto above = std::count_if(brackets[i].references.begin(), brackets[i].references.end(),
                                 [&](int id) { return id > brackets[before].largest; });
      growth[i] = std::max(growth[i], growth[before] * static_cast<double>(above));
    }
    most = std::max(most, growth[i]);
  }
  return most;
}

std::string capped(std::string name, const std::string& symbol) {
  if (name.size() <= kMostName) return name;
  return clean_utf8(name, kMostName) + "…" + sha256_hex(symbol).substr(0, 8);
}

}  // namespace

std::string demangle_whole(const std::string& symbol) {
  if (const auto rust = rust_path(symbol)) return clean_utf8(*rust, kMostReadable);
  if (!symbol.starts_with("_Z") || symbol.size() > kLongestMangled) return clean_utf8(symbol, symbol.size() * 3);
  if (const auto rust = rust_name(symbol)) return clean_utf8(*rust, kMostReadable);
  if (symbol.size() <= kMostMangled && possible_growth(symbol) <= kMostGrowth) {
    int status = 0;
    std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status),
                                                     &std::free);
    if (status == 0 && text) return clean_utf8(text.get(), kMostReadable);
  }
  const std::string read = read_mangled_name(symbol);
  return clean_utf8(read.empty() ? symbol : read, symbol.size() * 3);
}

std::string demangle(const std::string& symbol) { return capped(demangle_whole(symbol), symbol); }

}  // namespace varve
