#include "model/kernels/kernel_display.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "model/kernels/kernel_spelling.h"
#include "model/kernels/name_tree.h"

namespace varve {
namespace {

constexpr std::size_t kFewestColumns = 24;
constexpr std::string_view kMore = "…";

// How much of a name is shown.
struct Detail {
  bool namespaces = false;
  bool repeated = false;         // arguments like the one before
  bool plumbing = false;         // flags and how data are addressed
  int deepest = 1000;            // of arguments inside arguments
  std::size_t arguments = 1000;  // of the outermost list
  std::size_t room = SIZE_MAX;   // bytes beyond which nobody looks: what is longer may end anywhere
};

// Arguments that PyTorch's kernels have for the sake of addressing their data.
bool is_plumbing(const NameTree& argument) {
  constexpr std::array<std::string_view, 12> kNames{"true",
                                                    "false",
                                                    "OffsetCalculator",
                                                    "TrivialOffsetCalculator",
                                                    "LoadWithoutCast",
                                                    "StoreWithoutCast",
                                                    "LoadWithCast",
                                                    "StoreWithCast",
                                                    "Array",
                                                    "array",
                                                    "SharedMemory",
                                                    "default_config"};
  if (argument.parts.size() != 1 && argument.parts.back().text == "type") return false;
  const NamePart& last = argument.parts.back();
  if (last.text == "Array" || last.text == "array") {  // of pointers
    return !last.arguments.empty() && last.arguments.front().ending.find('*') != std::string::npos;
  }
  return std::find(kNames.begin(), kNames.end(), last.text) != kNames.end();
}

// Templates that only carry what they are made for: their outermost namespace begins with `space`, and which of their
// arguments it is.
struct Wrapper {
  std::string_view space, name;
  std::size_t argument;
};
constexpr std::array<Wrapper, 9> kWrappers{{{"at", "gpu_kernel_impl", 0},
                                            {"at", "gpu_kernel_impl_nocast", 0},
                                            {"at", "func_wrapper_t", 1},
                                            {"cutlass", "Kernel", 0},
                                            {"cutlass", "Kernel2", 0},
                                            {"cutlass", "device_kernel", 0},
                                            {"flash", "enable_sm90_or_later", 0},
                                            {"flash", "enable_sm80_to_sm89", 0},
                                            {"ck_tile", "kentry", 1}}};

const NameTree* unwrapped(const NameTree& tree, const NamePart& named) {
  for (const Wrapper& wrapper : kWrappers) {
    const bool fits = named.text == wrapper.name && tree.parts.front().text.starts_with(wrapper.space);
    if (fits && named.arguments.size() > wrapper.argument) return &named.arguments[wrapper.argument];
  }
  return nullptr;
}

std::string write(const NameTree& tree, const Detail& detail, int depth);

std::string write_list(const std::vector<NameTree>& names, const Detail& detail, int depth) {
  std::string text, before;
  std::size_t shown = 0;
  for (const NameTree& name : names) {
    if (!detail.plumbing && is_plumbing(name)) continue;
    std::string one = write(name, detail, depth + 1);
    if (!detail.repeated && one == before && !is_digit(one[0])) continue;
    if (depth == 0 && shown == detail.arguments) return text + (text.empty() ? "" : ", ") + std::string(kMore);
    text += text.empty() ? "" : ", ";
    text += one;
    if (text.size() > detail.room) return text;
    before = std::move(one);
    ++shown;
  }
  return text;
}

// Of what is no name (a cast, an expression) the words without the namespaces before them.
std::string without_namespaces(std::string_view text) {
  std::string shown;
  std::size_t word = 0;  // where the last one begins in what is shown
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.substr(at).starts_with("::") && word < shown.size()) {
      shown.resize(word);
      ++at;
      continue;
    }
    shown += text[at];
    if (!is_name_letter(text[at])) word = shown.size();
  }
  return shown;
}

