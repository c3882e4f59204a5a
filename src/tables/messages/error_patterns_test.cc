#include "tables/messages/error_patterns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tables/messages/pattern_syntax.h"

namespace varve {
namespace {

const Knowledge& knowledge() {
  static const Knowledge known = *load_knowledge();
  return known;
}

const ErrorPatterns& patterns() {
  static const Result<ErrorPatterns> loaded = load_error_patterns(knowledge());
  static const ErrorPatterns none;
  EXPECT_TRUE(loaded) << to_text(loaded.error());
  return loaded ? *loaded : none;
}

// The ids of what counts in the text.
std::vector<std::string> ids_in(std::string_view text) {
  std::vector<std::string> ids;
  for (const PatternMatch& match : match_patterns(patterns(), text)) {
    if (match.pattern->is_error && !match.yields) ids.push_back(match.pattern->id);
  }
  return ids;
}

std::string category_of(std::string_view text) {
  const ErrorPattern* best = nullptr;
  for (const PatternMatch& match : match_patterns(patterns(), text)) {
    if (!match.pattern->is_error || match.yields) continue;
    if (best == nullptr || match.pattern->priority > best->priority) best = match.pattern;
  }
  return best == nullptr ? "no match" : std::string(to_string(best->category));
}

std::string message_of(const std::string& id) {
  for (const ErrorCode& code : knowledge().error_codes) {
    if (id == "cuda-" + std::to_string(code.code)) return code.message;
  }
  return "no code: " + id;
}

TEST(ErrorPatterns, EveryRowSaysWhatItMustAndEveryIdStandsOnce) {
  std::set<std::string> ids;
  for (const ErrorPattern& row : patterns().rows) {
    EXPECT_TRUE(ids.insert(row.id).second) << row.id;
    EXPECT_FALSE(row.source.empty()) << row.id;
    EXPECT_TRUE(!row.is_error || row.lookup != PatternLookup::none || !row.cause.empty()) << row.id;
    const bool is_fault = row.is_error && row.lookup == PatternLookup::none && row.severity != Severity::note;
    EXPECT_TRUE(!is_fault || row.category == FaultCategory::none || !row.fix.empty()) << row.id;
    EXPECT_TRUE(row.pattern.empty() || !row.examples.empty()) << row.id;
  }
  EXPECT_GT(ids.size(), 300U);
}

TEST(ErrorPatterns, EveryExampleIsMatchedByItsRowOrByWhatTheRowLeadsTo) {
  for (const ErrorPattern& row : patterns().rows) {
    for (const std::string& example : row.examples) {
      const auto matches = match_patterns(patterns(), example);
      const bool is_found = std::any_of(matches.begin(), matches.end(), [&](const PatternMatch& match) {
        return match.pattern->id == row.id || (row.is_error && match.pattern->is_error);
      });
      EXPECT_TRUE(is_found) << row.id << ": " << example;
    }
  }
}

TEST(ErrorPatterns, AMessageThatNamesItsCauseIsReportedAsThat) {
  for (const ErrorPattern& row : patterns().rows) {
    if (row.priority < 50 || row.lookup != PatternLookup::none || !row.is_error) continue;
    for (const std::string& example : row.examples) {
      const std::vector<std::string> ids = ids_in(example);
      const bool is_same_fault = std::any_of(ids.begin(), ids.end(), [&](const std::string& id) {
        return id == row.id || find_pattern(patterns(), id)->category == row.category;
      });
      EXPECT_TRUE(is_same_fault) << row.id << ": " << example << " is reported as " << (ids.empty() ? "" : ids[0]);
    }
  }
}

TEST(ErrorPatterns, EveryCodeOfCudaIsFoundByNumberBothNamesAndMessage) {
  for (const ErrorCode& code : knowledge().error_codes) {
    if (code.code == 0) continue;
    const std::string id = "cuda-" + std::to_string(code.code);
    EXPECT_EQ(ids_in("CUDA error " + std::to_string(code.code)), std::vector<std::string>{id});
    for (const std::string& name : {code.driver_name, code.runtime_name}) {
      if (!name.empty()) {
        EXPECT_EQ(ids_in("got " + name), std::vector<std::string>{id}) << name;
      }
    }
    const std::vector<std::string> by_message = ids_in("RuntimeError: CUDA error: " + code.message);
    ASSERT_EQ(by_message.size(), 1U) << code.message;
    EXPECT_EQ(message_of(by_message[0]), code.message);  // two codes share one
  }
}

TEST(ErrorPatterns, ThePublishedCategoriesAreToldInTheWordingsThatPeopleQuote) {
  EXPECT_EQ(category_of("CUDA error: forward compatibility was not enabled"), "driver_ceiling");
  EXPECT_EQ(category_of("Error 35: CUDA driver version is insufficient for CUDA runtime version"), "driver_ceiling");
  EXPECT_EQ(category_of("Error 803: system has unsupported display driver / cuda driver combination"),
            "user_kernel_mismatch");
  EXPECT_EQ(category_of("Error 804: forward compatibility was attempted on non supported HW"), "driver_ceiling");
  EXPECT_EQ(category_of("no kernel image is available for execution"), "kernel_coverage");
  EXPECT_EQ(category_of("RuntimeError: CUDA error: no kernel image is available for execution on the device"),
            "kernel_coverage");
  EXPECT_EQ(category_of("symbol lookup error: /opt/x.so: undefined symbol: cudnnFooBar, version libcudnn.so.9"),
            "library_mix");
}

TEST(ErrorPatterns, AnyLibraryAnySymbolAndAnyVersionAreTold) {
  EXPECT_EQ(category_of("libnvfatbin.so.14: cannot open shared object file: No such file or directory"), "library_mix");
  EXPECT_EQ(category_of("x.so: undefined symbol: brandNewFunction_v7"), "library_mix");
  EXPECT_EQ(category_of("libz.so.1: version `ZLIB_9.9' not found (required by /opt/libfoo.so)"), "library_mix");
  EXPECT_EQ(category_of("/lib/libstdc++.so.6: version \xE2\x80\x98GLIBCXX_3.4.99\xE2\x80\x99 not found"),
            "library_mix");
  EXPECT_EQ(category_of("CUDA error: a message nobody knows"), "");
  EXPECT_EQ(category_of("all is well"), "no match");
}

TEST(ErrorPatterns, TheInnerMessageCountsAndAGeneralOneYields) {
  EXPECT_EQ(ids_in("Failed to load library libonnxruntime_providers_cuda.so with error: libcublasLt.so.11: cannot open "
                   "shared object file"),
            std::vector<std::string>{"library-cuda"});
  EXPECT_EQ(ids_in("libtorch_cuda.so: undefined symbol: ncclMemFree"), std::vector<std::string>{"symbol-nccl"});
  EXPECT_EQ(ids_in("Unexpected error from cudaGetDeviceCount(). Did you run some cuda functions before calling "
                   "NumCudaDevices() that might have already set an error? Error 803: system has unsupported display "
                   "driver / cuda driver combination"),
            std::vector<std::string>{"cuda-803"});
}

TEST(ErrorPatterns, ANumberWithoutCudaIsNoCudaError) {
  EXPECT_TRUE(ids_in("HTTP Error 500: Internal Server Error").empty());
  EXPECT_TRUE(ids_in("exited with error code 100").empty());
  EXPECT_TRUE(ids_in("epoch 35: loss 803").empty());
}

TEST(ErrorPatterns, AFaultyTableIsAnErrorWithItsPlace) {
  const Result<ErrorPatterns> none = load_error_patterns(knowledge(), "/nonexistent/folder");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().where, "/nonexistent/folder");
  EXPECT_EQ(expand_pattern("a b[ x] c ?<nl>d\\ e"), "a\\s+b[ x]\\s+c\\s?" + expand_pattern("<nl>") + "d\\ e");
}

TEST(ErrorPatterns, WithoutItsCountsAPatternMatchesMore) {
  EXPECT_EQ(without_counts("a[^\\n]{0,48}?b\\d{3}(c|d){1,2}"), "a[^\\n]*?b\\d+(c|d)+");
  EXPECT_EQ(without_counts("\\{2}[{1}]{x}"), "\\{2}[{1}]{x}") << "what is no count stays";
  EXPECT_EQ(without_counts("\\x{2019}{2}\\x{20"), "\\x{2019}+\\x{20");
}

TEST(ErrorPatterns, GroupsStandInTheTexts) {
  EXPECT_EQ(fill_groups("{1} and {2}, {x}", {"one", ""}), "one and (not named), {x}");
  EXPECT_EQ(fill_groups("It is {1}, not {2}", {"9.13.1.", "9.5"}), "It is 9.13.1, not 9.5") << "a sentence ended there";
}

}  // namespace
}  // namespace varve
