// Texts of any bytes: what is kept stays bounded and is valid text, reading the same bytes in other pieces finds the
// same, and of variables nothing but what the allow-list takes leaves the readers.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/text.h"
#include "disclosure/stack_of_text.h"

namespace {
const varve::Knowledge& knowledge() {
  static const varve::Knowledge loaded = *varve::load_knowledge();
  return loaded;
}

void check_stack(const varve::Stack& stack) {
  for (const auto& [id, fact] : stack.facts) {
    if (!fact.is_known()) continue;
    const std::string text = varve::value_text(*fact.value);
    if (varve::clean_utf8(text, text.size() + 4) != text || fact.source.empty()) std::abort();
  }
  if (stack.gpus.size() > 64) std::abort();
  for (const varve::Environment& environment : stack.environments) {
    for (const varve::Package& package : environment.packages) {
      if (package.name.size() > 128 || package.version.size() > 160) std::abort();
    }
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  varve::Disclosure whole = varve::read_disclosure_text(text);
  varve::DisclosureReader reader;
  for (std::size_t at = 0; at < size; at += 7) reader.add(text.substr(at, 7));
  const varve::Disclosure pieces = reader.end();
  if (whole.lines != pieces.lines || whole.declared.facts.size() != pieces.declared.facts.size() ||
      whole.declared.parts.size() != pieces.declared.parts.size()) {
    std::abort();
  }
  if (whole.lines > static_cast<std::int64_t>(size) + 1) std::abort();
  const varve::Stack stack = varve::stack_of_text(whole, "fuzz", knowledge());
  check_stack(stack);
  varve::account_of_text(whole, stack);
  return 0;
}