std::string write_part(const NamePart& part, const Detail& detail, int depth) {
  const bool is_name = is_name_letter(part.text.empty() ? 'a' : part.text.front());
  std::string text = detail.namespaces || is_name ? part.text : without_namespaces(part.text);
  if (part.has_arguments) {
    const std::string inside = depth >= detail.deepest ? std::string(kMore) : write_list(part.arguments, detail, depth);
    if (!inside.empty()) text += "<" + inside + ">";
  }
  return text;
}

// The type that the innermost lambda takes says what a function of many types was made for:
// "copy_kernel(It&)::{lambda()#3}::operator()() const::{lambda(Half)#1}" is "copy_kernel(Half)".
std::string lambda_types(const NameTree& tree, const Detail& detail, int depth) {
  const NamePart& last = tree.parts.back();
  if (last.text != "{lambda}" || last.parameters.empty()) return "";
  return "(" + write_list(last.parameters, detail, depth + 1) + ")";
}

// "trait<…>::type" is named by its trait.
const NamePart* shown_part(const NameTree& tree) {
  const std::size_t count = tree.parts.size();
  const bool is_trait = count > 1 && tree.parts[count - 1].text == "type" && tree.parts[count - 2].has_arguments;
  return is_trait ? &tree.parts[count - 2] : named_part(tree);
}

std::string write(const NameTree& tree, const Detail& detail, int depth) {
  const NamePart* named = shown_part(tree);
  if (named == nullptr) return tree.parts.back().text + tree.ending;
  const bool is_choice = named->text == "enable_if" && named != &tree.parts.back() && named->arguments.size() == 2;
  const NameTree* chosen = is_choice ? &named->arguments[1] : unwrapped(tree, *named);
  const NameTree* inner = detail.plumbing ? nullptr : chosen;
  if (inner != nullptr) return write(*inner, detail, depth);
  std::string text;
  if (detail.namespaces) {
    for (const NamePart& part : tree.parts) {
      if (&part == named) break;
      text += write_part(part, detail, depth) + "::";
    }
  }
  text += write_part(*named, detail, depth);
  if (!named->has_arguments) text += lambda_types(tree, detail, depth);
  return text + tree.ending;
}

// The first columns of a text, as many as there is room for.
std::string cut(const std::string& text, std::size_t most) {
  std::size_t columns = 0, at = 0;
  while (at < text.size()) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
    if (begins && columns == most) break;
    columns += begins ? 1 : 0;
    ++at;
  }
  return text.substr(0, at);
}

// "triton_poi_fused_add_mul_…_17": the beginning, and the end where that is a short word of its own.
std::string shortened(const std::string& text, std::size_t most) {
  constexpr std::size_t kLongestEnd = 10;
  if (display_width(text) <= most) return text;
  const std::size_t end = text.find_last_of('_');
  const bool has_end = end != std::string::npos && text.size() - end <= std::min(kLongestEnd, most / 2);
  const std::string last = has_end ? text.substr(end) : "";
  std::string first = cut(text, most - display_width(last) - 1);
  const std::size_t word = first.find_last_of("_ ,");
  if (word != std::string::npos && word + 16 > first.size()) first.resize(first[word] == '_' ? word + 1 : word);
  return first + std::string(kMore) + last;
}

// The name with less and less of it, until there is room.
std::string fitted(const NameTree& tree, Detail detail, std::size_t most) {
  constexpr std::size_t kLargestCharacter = 4;
  detail.room = most * kLargestCharacter;
  std::string text = write(tree, detail, 0);
  for (detail.deepest = 5; display_width(text) > most && detail.deepest > 1; --detail.deepest) {
    text = write(tree, detail, 0);
  }
  for (detail.arguments = 8; display_width(text) > most && detail.arguments > 0; --detail.arguments) {
    for (detail.deepest = 4; display_width(text) > most && detail.deepest > 0; --detail.deepest) {
      text = write(tree, detail, 0);
    }
  }
  if (display_width(text) <= most) return text;
  detail.arguments = 1;
  detail.deepest = 1;
  detail.room = SIZE_MAX;
  return shortened(write(tree, detail, 0), most);
}

constexpr Detail kShort;
constexpr Detail kTypes{.repeated = true, .plumbing = true};
constexpr Detail kAll{.namespaces = true, .repeated = true, .plumbing = true};

