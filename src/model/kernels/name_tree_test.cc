#include "model/kernels/name_tree.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

TEST(NameTree, TakesAQualifiedNameApart) {
  const NameTree tree = parse_name("a::f<4, b::T<int const*>, (E)3>::g(unsigned long, char*) const::{lambda(int)#2}");
  ASSERT_EQ(tree.parts.size(), 4u);
  EXPECT_EQ(tree.parts[0].text, "a");
  EXPECT_EQ(tree.parts[1].text, "f");
  ASSERT_EQ(tree.parts[1].arguments.size(), 3u);
  EXPECT_EQ(tree.parts[1].arguments[0].parts[0].text, "4");
  EXPECT_EQ(tree.parts[1].arguments[1].parts[1].arguments[0].parts[0].text, "int");
  EXPECT_EQ(tree.parts[1].arguments[1].parts[1].arguments[0].ending, " const*");
  EXPECT_EQ(tree.parts[1].arguments[2].parts[0].text, "(E)3");
  EXPECT_TRUE(tree.parts[2].has_parameters);
  EXPECT_EQ(tree.parts[2].parameters[0].parts[0].text, "unsigned long");
  EXPECT_EQ(tree.parts[3].text, "{lambda}");
  EXPECT_EQ(named_part(tree)->text, "g");
}

TEST(NameTree, KeepsWholeWhatItCannotTakeApart) {
  for (const char* name : {"", "f<", "f<a", "a b c", ")", "f(int", "::", "a::", "f<1>2", "libx.so [0x12-0x34]"}) {
    const NameTree tree = parse_name(name);
    ASSERT_EQ(tree.parts.size(), 1u) << name;
    EXPECT_EQ(tree.parts[0].text, name);
  }
  std::string deep;
  for (int i = 0; i < 20'000; ++i) deep += "f<";
  deep += "1" + std::string(20'000, '>');
  EXPECT_EQ(parse_name(deep).parts[0].text, "f");
}

}  // namespace
}  // namespace varve
