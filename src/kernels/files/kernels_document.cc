#include "kernels/files/kernels_document.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/text.h"
#include "model/json/documents.h"

namespace varve {

namespace {
constexpr std::size_t kBeginning = 4096;
constexpr std::size_t kPiece = std::size_t{1} << 16;
constexpr std::size_t kLargestDocument = std::size_t{1} << 30;
}  // namespace

std::vector<std::byte> beginning_of(const FileReader& file, const std::string& where) {
  std::vector<std::byte> bytes(kBeginning);
  const auto stream = open_trace(file, where);
  std::size_t size = 0;
  while (stream && size < bytes.size()) {
    const auto got = (*stream)->read(std::span(bytes).subspan(size));
    if (!got || *got == 0) break;
    size += *got;
  }
  bytes.resize(size);
  return bytes;
}

// Its keys are sorted, so that what it is stands far behind; what makes a trace one
// (a list of events) never stands before that.
bool is_varve_document(const FileReader& file, const std::string& where) {
  constexpr std::string_view kOurs[] = {"\"schema\": \"varve/", "\"schema\":\"varve/"};
  constexpr std::string_view kForeign[] = {"\"traceEvents\"", "\"ph\"", "\"rocprofiler-sdk-tool\"", "\"frame\""};
  const auto stream = open_trace(file, where);
  if (!stream) return false;
  std::string text;
  bool first = true;
  while (true) {
    const std::size_t kept = std::min<std::size_t>(text.size(), 32);  // a word may be cut
    text.erase(0, text.size() - kept);
    text.resize(kept + kPiece);
    const auto got = (*stream)->read(std::as_writable_bytes(std::span(text)).subspan(kept));
    text.resize(kept + (got ? *got : 0));
    if (!got || *got == 0) return false;
    const std::string_view start = trim(text);
    if (std::exchange(first, false) && !start.starts_with('{') && !start.starts_with('[')) return false;
    const auto find_first = [&](const auto& words) {
      std::size_t at = std::string::npos;
      for (const std::string_view word : words) at = std::min(at, text.find(word));
      return at;
    };
    const std::size_t ours = find_first(kOurs), foreign = find_first(kForeign);
    if (ours != foreign) return ours < foreign;
  }
}

bool holds_kernels_document(const FileReader& file, const std::string& where) {
  const std::vector<std::byte> bytes = beginning_of(file, where);
  std::string dense;
  for (const std::string_view word : split_words({reinterpret_cast<const char*>(bytes.data()), bytes.size()})) {
    dense += word;
  }
  return dense.starts_with("{\"kernels\":[") && is_varve_document(file, where);
}

Result<KernelsRecord> read_kernels_document(TraceInput& input) {
  std::string text;
  std::size_t size = 0;
  while (true) {
    text.resize(std::max(std::size_t{1} << 16, size * 2));
    const auto got = input.read(std::as_writable_bytes(std::span(text)).subspan(size));
    if (!got) return got.error();
    if (*got == 0) break;
    size += *got;
    if (size > kLargestDocument) return Error{"reading the document", input.where(), "it is larger than 1 GiB", ""};
  }
  if (const TraceCut* cut = input.cut()) return cut->why;
  text.resize(size);
  Result<Document> document = document_from_json(text, input.where());
  if (!document) return document.error();
  if (auto* record = std::get_if<KernelsRecord>(&*document)) return std::move(*record);
  return Error{"reading a trace", input.where(), "this document is not about kernels", "varve report shows it"};
}

}  // namespace varve
