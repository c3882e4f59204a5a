#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

namespace varve {

// Bytes that begin where a page does: behind its beginning the kernel copies at half or a fifth of the speed.
class PageBuffer {
 public:
  static constexpr std::size_t kPage = 4096, kPadding = 64;

  // So many bytes at least, and one page more for what pad() writes.
  void resize(std::size_t bytes) { pages_.resize((bytes + kPage - 1) / kPage + 1); }

  char* bytes() { return reinterpret_cast<char*>(pages_.data()); }
  // Blanks behind a text that ends there, up to where readers look beyond its end.
  void pad(std::size_t end) { std::fill_n(bytes() + end, kPadding, ' '); }

  const char* bytes() const { return reinterpret_cast<const char*>(pages_.data()); }
  std::size_t room() const { return pages_.empty() ? 0 : (pages_.size() - 1) * kPage; }  // without that page

 private:
  struct alignas(kPage) Page {
    char bytes[kPage];
  };
  std::vector<Page> pages_;
};

}  // namespace varve
