#include "model/setup/shell_words.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

using Words = std::vector<std::string>;

TEST(ShellWords, AreThoseOfTheOneProgram) {
  EXPECT_EQ(simple_command("redis-server --port 7001 --save \"\""),
            (Words{"redis-server", "--port", "7001", "--save", ""}));
  EXPECT_EQ(simple_command("exec ./serve 'a b' c\\ d \"e\\\"f\""), (Words{"./serve", "a b", "c d", "e\"f"}));
  EXPECT_EQ(simple_command("serve --bind [::1] ~/x.conf"), (Words{"serve", "--bind", "[::1]", "~/x.conf"}));
}

TEST(ShellWords, AreNoneWhereTheShellDoesMore) {
  for (const char* line : {"a; b", "a | b", "a && b", "a > log", "a $X", "a \"$X\"", "a `b`", "a *.conf", "X=1 a",
                           "a 'b", "a \\", "", "exec", "a # b", "(a)"}) {
    EXPECT_FALSE(simple_command(line)) << line;
  }
}

TEST(ShellWords, OfACommandAreItselfOrItsLine) {
  EXPECT_EQ(simple_command(Words{"sh", "-c", "a 'b c'"}), (Words{"a", "b c"}));
  EXPECT_EQ(simple_command(Words{"a", "$b", "*"}), (Words{"a", "$b", "*"}));
  EXPECT_FALSE(simple_command(Words{"sh", "-c", "a; b"}));
}

}  // namespace
}  // namespace varve
