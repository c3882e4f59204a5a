// What is read of 1 227 names of real traces. The rules of data/kernel_patterns.json were written with half of them in
// sight, those whose SHA-256 begins with an even byte; of the other half none was ever looked at.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/test_sources.h"
#include "base/text.h"
#include "model/kernels/kernel_display.h"
#include "tables/kernel_names.h"

namespace varve {
namespace {

struct RealName {
  std::string name;
  double us = 0;
};

std::vector<RealName> real_names() {
  const char* chosen = std::getenv("VARVE_TRACES");
  const std::string folder = chosen != nullptr ? chosen : test::source_path("../shared/corpus/traces");
  std::ifstream file(folder + "/kernel_names.tsv");
  std::vector<RealName> names;
  std::string line;
  std::getline(file, line);  // the heading
  while (std::getline(file, line)) {
    const std::vector<std::string_view> fields = split(line, '\t');
    if (fields.size() > 2) names.push_back({std::string(fields[0]), parse_number(fields[2]).value_or(0)});
  }
  return names;
}

// Whether the first byte of its hash is odd.
bool is_held_out(const std::string& name) {
  return std::string("13579bdf").find(sha256_hex(name)[1]) != std::string::npos;
}

struct Share {
  double of_names = 0, of_time = 0;
};

Share share_with_family(const std::vector<RealName>& names, bool held_out) {
  double count = 0, known = 0, us = 0, known_us = 0;
  for (const RealName& one : names) {
    if (is_held_out(one.name) != held_out) continue;
    const bool has_family = kernel_meaning(normalised_kernel_name(one.name)).family != Family::other;
    count += 1;
    us += one.us;
    known += has_family ? 1 : 0;
    known_us += has_family ? one.us : 0;
    if (!has_family && !held_out && std::getenv("VARVE_SHOW_UNKNOWN") != nullptr) {
      std::cout << one.us << " " << normalised_kernel_name(one.name).substr(0, 200) << "\n";
    }
  }
  return {known / count, known_us / us};
}

TEST(RealKernelNames, AlmostAllTimeHasAFamilyOfNamesSeenAndHeldOut) {
  const std::vector<RealName> names = real_names();
  if (names.empty()) GTEST_SKIP() << "the collection of traces is not here";
  const Share seen = share_with_family(names, false), held_out = share_with_family(names, true);
  std::cout << "seen: " << seen.of_names << " of names, " << seen.of_time << " of time; held out: " << held_out.of_names
            << " of names, " << held_out.of_time << " of time\n";
  EXPECT_GE(seen.of_time, 0.99);
  EXPECT_GE(held_out.of_time, 0.97);
}

TEST(RealKernelNames, AreShownOnOneLineEachAndAllDiffer) {
  const std::vector<RealName> names = real_names();
  if (names.empty()) GTEST_SKIP() << "the collection of traces is not here";
  KernelTable table;
  for (const RealName& one : names) {
    table.intern(
        {.key = {normalised_kernel_name(one.name), "", ""}, .named = Named::trace, .raw_name = {}, .meaning = {}});
  }
  EXPECT_GT(table.size(), names.size() * 9 / 10);
  for (const std::size_t most : {kDisplayColumns, std::size_t{48}, std::size_t{24}}) {
    const std::vector<std::string> shown = display_names(table, most);
    std::set<std::string> different(shown.begin(), shown.end());
    EXPECT_EQ(different.size(), table.size());
    for (const std::string& name : shown) {
      EXPECT_FALSE(trim(name).empty());
      EXPECT_LE(display_width(name), most) << name;
      EXPECT_FALSE(name.starts_with("_ZN")) << name;
    }
  }
}

TEST(KernelCorpus, NoCollectiveIsTakenForSomethingElseByItsWords) {
  std::size_t collectives = 0, spared = 0;
  for (const RealName& one : real_names()) {
    const bool is_one = kernel_meaning(normalised_kernel_name(one.name)).family == Family::collective;
    EXPECT_TRUE(!is_one || may_be_collective(one.name)) << one.name;
    collectives += is_one;
    spared += !may_be_collective(one.name);
  }
  if (collectives == 0) GTEST_SKIP() << "the collection of real traces is not here";
  EXPECT_GT(spared, 600u);
}

}  // namespace
}  // namespace varve
