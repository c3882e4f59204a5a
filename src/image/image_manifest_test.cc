#include "image/image_manifest.h"

#include <gtest/gtest.h>

#include "image/image_testing.h"
#include "world/test_root.h"

namespace varve {
namespace {

std::string one_file(const std::string& name, const std::string& content) {
  return TarWriter().file(name, content).end();
}

class ImageManifestTest : public testing::Test {
 protected:
  ImageManifestTest() {
    writer_.layers = {one_file("a", "bottom"), one_file("b", "top")};
    writer_.configuration = R"({"os": "linux", "architecture": "amd64", "config": {
        "Env": ["PATH=/usr/bin", "CUDA_VERSION=12.4.1", "NVIDIA_REQUIRE_CUDA=cuda>=12.4 brand=tesla,driver>=470",
                "TOKEN=secret=1", "=odd", "none"],
        "Labels": {"maintainer": "somebody", "com.nvidia.cudnn.version": "9.1.0",
                   "org.opencontainers.image.version": "22.04", "private": "x"}},
        "rootfs": {"type": "layers", "diff_ids": []}})";
  }

  std::string archive(const std::map<std::string, std::string>& files) {
    root_.write("image.tar", ImageWriter::archive(files));
    return root_.path() + "/image.tar";
  }
  std::string directory(const std::map<std::string, std::string>& files) {
    for (const auto& [name, content] : files) root_.write("image/" + name, content);
    return root_.path() + "/image";
  }
  OpenedImage sound(const std::string& path, const ImageOptions& options = {}) {
    Result<OpenedImage> opened = open_image(path, options);
    EXPECT_TRUE(opened) << to_text(opened.error());
    return opened ? std::move(*opened) : OpenedImage{};
  }
  std::string problem(const std::string& path, const ImageOptions& options = {}) {
    const Result<OpenedImage> opened = open_image(path, options);
    return opened ? "no error" : to_text(opened.error());
  }

  TestRoot root_;
  ImageWriter writer_;
};

void expect_has(const std::string& text, const std::string& words) {
  EXPECT_NE(text.find(words), std::string::npos) << text;
}

TEST_F(ImageManifestTest, WhatAnOciImageStates) {
  for (const bool as_archive : {true, false}) {
    const OpenedImage opened = sound(as_archive ? archive(writer_.oci()) : directory(writer_.oci()));
    EXPECT_EQ(opened.image.format, as_archive ? ImageFormat::oci_archive : ImageFormat::oci_layout);
    EXPECT_EQ(opened.image.name, "test:1");
    EXPECT_EQ(opened.image.platform, "linux/amd64");
    EXPECT_EQ(value_text(*opened.image.digest.value), ImageWriter::digest(writer_.manifest()));
    EXPECT_EQ(opened.image.digest.source, "index.json: manifests[0].digest");
    expect_has(opened.image.digest.detail, "not checked");
    ASSERT_EQ(opened.image.layers.size(), 2u);
    EXPECT_EQ(opened.image.layers[1].digest, ImageWriter::digest(writer_.layers[1]));
    EXPECT_EQ(opened.image.layers[1].media_type, "application/vnd.oci.image.layer.v1.tar");
    EXPECT_EQ(opened.image.layers[1].size, writer_.layers[1].size());
    EXPECT_EQ(opened.image.labels, (std::map<std::string, std::string>{{"com.nvidia.cudnn.version", "9.1.0"},
                                                                       {"org.opencontainers.image.ref.name", "test:1"},
                                                                       {"org.opencontainers.image.version", "22.04"}}));
    EXPECT_EQ(opened.image.requirements,
              (std::map<std::string, std::string>{{"NVIDIA_REQUIRE_CUDA", "cuda>=12.4 brand=tesla,driver>=470"}}));
    EXPECT_EQ(opened.environment.at("TOKEN"), "secret=1");
    EXPECT_EQ(opened.environment.size(), 4u);
    EXPECT_EQ(*opened.files->read("/a"), "bottom");
    EXPECT_EQ(*opened.files->read("/b"), "top");
  }
}

TEST_F(ImageManifestTest, WhatADockerSaveArchiveStates) {
  for (const bool as_archive : {true, false}) {
    const OpenedImage opened = sound(as_archive ? archive(writer_.docker()) : directory(writer_.docker()));
    EXPECT_EQ(opened.image.format, as_archive ? ImageFormat::docker_archive : ImageFormat::docker_directory);
    EXPECT_EQ(opened.image.name, "test:1");
    EXPECT_EQ(opened.image.platform, "linux/amd64");
    EXPECT_FALSE(opened.image.digest.is_known());
    ASSERT_EQ(opened.image.layers.size(), 2u);
    EXPECT_EQ(opened.image.layers[0].digest, "");
    EXPECT_EQ(opened.image.layers[0].media_type, "tar");
    EXPECT_EQ(*opened.files->read("/a"), "bottom");
    EXPECT_EQ(opened.environment.at("CUDA_VERSION"), "12.4.1");
  }
}

