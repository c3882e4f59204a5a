#include "base/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace varve {
namespace {

std::string canonical(const std::string& text) {
  const Result<Json> json = parse_json(text, "testing", "text");
  return json ? canonical_json(*json) : to_text(json.error());
}

// The example of RFC 8785 section 3.2.3: sorting by UTF-16 code units, escapes, shortest numbers.
TEST(CanonicalJson, FollowsTheExamplesOfTheRfc) {
  EXPECT_EQ(canonical(R"({"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],)"
                      R"("string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]})"),
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
            "\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

TEST(CanonicalJson, SortsKeysByUtf16CodeUnits) {
  EXPECT_EQ(canonical(R"({"\ufb33":1,"\ud83d\ude00":2,"\u20ac":3,"1":4,"\r":5,"\u00f6":6,"\u0080":7})"),
            "{\"\\r\":5,\"1\":4,\"\u0080\":7,\"ö\":6,\"€\":3,\"😀\":2,\"\ufb33\":1}");
}

// Rows of appendix B of RFC 8785.
TEST(CanonicalJson, WritesNumbersAsEcmascriptDoes) {
  EXPECT_EQ(canonical("[-0.0, 5e-324, 1.7976931348623157e308, 9007199254740992, 295147905179352830000]"),
            "[0,5e-324,1.7976931348623157e+308,9007199254740992,295147905179352830000]");
  EXPECT_EQ(canonical("[9.999999999999997e22, 1e23, 999999999999999700000, 1e21, 9.999999999999997e-7, 0.000001]"),
            "[9.999999999999997e+22,1e+23,999999999999999700000,1e+21,9.999999999999997e-7,0.000001]");
}

TEST(CanonicalJson, ReplacesWhatIsNoUtf8) {
  Json document;
  document["name \xff"] = "lib\xfe.so";
  EXPECT_EQ(canonical_json(document), "{\"name \xEF\xBF\xBD\":\"lib\xEF\xBF\xBD.so\"}");
}

TEST(ParseJson, NamesThePositionOfWhatIsWrong) {
  const Result<Json> truncated = parse_json("{\"a\": \"b", "reading", "x.json");
  ASSERT_FALSE(truncated);
  EXPECT_EQ(truncated.error().where, "x.json, byte 8");
  EXPECT_EQ(truncated.error().found, "the JSON text ends too early");
  const Result<Json> wrong = parse_json("{\"a\": nonsense}", "reading", "x.json");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().found, "this is not JSON");
}

TEST(ParseJson, RefusesDeepNestingBadUtf8AndHugeNumbers) {
  EXPECT_FALSE(parse_json(std::string(100, '[') + std::string(100, ']'), "reading", "x"));
  EXPECT_TRUE(parse_json(std::string(64, '[') + std::string(64, ']'), "reading", "x"));
  EXPECT_FALSE(parse_json("\"\xff\xfe\"", "reading", "x"));
  EXPECT_FALSE(parse_json("1e999", "reading", "x"));
  EXPECT_FALSE(parse_json("", "reading", "x"));
}

}  // namespace
}  // namespace varve