// What was cut out of a name between its brackets, with those it opens closed.
std::string closed(std::string text) {
  int open = 0;
  for (const char c : text) open += c == '<' ? 1 : c == '>' && open > 0 ? -1 : 0;
  return open > 0 ? text.append(static_cast<std::size_t>(open), '>') : text;
}

NameTree read_name(const std::string& kernel_name) {
  std::string spelling = canonical_spelling(clean_utf8(kernel_name));
  for (char& c : spelling) c = static_cast<unsigned char>(c) < ' ' || c == '\x7F' ? ' ' : c;
  if (trim(spelling).empty()) spelling = "(no name)";
  const bool is_cut = spelling.find(kMore) != std::string::npos;  // as very long ones are
  return parse_name(is_cut ? closed(std::move(spelling)) : spelling);
}

std::string display_of(const NameTree& name, std::size_t most) {
  const std::string text = fitted(name, kShort, most);
  return text.empty() ? std::string(kMore) : text;
}

// Words and signs: "a_b<4>" is "a_b", "<", "4", ">", and "a_b" alone "a", "_", "b".
std::vector<std::string_view> words_of(std::string_view text) {
  const std::string_view signs = text.find_first_of("<:(") == std::string_view::npos ? "_, " : "<>(),: &*";
  const auto is_sign = [&](char c) { return signs.find(c) != std::string_view::npos; };
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    while (!is_sign(text[at]) && end < text.size() && !is_sign(text[end])) ++end;
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

using Words = std::vector<std::string_view>;

// Of the places where texts of equally many words differ, a few that tell them apart, if few do.
std::vector<std::size_t> telling_places(const std::vector<Words>& texts, const std::vector<std::size_t>& places) {
  constexpr std::size_t kMostPlaces = 6, kMostWork = 500'000;
  std::vector<std::size_t> chosen, group(texts.size(), 0);  // which texts the chosen places do not tell apart
  std::size_t groups = 1;
  while (chosen.size() < kMostPlaces && groups < texts.size() && texts.size() * places.size() < kMostWork) {
    std::size_t best = places.front(), most = groups;
    std::vector<std::size_t> best_group;
    for (const std::size_t place : places) {
      std::map<std::pair<std::size_t, std::string_view>, std::size_t> found;
      std::vector<std::size_t> divided;
      for (std::size_t i = 0; i < texts.size(); ++i) {
        divided.push_back(found.try_emplace({group[i], texts[i][place]}, found.size()).first->second);
      }
      if (found.size() <= most) continue;
      most = found.size();
      best = place;
      best_group = std::move(divided);
    }
    if (most == groups) break;
    chosen.push_back(best);
    group = std::move(best_group);
    groups = most;
  }
  if (groups < texts.size()) return places;
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

// What each of several texts has that not all of them have: the words at places where they differ, or, when they have
// different numbers of words, what is left of each without their common beginning and end.
std::vector<std::string> differences(const std::vector<std::string>& texts) {
  std::vector<Words> words;
  std::size_t fewest = SIZE_MAX, most = 0;
  for (const std::string& text : texts) {
    words.push_back(words_of(text));
    fewest = std::min(fewest, words.back().size());
    most = std::max(most, words.back().size());
  }
  const auto same = [&](auto word_of) {
    return std::all_of(words.begin(), words.end(), [&](const Words& of) { return word_of(of) == word_of(words[0]); });
  };
  std::vector<std::string> found(texts.size());
  if (fewest == most) {
    std::vector<std::size_t> places;
    for (std::size_t at = 0; at < most; ++at) {
      if (!same([&](const Words& of) { return of[at]; })) places.push_back(at);
    }
    if (!places.empty()) places = telling_places(words, places);
    for (const std::size_t at : places) {
      for (std::size_t i = 0; i < texts.size(); ++i) {
        found[i] += (found[i].empty() ? "" : " ") + std::string(words[i][at]);
      }
    }
    return found;
  }
  std::size_t first = 0, last = 0;
  while (first < fewest && same([&](const Words& of) { return of[first]; })) ++first;
  while (last < fewest - first && same([&](const Words& of) { return of[of.size() - 1 - last]; })) ++last;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    for (std::size_t at = first; at < words[i].size() - last; ++at) found[i] += words[i][at];
  }
  return found;
}

// "name [what differs]" within the room.
std::string with_addition(const NameTree& name, const std::string& addition, std::size_t most) {
  if (trim(addition).empty()) return display_of(name, most);
  const std::string shown = shortened(closed(std::string(trim(addition))), most / 2);
  return display_of(name, most - display_width(shown) - 3) + " [" + shown + "]";
}

using Members = std::vector<std::size_t>;  // by their ids

// Adds to kernels of one display name what tells apart what `text_of` says of each.
template <class TextOf>
void tell_apart(const std::vector<NameTree>& names, const Members& members, std::size_t most, const TextOf& text_of,
                std::vector<std::string>& shown) {
  std::vector<std::string> texts;
  for (const std::size_t id : members) texts.push_back(text_of(id));
  const std::vector<std::string> added = differences(texts);
  for (std::size_t i = 0; i < members.size(); ++i) shown[members[i]] = with_addition(names[members[i]], added[i], most);
}

// Whether `text_of` says of each something else.
template <class TextOf>
bool all_different(const Members& members, const TextOf& text_of) {
  std::set<std::string> texts;
  return std::all_of(members.begin(), members.end(), [&](std::size_t id) { return texts.insert(text_of(id)).second; });
}

std::map<std::string, Members> alike(const std::vector<std::string>& shown) {
  std::map<std::string, Members> groups;
  for (std::size_t id = 0; id < shown.size(); ++id) groups[shown[id]].push_back(id);
  std::erase_if(groups, [](const auto& group) { return group.second.size() < 2; });
  return groups;
}

// The rest get a number, in the order of their keys.
void number_rest(const KernelTable& kernels, std::size_t most, std::vector<std::string>& shown) {
  std::set<std::string> taken(shown.begin(), shown.end());
  for (auto& [text, members] : alike(shown)) {
    std::sort(members.begin(), members.end(),
              [&](std::size_t a, std::size_t b) { return kernels.kernels()[a].key < kernels.kernels()[b].key; });
    std::size_t number = 0;
    for (std::size_t i = 1; i < members.size(); ++i) {
      std::string numbered;
      do {
        const std::string ending = " #" + std::to_string(++number + 1);
        numbered = shortened(text, most - ending.size()) + ending;
      } while (!taken.insert(numbered).second);
      shown[members[i]] = numbered;
    }
  }
}

}  // namespace