TEST_F(ImageManifestTest, DockerLinksLayersThatItSavedBefore) {
  std::map<std::string, std::string> files = writer_.docker();
  files.erase("1/layer.tar");
  TarWriter tar;
  for (const auto& [name, content] : files) tar.file(name, content);
  tar.link("1/layer.tar", "../0/layer.tar");
  root_.write("linked.tar", tar.end());
  EXPECT_EQ(*sound(root_.path() + "/linked.tar").files->read("/a"), "bottom");
}

TEST_F(ImageManifestTest, ACompressedLayerIsNamedAsSuchWhereNoManifestDoes) {
  writer_.layers = {gzip(one_file("a", "1")), zstd(one_file("b", "2"))};
  const OpenedImage opened = sound(archive(writer_.docker()));
  EXPECT_EQ(opened.image.layers[0].media_type, "tar+gzip");
  EXPECT_EQ(opened.image.layers[1].media_type, "tar+zstd");
}

TEST_F(ImageManifestTest, IndicesNestAndHoldOtherPlatforms) {
  ImageWriter other = writer_;
  other.configuration = R"({"os": "linux", "architecture": "arm64", "config": {"Labels": null}})";
  const auto platform = [](const std::string& architecture) {
    return R"(, "platform": {"os": "linux", "architecture": ")" + architecture + "\"}";
  };
  const std::string absent =
      ImageWriter::descriptor("application/vnd.oci.image.manifest.v1+json", "not saved", platform("s390x"));
  const std::string attestation =
      ImageWriter::descriptor("application/vnd.oci.image.manifest.v1+json", "provenance",
                              R"(, "platform": {"os": "unknown", "architecture": "unknown"})");
  const std::string inner = ImageWriter::index(other.manifest_descriptor(platform("arm64")) + ", " + absent + ", " +
                                               attestation + ", " + writer_.manifest_descriptor(platform("amd64")));
  std::map<std::string, std::string> files = writer_.blobs();
  files.merge(other.blobs());
  files[ImageWriter::blob_name(inner)] = inner;
  files["index.json"] = ImageWriter::index(ImageWriter::descriptor("application/vnd.oci.image.index.v1+json", inner));
  const std::string path = archive(files);
  EXPECT_EQ(sound(path).image.platform, "linux/amd64");
  ImageOptions options;
  options.platform = "linux/arm64";
  EXPECT_EQ(sound(path, options).image.platform, "linux/arm64");
  options.platform = "linux/riscv64";
  expect_has(problem(path, options), "it has images for linux/arm64, linux/amd64, none for linux/riscv64");
  files["index.json"] = ImageWriter::index(absent);
  expect_has(problem(archive(files)), "none of the images its index names is in it");
}

TEST_F(ImageManifestTest, OneOfSeveralImagesIsChosenByName) {
  ImageWriter other = writer_;
  other.layers = {one_file("c", "other")};
  other.annotations = R"({"io.containerd.image.name": "docker.io/other:2"})";
  std::map<std::string, std::string> files = writer_.blobs();
  files.merge(other.blobs());
  files["index.json"] = ImageWriter::index(writer_.manifest_descriptor() + ", " + other.manifest_descriptor());
  const std::string path = archive(files);
  expect_has(problem(path), "it holds several images: test:1, docker.io/other:2");
  ImageOptions options;
  options.name = "docker.io/other:2";
  EXPECT_EQ(*sound(path, options).files->read("/c"), "other");
  options.name = "2";
  EXPECT_EQ(*sound(path, options).files->read("/c"), "other") << "a tag alone names it too";
  options.name = "ther:2";
  expect_has(problem(path, options), "it holds no image named");
  options.name = "third";
  expect_has(problem(path, options), "it holds no image named \"third\"");
  // Two tags of the same image leave no choice to make.
  writer_.annotations = R"({"org.opencontainers.image.ref.name": "latest"})";
  std::map<std::string, std::string> twice = writer_.oci();
  twice["index.json"] = ImageWriter::index(writer_.manifest_descriptor() + ", " + writer_.manifest_descriptor());
  EXPECT_EQ(sound(archive(twice)).image.name, "latest");

  std::map<std::string, std::string> saved = writer_.docker();
  const std::string entry = saved["manifest.json"].substr(1, saved["manifest.json"].size() - 2);
  saved["manifest.json"] = "[" + entry + R"(, {"Config": "config.json", "RepoTags": ["two:2"], "Layers": []}])";
  expect_has(problem(archive(saved)), "it holds several images: test:1, two:2");
  options.name = "two:2";
  EXPECT_TRUE(sound(archive(saved), options).files->list("/")->empty());
  options.name = "2";
  EXPECT_EQ(sound(archive(saved), options).image.name, "two:2");
  options.name = "third";
  expect_has(problem(archive(saved), options), "it holds no image named \"third\"");
}

