#include "loading/python/import_text.h"

#include <gtest/gtest.h>

namespace varve {

namespace {
// mindspore: a message of one file speaks of a library, and another file opens libgomp.
TEST(ImportText, TakesNoSentenceForAName) {
  EXPECT_TRUE(names_library("CDLL('libx.so')", "libx.so.1"));
  EXPECT_TRUE(names_library("CDLL(f\"{folder}/libx.so.1\")", "libx.so.1"));
  EXPECT_FALSE(names_library("error('Confirm that libx.so is there')", "libx.so.1"));
}

TEST(ImportText, TellsNamesThatArePutTogether) {
  EXPECT_TRUE(makes_up_name("f'{folder}/libx{major}_ops.so'", "libx12_ops.so"));
  EXPECT_FALSE(makes_up_name("f'libx{major}_ops.so'", "libx12.so"));
  EXPECT_FALSE(makes_up_name("f'lib{name}.so'", "libx12.so"));
  EXPECT_FALSE(makes_up_name("'libx'", "libx12.so"));
  EXPECT_FALSE(makes_up_name("{", "libx12.so"));
}

TEST(ImportText, MentionsAreWhatItNames) {
  const std::string one = "CDLL('libx.so.1')", other = "NAMES = ['native/engine.so', 'libyy_2.so']";
  LibraryMentions mentions;
  mentions.add(one);
  mentions.add(other);
  for (const char* name :
       {"libx.so.1", "libx.so", "engine.so", "libyy_2.so", "liby.so", "libyy.so", "eng.so", "lib.so"}) {
    EXPECT_EQ(mentions.hold(name), names_library(one, name) || names_library(other, name)) << name;
  }
  EXPECT_TRUE(mentions.hold("engine.so"));
  EXPECT_FALSE(LibraryMentions().hold("libx.so"));
}
}  // namespace

}  // namespace varve
