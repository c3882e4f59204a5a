#include "binary/gpu_code/plain_ptx.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <string>

#include "binary/elf/note_sections.h"

namespace varve {
namespace {

constexpr std::uint64_t kMostLookedThrough = std::uint64_t{256} << 20;  // bytes of one file
constexpr std::uint64_t kLongestText = std::uint64_t{32} << 20;
constexpr std::size_t kMostTexts = 4096;
constexpr std::size_t kWindow = std::size_t{1} << 20;
constexpr std::size_t kHead = 256;  // bytes from ".version" to the directive after ".target"
constexpr std::string_view kVersion = ".version", kTarget = ".target", kArchitecture = "sm_";

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// What PTX reads over between two words: white space and comments.
void skip_space(std::string_view& text) {
  while (!text.empty()) {
    const std::size_t word = std::min(text.find_first_not_of(" \t\r\n"), text.size());
    text.remove_prefix(word);
    if (!text.starts_with("//")) return;
    text.remove_prefix(std::min(text.find('\n'), text.size()));
  }
}

bool skip(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

std::optional<int> take_number(std::string_view& text, int least, int most) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < least || number > most) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// Goes through [begin, end) of a file in windows; each holds kHead bytes of the next one. `visit` gets the bytes, where
// they begin, and how many of them are new; it says whether to go on.
template <class Visit>
void for_each_window(const FileReader& file, std::uint64_t begin, std::uint64_t end, const Visit& visit) {
  std::string bytes;
  for (std::uint64_t at = begin; at < end; at += kWindow) {
    const auto fresh = static_cast<std::size_t>(std::min<std::uint64_t>(kWindow, end - at));
    bytes.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kWindow + kHead, end - at)));
    if (!file.read(at, std::as_writable_bytes(std::span(bytes)))) return;
    if (!visit(std::string_view(bytes), at, fresh)) return;
  }
}

struct Text {
  std::uint64_t begin = 0, end = 0;
  CodeTarget target;
};

// Where texts begin, and as their end that of the section.
void add_heads(const FileReader& file, std::uint64_t begin, std::uint64_t end, std::vector<Text>& texts) {
  for_each_window(file, begin, end, [&](std::string_view bytes, std::uint64_t at, std::size_t fresh) {
    for (std::size_t hit = bytes.find(kVersion); hit < fresh; hit = bytes.find(kVersion, hit + 1)) {
      const auto target = plain_ptx_target(bytes.substr(hit, kHead));
      if (!target) continue;
      if (texts.size() >= kMostTexts) return false;
      if (!texts.empty() && texts.back().end > at + hit) texts.back().end = at + hit;
      texts.push_back({at + hit, std::min(end, at + hit + kLongestText), *target});
    }
    return true;
  });
}

// Where a text ends at the latest: it is ASCII.
std::size_t end_of_ascii(std::string_view bytes) {
  const auto is_other = [](char c) { return (c < ' ' && !is_space(c)) || c == 0x7f; };  // bytes from 0x80 on are < 0
  return static_cast<std::size_t>(std::find_if(bytes.begin(), bytes.end(), is_other) - bytes.begin());
}

// The programs of OptiX are handed to optixModuleCreate and not to the driver's loader of modules. Their names begin
// with their kind (OptiX 7 Programming Guide, program input), and what they ask of it is called _optix_….
bool is_of_optix(std::string_view text) {
  constexpr std::string_view kKinds[] = {
      "raygen__",       "miss__",      "closesthit__",      "anyhit__",
      "intersection__", "exception__", "direct_callable__", "continuation_callable__"};
  if (text.find("_optix_") != text.npos) return true;
  for (std::size_t at = text.find(".entry"); at != text.npos; at = text.find(".entry", at + 1)) {
    std::string_view name = text.substr(at + std::string_view(".entry").size(), kHead);  // or comments cost a walk each
    skip_space(name);
    if (!skip(name, "__")) continue;
    if (std::any_of(std::begin(kKinds), std::end(kKinds), [&](auto kind) { return name.starts_with(kind); }))
      return true;
  }
  return false;
}

