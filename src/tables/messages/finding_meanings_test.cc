#include "tables/messages/finding_meanings.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

TEST(FindingMeanings, EveryRowSaysWhatItIsAndWhatToDo) {
  const auto& meanings = finding_meanings();
  EXPECT_GT(meanings.size(), 30u);
  for (const auto& [id, meaning] : meanings) {
    EXPECT_TRUE(id.starts_with("VRV-")) << id;
    EXPECT_EQ((meaning.says + meaning.fix).find('`'), std::string::npos) << id;
  }
  EXPECT_EQ(meanings.at("VRV-RUN-STEAL").severity, Severity::warning);
}

}  // namespace
}  // namespace varve
