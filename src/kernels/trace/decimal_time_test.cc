#include "kernels/trace/decimal_time.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

TEST(DecimalTime, IsExactToTheNanosecond) {
  EXPECT_EQ(ns_from_decimal("1795914769599.771973", 6), 1'795'914'769'599'771'973);
  EXPECT_EQ(ns_from_decimal("0.0129395", 6), 12'940);  // 12 939.5
  EXPECT_EQ(ns_from_decimal("0.0129394", 6), 12'939);
  EXPECT_EQ(ns_from_decimal("21.3369", 6), 21'336'900);
  EXPECT_EQ(ns_from_decimal("9.05e-05", 6), 91);  // 90.5
  EXPECT_EQ(ns_from_decimal("1e+02", 6), 100'000'000);
  EXPECT_EQ(ns_from_decimal("68.00", 6), 68'000'000);
  EXPECT_EQ(ns_from_decimal("7", 0), 7);
  EXPECT_EQ(ns_from_decimal(".5", 0), 1);
  EXPECT_EQ(ns_from_decimal("0.00", 3), 0);
  EXPECT_EQ(ns_from_decimal("5e-300", 9), 0);
  EXPECT_EQ(ns_from_decimal("0e300", 9), 0);
  EXPECT_EQ(ns_from_decimal("9223372036854775807", 0), INT64_MAX);
}

TEST(DecimalTime, WhatIsNoneIsNone) {
  for (const char* text : {"", ".", "-1", "1.2.3", "1e", "e5", "0x5", "1 ", "inf", "nan", "1e5000"}) {
    EXPECT_FALSE(ns_from_decimal(text, 0)) << text;
  }
  EXPECT_FALSE(ns_from_decimal("9223372036854775808", 0));
  EXPECT_FALSE(ns_from_decimal("1e19", 0));
  EXPECT_FALSE(ns_from_decimal("9223372036854775807.5", 0));
}

}  // namespace
}  // namespace varve