TEST_F(ImageManifestTest, OneForAnotherSystemIsRefused) {
  writer_.configuration = R"({"os": "windows", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": []}})";
  expect_has(problem(archive(writer_.oci())), "it is an image for windows/amd64");
  expect_has(problem(archive(writer_.docker())), "Only images for Linux are read");
}

TEST_F(ImageManifestTest, AnArchiveThatIsCompressedAsAWholeIsRead) {
  const std::string saved = ImageWriter::archive(writer_.docker()), layout = ImageWriter::archive(writer_.oci());
  root_.write("saved.tar.gz", gzip(saved));
  root_.write("layout.tar.zst", zstd(layout));
  const std::string plain = archive(writer_.docker());
  for (const char* name : {"/saved.tar.gz", "/layout.tar.zst"}) {
    const OpenedImage image = sound(root_.path() + name);
    EXPECT_EQ(*image.files->list("/"), *sound(plain).files->list("/")) << name;
  }
  root_.write("cut.tar.gz", gzip(saved).substr(0, gzip(saved).size() / 2));
  EXPECT_NE(problem(root_.path() + "/cut.tar.gz"), "no error");
}

TEST_F(ImageManifestTest, AColonBehindAPathNamesOneOfItsImages) {
  root_.write("layout/a", "");
  root_.write("odd:name/a", "");
  const std::string folder = root_.path();
  EXPECT_EQ(image_name_from(folder + "/layout").name, "");
  const ImageName tagged = image_name_from(folder + "/layout:host:5000/app:1");
  EXPECT_EQ(tagged.path, folder + "/layout");
  EXPECT_EQ(tagged.name, "host:5000/app:1");
  EXPECT_EQ(image_name_from(folder + "/odd:name").path, folder + "/odd:name");
  EXPECT_EQ(image_name_from(folder + "/odd:name:1").name, "1");
  EXPECT_EQ(image_name_from(folder + "/nothing:1").path, folder + "/nothing:1");
}

TEST_F(ImageManifestTest, WrongDigestsAreErrors) {
  ImageOptions verify;
  verify.verify = true;
  expect_has(sound(archive(writer_.oci()), verify).image.digest.detail, "computed");

  std::map<std::string, std::string> files = writer_.oci();
  std::string& layer = files[ImageWriter::blob_name(writer_.layers[1])];
  layer[600] ^= 1;
  EXPECT_EQ(problem(archive(files)), "no error");
  expect_has(problem(archive(files), verify), "layer 2 of 2: the bytes have sha256:");
  layer.resize(1024);
  expect_has(problem(archive(files)), "it has 1024 bytes, the manifest states 2048");
  files = writer_.oci();
  files[ImageWriter::blob_name(writer_.configuration)] += " ";
  expect_has(problem(archive(files)), "configuration: the bytes have sha256:");
  files = writer_.oci();
  files[ImageWriter::blob_name(writer_.manifest())] += " ";
  expect_has(problem(archive(files)), "manifests[0]: the bytes have sha256:");

  // docker-save states the digests of the uncompressed layers.
  expect_has(problem(archive(writer_.docker()), verify), "the image states no digest of it");
  const std::string plain = one_file("a", "1");
  writer_.layers = {gzip(plain)};
  const auto configuration = [](const std::string& digest) {
    return R"({"os": "linux", "architecture": "amd64", "rootfs": {"diff_ids": [")" + digest + "\"]}}";
  };
  writer_.configuration = configuration(ImageWriter::digest(plain));
  sound(archive(writer_.docker()), verify);
  writer_.configuration = configuration(ImageWriter::digest("else"));
  expect_has(problem(archive(writer_.docker()), verify), "the image states sha256:");
}

TEST_F(ImageManifestTest, NamesOfBlobsCannotLeaveTheLayout) {
  root_.write("secret", "{}");
  for (const char* digest : {"sha256:../../../secret", "sha256:", "md5:00", "sha256", "../secret", "",
                             "sha256:AF0000000000000000000000000000000000000000000000000000000000000000"}) {
    std::map<std::string, std::string> files = writer_.oci();
    files["index.json"] = ImageWriter::index(std::string(R"({"digest": ")") + digest + "\"}");
    expect_has(problem(directory(files)), "is no SHA-256 or SHA-512 digest");
  }
}

