#include "binary/elf/static_archive.h"

#include <gtest/gtest.h>

#include "binary/gpu_code/fatbin_testing.h"

namespace varve {
namespace {

using Members = std::vector<std::pair<std::string, std::string>>;

struct Read {
  Members members;
  std::string error;
};

Read read(const std::string& bytes) {
  Read read;
  const auto file = test::file_of(bytes);
  const Status status = for_each_member(*file, "x.a", [&](const std::string& name, const FileReader& member) {
    read.members.emplace_back(name, member.start(0, 1 << 20).value_or("unreadable"));
  });
  if (!status) read.error = to_text(status.error());
  return read;
}

TEST(Archive, GivesItsMembersWithTheirNames) {
  const Members members{{"a.o", "abc"}, {"a_member_with_a_long_name.o", "12345678"}, {"empty.o", ""}, {"z.o", "z"}};
  const Read got = read(test::archive_bytes(members));
  EXPECT_EQ(got.error, "");
  EXPECT_EQ(got.members, members);
  EXPECT_TRUE(is_archive(*test::file_of(test::archive_bytes(members))));
  EXPECT_FALSE(is_archive(*test::file_of("!<arch>")));
}

TEST(Archive, NamesOfBsdStandBeforeTheBytes) {
  const auto bsd = [](const std::string& size, const std::string& rest) {
    return "!<arch>\n#1/8            0           0     0     644     " + size + "`\n" + rest;
  };
  const Read got = read(bsd("11        ", std::string("name.o\0\0abc", 11)));
  EXPECT_EQ(got.error, "");
  EXPECT_EQ(got.members, (Members{{"name.o", "abc"}}));
  EXPECT_NE(read(bsd("4         ", "abcd")).error.find("ends outside it"), std::string::npos);
  std::string index = bsd("12        ", "__.SYMDEFabc");
  index[index.find("#1/8") + 3] = '9';
  EXPECT_TRUE(read(index).members.empty()) << "the index of symbols is no file";
  index = bsd("4         ", "abcd");
  index.replace(8, 16, "__.SYMDEF SORTED");
  EXPECT_TRUE(read(index).members.empty());
}

TEST(Archive, EveryTruncationIsReadOrRefused) {
  const std::string bytes = test::archive_bytes({{"a.o", "abcd"}, {"a_member_with_a_long_name.o", "12345678"}});
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_LT(read(bytes.substr(0, size)).members.size(), 2u);
}

TEST(Archive, SizesThatCannotBeRightAreErrors) {
  std::string bytes = test::archive_bytes({{"a.o", "abcd"}});
  const std::size_t field = bytes.find("a.o/") + 48;
  for (const char* size : {"9999999999", "-1        ", "          ", "4x        "}) {
    bytes.replace(field, 10, size);
    EXPECT_NE(read(bytes).error, "") << size;
  }
}

TEST(Archive, ThinArchivesAndOtherFilesAreRefused) {
  EXPECT_TRUE(is_archive(*test::file_of("!<thin>\nabc"))) << "so that its reader says what it is";
  EXPECT_NE(read("!<thin>\nabc").error.find("thin"), std::string::npos);
  EXPECT_NE(read("hello, this is text").error.find("no static library"), std::string::npos);
}

TEST(Archive, ALongNameThatPointsNowhereStaysAsItIsWritten) {
  std::string bytes = test::archive_bytes({{"a_member_with_a_long_name.o", "12345678"}});
  bytes.replace(bytes.find("/0  "), 4, "/99 ");
  EXPECT_EQ(read(bytes).members.at(0).first, "/99");
}

}  // namespace
}  // namespace varve
