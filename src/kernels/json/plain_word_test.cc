#include "kernels/json/plain_word.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "kernels/json/json_members.h"

namespace varve {
namespace {
// With what must be readable behind.
std::string padded(const std::string& text) { return text + std::string(kShortContainer, ' '); }

TEST(PlainWord, EndsWhereJsonSaysAndHoldsNoBracket) {
  const auto size = [](const std::string& text) { return plain_word(padded(text).data()).size; };
  EXPECT_EQ(size("12,"), 2u);
  EXPECT_EQ(size("12 "), 2u);
  EXPECT_EQ(size("12}"), 2u);
  EXPECT_EQ(size("-Infinity]"), 9u);
  EXPECT_EQ(size("1234567890123456789012345678901,"), 31u);
  EXPECT_EQ(size("12345678901234567890123456789012,"), 0u);  // too long
  EXPECT_EQ(size("1{,"), 0u);
  EXPECT_EQ(size("1[,"), 0u);
  EXPECT_EQ(size("1\","), 0u);
  EXPECT_EQ(size("12,\""), 2u);
  EXPECT_EQ(size(","), 0u);
}

TEST(PlainWord, ShortNumbersAreThoseThatWordsAre) {
  constexpr std::string_view kBytes = "0123456789.-e,}] \n\"[{x\x80\xff\x01";
  std::mt19937_64 random(7);
  for (int round = 0; round < 200'000; ++round) {
    std::string text;
    for (std::size_t digits = random() % 10; digits > 0; --digits) text += kBytes[random() % 10];
    for (std::size_t rest = random() % 4; rest > 0; --rest) text += kBytes[random() % kBytes.size()];
    const std::string with_rest = padded(text);
    const ShortNumber number = short_number(with_rest.data());
    const PlainWord word = plain_word(with_rest.data());
    const auto whole = word.size < 8 ? whole_number_of(word, with_rest.data()) : std::nullopt;
    ASSERT_EQ(number.size, whole ? word.size : 0) << text;
    ASSERT_EQ(number.value, whole.value_or(0)) << text;
  }
}

// Of what can stand in a number, and digits most of all.
TEST(PlainWord, NumbersAreWhatTheSlowWaySays) {
  constexpr std::string_view kBytes = "0123456789012345678901234567890123456789....-+eEx";
  std::mt19937_64 random(5);
  for (int round = 0; round < 200'000; ++round) {
    std::string text;
    for (std::size_t size = 1 + random() % 20; size > 0; --size)
      text += kBytes[random() % (random() % 4 == 0 ? 49 : 40)];
    if (round % 2 == 0) text.insert(random() % text.size(), ".");
    const std::string with_rest = padded(text + ",7");
    const PlainWord word = plain_word(with_rest.data());
    ASSERT_EQ(word.size, text.size());
    ASSERT_EQ(nanoseconds_of(word, with_rest.data()), nanoseconds_from(text)) << text;
    if (const auto number = whole_number_of(word, with_rest.data())) {
      ASSERT_EQ(number, whole_number_from(text)) << text;
    } else if (text.size() <= 16) {
      ASSERT_EQ(whole_number_from(text), std::nullopt) << text;
    }
  }
}

TEST(PlainWord, ShortContainersEndWhereTheSlowWaySays) {
  constexpr std::string_view kBytes = "[[[]]]{}\"\"ab, ";
  std::mt19937_64 random(6);
  std::size_t found = 0;
  for (int round = 0; round < 100'000; ++round) {
    std::string text = "[";
    for (std::size_t size = random() % 70; size > 0; --size) text += kBytes[random() % kBytes.size()];
    if (round % 8 == 0) text[random() % text.size()] = '\\';
    if (text[0] == '\\') continue;
    const std::string with_rest = padded(text);
    const char* end = end_of_short_container(with_rest.data());
    if (end == nullptr) continue;
    ++found;
    ASSERT_EQ(end, end_of_json_container(with_rest.data(), with_rest.data() + with_rest.size())) << text;
  }
  EXPECT_GT(found, 10'000u);
}

}  // namespace
}  // namespace varve