TEST_F(ImageManifestTest, MalformedDocumentsAreErrors) {
  const auto with = [&](const std::string& name, const std::string& content) {
    std::map<std::string, std::string> files = writer_.oci();
    files[name] = content;
    return problem(archive(files));
  };
  expect_has(with("index.json", "{"), "index.json");
  expect_has(with("index.json", "[]"), "not an object");
  expect_has(with("index.json", "{}"), "its index names no image");
  expect_has(with("index.json", R"({"manifests": [{"size": 1}]})"), "the field is missing");
  expect_has(with("index.json", R"({"manifests": 1})"), "not a list");
  for (const char* configuration :
       {R"({"config": 1})", R"({"config": {"Env": [1]}})", R"({"config": {"Labels": []}})"}) {
    ImageWriter broken = writer_;
    broken.configuration = configuration;
    expect_has(problem(archive(broken.oci())), "configuration, config");
  }
  std::map<std::string, std::string> saved = writer_.docker();
  saved["manifest.json"] = "{}";
  expect_has(problem(archive(saved)), "this is not a list");
  saved["manifest.json"] = "[]";
  expect_has(problem(archive(saved)), "it holds no image");
  saved["manifest.json"] = "[{}]";
  expect_has(problem(archive(saved)), "[0].Config: the field is missing");
  saved["manifest.json"] = R"([{"Config": "config.json", "Layers": ["none/layer.tar"]}])";
  expect_has(problem(archive(saved)), "no such file");
  saved["manifest.json"] = R"([{"Config": "none.json"}])";
  expect_has(problem(archive(saved)), "no such file");
}

TEST_F(ImageManifestTest, AnEndlessIndexEnds) {
  std::map<std::string, std::string> files = writer_.blobs();
  std::string index = ImageWriter::index(writer_.manifest_descriptor());
  for (int i = 0; i < 10; ++i) {
    files[ImageWriter::blob_name(index)] = index;
    index = ImageWriter::index(ImageWriter::descriptor("application/vnd.oci.image.index.v1+json", index));
  }
  files["index.json"] = index;
  expect_has(problem(archive(files)), "nested too deep");
}

TEST_F(ImageManifestTest, AnIndexThatNamesALargeOneManyTimesEnds) {
  const std::string nested = ImageWriter::index("") + std::string(std::size_t{15} << 20, ' ');
  const std::string row = ImageWriter::descriptor("application/vnd.oci.image.index.v1+json", nested);
  std::map<std::string, std::string> files = writer_.oci();
  files[ImageWriter::blob_name(nested)] = nested;
  files["index.json"] = ImageWriter::index(row + "," + row + "," + row + "," + row + "," + row);
  expect_has(problem(archive(files)), "more than 64 MiB together");
}

TEST_F(ImageManifestTest, WhatIsNoImageIsSaidToBeNone) {
  expect_has(problem(root_.path() + "/none"), "No such file");
  root_.prepare("empty/x");
  expect_has(problem(root_.path() + "/empty"), "neither index.json nor manifest.json");
  expect_has(problem(archive({{"etc/x", ""}, {"usr/y", ""}})), "use --root");
  root_.write("text", std::string(2000, 'x'));
  expect_has(problem(root_.path() + "/text"), "not the header");
  expect_has(problem("/dev/null"), "neither a file nor a directory");
}

TEST_F(ImageManifestTest, EncryptedAndMissingLayersAreErrors) {
  ImageWriter encrypted = writer_;
  encrypted.media_type = "application/vnd.oci.image.layer.v1.tar+gzip+encrypted";
  expect_has(problem(archive(encrypted.oci())), "it is encrypted");
  std::map<std::string, std::string> files = writer_.oci();
  files.erase(ImageWriter::blob_name(writer_.layers[0]));
  expect_has(problem(archive(files)), "layer 1 of 2");
}

TEST(ImageDigest, BothAlgorithmsAreKnown) {
  const std::string sha512 =
      "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";  // FIPS 180-4's example
  EXPECT_TRUE(verify_digest("abc", sha512, "test"));
  EXPECT_FALSE(verify_digest("abd", sha512, "test"));
  EXPECT_EQ(*blob_path(sha512, "test"), "/blobs/sha512/" + sha512.substr(7));
  EXPECT_FALSE(verify_digest("abc", "sha1:a9993e364706816aba3e25717850c26c9cd0d89d", "test"));
}

}  // namespace
}  // namespace varve
