// Any Varve document: what is read must be writable again and read back as the same.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "model/json/documents.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto document = varve::document_from_json(text, "fuzz");
  if (!document) return 0;
  const auto written = std::visit([](const auto& kind) { return varve::pretty_json(varve::to_json(kind)); }, *document);
  const auto again = varve::document_from_json(written, "fuzz");
  if (!again) std::abort();
  if (std::visit([](const auto& kind) { return varve::pretty_json(varve::to_json(kind)); }, *again) != written)
    std::abort();
  return 0;
}
