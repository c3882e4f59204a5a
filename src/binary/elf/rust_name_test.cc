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
  EXPECT_FALSE(rust_path("_ZN3app4sort17h0123456789abcdefE"));
  EXPECT_FALSE(rust_name(""));
  EXPECT_EQ(rust_name("_ZN4a$b$1$17h0123456789abcdefE"), "a$b$::$") << "no escapes that are known stay as they are";
  EXPECT_EQ(rust_name("_ZN6a$u7f$17h0123456789abcdefE"), "a$u7f$") << "no letter that is written";
}

// As Rust's own tool shows them (RFC 2603 and symbols of Rust 1.95 and polars 2.1).
TEST(RustPaths, TellFunctionsAndTheirTypes) {
  EXPECT_EQ(rust_path("_RNvCs1234_7mycrate3foo"), "mycrate::foo");
  EXPECT_EQ(rust_path("_RNvNtCsjrHSEGnQ3l9_3std2rt19lang_start_internal"), "std::rt::lang_start_internal");
  EXPECT_EQ(rust_path("_RINvMNtCsgEmfK2I1SDS_4core3stre18trim_start_matchesReECsgY6Mt91CT9J_14rustc_demangle"),
            "<str>::trim_start_matches::<&str>");
  EXPECT_EQ(rust_path("_RINvMNtCsgEmfK2I1SDS_4core5sliceSh11copy_withinINtNtNtB5_3ops5range14RangeInclusivejEE"
                      "CsfEOYDRpO4Ta_11miniz_oxide"),
            "<[u8]>::copy_within::<core::ops::range::RangeInclusive<usize>>");
  EXPECT_EQ(rust_path("_RNvXCs1_3appNtB2_4ListNtB2_4Sort3run"), "<app::List as app::Sort>::run");
  EXPECT_EQ(rust_path("_RNCNvCs1_3app4main0"), "app::main::{closure#0}");
  EXPECT_EQ(rust_path("_RNCNCNvCs1_3app4main00B5_"), "app::main::{closure#0}::{closure#0}");
  EXPECT_EQ(rust_path("_RINvCs1_3app1fTmdEAhj10_FEuRShE"), "app::f::<(u32, f64), [u8; 16], fn(), &[u8]>");
  EXPECT_EQ(rust_path("_RINvCs1_3app1fKj7_E.llvm.99"), "app::f::<7>");
  EXPECT_EQ(rust_path("_RINvCs1_3app1fKb1_Kc61_Kan80_E"), "app::f::<true, 'a', -128>");
  EXPECT_EQ(rust_path("_RNvXNtNtNtCsgEmfK2I1SDS_4core3ops8function5implsRDINtB4_2FnTNtNtCsfuIt0HfWOwz_3url6parser"
                      "15SyntaxViolationEEp6OutputuEL_IBN_BV_E4callB10_"),
            "<&dyn core::ops::function::Fn<(url::parser::SyntaxViolation,), Output = ()> as "
            "core::ops::function::Fn<(url::parser::SyntaxViolation,)>>::call");
  EXPECT_EQ(rust_path("_RNSNvYNtNtNtCsgrLsiFbPz3l_12polars_arrow5array4null16NullArrayBuilderNtNtB8_7builder"
                      "12ArrayBuilder6freeze6vtableBa_"),
            "<polars_arrow::array::null::NullArrayBuilder as polars_arrow::array::builder::ArrayBuilder>::freeze::"
            "{shim:vtable#0}");
  EXPECT_EQ(demangle("_RNvCs1234_7mycrate3foo"), "mycrate::foo");
}

TEST(RustPaths, ThatAreDamagedAreNone) {
  const std::string whole = "_RINvMNtCsgEmfK2I1SDS_4core5sliceSh11copy_withinINtNtNtB5_3ops5range14RangeInclusivejEE";
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(rust_path(whole.substr(0, size))) << size;
  EXPECT_FALSE(rust_path("_RNvCs1_99999999999999999999app3foo"));
  EXPECT_FALSE(rust_path("_RB_"));
  EXPECT_FALSE(rust_path("_RNvB_3foo"));
  EXPECT_FALSE(rust_path("_R" + std::string(5000, 'S')));
  EXPECT_FALSE(rust_path("_RINvCs1_3app1f" + std::string(5000, 'S') + "hE"));
  EXPECT_FALSE(rust_path("_RESULT"));
  std::string doubled = "_RINvCs1_3app1fThhE";  // each tuple names the one before twice
  for (int i = 0; i < 40; ++i) doubled += i == 0 ? "TBd_Bd_E" : "TBl_Bl_E";
  EXPECT_LT(demangle(doubled + "E").size(), 2000u);
}

}  // namespace
}  // namespace varve
