#include "kernels/address_spaces.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

namespace varve {
namespace {

ExecutableMapping mapping_of(std::uint32_t process, std::uint64_t start, std::uint64_t length) {
  ExecutableMapping mapping;
  mapping.process = process;
  mapping.start = start;
  mapping.length = length;
  return mapping;
}

TEST(AddressSpaces, LaterMappingsHideEarlierOnesWhereTheyLie) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    AddressSpaces spaces;
    std::array<const ExecutableMapping*, 64> expected{};
    std::vector<ExecutableMapping> mappings;
    mappings.reserve(20);
    for (int i = 0; i < 20; ++i) {
      std::uint64_t start = random() % 60, length = random() % (64 - start + 1);
      mappings.push_back(mapping_of(1, start, length));
      spaces.map(mappings.back());
      for (std::uint64_t at = start; at < start + length; ++at) expected[at] = &mappings.back();
    }
    for (std::uint64_t at = 0; at < 64; ++at) ASSERT_EQ(spaces.find(1, at), expected[at]) << at;
    EXPECT_EQ(spaces.find(2, 5), nullptr);
  }
}

TEST(AddressSpaces, AreInheritedByForkAndDroppedByExec) {
  AddressSpaces spaces;
  auto a = mapping_of(1, 100, 50), b = mapping_of(2, 120, 10), edge = mapping_of(3, UINT64_MAX - 10, 100);
  spaces.map(a);
  spaces.fork({2, 1, 0});
  EXPECT_EQ(spaces.find(2, 110), &a);
  spaces.map(b);
  EXPECT_EQ(spaces.find(2, 125), &b);
  EXPECT_EQ(spaces.find(1, 125), &a);
  spaces.exec({2, 0});
  EXPECT_EQ(spaces.find(2, 110), nullptr);
  EXPECT_EQ(spaces.find(1, 110), &a);
  spaces.fork({1, 77, 0});  // a process id that came around again, from a parent that is not known
  EXPECT_EQ(spaces.find(1, 110), nullptr);
  spaces.map(edge);
  EXPECT_EQ(spaces.find(3, UINT64_MAX - 1), &edge);
}

}  // namespace
}  // namespace varve
