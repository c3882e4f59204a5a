#include "compare/sequence/match_step.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace varve {
namespace {

// A kernel a letter; what stands in brackets before it is its operation: "a(m)b".
std::vector<MatchItem> items(const std::string& text) {
  std::vector<MatchItem> made;
  std::uint32_t operation = kNoToken;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') {
      operation = static_cast<std::uint32_t>(text[i + 1]);
      i += 2;
      continue;
    }
    made.push_back({.name = static_cast<std::uint32_t>(text[i]), .operation = operation, .bare_operation = operation});
    operation = kNoToken;
  }
  return made;
}

std::string names(const std::vector<MatchItem>& of, const std::vector<std::uint32_t>& places) {
  std::string text;
  for (const std::uint32_t place : places) text += static_cast<char>(of[place].name);
  return text;
}

// "A>BC:op x3", and how many are the same.
std::map<std::string, int> groups(const std::string& a, const std::string& b) {
  const std::vector<MatchItem> of_a = items(a), of_b = items(b);
  const StepMatch match = match_step({{of_a, of_b}});
  std::map<std::string, int> found;
  for (const MatchedGroup& group : match.groups) {
    const char* by = group.by == MatchedBy::operation ? "operation" : group.by == MatchedBy::position ? "position" : "";
    ++found[names(of_a, group.a) + ">" + names(of_b, group.b) + ":" + by];
  }
  if (!match.same.empty()) found["same"] = static_cast<int>(match.same.size());
  return found;
}
using Groups = std::map<std::string, int>;

TEST(MatchStep, CompiledCodeTakesOverWhatIsLeft) {
  const auto operation = [](std::uint32_t name, std::uint32_t bare, bool is_compiled = false) {
    return MatchItem{.name = name,
                     .operation = name,
                     .bare_operation = bare,
                     .starts_operation = true,
                     .bare_name = bare,
                     .is_compiled = is_compiled};
  };
  // Eager: add, a product, a product, gelu. Compiled: the region, and the products, one of them of other shapes.
  const std::vector<MatchItem> a = {operation(1, 1), operation(10, 9), operation(11, 9), operation(2, 2)};
  const std::vector<MatchItem> b = {operation(5, 5, true), operation(10, 9), operation(12, 9)};
  const StepMatch forth = match_step({{a, b}}), back = match_step({{b, a}});
  using Pairs = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
  EXPECT_EQ(forth.same, (Pairs{{1, 1}}));
  ASSERT_EQ(forth.groups.size(), 2u);
  EXPECT_EQ(forth.groups[0].by, MatchedBy::operation);
  EXPECT_EQ(forth.groups[0].a, (std::vector<std::uint32_t>{2}));
  EXPECT_EQ(forth.groups[1].by, MatchedBy::compiled);
  EXPECT_EQ(forth.groups[1].a, (std::vector<std::uint32_t>{0, 3}));
  EXPECT_EQ(forth.groups[1].b, (std::vector<std::uint32_t>{0}));
  ASSERT_EQ(back.groups.size(), 2u);
  EXPECT_EQ(back.groups[1].b, forth.groups[1].a);
}

TEST(MatchStep, ByPositionInsideOfGraphs) {
  EXPECT_EQ(groups("gnAgnA", "gnxyzgnxyz"), (Groups{{"same", 4}, {"A>xyz:position", 2}}));
}

TEST(MatchStep, ByOperationBeforePosition) {
  // Two that were replaced side by side are two exchanges, where their operations are known.
  EXPECT_EQ(groups("g(m)A(n)B", "g(m)C(m)D(n)E"), (Groups{{"same", 1}, {"A>CD:operation", 1}, {"B>E:operation", 1}}));
  // An exchange that is repeated without anything between counts each time.
  EXPECT_EQ(groups("(m)A(m)A(m)A", "(m)C(m)C(m)C"), (Groups{{"A>C:operation", 3}}));
}

TEST(MatchStep, WhatMovedIsTheSame) { EXPECT_EQ(groups("abcdeX", "Xabcde"), (Groups{{"same", 6}})); }

