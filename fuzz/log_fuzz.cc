// A log of any bytes against all patterns: what is found stays bounded and is valid text, and reading the same bytes in
// other pieces finds the same.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/text.h"
#include "rules/log/log_reader.h"
#include "rules/log/log_text.h"

namespace {
const varve::ErrorPatterns& patterns() {
  static const varve::Knowledge knowledge = *varve::load_knowledge();
  static const varve::ErrorPatterns loaded = *varve::load_error_patterns(knowledge);
  return loaded;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const varve::LogReading log = varve::read_log_text(text, patterns());
  if (log.lines > static_cast<std::int64_t>(size) + 1) std::abort();
  for (const varve::ExplainedError& error : log.errors) {
    if (error.line < 1 || error.line > log.lines || error.times < 1) std::abort();
    if (error.text.size() > 240 || varve::clean_utf8(error.text) != error.text) std::abort();
    if (varve::find_pattern(patterns(), error.pattern) == nullptr) std::abort();
  }
  for (const auto& [id, fact] : log.facts) {
    if (id.empty() || !fact.is_known()) std::abort();
  }
  varve::LogCleaner whole, pieces;
  std::string at_once, piecewise;
  whole.add(text, at_once);
  for (const char& c : text) pieces.add({&c, 1}, piecewise);
  if (at_once != piecewise) std::abort();
  return 0;
}
