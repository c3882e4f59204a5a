#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "disclosure/lines/declared.h"
#include "disclosure/lines/repeated_lines.h"
#include "disclosure/lines/text_reader.h"
#include "world/file_reader.h"

namespace varve {

// What a text says of the machine that it was written on.
struct Disclosure {
  Declared declared;
  std::int64_t lines = 0, bytes = 0;
  bool is_cut = false;  // it goes on behind what was read

  // Whether it names a driver, a GPU or a package of a GPU stack: then it is of a machine, and not only of a program.
  bool names_machine() const;
};

constexpr std::int64_t kTextCap = std::int64_t{1} << 30;  // bytes of a text that are read

// Reads a text piece by piece: a log, a report, an issue in Markdown with several of them in it.
class DisclosureReader {
 public:
  DisclosureReader();
  void add(std::string_view bytes);
  Disclosure end();

 private:
  void take(const TextLine& line);
  void note(const TextReader& reader, std::int64_t line);

  TextReaders readers_;
  RepeatedLines repeated_;
  Disclosure disclosure_;
  LineCutter cutter_;
};

Disclosure read_disclosure_text(std::string_view text);
// The bytes of a file, inflated where it is compressed (gzip, zstd), up to `cap`. `where` names it in errors.
Result<Disclosure> read_disclosure(const FileReader& file, const std::string& where, std::int64_t cap = kTextCap);

}  // namespace varve
