#pragma once
// For tests and benchmarks only: tar archives and compressed bytes made on the spot.
#include <cstdint>
#include <string>

namespace varve {

// Writes the members of a tar archive one behind the other. Everything a reader must survive can be written: names,
// types and sizes are taken as they are given.
struct TarWriter {
  std::string bytes;

  TarWriter& member(char type, const std::string& name, const std::string& content = "", const std::string& link = "") {
    header(type, name, content.size(), link);
    return pad(content);
  }
  TarWriter& file(const std::string& name, const std::string& content) { return member('0', name, content); }
  TarWriter& directory(const std::string& name) { return member('5', name); }
  TarWriter& link(const std::string& name, const std::string& target) { return member('2', name, "", target); }
  TarWriter& hard_link(const std::string& name, const std::string& target) { return member('1', name, "", target); }

  // Extended headers for the member that follows: GNU's, and pax with one record.
  TarWriter& gnu_name(const std::string& name) { return member('L', "././@LongLink", name + '\0'); }
  TarWriter& gnu_link(const std::string& link) { return member('K', "././@LongLink", link + '\0'); }
  TarWriter& pax(const std::string& key, const std::string& value) {
    const std::string rest = " " + key + "=" + value + "\n";
    std::size_t length = rest.size() + 1;
    while (std::to_string(length).size() + rest.size() != length) ++length;
    return member('x', "pax", std::to_string(length) + rest);
  }

  // A header alone. `prefix` is ustar's; `size` is written in base 256 where octal digits do not suffice.
  void header(char type, const std::string& name, std::uint64_t size, const std::string& link = "",
              const std::string& prefix = "", const std::string& magic = std::string("ustar\00000", 8)) {
    std::string block(512, '\0');
    put(block, 0, name.substr(0, 100));
    put(block, 100, "0000644");
    put(block, 124, size < (std::uint64_t{1} << 33) ? octal(size, 11) : base_256(size));
    put(block, 136, octal(0, 11));
    block[156] = type;
    put(block, 157, link.substr(0, 100));
    put(block, 257, magic);
    put(block, 345, prefix.substr(0, 155));
    bytes += with_sum(block);
  }
  TarWriter& pad(const std::string& content) {
    bytes += content;
    bytes.resize((bytes.size() + 511) / 512 * 512);
    return *this;
  }
  std::string end() const { return bytes + std::string(1024, '\0'); }

  static std::string with_sum(std::string block) {
    put(block, 148, "        ");
    std::uint64_t sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    put(block, 148, octal(sum, 6) + '\0' + ' ');
    return block;
  }
  static void put(std::string& block, std::size_t at, const std::string& text) { block.replace(at, text.size(), text); }
  static std::string octal(std::uint64_t value, std::size_t digits) {
    std::string text(digits, '0');
    for (std::size_t i = digits; i-- > 0; value /= 8) text[i] = static_cast<char>('0' + value % 8);
    return text;
  }
  static std::string base_256(std::uint64_t value) {
    std::string text(12, '\0');
    for (std::size_t i = 12; i-- > 1; value /= 256) text[i] = static_cast<char>(value % 256);
    text[0] = static_cast<char>(0x80);
    return text;
  }
};

// Compressed with the libraries themselves: archive_testing_test.cc. Only for tests of this floor and those above.
std::string gzip(const std::string& bytes);
std::string zstd(const std::string& bytes);

}  // namespace varve
