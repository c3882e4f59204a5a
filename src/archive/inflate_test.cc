#include "archive/inflate.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <random>

#include "archive/archive_testing.h"

namespace varve {
namespace {

using namespace std::string_literals;

FileReader in_memory(const std::string& bytes) {
  FileHandle file(::memfd_create("test", MFD_CLOEXEC));
  EXPECT_EQ(::write(file.fd(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  return *FileReader::open(std::move(file), "test");
}

Result<std::string> read_all(const std::string& bytes, std::size_t cap = 100000, const InflateLimits& limits = {}) {
  const Result<std::unique_ptr<ByteStream>> stream = open_stream(in_memory(bytes), "test", limits);
  if (!stream) return stream.error();
  std::string text;
  while (true) {
    const Result<std::span<const std::byte>> piece = (*stream)->next(cap);
    if (!piece) return piece.error();
    EXPECT_LE(piece->size(), cap);
    if (piece->empty()) {
      EXPECT_EQ((*stream)->next(cap)->size(), 0u);  // it stays at its end
      return text;
    }
    text.append(reinterpret_cast<const char*>(piece->data()), piece->size());
  }
}

// Compresses somewhat, so that blocks of all kinds occur.
std::string sample(std::size_t size, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < size) {
    if (random() % 3 == 0 && text.size() > 100) {
      text += text.substr(random() % (text.size() - 50), 40);
    } else {
      text += static_cast<char>(random());
    }
  }
  text.resize(size);
  return text;
}

// Small files are inflated by their reader, large ones by a thread: 4 MB compress to 0.4.
TEST(Inflate, GivesBackWhatWasCompressed) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{70000}, std::size_t{4000000}}) {
    const std::string text = sample(size);
    for (const std::size_t cap : {std::size_t{512}, std::size_t{1} << 20}) {
      const Result<std::string> from_gzip = read_all(gzip(text), cap);
      ASSERT_TRUE(from_gzip) << to_text(from_gzip.error());
      EXPECT_TRUE(*from_gzip == text) << size;
      const Result<std::string> from_zstd = read_all(zstd(text), cap);
      ASSERT_TRUE(from_zstd) << to_text(from_zstd.error());
      EXPECT_TRUE(*from_zstd == text) << size;
      EXPECT_TRUE(*read_all(text, cap) == text) << size;
    }
  }
}

TEST(Inflate, SeveralMembersAreOneStream) {
  std::string gzips, zstds, text;
  for (unsigned i = 0; i < 300; ++i) {
    const std::string part = sample(i * 37 % 4000, i);
    gzips += gzip(part);
    zstds += zstd(part);
    text += part;
  }
  EXPECT_TRUE(*read_all(gzips) == text);
  EXPECT_TRUE(*read_all(zstds) == text);
  EXPECT_TRUE(*read_all(gzips + std::string(700, '\0')) == text);  // gzip ignores what follows
  const std::string skippable = "\x50\x2a\x4d\x18\x04\0\0\0"s + "abcd";
  EXPECT_TRUE(*read_all(skippable + zstds + skippable) == text);
}

TEST(Inflate, TruncatedDataIsSaidToBe) {
  const std::string text = sample(400000);
  for (const std::string& whole : {gzip(text), zstd(text)}) {
    for (const std::size_t cut : {std::size_t{5}, std::size_t{1000}, whole.size() / 2, whole.size() - 1}) {
      const Result<std::string> read = read_all(whole.substr(0, cut));
      ASSERT_FALSE(read) << cut;
      EXPECT_NE(read.error().found.find("ends too early"), std::string::npos) << to_text(read.error());
    }
  }
}

TEST(Inflate, WhatStandsBeforeTheFaultComesFirst) {
  const std::string text = sample(900000);
  for (const std::string& whole : {gzip(text), zstd(text)}) {
    std::size_t before = 0;
    for (std::size_t cut = 1000; cut < whole.size(); cut += whole.size() / 7) {
      const auto stream = open_stream(in_memory(whole.substr(0, cut)), "test");
      std::string read;
      auto piece = (*stream)->next(100000);
      for (; piece && !piece->empty(); piece = (*stream)->next(100000)) {
        read.append(reinterpret_cast<const char*>(piece->data()), piece->size());
      }
      EXPECT_FALSE(piece) << cut;
      EXPECT_TRUE(text.starts_with(read)) << cut;
      EXPECT_GE(read.size(), before) << cut;
      before = read.size();
    }
    EXPECT_GT(before, text.size() / 2);
  }
}

TEST(Inflate, DamagedDataIsAnError) {
  const std::string text = sample(400000);
  std::string damaged = gzip(text);
  damaged[damaged.size() - 6] ^= 1;  // the check sum
  EXPECT_FALSE(read_all(damaged));
  damaged = gzip(text);
  damaged[12] = '\x07';  // a block type that does not exist
  EXPECT_FALSE(read_all(damaged));
  damaged = zstd(text);
  damaged[4] = '\xff';
  EXPECT_FALSE(read_all(damaged));
  EXPECT_FALSE(read_all("BZh91AY&SY"));
  EXPECT_FALSE(read_all("\xfd"s + "7zXZ\0\0"s));
}

// ISA-L (2.30) hands back bytes of this one that it took in a call before.
TEST(Inflate, MoreHandedBackThanGivenIsDamage) {
  constexpr std::string_view kDamaged(
      "\x1f\x8b\x08\0\0\0\0\x23\0\x02\x03\xd7\x07\x4d\xf9\xa7\x48\x81\x37\xf8\x37\x7a\0\x1e\x10\0", 26);
  const Result<std::string> read = read_all(std::string(kDamaged));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().found, "its gzip data is damaged");
}

TEST(Inflate, BombsAreDefused) {
  const InflateLimits limits = {.total = std::uint64_t{1} << 30, .ratio = 50, .ratio_from = std::uint64_t{1} << 20};
  for (const std::string& bomb : {gzip(std::string(16 << 20, '\0')), zstd(std::string(16 << 20, '\0'))}) {
    ASSERT_LT(bomb.size(), 100000u);
    const Result<std::string> read = read_all(bomb, 1 << 20, limits);
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().hint.find("exhaust"), std::string::npos);
    EXPECT_TRUE(read_all(bomb));  // within the ordinary limits
  }
  const std::string honest = gzip(sample(3 << 20));
  EXPECT_TRUE(read_all(honest, 1 << 20, limits));
  EXPECT_FALSE(read_all(honest, 1 << 20, {.total = 2 << 20}));
}

TEST(Inflate, SkippingPassesOverWhatIsThere) {
  const std::string text = sample(100000);
  for (const std::string& bytes : {text, gzip(text), zstd(text)}) {
    const Result<std::unique_ptr<ByteStream>> stream = open_stream(in_memory(bytes), "test");
    EXPECT_EQ(*(*stream)->skip(99000), 99000u);
    const Result<std::span<const std::byte>> piece = (*stream)->next(3);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(piece->data()), piece->size()), text.substr(99000, 3));
    EXPECT_EQ(*(*stream)->skip(5000), 997u);
    EXPECT_EQ((*stream)->consumed(), bytes.size());
  }
}

}  // namespace
}  // namespace varve