bool defines_function(std::string_view text) {
  const std::size_t at = std::min(text.find(".entry"), text.find(".func"));
  return at != text.npos && text.find('{', at) != text.npos;
}

// Ends the text where it ends at the latest, and says whether it is a module that the driver would load.
bool close_text(const FileReader& file, Text& text) {
  bool defines = false, of_optix = false;
  for_each_window(file, text.begin, text.end, [&](std::string_view bytes, std::uint64_t at, std::size_t) {
    const std::size_t end = end_of_ascii(bytes);
    defines = defines || defines_function(bytes.substr(0, end));
    of_optix = of_optix || is_of_optix(bytes.substr(0, end));
    if (end == bytes.size()) return true;
    text.end = at + end;
    return false;
  });
  return defines && !of_optix;
}

FatbinEntry entry_of(const Text& text) {
  FatbinEntry entry;
  entry.offset = text.begin;
  entry.target = text.target;
  entry.payload_size = text.end - text.begin;
  return entry;
}
}  // namespace

std::optional<CodeTarget> plain_ptx_target(std::string_view text) {
  CodeTarget target;
  target.kind = CodeKind::ptx;
  if (!skip(text, kVersion) || text.empty() || !is_space(text.front())) return std::nullopt;
  skip_space(text);
  const auto major = take_number(text, 1, 99);
  if (!major || !skip(text, ".")) return std::nullopt;
  const auto minor = take_number(text, 0, 99);
  skip_space(text);
  if (!minor || !skip(text, kTarget) || text.empty() || !is_space(text.front())) return std::nullopt;
  skip_space(text);
  if (!skip(text, kArchitecture)) return std::nullopt;
  const auto number = take_number(text, 10, 999);
  if (!number) return std::nullopt;
  if (text.starts_with('a') || text.starts_with('f')) {
    target.variant = text.front();
    text.remove_prefix(1);
  }
  const std::size_t line = text.find('\n');  // ", texmode_independent", ", debug"
  if (line == text.npos || (line > 0 && text.front() != ',' && !is_space(text.front()) && text.front() != '/')) {
    return std::nullopt;
  }
  text.remove_prefix(line);
  skip_space(text);
  if (!text.empty() && text.front() != '.') return std::nullopt;
  target.architecture = {*number / 10, *number % 10};
  target.isa_major = *major;
  target.isa_minor = *minor;
  return target;
}

std::vector<FatbinRegion> plain_ptx_regions(const FileReader& file) {
  std::vector<Text> texts;
  std::uint64_t left = kMostLookedThrough;
  const auto sections = read_named_sections(file, "");
  if (!sections) return {};
  for (const NamedSection& section : *sections) {
    const bool data = (section.header.sh_flags & SHF_ALLOC) != 0 && (section.header.sh_flags & SHF_EXECINSTR) == 0;
    if (!data || section.header.sh_type != SHT_PROGBITS) continue;
    if (!file.holds(section.header.sh_offset, section.header.sh_size)) continue;
    const std::uint64_t size = std::min<std::uint64_t>(section.header.sh_size, left);
    left -= size;
    add_heads(file, section.header.sh_offset, section.header.sh_offset + size, texts);
  }
  std::erase_if(texts, [&](Text& text) { return !close_text(file, text); });
  const bool one_target =
      std::all_of(texts.begin(), texts.end(), [&](const Text& text) { return text.target == texts.front().target; });
  std::vector<FatbinRegion> regions;
  for (const Text& text : texts) {
    if (regions.empty() || one_target) {
      FatbinRegion region;
      region.offset = text.begin;
      regions.push_back(std::move(region));
    }
    regions.back().entries.push_back(entry_of(text));
    regions.back().size = text.end - regions.back().offset;
  }
  return regions;
}

}  // namespace varve
