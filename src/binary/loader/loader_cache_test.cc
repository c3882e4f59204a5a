#include "binary/loader/loader_cache.h"

#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "binary/elf/elf_testing.h"

namespace varve {
namespace {

using test::in_memory;

struct Row {
  std::int32_t flags;
  std::string name, path;
  std::uint64_t capabilities = 0;
};

template <class T>
void add(std::string& to, T value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// A cache as ldconfig writes it; with `capability`, an extension that lists it.
std::string cache_of(const std::vector<Row>& rows, const std::string& capability = {}) {
  std::string strings;
  std::string table;
  const auto base = static_cast<std::uint32_t>(48 + rows.size() * 24);
  for (const Row& row : rows) {
    add(table, row.flags);
    add(table, static_cast<std::uint32_t>(base + strings.size()));
    strings += row.name + '\0';
    add(table, static_cast<std::uint32_t>(base + strings.size()));
    strings += row.path + '\0';
    add(table, std::uint32_t{0});
    add(table, row.capabilities);
  }
  const auto capability_at = static_cast<std::uint32_t>(base + strings.size());
  strings += capability + '\0';
  strings.resize((strings.size() + 3) / 4 * 4);
  const auto extension = static_cast<std::uint32_t>(base + strings.size());
  std::string header = "glibc-ld.so.cache1.1";
  add(header, static_cast<std::uint32_t>(rows.size()));
  add(header, static_cast<std::uint32_t>(strings.size()));
  add(header, std::uint32_t{2});
  add(header, capability.empty() ? std::uint32_t{0} : extension);
  header.resize(48);
  std::string bytes = header + table + strings;
  if (capability.empty()) return bytes;
  for (std::uint32_t value : {0xeaa42174u, 2u, 7u, 0u, 0u, 0u, 1u, 0u, extension + 40, 4u}) add(bytes, value);
  add(bytes, capability_at);
  return bytes;
}

const std::vector<Row> kRows = {
    {0x0303, "libcuda.so.1", "/usr/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v3/libcuda.so.1", (1ull << 62) | 0},
    {0x0303, "libcuda.so.1", "/usr/lib/x86_64-linux-gnu/libcuda.so.1"},
    {0x0303, "libold.so.1", "/usr/lib/tls/libold.so.1", 1ull << 63},
    {0x0003, "libcuda.so.1", "/usr/lib/i386-linux-gnu/libcuda.so.1"},
    {0x0a03, "libcuda.so.1", "/usr/lib/aarch64-linux-gnu/libcuda.so.1"}};

TEST(LoaderCache, KeepsTheRowsInOrderWithTheirMachine) {
  auto cache = read_loader_cache(in_memory(cache_of(kRows, "x86-64-v3")), "cache");
  ASSERT_TRUE(cache) << to_text(cache.error());
  ASSERT_EQ(cache->entries.size(), 5u);
  auto found = cache->find("libcuda.so.1", EM_X86_64);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0]->capability, "x86-64-v3");
  EXPECT_EQ(found[1]->path, "/usr/lib/x86_64-linux-gnu/libcuda.so.1");
  EXPECT_EQ(found[1]->capability, "");
  EXPECT_TRUE(cache->entries[2].legacy_capability);
  EXPECT_EQ(cache->entries[3].machine, EM_NONE);
  EXPECT_EQ(cache->find("libcuda.so.1", EM_AARCH64)[0]->path, "/usr/lib/aarch64-linux-gnu/libcuda.so.1");
  EXPECT_TRUE(cache->find("libcuda.so", EM_X86_64).empty());
}

TEST(LoaderCache, FindsTheNewPartBehindAnOldOne) {
  std::string old = "ld.so-1.7.0";
  old.resize(12);
  add(old, std::uint32_t{3});
  old.resize(56, 'x');  // 16 + 3 · 12 = 52, rounded up to 8
  auto cache = read_loader_cache(in_memory(old + cache_of(kRows, "x86-64-v3")), "cache");
  ASSERT_TRUE(cache) << to_text(cache.error());
  EXPECT_EQ(cache->entries.size(), 5u);
}

TEST(LoaderCache, SaysWhatIsWrong) {
  auto found = [](const std::string& bytes) {
    auto cache = read_loader_cache(in_memory(bytes), "cache");
    return cache ? std::string("read") : cache.error().found;
  };
  const std::string sound = cache_of(kRows, "x86-64-v3");
  EXPECT_EQ(found(""), "it is not of the format glibc-ld.so.cache1.1");
  EXPECT_EQ(found("ld.so-1.7.0 and nothing else"), "it is not of the format glibc-ld.so.cache1.1");
  EXPECT_EQ(found(sound.substr(0, 40)), "it ends inside its header");
  EXPECT_EQ(found(sound.substr(0, 200)), "its extension points outside the file");
  std::string many = sound;
  many[22] = '\x7f';
  EXPECT_EQ(found(many), "its rows reach beyond its end");
  std::string big = sound;
  big[28] = 3;
  EXPECT_EQ(found(big), "it is of a big-endian machine");
  EXPECT_EQ(found(cache_of(kRows)), "a row names a capability that is not listed");
  std::string far = sound;
  far[48 + 7] = '\x7f';
  EXPECT_EQ(found(far), "a name points outside the file");
}

TEST(LoaderCache, RowsThatShareOneLongNameAreBounded) {
  std::string bytes = cache_of({{0x0303, std::string(4000, 'x'), "/x"}});
  const std::string row = bytes.substr(48, 24);
  constexpr std::uint32_t kRowCount = 20'000;
  bytes.replace(20, 4, reinterpret_cast<const char*>(&kRowCount), 4);
  bytes.resize(bytes.size() + std::size_t{kRowCount} * 24);
  const auto long_name = static_cast<std::uint32_t>(bytes.size());
  bytes += std::string(4000, 'x') + '\0';
  for (std::uint32_t i = 0; i < kRowCount; ++i) {
    bytes.replace(48 + i * 24, 24, row);
    for (const std::size_t field : {4u, 8u}) {
      bytes.replace(48 + i * 24 + field, 4, reinterpret_cast<const char*>(&long_name), 4);
    }
  }
  const auto cache = read_loader_cache(in_memory(bytes), "cache");
  ASSERT_FALSE(cache);
  EXPECT_EQ(cache.error().found, "its names are more than 64 MiB");
}

TEST(LoaderCache, AgreesWithLdconfigHere) {
  FileHandle file(open("/etc/ld.so.cache", O_RDONLY | O_CLOEXEC));
  FILE* pipe = file ? popen("ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null", "r") : nullptr;
  if (!pipe) GTEST_SKIP() << "no ld.so.cache or no ldconfig here";
  std::vector<std::pair<std::string, std::string>> expected;
  char line[4096];
  while (fgets(line, sizeof line, pipe)) {
    std::string text = line;
    const std::size_t arrow = text.find(" => "), blank = text.find(' ');
    if (arrow == text.npos || text[0] != '\t') continue;
    expected.emplace_back(text.substr(1, blank - 1), text.substr(arrow + 4, text.size() - arrow - 5));
  }
  pclose(pipe);
  if (expected.empty()) GTEST_SKIP() << "ldconfig -p says nothing here";
  auto cache = read_loader_cache(*FileReader::open(std::move(file), "cache"), "cache");
  ASSERT_TRUE(cache) << to_text(cache.error());
  std::vector<std::pair<std::string, std::string>> read;
  for (const auto& entry : cache->entries) read.emplace_back(entry.name, entry.path);
  EXPECT_EQ(read, expected);
}

TEST(LoaderCache, DamagedFilesEndInAnAnswer) {
  const std::string sound = cache_of(kRows, "x86-64-v3");
  std::mt19937_64 random(11);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = sound;
    for (int change = 0; change < 1 + round % 4; ++change) {
      bytes[20 + random() % (bytes.size() - 20)] = static_cast<char>(random() % 3 == 0 ? 0xff : random());
    }
    if (round % 5 == 0) bytes.resize(random() % bytes.size());
    auto cache = read_loader_cache(in_memory(bytes), "cache");
    if (cache) {
      EXPECT_LE(cache->entries.size(), bytes.size() / 24);
    }
  }
}

}  // namespace
}  // namespace varve
