#include "disclosure/read_disclosure.h"

#include <algorithm>

#include "archive/inflate.h"
#include "disclosure/readers/readers.h"
#include "package/python_metadata.h"
#include "tables/package_table.h"

namespace varve {

namespace {
constexpr std::size_t kMostParts = 256;
constexpr std::int64_t kGap = 8;  // lines between two of one part that nobody takes
}  // namespace

bool Disclosure::names_machine() const {
  const auto is_of_stack = [](const DeclaredPackage& package) {
    const std::string name = normal_package_name(package.name);
    const PackageRow* row = find_package_row(name);
    if (row == nullptr) row = find_conda_row(name);
    return row != nullptr && row->has_gpu_code();
  };
  for (const char* id : {"driver.kernel_mode.version", "driver.user_mode.version", "driver.api_level"}) {
    if (declared.facts.contains(id)) return true;
  }
  if (!declared.gpus.empty()) return true;
  return std::any_of(declared.packages.begin(), declared.packages.end(), [&](const DeclaredPackages& list) {
    return std::any_of(list.packages.begin(), list.packages.end(), is_of_stack);
  });
}

DisclosureReader::DisclosureReader()
    : readers_(make_text_readers()), cutter_([this](const TextLine& line) { take(line); }) {}

void DisclosureReader::note(const TextReader& reader, std::int64_t line) {
  std::vector<TextPart>& parts = disclosure_.declared.parts;
  for (auto part = parts.rbegin(); part != parts.rend() && part - parts.rbegin() < 3; ++part) {
    if (part->kind != reader.name() || part->last + kGap < line) continue;
    part->last = line;
    return;
  }
  if (parts.size() < kMostParts) parts.push_back({reader.name(), line, line});
}

void DisclosureReader::take(const TextLine& line) {
  if (line.text.size() < 3) {
    for (const auto& reader : readers_) reader->take(line, disclosure_.declared);  // an empty line ends some lists
    return;
  }
  if (is_fence(line.text)) {
    for (const auto& reader : readers_) reader->end();
    return;
  }
  if (repeated_.knows(line)) return;
  for (const auto& reader : readers_) {
    if (!reader->take(line, disclosure_.declared)) continue;
    note(*reader, line.number);
    repeated_.was_taken();
    return;
  }
  repeated_.was_nobodys();
}

void DisclosureReader::add(std::string_view bytes) {
  disclosure_.bytes += static_cast<std::int64_t>(bytes.size());
  cutter_.add(bytes);
}

Disclosure DisclosureReader::end() {
  cutter_.end();
  disclosure_.lines = cutter_.lines();
  settle_spoken_machine(disclosure_.declared);
  return std::move(disclosure_);
}

Disclosure read_disclosure_text(std::string_view text) {
  DisclosureReader reader;
  const std::string_view taken = text.substr(0, static_cast<std::size_t>(kTextCap));
  reader.add(taken);
  Disclosure disclosure = reader.end();
  disclosure.is_cut = taken.size() < text.size();
  return disclosure;
}

Result<Disclosure> read_disclosure(const FileReader& file, const std::string& where, std::int64_t cap) {
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  Result<std::unique_ptr<ByteStream>> stream = open_stream(file, where);
  if (!stream) return stream.error();
  DisclosureReader reader;
  std::int64_t bytes = 0;
  while (true) {
    const Result<std::span<const std::byte>> piece = (*stream)->next(kPiece);
    if (!piece) return piece.error();
    const auto got = static_cast<std::int64_t>(piece->size());
    const std::int64_t taken = std::min(got, cap - bytes);
    reader.add({reinterpret_cast<const char*>(piece->data()), static_cast<std::size_t>(taken)});
    bytes += taken;
    if (got != 0 && taken == got) continue;
    Disclosure disclosure = reader.end();
    disclosure.is_cut = taken < got;
    return disclosure;
  }
}

}  // namespace varve