std::string display_name(const std::string& kernel_name, std::size_t most) {
  return display_of(read_name(kernel_name), std::max(most, kFewestColumns));
}

std::vector<std::string> display_names(const KernelTable& kernels, std::size_t most) {
  most = std::max(most, kFewestColumns);
  std::vector<NameTree> names;
  std::vector<std::string> shown;
  for (const Kernel& kernel : kernels.kernels()) {
    names.push_back(read_name(kernel.key.name));
    shown.push_back(display_of(names.back(), most));
  }
  const auto key = [&](std::size_t id) -> const KernelKey& { return kernels.kernels()[id].key; };
  const auto types = [&](std::size_t id) { return write(names[id], kTypes, 0); };
  const auto name = [&](std::size_t id) { return write(names[id], kAll, 0); };
  const auto library = [&](std::size_t id) { return std::string(file_name(key(id).library)); };
  const auto all = [&](std::size_t id) { return name(id) + " " + library(id) + " " + key(id).build_id.substr(0, 7); };
  for (const auto& [text, members] : alike(shown)) {
    if (all_different(members, types)) {
      tell_apart(names, members, most, types, shown);
    } else if (all_different(members, library)) {
      tell_apart(names, members, most, library, shown);
    } else {
      tell_apart(names, members, most, all, shown);
    }
  }
  number_rest(kernels, most, shown);
  return shown;
}

}  // namespace varve
