#include "image/image.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "image/image_testing.h"
#include "world/test_root.h"

namespace varve {
namespace {

using namespace std::string_literals;

// Images are opened from files and directories, so that is where the tests put them.
class ImageTest : public testing::Test {
 protected:
  std::string archive(const std::map<std::string, std::string>& files) {
    const std::string name = std::to_string(archives_++) + ".tar";
    root_.write(name, ImageWriter::archive(files));
    return root_.path() + "/" + name;
  }

  // Of layers given as tar archives.
  OpenedImage open(std::vector<std::string> layers, const ImageOptions& options = {}) {
    ImageWriter writer;
    writer.layers = std::move(layers);
    Result<OpenedImage> opened = open_image(archive(writer.oci()), options);
    EXPECT_TRUE(opened) << to_text(opened.error());
    return opened ? std::move(*opened) : OpenedImage{};
  }
  std::string problem(const std::string& path, const ImageOptions& options = {}) {
    const Result<OpenedImage> opened = open_image(path, options);
    return opened ? "no error" : to_text(opened.error());
  }

  TestRoot root_;
  int archives_ = 0;
};

std::string text(const OpenedImage& image, const std::string& path) {
  const Looked<std::string> read = image.files->read(path);
  return read ? *read : "(" + read.detail + ")";
}

constexpr const char* kAbsent = "(no such file)";

TEST_F(ImageTest, ReadsListsAndResolves) {
  TarWriter layer;
  layer.directory("./etc/").file("./etc/b", "two\n").file("etc/a", "one\n").link("latest", "etc");
  layer.member('3', "dev/null").member('4', "dev/sda").member('6', "run/fifo");
  const OpenedImage image = open({layer.end()});
  EXPECT_EQ(text(image, "/etc/a"), "one\n");
  EXPECT_EQ(text(image, "etc/a"), "one\n");
  EXPECT_EQ(*image.files->list("/latest"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(*image.files->list("/"), (std::vector<std::string>{"dev", "etc", "latest", "run"}));
  EXPECT_EQ(*image.files->read_link("/latest"), "etc");
  EXPECT_FALSE(image.files->read_link("/etc"));
  EXPECT_EQ(*image.files->resolve("/latest/../latest/b"), "/etc/b");
  EXPECT_EQ(*image.files->resolve("/"), "/");
  EXPECT_EQ(*image.files->kind("/latest"), FileKind::directory);
  EXPECT_EQ(*image.files->kind("/"), FileKind::directory);
  EXPECT_EQ(*image.files->kind("/dev/null"), FileKind::device);
  EXPECT_EQ(*image.files->kind("/run/fifo"), FileKind::fifo);
  EXPECT_EQ(image.files->open("/dev/null").failure, LookFailure::unreadable);
  EXPECT_EQ(image.files->open("/run/fifo").detail, "a FIFO, not a regular file");
  EXPECT_EQ(image.files->open("/etc").detail, "a directory, not a regular file");
  EXPECT_EQ(image.files->open_magic_link("/latest/a")->size(), 4u);
  EXPECT_EQ(image.files->read("/etc/a", 3).detail, "larger than 3 B");
  EXPECT_EQ(image.files->list("/etc/a").failure, LookFailure::absent);
  EXPECT_EQ(image.files->read("").failure, LookFailure::unreadable);
  EXPECT_EQ(image.files->read("/a\0b"s).failure, LookFailure::unreadable);
  EXPECT_EQ(image.files->read("/none").failure, LookFailure::absent);
  EXPECT_EQ(image.files->read("/etc/a/below").failure, LookFailure::absent);
  EXPECT_TRUE(image.remarks.empty());
}

TEST_F(ImageTest, LinksStayInside) {
  TarWriter layer;
  layer.file("etc/hostname", "inside\n").link("absolute", "/etc/hostname");
  layer.link("deep/climbing", "../../../../../../etc/hostname").link("hop1", "/hop2").link("hop2", "../../../absolute");
  layer.link("loop1", "loop2").link("loop2", "/loop1").link("self/x", "../self/x").link("dangling", "nowhere");
  const OpenedImage image = open({layer.end()});
  for (const char* path : {"/absolute", "/deep/climbing", "/hop1", "/../../etc/hostname"}) {
    EXPECT_EQ(text(image, path), "inside\n") << path;
  }
  for (const char* path : {"/loop1", "/self/x", "/loop2/deeper"}) {
    const Looked<FileReader> file = image.files->open(path);
    EXPECT_EQ(file.failure, LookFailure::unreadable) << path;
    EXPECT_NE(file.detail.find("circle"), std::string::npos) << path;
  }
  EXPECT_EQ(text(image, "/dangling"), kAbsent);
  EXPECT_EQ(*image.files->read_link("/dangling"), "nowhere");
}

TEST_F(ImageTest, AViewBelowADirectoryEndsThere) {
  TarWriter layer;
  layer.file("a/etc/x", "inner").file("etc/x", "outer").link("a/up", "/etc/x").link("a/higher", "../../etc/x");
  const OpenedImage image = open({layer.end()});
  const Looked<std::unique_ptr<Files>> below = image.files->below("/a");
  ASSERT_TRUE(below);
  for (const char* path : {"/up", "/higher", "/etc/x", "/../etc/x"}) EXPECT_EQ(*(*below)->read(path), "inner") << path;
  EXPECT_EQ(*(*below)->resolve("/up"), "/etc/x");
  EXPECT_FALSE(image.files->below("/etc/x"));
  EXPECT_FALSE(image.files->below("/none"));
}

TEST_F(ImageTest, NamesThatLeaveTheRootAreTakenInside) {
  TarWriter layer;
  layer.file("/absolute", "1").file("../../climbing", "2").file("a/../b/./c", "3").file("./", "4").file("", "5");
  const OpenedImage image = open({layer.end()});
  EXPECT_EQ(text(image, "/absolute"), "1");
  EXPECT_EQ(text(image, "/climbing"), "2");
  EXPECT_EQ(text(image, "/b/c"), "3");
  EXPECT_EQ(*image.files->list("/"), (std::vector<std::string>{"absolute", "b", "climbing"}));
}

TEST_F(ImageTest, HigherLayersReplaceAndWhiteOut) {
  TarWriter bottom, middle, top;
  bottom.file("a", "bottom").file("b", "bottom").file("d/x", "bottom").file("d/y", "bottom").file("e/f/g", "bottom");
  middle.file("a", "middle").file(".wh.b", "").file("d/.wh.x", "").file(".wh.e", "").file("e/new", "middle");
  top.file("b", "top").file("d/z", "top");
  const OpenedImage image = open({bottom.end(), middle.end(), top.end()});
  EXPECT_EQ(text(image, "/a"), "middle");
  EXPECT_EQ(text(image, "/b"), "top");
  EXPECT_EQ(*image.files->list("/d"), (std::vector<std::string>{"y", "z"}));
  EXPECT_EQ(*image.files->list("/e"), (std::vector<std::string>{"new"}));
  EXPECT_EQ(text(image, "/.wh.b"), kAbsent);
}

TEST_F(ImageTest, OpaqueDirectoriesHideOnlyLowerLayers) {
  TarWriter bottom;
  bottom.file("d/x", "bottom").file("d/sub/y", "bottom").file("d/sub/z", "bottom").file("other", "bottom");
  // Wherever the mark stands in its layer.
  for (const bool first : {true, false}) {
    TarWriter top;
    if (first) top.file("d/.wh..wh..opq", "");
    top.file("d/new", "top").file("d/sub/z", "top");
    if (!first) top.file("d/.wh..wh..opq", "");
    const OpenedImage image = open({bottom.end(), top.end()});
    EXPECT_EQ(*image.files->list("/d"), (std::vector<std::string>{"new", "sub"}));
    EXPECT_EQ(*image.files->list("/d/sub"), (std::vector<std::string>{"z"}));
    EXPECT_EQ(text(image, "/d/sub/z"), "top");
    EXPECT_EQ(text(image, "/other"), "bottom");
  }
  TarWriter all;
  all.file(".wh..wh..opq", "").file("only", "top");
  EXPECT_EQ(*open({bottom.end(), all.end()}).files->list("/"), (std::vector<std::string>{"only"}));
}

TEST_F(ImageTest, AWhiteoutSaysNothingAboutItsOwnLayer) {
  TarWriter bottom, top;
  bottom.file("d/old", "bottom").file("f", "bottom");
  top.directory("d").file("d/new", "top").file(".wh.d", "").file("f", "top").file(".wh.f", "").file("none/.wh.x", "");
  top.file(".wh..wh.plnk", "").file(".wh.", "").file(".wh..", "").file(".wh...", "");
  const OpenedImage image = open({bottom.end(), top.end()});
  EXPECT_EQ(*image.files->list("/"), (std::vector<std::string>{"d", "f"}));
  EXPECT_EQ(*image.files->list("/d"), (std::vector<std::string>{"new"}));
  EXPECT_EQ(text(image, "/f"), "top");
}

TEST_F(ImageTest, KindsMayChangeBetweenLayers) {
  TarWriter bottom, top;
  bottom.file("d/x", "bottom").file("f", "bottom").link("l", "d").link("to_be_directory", "d").file("file/x", "bottom");
  top.link("d", "elsewhere").directory("f").file("f/x", "top").file("elsewhere/y", "top").file("l", "file now");
  top.directory("to_be_directory").file("to_be_directory/own", "top").member('6', "file");
  const OpenedImage image = open({bottom.end(), top.end()});
  EXPECT_EQ(text(image, "/d/y"), "top");
  EXPECT_EQ(text(image, "/d/x"), kAbsent);
  EXPECT_EQ(text(image, "/f/x"), "top");
  EXPECT_EQ(text(image, "/l"), "file now");
  EXPECT_EQ(*image.files->list("/to_be_directory"), (std::vector<std::string>{"own"}));
  EXPECT_EQ(text(image, "/file/x"), kAbsent);
}

TEST_F(ImageTest, ParentsAreReachedThroughLinksOfLowerLayers) {
  // /lib -> usr/lib since Debian 12 and Fedora 17: layers made by hand still write below lib.
  TarWriter bottom, top;
  bottom.link("lib", "usr/lib").file("usr/lib/a", "bottom").file("usr/lib/b", "bottom").link("abs", "/usr/lib");
  bottom.link("made", "not/yet");
  top.file("lib/a", "top")
      .file("abs/c", "top")
      .file("lib/.wh.b", "")
      .file("made/x", "top")
      .file("../lib/../lib/d", "top");
  const OpenedImage image = open({bottom.end(), top.end()});
  EXPECT_EQ(*image.files->kind("/lib"), FileKind::directory);
  EXPECT_EQ(*image.files->read_link("/lib"), "usr/lib");
  EXPECT_EQ(*image.files->list("/usr/lib"), (std::vector<std::string>{"a", "c", "d"}));
  EXPECT_EQ(text(image, "/usr/lib/a"), "top");
  EXPECT_EQ(text(image, "/not/yet/x"), "top");
}

TEST_F(ImageTest, TheLastMemberOfANameCounts) {
  TarWriter layer;
  layer.file("a", "first")
      .file("a", "last")
      .file("b", "file")
      .directory("b")
      .file("b/c", "x")
      .link("c", "a")
      .file("c", "c");
  const OpenedImage image = open({layer.end()});
  EXPECT_EQ(text(image, "/a"), "last");
  EXPECT_EQ(text(image, "/b/c"), "x");
  EXPECT_EQ(text(image, "/c"), "c");
}

TEST_F(ImageTest, HardLinks) {
  TarWriter bottom, top;
  bottom.file("a", "bottom").hard_link("b", "a").file("gone", "still there").link("s", "a").hard_link("hs", "s");
  top.hard_link("c", "/a").hard_link("d", "gone").file(".wh.gone", "").hard_link("lost", "nothing").file("a", "top");
  const OpenedImage image = open({bottom.end(), top.end()});
  EXPECT_EQ(text(image, "/a"), "top");
  EXPECT_EQ(text(image, "/b"), "bottom");
  EXPECT_EQ(text(image, "/c"), "bottom");
  EXPECT_EQ(text(image, "/d"), "still there");
  EXPECT_EQ(text(image, "/gone"), kAbsent);
  EXPECT_EQ(*image.files->read_link("/hs"), "a");
  EXPECT_EQ(text(image, "/lost"), "(a hard link to a file that is not in the image)");
}

TEST_F(ImageTest, WhatCannotBePartOfAFileSystemIsLeftOutAndSaid) {
  TarWriter bottom, top;
  bottom.file("f", "x").link("l1", "l2").link("l2", "l1").member('V', "label");
  bottom.pax("path", std::string(5000, 'x')).file("x", "").pax("linkpath", std::string(5000, 'x')).link("y", "");
  bottom.pax("GNU.sparse.major", "1").file("sparse", "abc");
  std::string deep;
  for (int i = 0; i < 300; ++i) deep += "d/";
  bottom.pax("path", deep + "x").file("x", "");
  top.file("f/below", "x").file("l1/below", "x");
  const OpenedImage image = open({bottom.end(), top.bytes});
  EXPECT_EQ(*image.files->list("/"), (std::vector<std::string>{"f", "l1", "l2", "sparse"}));
  EXPECT_EQ(text(image, "/sparse"), "(a sparse file)");
  EXPECT_EQ(text(image, "/f"), "x");
  const auto said = [&](const std::string& words) {
    return std::any_of(image.remarks.begin(), image.remarks.end(),
                       [&](const std::string& remark) { return remark.find(words) != std::string::npos; });
  };
  for (const char* words : {"unknown type", "too long a name", "too long a link", "is a sparse file",
                            "/f/below was left out: it lies below what is no directory",
                            "/l1/below was left out: its symbolic links", "no end mark"}) {
    EXPECT_TRUE(said(words)) << words;
  }
}

// Layers that are compressed.

struct Seen {
  std::map<std::string, std::string> content;
  std::vector<std::string> order;

  ImageOptions options() {
    ImageOptions options;
    options.keep = [](std::string_view path, std::uint64_t) { return path.ends_with(".txt"); };
    options.inspect = [](std::string_view path, std::uint64_t) { return path.find(".so") != std::string_view::npos; };
    options.inspected = [this](std::string_view path, const FileReader& file) {
      content[std::string(path)] = *file.start(0, 1 << 20);
      order.emplace_back(path);
    };
    return options;
  }
};

TEST_F(ImageTest, CompressedLayersStreamByOnce) {
  TarWriter bottom, top;
  const std::string library = "ELF" + std::string(300000, 'e');
  bottom.file("lib/a.so", library).file("lib/b.so", "small").file("note.txt", "bottom").file("else", "x");
  bottom.file("lib/empty.so", "").file("lib/hidden.so", "never seen").file("opaque/x.so", "never seen");
  top.file("top.txt", "kept").file("lib/c.so", "top").file("lib/.wh.hidden.so", "").file("opaque/.wh..wh..opq", "");
  for (std::string (*compress)(const std::string&) : {&gzip, &zstd}) {
    Seen seen;
    std::vector<std::uint64_t> progress;
    ImageOptions options = seen.options();
    options.progress = [&](std::uint64_t done, std::uint64_t total) {
      progress.push_back(done);
      EXPECT_LE(done, total);
    };
    const OpenedImage image = open({compress(bottom.end()), compress(top.end())}, options);
    EXPECT_EQ(seen.order, (std::vector<std::string>{"/lib/c.so", "/lib/a.so", "/lib/b.so", "/lib/empty.so"}));
    EXPECT_TRUE(seen.content["/lib/a.so"] == library);
    EXPECT_EQ(seen.content["/lib/b.so"], "small");  // and nothing of the one before
    EXPECT_EQ(seen.content["/lib/empty.so"], "");
    EXPECT_EQ(text(image, "/note.txt"), "bottom");
    EXPECT_EQ(text(image, "/top.txt"), "kept");
    EXPECT_EQ(text(image, "/lib/a.so"), "(in a compressed layer, looked at while it was read)");
    EXPECT_EQ(text(image, "/else"), "(in a compressed layer, passed over while it was read)");
    EXPECT_EQ(*image.files->kind("/else"), FileKind::regular);
    EXPECT_EQ(*image.files->size("/else"), 1u) << "sizes are known of what is not read";
    EXPECT_EQ(*image.files->size("/lib/a.so"), library.size());
    EXPECT_FALSE(image.files->size("/lib"));
    EXPECT_EQ(image.files->size("/lib/hidden.so").failure, LookFailure::absent);
    EXPECT_EQ(text(image, "/lib/hidden.so"), kAbsent);
    EXPECT_TRUE(image.inspected_as.empty());
    EXPECT_TRUE(std::is_sorted(progress.begin(), progress.end()));
    EXPECT_EQ(progress.size(), 2u);
  }
}

// The layer above links to a library of the one below, and takes its old name away.
TEST_F(ImageTest, AHardLinkToAFileThatItsOwnLayerHides) {
  TarWriter bottom, top;
  bottom.file("keep/a.so", "library");
  top.hard_link("lib/a.so", "keep/a.so").file("keep/.wh.a.so", "");
  for (std::string (*compress)(const std::string&) : {&gzip, &zstd}) {
    Seen seen;
    const OpenedImage image = open({compress(bottom.end()), compress(top.end())}, seen.options());
    EXPECT_EQ(seen.order, std::vector<std::string>{"/keep/a.so"});
    EXPECT_EQ(*image.files->size("/lib/a.so"), 7u);
    EXPECT_EQ(text(image, "/keep/a.so"), kAbsent);
  }
}

// The layer above takes away the name that comes first; the other one in the same layer shows the file still.
TEST_F(ImageTest, AFileThatALayerAboveHidesUnderOneOfItsNames) {
  TarWriter bottom, top;
  bottom.file("keep/a.so", "library").hard_link("lib/a.so", "keep/a.so").file("keep/b.so", "another");
  top.file("keep/.wh.a.so", "").file("keep/.wh.b.so", "");
  for (std::string (*compress)(const std::string&) : {&gzip, &zstd}) {
    Seen seen;
    const OpenedImage image = open({compress(bottom.end()), compress(top.end())}, seen.options());
    EXPECT_EQ(seen.order, std::vector<std::string>{"/keep/a.so"});
    EXPECT_EQ(*image.files->size("/lib/a.so"), 7u);
    EXPECT_EQ(text(image, "/keep/a.so"), kAbsent);
  }
}

TEST_F(ImageTest, InspectedFilesWithOtherNamesAreListed) {
  TarWriter bottom, top;
  bottom.link("lib", "usr/lib").directory("usr/lib").file("usr/lib/blob", "b").file("usr/lib/a.so", "a");
  bottom.hard_link("usr/lib/a.so.1", "usr/lib/a.so").file("usr/lib/over.so", "bottom");
  top.file("lib/t.so", "t").hard_link("linked.so", "usr/lib/blob").hard_link("over2.so", "usr/lib/over.so");
  top.file("usr/lib/over.so", "top");
  Seen seen;
  const OpenedImage image = open({gzip(bottom.end()), gzip(top.end())}, seen.options());
  EXPECT_EQ(image.inspected_as.at("/usr/lib/t.so"), "/lib/t.so");
  EXPECT_EQ(image.inspected_as.at("/usr/lib/a.so.1"), "/usr/lib/a.so");
  EXPECT_EQ(image.inspected_as.at("/linked.so"), "/usr/lib/blob");  // asked for by its other name
  EXPECT_EQ(seen.content.at("/usr/lib/blob"), "b");
}

TEST_F(ImageTest, MemoryIsBounded) {
  TarWriter layer;
  layer.file("a.txt", std::string(600, 'a')).file("b.txt", std::string(600, 'b')).file("c.txt", "c");
  layer.file("large.so", std::string(5000, 'x')).file("both.so.txt", "both");
  Seen seen;
  ImageOptions options = seen.options();
  options.limits.kept = 1000;
  options.limits.inspected = 4000;
  const OpenedImage image = open({zstd(layer.end())}, options);
  EXPECT_EQ(text(image, "/a.txt").size(), 600u);
  EXPECT_EQ(text(image, "/b.txt"), "(in a compressed layer, passed over while it was read)");
  EXPECT_EQ(text(image, "/c.txt"), "c");
  EXPECT_EQ(text(image, "/both.so.txt"), "both");
  EXPECT_EQ(seen.content["/both.so.txt"], "both");
  EXPECT_EQ(text(image, "/large.so"), "(in a compressed layer, and too large to be looked at while it was read)");
  EXPECT_EQ(image.remarks.size(), 2u);
  options.limits.names = 10;
  ImageWriter writer;
  writer.layers = {layer.end()};
  EXPECT_NE(problem(archive(writer.oci()), options).find("names of more than"), std::string::npos);
}

TEST_F(ImageTest, FilesOutliveWhatOpenedThem) {
  TarWriter layer;
  layer.file("a.txt", "a");
  Seen seen;
  std::unique_ptr<Files> plain = std::move(open({layer.end()}).files);
  std::unique_ptr<Files> kept = std::move(open({gzip(layer.end())}, seen.options()).files);
  EXPECT_EQ(*plain->read("/a.txt"), "a");
  const Looked<FileReader> file = kept->open("/a.txt");
  kept.reset();
  EXPECT_EQ(*file->start(0, 10), "a");
}

TEST_F(ImageTest, DamagedLayersAreErrors) {
  TarWriter layer;
  layer.file("a", std::string(100000, 'a'));
  const std::string whole = layer.end();
  for (const std::string& blob : {whole.substr(0, 2000), gzip(whole).substr(0, 100), zstd(whole).substr(0, 20),
                                  "BZh91AY&SY not supported"s, std::string(1000, 'x'), gzip(std::string(1000, 'x'))}) {
    ImageWriter writer;
    writer.layers = {blob};
    EXPECT_NE(problem(archive(writer.oci())).find("layer 1 of 1"), std::string::npos);
  }
  ImageWriter bomb;
  TarWriter zeros;
  zeros.file("zeros", std::string(8 << 20, '\0'));
  bomb.layers = {gzip(zeros.end())};
  ImageOptions options;
  options.limits.inflate = {.total = 1 << 20};
  EXPECT_NE(problem(archive(bomb.oci()), options).find("inflate to more than"), std::string::npos);
}

TEST_F(ImageTest, ALayerThatIsNamedManyTimesIsBoundedAsAWhole) {
  TarWriter zeros;
  zeros.file("zeros", std::string(2 << 20, '\0'));
  ImageWriter bomb;
  ImageOptions options;
  for (const InflateLimits& limits :
       {InflateLimits{.total = 5 << 20}, InflateLimits{.ratio = 20, .ratio_from = 5 << 20}}) {
    options.limits.inflate = limits;
    bomb.layers.assign(2, zstd(zeros.end()));
    EXPECT_EQ(problem(archive(bomb.oci()), options), "no error");
    bomb.layers.assign(3, zstd(zeros.end()));
    EXPECT_NE(problem(archive(bomb.oci()), options).find("layer 1 of 3"), std::string::npos);
  }
}

}  // namespace
}  // namespace varve
