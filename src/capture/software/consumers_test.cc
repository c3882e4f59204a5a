// What packages of an environment, files and processes would load, held against libraries built on the spot.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "capture/software/consumers_testing.h"
#include "loading/consumers_alone.h"

namespace varve {
namespace {

class Consumers : public ::testing::Test, public test::MadeEnvironment {
 protected:
  void SetUp() override {
    if (!begin()) GTEST_SKIP() << "no gcc here";
  }
};

TEST_F(Consumers, FollowWhatAPackageNeedsAndWhatThatOpensLate) {
  make_torch();
  make_dnn_package();
  const Stack stack = capture();
  ASSERT_EQ(stack.consumers.size(), 1u);  // a runtime package is what others load
  const Consumer& torch = stack.consumers[0];
  EXPECT_EQ(torch.kind, ConsumerKind::framework);
  EXPECT_EQ(torch.name, "torch 2.0");
  EXPECT_EQ(torch.environment, "/env");
  EXPECT_TRUE(torch.symbols_checked);
  EXPECT_EQ(torch.remark, "");
  EXPECT_EQ(unresolved(torch), 0);
  const std::string packages = std::string("/") + kPackages;
  const ConsumedLibrary& module = row_of(torch, "_C.cpython-311-x86_64-linux-gnu.so");
  EXPECT_EQ(module.why, "imported from the package");
  EXPECT_EQ(module.asked_by, "");
  EXPECT_EQ(module.kind, DependencyKind::needed);
  const ConsumedLibrary& needed = row_of(torch, "libtorch.so");
  EXPECT_EQ(needed.path, packages + "torch/lib/libtorch.so");
  EXPECT_EQ(needed.asked_by, module.path);
  EXPECT_TRUE(needed.why.ends_with("PATH $ORIGIN/lib")) << needed.why;
  const ConsumedLibrary& late = row_of(torch, "libdnn.so.9");
  EXPECT_EQ(late.kind, DependencyKind::opened);
  EXPECT_EQ(late.asked_by, needed.path);
  // "libdnn_ops.so" is what the file says; the version is put behind it when it runs.
  const ConsumedLibrary& part = row_of(torch, "libdnn_cnn.so.9");
  EXPECT_EQ(part.kind, DependencyKind::opened);
  EXPECT_EQ(part.asked_by, late.path);
  EXPECT_EQ(row_of(torch, "libdnn_ops.so.9").asked_by, part.path);
  EXPECT_EQ(std::count_if(stack.binaries.begin(), stack.binaries.end(),
                          [](const Binary& binary) { return binary.package == "nvidia-cudnn-cu12"; }),
            3);
}

TEST_F(Consumers, AreOnlyFollowedThroughWholeSections) {
  make_torch();
  EXPECT_TRUE(capture({}, false).consumers.empty());
}

// The failure that waits for the first use: LD_LIBRARY_PATH cannot override the RPATH of what is linked, but it gives
// another file for a name that is opened late.
TEST_F(Consumers, NameASymbolThatAForeignPartDoesNotDefine) {
  make_torch();
  make_dnn_package();
  ASSERT_TRUE(build("foreign/libdnn_ops.so.9", "int other(void) { return 1; }", ""));
  const Stack stack = capture({{"LD_LIBRARY_PATH", "/foreign"}});
  const Consumer& torch = consumer_of(stack, "torch");
  const ConsumedLibrary& foreign = row_of(torch, "libdnn_ops.so.9");
  EXPECT_EQ(foreign.path, "/foreign/libdnn_ops.so.9");
  EXPECT_EQ(foreign.why, "LD_LIBRARY_PATH");
  const ConsumedLibrary& broken = row_of(torch, "libdnn_cnn.so.9");
  EXPECT_EQ(broken.unresolved_count, 1);
  ASSERT_EQ(broken.unresolved.size(), 1u);
  EXPECT_EQ(broken.unresolved[0].name, "ops");
  EXPECT_EQ(unresolved(torch), 1);
  const auto outside = std::find_if(stack.binaries.begin(), stack.binaries.end(),
                                    [&](const Binary& binary) { return binary.path == foreign.path; });
  ASSERT_NE(outside, stack.binaries.end());
  EXPECT_EQ(outside->environment, "");
}

TEST_F(Consumers, ImportTheFrameworkBeforeItsExtension) {
  make_torch();
  // No path of its own leads to libtorch.so, and a symbol is of another release.
  link_time("libtorch.so", "int torch(void) { return 1; } int moved(void) { return 1; }");
  library("flash_attn.cpython-311-x86_64-linux-gnu.so",
          "int torch(void); int moved(void); int PyInit_flash_attn(void) { return torch() + moved(); }",
          "-l:libtorch.so");
  package("flash-attn", "2.8", {"flash_attn.cpython-311-x86_64-linux-gnu.so"});
  const Stack stack = capture();
  const Consumer& extension = consumer_of(stack, "flash-attn");
  EXPECT_EQ(extension.kind, ConsumerKind::extension);
  EXPECT_EQ(row_of(extension, "_C.cpython-311-x86_64-linux-gnu.so").why, "of the framework torch");
  EXPECT_EQ(row_of(extension, "libtorch.so").path, std::string("/") + kPackages + "torch/lib/libtorch.so");
  const ConsumedLibrary& module = row_of(extension, "flash_attn.cpython-311-x86_64-linux-gnu.so");
  ASSERT_EQ(module.unresolved.size(), 1u);
  EXPECT_EQ(module.unresolved[0].name, "moved");
  EXPECT_EQ(unresolved(consumer_of(stack, "torch")), 0);
}

// Frameworks preload from Python what their environment holds; the loader alone would not find it.
TEST_F(Consumers, TakeFromTheEnvironmentWhatTheLoaderDoesNotFind) {
  link_time("libblas.so.12", "int blas(void) { return 1; }");
  library("nvidia/blas/lib/libblas.so.12", "int blas(void) { return 1; }");
  package("nvidia-cublas-cu12", "12.1", {"nvidia/blas/lib/libblas.so.12"});
  library("jaxlib/one.so", "int blas(void); int PyInit_one(void) { return blas(); }", "-l:libblas.so.12");
  package("jaxlib", "0.4", {"jaxlib/one.so"});
  const Stack stack = capture();
  const Consumer& jaxlib = consumer_of(stack, "jaxlib");
  EXPECT_EQ(row_of(jaxlib, "libblas.so.12").why, "held by the environment");
  EXPECT_EQ(row_of(jaxlib, "one.so").why, "imported from the package");
  EXPECT_EQ(unresolved(jaxlib), 0);
  EXPECT_TRUE(jaxlib.symbols_checked);
}

// A package whose own files open nothing of other packages: what lies in a wheel is not found.
TEST_F(Consumers, DoNotTakeWhatNothingLooksFor) {
  link_time("libblas.so.12", "int blas(void) { return 1; }");
  library("nvidia/blas/lib/libblas.so.12", "int blas(void) { return 1; }");
  package("nvidia-cublas-cu12", "12.1", {"nvidia/blas/lib/libblas.so.12"});
  library("jaxlib/one.so", "int blas(void); int PyInit_one(void) { return blas(); }", "-l:libblas.so.12");
  package("jaxlib", "0.4", {"jaxlib/one.so"});
  root_.write(std::string(kPackages) + "jaxlib/__init__.py", "from jaxlib import one\n");
  Stack stack = capture();
  const ConsumedLibrary& missing = row_of(consumer_of(stack, "jaxlib"), "libblas.so.12");
  EXPECT_EQ(missing.path, "");
  EXPECT_EQ(missing.why,
            std::string("not found; nothing looks for it in /") + kPackages + "nvidia/blas/lib/libblas.so.12");
  const ConsumedLibrary& module = row_of(consumer_of(stack, "jaxlib"), "one.so");
  EXPECT_TRUE(module.at_start);
  EXPECT_EQ(module.lacks, (std::vector<std::string>{"libblas.so.12"}));
  root_.write(std::string(kPackages) + "jaxlib/__init__.py",
              "import ctypes, glob\nfor path in glob.glob('nvidia/*'): ctypes.CDLL(path)\nfrom jaxlib import one\n");
  stack = capture();
  EXPECT_EQ(row_of(consumer_of(stack, "jaxlib"), "libblas.so.12").why, "held by the environment");
  // Another package may do it for those that import it.
  root_.write(std::string(kPackages) + "jaxlib/__init__.py", "import holder\nfrom jaxlib import one\n");
  root_.write(std::string(kPackages) + "holder/__init__.py", "import ctypes\nctypes.CDLL('libblas.so.12')\n");
  library("holder/lib/libblas.so.12", "int blas(void) { return 1; }");
  package("holder", "1", {"holder/lib/libblas.so.12"});
  stack = capture();
  EXPECT_EQ(row_of(consumer_of(stack, "jaxlib"), "libblas.so.12").why, "held by the environment");
}

TEST_F(Consumers, TakeVersionsFromTheRecordsOfWheels) {
  library("nvidia/cublas/lib/libcublas.so.12", "int blas(void) { return 1; }");
  package("nvidia-cublas-cu12", "12.1.3.1", {"nvidia/cublas/lib/libcublas.so.12"});
  const Stack stack = capture();
  ASSERT_EQ(stack.binaries.size(), 1u);
  const Fact& version = stack.binaries[0].version;
  ASSERT_TRUE(version.is_known());
  EXPECT_EQ(value_text(*version.value), "12.1.3.1");
  EXPECT_EQ(version.standing, Standing::inferred);
}

TEST_F(Consumers, DoNotCountWhatAMissingLibraryWouldDefine) {
  link_time("libgone.so.1", "int gone(void) { return 1; }");
  link_time("libcuda.so.1", "int cuInit(void) { return 1; }");
  library("torch/_C.cpython-311-x86_64-linux-gnu.so", "int gone(void); int PyInit__C(void) { return gone(); }",
          "-l:libgone.so.1");
  // The driver speaks C: what C++ names is of something else.
  library("torch/libdriver.so", "int cuInit(void); int _Z3oldv(void); int use(void) { return cuInit() + _Z3oldv(); }",
          "-l:libcuda.so.1 -Wl,--allow-shlib-undefined");
  package("torch", "2.0", {"torch/_C.cpython-311-x86_64-linux-gnu.so", "torch/libdriver.so"});
  const Stack stack = capture();
  const Consumer& torch = consumer_of(stack, "torch");
  const ConsumedLibrary& gone = row_of(torch, "libgone.so.1");
  EXPECT_EQ(gone.path, "");
  EXPECT_EQ(gone.why, "not found");
  EXPECT_EQ(gone.kind, DependencyKind::needed);
  EXPECT_EQ(row_of(torch, "_C.cpython-311-x86_64-linux-gnu.so").unresolved_count, 0);
  const ConsumedLibrary& driver = row_of(torch, "libdriver.so");
  ASSERT_EQ(driver.unresolved_count, 1);
  EXPECT_EQ(driver.unresolved[0].name, "_Z3oldv");
  EXPECT_NE(torch.remark.find("driver"), std::string::npos) << torch.remark;
}

// One module for each release of a library that machines have or have not: no failure of the package.
TEST_F(Consumers, DoWithoutAModuleThatLacksALibraryWhenOthersLoad) {
  link_time("libavutil.so.56", "int av(void) { return 1; }");
  library("torchaudio/_one.so", "int PyInit__one(void) { return 1; }");
  library("torchaudio/_two.so", "int av(void); int PyInit__two(void) { return av(); }", "-l:libavutil.so.56");
  package("torchaudio", "2.1", {"torchaudio/_one.so", "torchaudio/_two.so"});
  const Stack stack = capture();
  const Consumer& audio = consumer_of(stack, "torchaudio");
  EXPECT_EQ(row_of(audio, "_one.so").kind, DependencyKind::needed);
  EXPECT_EQ(row_of(audio, "_two.so").kind, DependencyKind::opened);
  EXPECT_EQ(row_of(audio, "libavutil.so.56").asked_by, row_of(audio, "_two.so").path);
}

TEST_F(Consumers, DoNotCountWhatOnlyAPythonWouldDefine) {
  make_torch();
  std::filesystem::remove(root_.path() + "/env/bin/python3");
  const Stack stack = capture();
  const Consumer& torch = consumer_of(stack, "torch");
  EXPECT_EQ(unresolved(torch), 0);
  EXPECT_NE(torch.remark.find("program"), std::string::npos) << torch.remark;
}

// A version that a library has lost keeps it from loading, whatever else is there.
TEST_F(Consumers, NameAVersionThatIsGone) {
  root_.write("one.map", "LIB_1 { global: *; };");
  root_.write("two.map", "LIB_2 { global: *; };");
  const auto script = [&](const char* name) { return "-Wl,--version-script='" + root_.path() + "/" + name + "'"; };
  link_time("libver.so.1", "int versioned(void) { return 1; }", script("one.map"));
  library("torch/libver.so.1", "int versioned(void) { return 1; }", script("two.map"));
  library("torch/_C.cpython-311-x86_64-linux-gnu.so",
          "int versioned(void); int PyInit__C(void) { return versioned(); }", "-l:libver.so.1 -Wl,-rpath,'$ORIGIN'");
  package("torch", "2.0", {"torch/_C.cpython-311-x86_64-linux-gnu.so", "torch/libver.so.1"});
  const Stack stack = capture();
  const ConsumedLibrary& module = row_of(consumer_of(stack, "torch"), "_C.cpython-311-x86_64-linux-gnu.so");
  ASSERT_EQ(module.unresolved.size(), 1u);
  EXPECT_EQ(module.unresolved[0].name, "");
  EXPECT_EQ(module.unresolved[0].version, "LIB_1 of libver.so.1");
}

TEST_F(Consumers, OfFilesAreTheFilesThemselves) {
  make_dnn("alone/");
  ASSERT_TRUE(build("alone/libdnn_ops.so.9", "int other(void) { return 1; }", ""));
  const Stack stack =
      capture({.kind = SubjectKind::files, .files = {"/alone/libdnn.so.9", "/alone/libdnn_cnn.so.9"}, .exact = true},
              {{"PATH", "/env/bin"}});
  ASSERT_EQ(stack.consumers.size(), 2u);
  EXPECT_EQ(stack.consumers[0].kind, ConsumerKind::binary);
  EXPECT_EQ(stack.consumers[0].name, "/alone/libdnn.so.9");
  for (const Consumer& consumer : stack.consumers) {
    EXPECT_EQ(row_of(consumer, "libdnn_cnn.so.9").unresolved_count, 1) << consumer.name;
    EXPECT_TRUE(consumer.symbols_checked);
  }
}

// What a process has mapped is loaded; what that opens late is told before it happens.
TEST_F(Consumers, OfAProcessAreWhatItHasMappedAndWouldOpen) {
  make_dnn("alone/");
  ASSERT_TRUE(build("alone/libdnn_ops.so.9", "int other(void) { return 1; }", ""));
  root_.write("proc/77/environ", std::string("HOME=/home/me\0", 14));
  root_.write("proc/77/maps",
              "7f0000000000-7f0000001000 r-xp 00000000 fe:00 1   /env/bin/python3\n"
              "7f1000000000-7f1000001000 r-xp 00000000 fe:00 2   /alone/libcudnn.so.9\n");
  std::filesystem::rename(root_.path() + "/alone/libdnn.so.9", root_.path() + "/alone/libcudnn.so.9");
  root_.link("proc/77/root", "/");
  root_.link("proc/77/exe", "/env/bin/python3");
  const Stack stack = capture({.process = 77, .kind = SubjectKind::process, .exact = true}, {});
  ASSERT_EQ(stack.consumers.size(), 1u);
  const Consumer& process = stack.consumers[0];
  EXPECT_EQ(process.kind, ConsumerKind::process);
  EXPECT_EQ(process.name, "python3 (77)");
  EXPECT_EQ(row_of(process, "libcudnn.so.9").why, "mapped");
  EXPECT_EQ(row_of(process, "libdnn_cnn.so.9").unresolved_count, 1);
}

// Upgraded beneath it: the process keeps the part that it has, and what it opens late is another release.
TEST_F(Consumers, OfAProcessKeepTheFilesThatWereReplaced) {
  make_dnn("alone/");
  root_.write("proc/77/environ", "");
  root_.write("proc/77/maps",
              "7f0000000000-7f0000001000 r-xp 00000000 fe:00 1   /env/bin/python3\n"
              "7f1000000000-7f1000001000 r-xp 00000000 fe:00 2   /alone/libcudnn.so.9 (deleted)\n"
              "7f2000000000-7f2000001000 r-xp 00000000 fe:00 3   /alone/libdnn_ops.so.9\n");
  root_.prepare("proc/77/map_files/x");
  std::filesystem::rename(root_.path() + "/alone/libdnn.so.9",
                          root_.path() + "/proc/77/map_files/7f1000000000-7f1000001000");
  root_.write("alone/libcudnn.so.9", "of another release");
  ASSERT_TRUE(build("alone/libdnn_cnn.so.9", "int moved(void); int cnn(void) { return moved(); }",
                    "-l:libdnn_ops.so.9 -Wl,--enable-new-dtags,-rpath,'$ORIGIN'"));
  root_.link("proc/77/root", "/");
  root_.link("proc/77/exe", "/env/bin/python3");
  const Stack stack = capture({.process = 77, .kind = SubjectKind::process, .exact = true}, {});
  ASSERT_EQ(stack.consumers.size(), 1u);
  const ConsumedLibrary& kept = row_of(stack.consumers[0], "libcudnn.so.9");
  EXPECT_EQ(kept.path, "/alone/libcudnn.so.9 (deleted)");
  EXPECT_EQ(kept.why, "mapped");
  EXPECT_EQ(row_of(stack.consumers[0], "libdnn_cnn.so.9").unresolved_count, 1);
  ASSERT_EQ(stack.libraries.size(), 3u);
  EXPECT_TRUE(stack.libraries[0].replaced);
}

// An image is followed as a root is; its compressed layers, which are seen once, too.
TEST_F(Consumers, OfAnImageAreThoseOfItsFiles) {
  make_torch();
  make_dnn_package();
  const std::string part = std::string(kPackages) + "nvidia/dnn/lib/libdnn_ops.so.9";
  ASSERT_TRUE(build(part, "int other(void) { return 1; }", ""));
  TarWriter layer;
  namespace fs = std::filesystem;
  for (const auto& entry : fs::recursive_directory_iterator(root_.path() + "/env")) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string name = fs::relative(entry.path(), root_.path() + "/env");
    layer.file("venv/" + name, {std::istreambuf_iterator<char>(file), {}});
  }
  ImageWriter image;
  for (const bool compressed : {false, true}) {
    image.media_type =
        compressed ? "application/vnd.oci.image.layer.v1.tar+gzip" : "application/vnd.oci.image.layer.v1.tar";
    image.layers = {compressed ? gzip(layer.end()) : layer.end()};
    root_.write("image.tar", ImageWriter::archive(image.oci()));
    CaptureOptions options;
    options.kind = SubjectKind::image;
    options.path = root_.path() + "/image.tar";
    options.exact = true;
    const Stack stack = capture(options, {});
    const Consumer& torch = consumer_of(stack, "torch");
    EXPECT_EQ(torch.environment, "/venv");
    EXPECT_EQ(torch.remark, "");
    EXPECT_EQ(row_of(torch, "libdnn_cnn.so.9").unresolved_count, 1);
    EXPECT_EQ(unresolved(torch), 1);
  }
}

// NVIDIA's runtime runs ldconfig in a container before it starts: a cache that is not there, or older, says nothing.
TEST_F(Consumers, OfAnImageFindWhatItsLoaderIsConfiguredFor) {
  const auto app = root_.path() + "/link/app";
  link_time("libcudart.so.12", "int cudaGetDeviceCount(void) { return 0; }");
  root_.write("source.c", "int cudaGetDeviceCount(void); int _start(void) { return cudaGetDeviceCount(); }");
  const std::string command = "gcc -nostdlib -o '" + app + "' '" + root_.path() + "/source.c' -L'" + root_.path() +
                              "/link' -l:libcudart.so.12 2>/dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const auto bytes = [](const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  TarWriter layer;
  layer.file("app/prog", bytes(app));
  layer.file("opt/cuda/lib/libcudart.so.12", bytes(root_.path() + "/link/libcudart.so.12"));
  layer.file("etc/ld.so.conf", "include ld.so.conf.d/*.conf\n");
  layer.file("etc/ld.so.conf.d/cuda.conf", "# of the image\n/opt/cuda/lib/\n");
  ImageWriter image;
  image.media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
  image.layers = {gzip(layer.end())};
  root_.write("image.tar", ImageWriter::archive(image.oci()));
  CaptureOptions options;
  options.kind = SubjectKind::image;
  options.path = root_.path() + "/image.tar";
  options.exact = true;
  const Stack stack = capture(options, {});
  ASSERT_EQ(stack.consumers.size(), 1u);
  EXPECT_EQ(row_of(stack.consumers[0], "libcudart.so.12").path, "/opt/cuda/lib/libcudart.so.12");
}

}  // namespace
}  // namespace varve
