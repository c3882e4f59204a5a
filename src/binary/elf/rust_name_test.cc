#include "binary/elf/rust_name.h"

#include <gtest/gtest.h>

#include "binary/elf/demangle.h"

namespace varve {
namespace {

TEST(RustNames, AreAsTheyWereWrittenWithoutTheHashOfTheCompiler) {
  EXPECT_EQ(rust_name("_ZN4burn5quick17h4d07170808a25c49E"), "burn::quick");
  EXPECT_EQ(rust_name("_ZN4burn5quick17hffffffffffffffffE.llvm.1234"), "burn::quick");
  EXPECT_EQ(rust_name("_ZN4core3ops8function6FnOnce9call_once17h0123456789abcdefE"),
            "core::ops::function::FnOnce::call_once");
  EXPECT_EQ(
      rust_name("_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE"),
      "<Test + 'static as foo::Bar<Test>>::bar");
  EXPECT_EQ(demangle("_ZN4burn5quick17h4d07170808a25c49E"), "burn::quick");
}

TEST(RustNames, OfOthersAreNone) {
  EXPECT_FALSE(rust_name("_ZN5Eigen8internal4gebpIfEEvi"));
  EXPECT_FALSE(rust_name("_ZN3app4sort17h0123456789abcdeE"));    // a letter is missing
  EXPECT_FALSE(rust_name("_ZN3app4sort17h0123456789abcdefEv"));  // has arguments
  EXPECT_FALSE(rust_name("_ZN17h0123456789abcdefE"));            // nothing but a hash
  EXPECT_FALSE(rust_name("_ZN99999999999999999999999app17hE"));  // longer than any number
  EXPECT_FALSE(rust_name("_ZN9app17h0123456789abcdef"));         // cut
  EXPECT_FALSE(rust_name("_RNvCs1234_7mycrate3foo"));
  EXPECT_FALSE(rust_name(""));
  EXPECT_EQ(rust_name("_ZN4a$b$1$17h0123456789abcdefE"), "a$b$::$") << "no escapes that are known stay as they are";
  EXPECT_EQ(rust_name("_ZN6a$u7f$17h0123456789abcdefE"), "a$u7f$") << "no letter that is written";
}

}  // namespace
}  // namespace varve
