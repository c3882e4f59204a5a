#include "kernels/kineto/text_index.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>

namespace varve {
namespace {

TEST(TextIndex, FindsWhatWasAddedAndNothingElse) {
  std::mt19937_64 random(8);
  TextIndex<int> table;
  std::map<std::pair<std::string, std::string>, int> expected;
  for (int round = 0; round < 20'000; ++round) {
    // Few different ones, of all sizes, and some that differ only in where the first ends.
    const std::string whole(random() % 80, static_cast<char>('a' + random() % 4));
    const std::size_t cut = random() % (whole.size() + 1);
    const std::pair key(whole.substr(0, cut), whole.substr(cut));
    const int* found = table.find(key.first, key.second);
    const auto known = expected.find(key);
    ASSERT_EQ(found != nullptr, known != expected.end());
    if (found != nullptr) {
      ASSERT_EQ(*found, known->second);
      continue;
    }
    table.add(key.first, key.second, round);
    expected.emplace(key, round);
  }
  EXPECT_EQ(table.size(), expected.size());
  EXPECT_GT(table.size(), 1000u);
}

}  // namespace
}  // namespace varve