TEST(MatchStep, WhatStandsAloneIsNoReplacement) {
  EXPECT_EQ(groups("abc", "abXc"), (Groups{{"same", 3}, {">X:", 1}}));
  EXPECT_EQ(groups("abc", ""), (Groups{{"a>:", 1}, {"b>:", 1}, {"c>:", 1}}));
}

// Kernels of one name that were met again between the halves of one exchange.
TEST(MatchStep, FewKernelsInsideOfAnExchangeAnchorNothing) {
  EXPECT_EQ(groups("gghhrAsqkkll", "gghhtsqvwxyzVkkll"), (Groups{{"same", 8}, {"rAsq>tsqvwxyzV:position", 1}}));
}

TEST(MatchStep, TooMuchAtOncePlaceIsNotOneReplacement) {
  const std::string many_a(70, 'a'), many_b(70, 'b');
  const Groups found = groups("g" + many_a + "h", "g" + many_b + "h");
  EXPECT_EQ(found, (Groups{{"same", 2}, {"a>:", 70}, {">b:", 70}}));
}

TEST(MatchStep, OperationsThatStandForKernelsAreExchangedAsAWhole) {
  // s is an outermost operation; p, q and t run inside of it.
  const auto operation = [](char name, char outermost) {
    return MatchItem{static_cast<std::uint32_t>(name), static_cast<std::uint32_t>(outermost),
                     static_cast<std::uint32_t>(outermost), name == outermost};
  };
  const std::vector<MatchItem> a{operation('s', 's'), operation('t', 's'), operation('p', 's'), operation('t', 's'),
                                 operation('r', 'r')};
  const std::vector<MatchItem> b{operation('s', 's'), operation('q', 's'), operation('t', 's'), operation('f', 's'),
                                 operation('r', 'r')};
  const StepMatch match = match_step({{a, b}});
  EXPECT_EQ(match.same.size(), 2u);
  ASSERT_EQ(match.groups.size(), 1u);
  EXPECT_EQ(match.groups[0].by, MatchedBy::operation);
  EXPECT_EQ(names(a, match.groups[0].a), "tpt");
  EXPECT_EQ(names(b, match.groups[0].b), "qtf");
}

// Of two frameworks: capitals are products, whose work is their lower letter; other letters have shapes.
TEST(MatchStep, OfTwoFrameworksProductsAreAnchorsAndWhatIsBetweenCameForEachOther) {
  const auto of = [](const std::string& text, std::uint32_t framework) {
    std::vector<MatchItem> made;
    for (const char letter : text) {
      const std::uint32_t name = static_cast<std::uint32_t>(letter) + framework;
      const bool is_product = letter >= 'A' && letter <= 'Z';
      made.push_back({.name = name,
                      .operation = name,
                      .bare_operation = name + 5000,
                      .starts_operation = true,
                      .bare_name = letter == '.' ? name : name + 5000,
                      .work = is_product ? static_cast<std::uint32_t>(letter) : kNoToken});
    }
    return made;
  };
  const std::vector<MatchItem> a = of("nAabBcB", 0), b = of(".mAdBeC.", 1000);
  const StepMatch match = match_step({{a, b}});
  EXPECT_TRUE(match.same.empty());
  std::map<std::string, int> found;
  std::size_t items_a = 0, items_b = 0;
  for (const MatchedGroup& group : match.groups) {
    std::string text;
    for (const std::uint32_t i : group.a) text += static_cast<char>(a[i].name);
    text += '>';
    for (const std::uint32_t j : group.b) text += static_cast<char>(b[j].name - 1000);
    const char* by = group.by == MatchedBy::work ? ":work" : group.by == MatchedBy::position ? ":position" : "";
    ++found[text + by];
    items_a += group.a.size(), items_b += group.b.size();
  }
  EXPECT_EQ(found, (std::map<std::string, int>{{"A>A:work", 1},
                                               {"B>B:work", 1},
                                               {"n>m:position", 1},
                                               {"ab>d:position", 1},
                                               {"c>e:position", 1},
                                               {"B>", 1},
                                               {">C", 1},
                                               {">.", 2}}));
  EXPECT_EQ(items_a, a.size());
  EXPECT_EQ(items_b, b.size());
}

}  // namespace
}  // namespace varve
