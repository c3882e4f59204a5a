#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

// Values by a text, or by two: every event asks for a few, and names of kernels are long. One text after the other
// stands in one string, and a text is compared only with what has its hash.
template <class T>
class TextIndex {
 public:
  std::size_t size() const { return entries_.size(); }

  // nullptr: there is none. Holds until the next add().
  const T* find(std::string_view text, std::string_view second = {}) const {
    if (slots_.empty()) return nullptr;
    const std::uint64_t hash = hash_of(text, second);
    for (std::size_t at = hash & (slots_.size() - 1); slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
      const Entry& entry = entries_[slots_[at] - 1];
      if (entry.hash == hash && is(entry, text, second)) return &entry.value;
    }
    return nullptr;
  }

  // Of texts that are not there yet.
  void add(std::string_view text, std::string_view second, const T& value) {
    if ((entries_.size() + 1) * 2 > slots_.size()) grow();
    entries_.push_back({hash_of(text, second), texts_.size(), text.size(), second.size(), value});
    texts_ += text;
    texts_ += second;
    place(entries_.size());
  }

 private:
  struct Entry {
    std::uint64_t hash = 0;
    std::size_t at = 0, size = 0, second = 0;  // in texts_
    T value{};
  };

  bool is(const Entry& entry, std::string_view text, std::string_view second) const {
    const std::string_view known(texts_.data() + entry.at, entry.size + entry.second);
    return entry.size == text.size() && entry.second == second.size() && known.substr(0, entry.size) == text &&
           known.substr(entry.size) == second;
  }
  void place(std::size_t number) {
    std::size_t at = entries_[number - 1].hash & (slots_.size() - 1);
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = static_cast<std::uint32_t>(number);
  }
  void grow() {
    slots_.assign(slots_.empty() ? 64 : slots_.size() * 2, 0);
    for (std::size_t number = 1; number <= entries_.size(); ++number) place(number);
  }

  static std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15;
    return hash ^ hash >> 29;
  }
  static std::uint64_t word_at(const char* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
  }
  // Four words at a time, which do not wait for each other.
  static std::uint64_t hash_of(std::string_view text, std::uint64_t seed) {
    constexpr std::size_t kWord = sizeof(std::uint64_t);
    std::uint64_t a = seed ^ text.size(), b = 1, c = 2, d = 3;
    for (; text.size() >= 4 * kWord; text.remove_prefix(4 * kWord)) {
      a = mixed(a, word_at(text.data()));
      b = mixed(b, word_at(text.data() + kWord));
      c = mixed(c, word_at(text.data() + 2 * kWord));
      d = mixed(d, word_at(text.data() + 3 * kWord));
    }
    std::uint64_t hash = mixed(mixed(mixed(a, b), c), d);
    for (; text.size() >= kWord; text.remove_prefix(kWord)) hash = mixed(hash, word_at(text.data()));
    std::uint64_t last = 0;
    if (!text.empty()) std::memcpy(&last, text.data(), text.size());
    return mixed(hash, last);
  }
  static std::uint64_t hash_of(std::string_view text, std::string_view second) {
    const std::uint64_t hash = hash_of(text, std::uint64_t{0});
    return second.empty() ? hash ^ hash >> 32 : mixed(hash_of(second, hash), hash);
  }

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  // numbers of entries, from 1
  std::string texts_;
};

}  // namespace varve
