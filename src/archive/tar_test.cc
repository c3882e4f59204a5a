#include "archive/tar.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <vector>

#include "archive/archive_testing.h"

namespace varve {
namespace {

using namespace std::string_literals;

struct Read {
  std::vector<TarMember> members;
  std::vector<std::string> contents;
  bool end_mark = false;
};

Result<Read> read_tar(const std::string& bytes, bool with_content = true) {
  FileHandle file(::memfd_create("test", MFD_CLOEXEC));
  EXPECT_EQ(::write(file.fd(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  const FileReader reader = *FileReader::open(std::move(file), "test");
  const Result<std::unique_ptr<ByteStream>> stream = open_stream(reader, "test.tar");
  if (!stream) return stream.error();
  TarReader archive(**stream, "test.tar");
  Read read;
  while (true) {
    const Result<std::optional<TarMember>> member = archive.next();
    if (!member) return member.error();
    if (!*member) break;
    read.members.push_back(**member);
    std::string content;
    while (with_content) {
      const Result<std::span<const std::byte>> piece = archive.content(1000);
      if (!piece) return piece.error();
      if (piece->empty()) break;
      content.append(reinterpret_cast<const char*>(piece->data()), piece->size());
    }
    read.contents.push_back(content);
  }
  read.end_mark = archive.has_end_mark();
  return read;
}

Read sound(const std::string& bytes, bool with_content = true) {
  Result<Read> read = read_tar(bytes, with_content);
  EXPECT_TRUE(read) << to_text(read.error());
  return read ? *read : Read{};
}

std::string problem(const std::string& bytes) {
  const Result<Read> read = read_tar(bytes);
  return read ? "no error" : read.error().found;
}

TEST(Tar, MembersOfAllKinds) {
  TarWriter writer;
  writer.file("a", "hello").directory("d/").link("l", "/a").hard_link("h", "a");
  writer.member('3', "c").member('4', "b").member('6', "f").member('7', "contiguous", "x").member('V', "label");
  writer.header('\0', "old", 0, "", "", "");
  writer.header('\0', "old directory/", 0, "", "", "");
  const std::string bytes = writer.end();
  for (const bool with_content : {true, false}) {
    const Read read = sound(bytes, with_content);
    ASSERT_EQ(read.members.size(), 11u);
    const std::vector<TarKind> kinds = {
        TarKind::file,         TarKind::directory, TarKind::link, TarKind::hard_link, TarKind::character_device,
        TarKind::block_device, TarKind::fifo,      TarKind::file, TarKind::other,     TarKind::file,
        TarKind::directory};
    for (std::size_t i = 0; i < kinds.size(); ++i) EXPECT_EQ(read.members[i].kind, kinds[i]) << i;
    EXPECT_EQ(bytes.substr(read.members[0].content, read.members[0].size), "hello");
    EXPECT_EQ(read.contents[0], with_content ? "hello" : "");
    EXPECT_EQ(read.members[2].link, "/a");
    EXPECT_EQ(read.members[3].link, "a");
    EXPECT_TRUE(read.end_mark);
  }
}

TEST(Tar, LinksHaveNoContentWhateverSizeTheyState) {
  TarWriter writer;
  writer.header('1', "h", 4096, "a");
  writer.header('5', "d", 4096);
  writer.file("b", "content");
  const Read read = sound(writer.end());
  ASSERT_EQ(read.members.size(), 3u);
  EXPECT_EQ(read.members[0].size, 0u);
  EXPECT_EQ(read.contents[2], "content");
}

TEST(Tar, LongNames) {
  const std::string name = std::string(150, 'd') + "/" + std::string(200, 'f');
  TarWriter writer;
  writer.pax("path", name).file("short", "1");
  writer.pax("linkpath", name).link("l", "short");
  writer.gnu_name(name).gnu_link(name + "2").link("l", "short");
  writer.gnu_name("gnu").pax("path", "pax").file("short", "2");
  writer.pax("path", "").file("kept", "3");
  writer.header('0', "name", 0, "", "prefix/of");
  writer.header('0', std::string(100, 'n'), 0, "", std::string(155, 'p'));
  writer.header('0', "no prefix", 0, "", "times of GNU", "ustar  \0"s);
  const Read read = sound(writer.end());
  ASSERT_EQ(read.members.size(), 8u);
  EXPECT_EQ(read.members[0].name, name);
  EXPECT_EQ(read.contents[0], "1");
  EXPECT_EQ(read.members[1].link, name);
  EXPECT_EQ(read.members[2].name, name);
  EXPECT_EQ(read.members[2].link, name + "2");
  EXPECT_EQ(read.members[3].name, "pax");
  EXPECT_EQ(read.members[4].name, "kept");
  EXPECT_EQ(read.members[5].name, "prefix/of/name");
  EXPECT_EQ(read.members[6].name, std::string(155, 'p') + "/" + std::string(100, 'n'));
  EXPECT_EQ(read.members[7].name, "no prefix");
}

TEST(Tar, SizesBeyondOctalDigits) {
  TarWriter writer;
  writer.pax("size", "3");
  writer.header('0', "pax", 0);
  writer.pad("abc");
  writer.file("next", "n");
  const Read read = sound(writer.end());
  ASSERT_EQ(read.members.size(), 2u);
  EXPECT_EQ(read.contents[0], "abc");
  TarWriter large;
  large.header('0', "large", std::uint64_t{10} << 30);
  EXPECT_EQ(problem(large.bytes), "the archive ends inside a member");  // it was read as 10 GiB, which are not there
  TarWriter huge;
  huge.header('0', "huge", ~std::uint64_t{0});
  EXPECT_EQ(problem(huge.end()), "a header states no valid size");
  TarWriter overflowing;
  overflowing.header('0', "overflowing", std::uint64_t{INT64_MAX});
  EXPECT_EQ(problem(overflowing.end()), "a header states no valid size");
}

TEST(Tar, SparseMembersAreNamedAndPassedOver) {
  TarWriter writer;
  std::string header = [] {
    TarWriter one;
    one.header('S', "old sparse", 3, "", "", "ustar  \0"s);
    return one.bytes;
  }();
  header[482] = 1;  // one more block of the map
  writer.bytes += TarWriter::with_sum(header);
  writer.bytes += std::string(512, '\0');
  writer.pad("abc");
  writer.pax("GNU.sparse.major", "1").file("pax sparse", "map and data");
  writer.file("next", "n");
  const Read read = sound(writer.end());
  ASSERT_EQ(read.members.size(), 3u);
  EXPECT_EQ(read.members[0].kind, TarKind::sparse);
  EXPECT_EQ(read.members[1].kind, TarKind::sparse);
  EXPECT_EQ(read.contents[2], "n");
}

TEST(Tar, GlobalRecordsNameNothing) {
  TarWriter writer;
  writer.member('g', "global", "12 path=abc\n").file("own", "1");
  EXPECT_EQ(sound(writer.end()).members.at(0).name, "own");
}

TEST(Tar, TheEnd) {
  TarWriter writer;
  writer.file("a", "1");
  EXPECT_TRUE(sound(writer.end()).end_mark);
  EXPECT_FALSE(sound(writer.bytes).end_mark);  // cut between members: sound, but said
  EXPECT_TRUE(sound(writer.bytes + std::string(512, '\0')).end_mark);
  EXPECT_TRUE(sound(writer.bytes + std::string(20480, '\0') + "whatever").end_mark);
  EXPECT_TRUE(sound(std::string(1024, '\0')).members.empty());
  EXPECT_TRUE(sound("").members.empty());
  EXPECT_EQ(sound(writer.bytes.substr(0, 513)).contents.at(0), "1");  // without its padding
}

TEST(Tar, DamageIsSaid) {
  TarWriter writer;
  writer.file("a", std::string(1000, 'x'));
  const std::string whole = writer.end();
  EXPECT_EQ(problem(whole.substr(0, 100)), "the archive ends inside a header");
  EXPECT_EQ(problem(whole.substr(0, 1000)), "the archive ends inside a member");
  EXPECT_EQ(problem(std::string(2000, 'x')), "this is not the header of an archive's member");
  std::string changed = whole;
  changed[0] = 'b';
  EXPECT_EQ(problem(changed), "this is not the header of an archive's member");
  EXPECT_EQ(problem(std::string(512, '\0') + whole), "a zero block is followed by data");
  TarWriter lonely;
  lonely.gnu_name("name");
  EXPECT_EQ(problem(lonely.end()), "long names are followed by no member");
  TarWriter endless;
  for (int i = 0; i < 50; ++i) endless.gnu_name("name");
  EXPECT_EQ(problem(endless.file("a", "").end()), "too many extension headers before one member");
  TarWriter wide;
  wide.header('x', "pax", std::uint64_t{1} << 40);
  EXPECT_EQ(problem(wide.end()), "a member's name or pax records take more than 1 MiB");
  std::string sparse = [] {
    TarWriter one;
    one.header('S', "sparse", 3, "", "", "ustar  \0"s);
    return one.bytes;
  }();
  sparse[482] = 1;
  EXPECT_EQ(problem(TarWriter::with_sum(sparse)), "the archive ends inside a sparse member's map");
}

TEST(Tar, MalformedPaxRecordsAreSaid) {
  for (const std::string& records :
       {"path=abc\n"s, "12 path=abc"s, "99 path=abc\n"s, "12 pathxabc\n"s, "2 path=abc\n"s, "-5 path=abc\n"s,
        "12 path=a\0c\n"s, "13 size=-1234"s, "11 size=-1\n"s, "11 size=x1\n"s, "x path=abc\n"s}) {
    TarWriter writer;
    writer.member('x', "pax", records).file("a", "");
    EXPECT_EQ(problem(writer.end()), "pax records are malformed") << records;
  }
}

TEST(Tar, ASizeThatIsNoNumberIsSaid) {
  TarWriter writer;
  writer.header('0', "a", 1);
  std::string header = writer.bytes;
  TarWriter::put(header, 124, "00000000009");
  EXPECT_EQ(problem(TarWriter::with_sum(header) + std::string(1536, '\0')), "a header states no valid size");
  TarWriter::put(header, 124, "\xff"s);
  EXPECT_EQ(problem(TarWriter::with_sum(header) + std::string(1536, '\0')), "a header states no valid size");
  header[156] = 'x';
  EXPECT_EQ(problem(TarWriter::with_sum(header) + std::string(1536, '\0')), "a header states no valid size");
}

}  // namespace
}  // namespace varve
