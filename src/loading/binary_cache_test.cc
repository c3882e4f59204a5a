#include "loading/binary_cache.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "loading/binaries.h"
#include "world/test_root.h"

namespace varve {
namespace {

constexpr const char* kBuildId = "81daba31ee66dbd63efdc4252a872949d874d136";

TEST(BinaryCache, KeepsTheAnswersOfSeveralQuestions) {
  const TestRoot root;
  const BinaryCache cache(root.path() + "/a/b");
  EXPECT_TRUE(cache.find(kBuildId, 10, "coverage").is_null());
  cache.keep(kBuildId, 10, "coverage", {{"regions", 3}});
  cache.keep(kBuildId, 10, "api_level", "12.4");
  EXPECT_EQ(cache.find(kBuildId, 10, "coverage").at("regions"), 3);
  EXPECT_EQ(cache.find(kBuildId, 10, "api_level"), "12.4");
  EXPECT_TRUE(cache.find(kBuildId, 11, "coverage").is_null());
}

TEST(BinaryCache, WhatIsNoBuildIdNamesNoFile) {
  const TestRoot root;
  const BinaryCache cache(root.path() + "/cache");
  for (const char* id : {"", "../../etc/passwd", "ABCDEF0123", "zz"}) cache.keep(id, 1, "coverage", 1);
  EXPECT_FALSE(std::filesystem::exists(root.path() + "/cache"));
}

TEST(BinaryCache, ADamagedEntryIsNoAnswerAndIsReplaced) {
  const TestRoot root;
  const BinaryCache cache(root.path());
  root.write(std::string(kBuildId) + "-7.json", "{\"format\": \"varve/binary-ca");
  EXPECT_TRUE(cache.find(kBuildId, 7, "coverage").is_null());
  cache.keep(kBuildId, 7, "coverage", true);
  EXPECT_EQ(cache.find(kBuildId, 7, "coverage"), true);
}

// Another program's file under our name, or one that was edited: the binary is read again instead.
TEST(BinaryCache, AnAnswerOfAnotherShapeIsNotTaken) {
  const TestRoot root;
  const BinaryCache cache(root.path());
  const Looked<std::unique_ptr<Files>> files = open_root("/");
  const Looked<FileReader> file = (*files)->open(std::filesystem::canonical("/proc/self/exe").string());
  ASSERT_TRUE(file);
  const Result<ReadBinary> first = read_binary(*file, "program", {.exact = true}, cache);
  ASSERT_TRUE(first);
  ASSERT_FALSE(first->binary.build_id.empty());
  for (const char* text : {R"({"runtime": 5})", R"({"opened": [1, 2]})", R"({"built_by": {}})", R"({"coverage": [1]})",
                           R"({"coverage": {"regions": "x"}})", "[]", "7"}) {
    cache.keep(first->binary.build_id, file->size(), "exact-2", Json::parse(text));
    const Result<ReadBinary> again = read_binary(*file, "program", {.exact = true}, cache);
    ASSERT_TRUE(again) << text;
    EXPECT_EQ(again->opened, first->opened) << text;
    EXPECT_EQ(again->binary.built_by, first->binary.built_by) << text;
  }
  root.write(std::string(kBuildId) + "-7.json", R"({"format": 5, "exact-2": 1})");
  EXPECT_TRUE(cache.find(kBuildId, 7, "exact-2").is_null());
}

TEST(BinaryCache, AFileWithoutABuildIdIsKnownByWhatAWriteMoves) {
  const TestRoot root;
  root.write("library", "abc");
  const auto files = open_root(root.path());
  const auto identity = [&] { return file_identity(*(**files).open("/library")); };
  EXPECT_EQ(identity(), "") << "it has changed just now";
  const Looked<FileReader> old = (*open_root("/"))->open(std::filesystem::canonical("/proc/self/exe").string());
  ASSERT_TRUE(old);
  const std::optional<FileReader> part = old->part(1, 10);
  ASSERT_TRUE(part);
  EXPECT_EQ(file_identity(*part), "");
}

TEST(BinaryCache, StandsWhereTheUserKeepsCaches) {
  EXPECT_EQ(user_cache_folder({{"XDG_CACHE_HOME", "/var/c"}, {"HOME", "/home/me"}}), "/var/c/varve");
  EXPECT_EQ(user_cache_folder({{"XDG_CACHE_HOME", "relative"}, {"HOME", "/home/me"}}), "/home/me/.cache/varve");
  EXPECT_EQ(user_cache_folder({}), "");
}

TEST(BinaryCache, AFolderThatCannotBeMadeIsNoFault) {
  const TestRoot root;
  root.write("file", "");
  const BinaryCache cache(root.path() + "/file/below");
  cache.keep(kBuildId, 1, "coverage", 1);
  EXPECT_TRUE(cache.find(kBuildId, 1, "coverage").is_null());
}

}  // namespace
}  // namespace varve
