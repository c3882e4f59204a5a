#include "model/words/lookup_way.h"

#include "model/words/enum_names.h"

namespace varve {

namespace {
constexpr EnumNames<LookupWay, 17> kLookupWays{{{
    {LookupWay::program, "the program"},
    {LookupWay::interpreter, "the program's interpreter"},
    {LookupWay::loaded, "already loaded"},
    {LookupWay::path, "a path"},
    {LookupWay::rpath, "RPATH"},
    {LookupWay::runpath, "RUNPATH"},
    {LookupWay::library_path, "LD_LIBRARY_PATH"},
    {LookupWay::cache, "ld.so.cache"},
    {LookupWay::default_directory, "default directory"},
    {LookupWay::mapped, "mapped"},
    {LookupWay::held, "held by the environment"},
    {LookupWay::of_framework, "of the framework"},
    {LookupWay::of_import, "imported from the package"},
    {LookupWay::by_python, "opened by the package's Python"},
    {LookupWay::of_package, "of the package"},
    {LookupWay::asked, "asked about"},
    {LookupWay::nowhere, "not found"},
}}};
constexpr std::string_view kRemark = "; ";
}  // namespace

std::string_view to_string(LookupWay way) { return kLookupWays.name(way); }

std::string lookup_text(LookupWay way, std::string_view more) {
  std::string text(to_string(way));
  if (!more.empty()) text.append(" ").append(more);
  return text;
}

LookupWay lookup_way(std::string_view text) {
  for (const auto& [way, words] : kLookupWays.rows) {
    if (!text.starts_with(words)) continue;
    const std::string_view rest = text.substr(words.size());
    if (rest.empty() || rest.front() == ' ' || rest.front() == ';') return way;
  }
  return LookupWay::other;
}

std::string_view lookup_remark(std::string_view text) {
  const std::size_t at = text.find(kRemark);
  return at == std::string_view::npos ? std::string_view{} : text.substr(at + kRemark.size());
}

bool is_of_the_system(LookupWay way) {
  return way == LookupWay::cache || way == LookupWay::default_directory || way == LookupWay::interpreter ||
         way == LookupWay::mapped || way == LookupWay::program;
}

}  // namespace varve
