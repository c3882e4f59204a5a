#include "image/image_requirement.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

Held held(const std::string& text, const RequirementFacts& facts) {
  const Result<ImageRequirement> requirement = parse_image_requirement(text);
  EXPECT_TRUE(requirement) << to_text(requirement.error());
  return evaluate_requirement(*requirement, facts);
}

const RequirementFacts kHopper = {.cuda = "12.4", .driver = "550.54.15", .arch = "9.0", .brand = "nvidia"};

TEST(ImageRequirement, WhatRealImagesAskIsRead) {
  const Result<ImageRequirement> requirement = parse_image_requirement(
      "cuda>=12.4 brand=tesla,driver>=470,driver<471 brand=unknown,driver>=470,driver<471 brand=nvidia,driver>=470");
  ASSERT_TRUE(requirement);
  ASSERT_EQ(requirement->any_of.size(), 4u);
  EXPECT_EQ(requirement->any_of[1].size(), 3u);
  EXPECT_EQ(requirement->any_of[1][2].name, "driver");
  EXPECT_EQ(requirement->any_of[1][2].comparison, RequirementTerm::Operator::less);
  EXPECT_EQ(requirement->any_of[1][2].value, "471");
}

TEST(ImageRequirement, BlanksAreOrAndCommasAreAnd) {
  EXPECT_EQ(held("cuda>=12.4", kHopper), Held::yes);
  EXPECT_EQ(held("cuda>=12.8", kHopper), Held::no);
  EXPECT_EQ(held("cuda>=12.8 brand=nvidia,driver>=550,driver<551", kHopper), Held::yes);
  EXPECT_EQ(held("cuda>=12.8 brand=nvidia,driver>=535,driver<536", kHopper), Held::no);
  EXPECT_EQ(held("", kHopper), Held::yes);
  EXPECT_EQ(held("brand!=tesla", kHopper), Held::yes);
  EXPECT_EQ(held("arch>9.0 arch<9", kHopper), Held::no);
}

TEST(ImageRequirement, VersionsCompareNumberByNumber) {
  EXPECT_EQ(held("cuda=12.4.0", kHopper), Held::yes);
  EXPECT_EQ(held("driver>=550.5", kHopper), Held::yes);     // 54 is more than 5
  EXPECT_EQ(held("driver<550.60.01", kHopper), Held::yes);  // and less than 60
  EXPECT_EQ(held("cuda>12.4", kHopper), Held::no);
  EXPECT_EQ(held("cuda<=12.4", kHopper), Held::yes);
  EXPECT_EQ(held("arch!=9", kHopper), Held::no);
}

TEST(ImageRequirement, WhatIsNotKnownDecidesOnlyWhereItMatters) {
  const RequirementFacts only_driver = {.cuda = {}, .driver = "550.54.15", .arch = {}, .brand = {}};
  EXPECT_EQ(held("cuda>=12.4", only_driver), Held::unknown);
  EXPECT_EQ(held("cuda>=12.4 driver>=470", only_driver), Held::yes);
  EXPECT_EQ(held("cuda>=12.4,driver<470", only_driver), Held::no);
  EXPECT_EQ(held("brand=tesla,driver>=550 driver<470", only_driver), Held::unknown);
  EXPECT_EQ(held("jetpack>=5", kHopper), Held::unknown);
  EXPECT_EQ(held("cuda>=1", {.cuda = "none", .driver = {}, .arch = {}, .brand = {}}), Held::unknown);
}

TEST(ImageRequirement, WhatIsNoRequirementIsRefused) {
  for (const char* text : {"cuda", ">=12", "cuda>=", "cuda>=x", "cuda>=12..4", "cuda=>12", "cuda>=12,", "brand>tesla",
                           "driver==470", "cuda!12", "cuda>=99999999999999999999"}) {
    EXPECT_FALSE(parse_image_requirement(text)) << text;
  }
  EXPECT_FALSE(parse_image_requirement(std::string(100000, 'a')));
}

TEST(ImageRequirement, TheyCanBeSwitchedOff) {
  EXPECT_TRUE(are_requirements_disabled({{"NVIDIA_DISABLE_REQUIRE", "1"}}));
  EXPECT_TRUE(are_requirements_disabled({{"NVIDIA_DISABLE_REQUIRE", "true"}}));
  EXPECT_FALSE(are_requirements_disabled({{"NVIDIA_DISABLE_REQUIRE", "0"}}));
  EXPECT_FALSE(are_requirements_disabled({{"NVIDIA_DISABLE_REQUIRE", ""}}));
  EXPECT_FALSE(are_requirements_disabled({}));
}

}  // namespace
}  // namespace varve
