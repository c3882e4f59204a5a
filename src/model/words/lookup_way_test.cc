#include "model/words/lookup_way.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

TEST(LookupWay, IsReadBackFromWhatDocumentsSay) {
  for (int number = 0; number < static_cast<int>(LookupWay::other); ++number) {
    const auto way = static_cast<LookupWay>(number);
    EXPECT_EQ(lookup_way(lookup_text(way)), way) << to_string(way);
    EXPECT_EQ(lookup_way(lookup_text(way, "$ORIGIN/../lib; and a remark")), way) << to_string(way);
  }
}

TEST(LookupWay, TellsWordsThatBeginAlike) {
  EXPECT_EQ(lookup_way("the program"), LookupWay::program);
  EXPECT_EQ(lookup_way("the program's interpreter"), LookupWay::interpreter);
  EXPECT_EQ(lookup_way("RUNPATH $ORIGIN"), LookupWay::runpath);
  EXPECT_EQ(lookup_way("RPATH $ORIGIN of libtorch.so"), LookupWay::rpath);
  EXPECT_EQ(lookup_way("RUNPATHS"), LookupWay::other);
  EXPECT_EQ(lookup_way(""), LookupWay::other);
}

TEST(LookupWay, KeepsRemarksApart) {
  EXPECT_EQ(lookup_remark("not found; nothing looks for it in ~/venv"), "nothing looks for it in ~/venv");
  EXPECT_EQ(lookup_remark("not found"), "");
  EXPECT_EQ(lookup_way("LD_LIBRARY_PATH; it is no library of this machine"), LookupWay::library_path);
}

}  // namespace
}  // namespace varve
