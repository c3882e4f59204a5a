#pragma once
#include <algorithm>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "capture/capture_stack.h"
#include "image/image_testing.h"
#include "world/test_root.h"

namespace varve::test {

// /env, a venv whose libraries are made with gcc. Nothing in it needs the C library, so that the root is complete.
class MadeEnvironment {
 public:
  static constexpr const char* kPackages = "env/lib/python3.11/site-packages/";

  // False: no gcc here.
  bool begin() {
    root_.write("env/pyvenv.cfg", "version = 3.11.2\n");
    return build("env/bin/python3", "int PyLong_New(void) { return 1; }", "");
  }

  bool build(const std::string& name, const std::string& source, const std::string& flags) {
    const std::string path = root_.prepare(name);
    const std::string file = name.substr(name.rfind('/') + 1);
    root_.write("source.c", source);
    const std::string soname = file.starts_with("lib") ? " -Wl,-soname," + file : "";
    const std::string command = "gcc -shared -fPIC -O1 -nostdlib -Wl,--no-as-needed" + soname + " -o '" + path + "' '" +
                                root_.path() + "/source.c' -L'" + root_.path() + "/link' " + flags + " 2>/dev/null";
    return std::system(command.c_str()) == 0;
  }
  // A library of the environment.
  void library(const std::string& name, const std::string& source, const std::string& flags = {}) {
    if (!build(kPackages + name, source, flags)) throw std::runtime_error("cannot build " + name);
  }
  // What libraries are linked against, under the name that they then ask for.
  void link_time(const std::string& file, const std::string& source, const std::string& flags = {}) {
    if (!build("link/" + file, source, flags)) throw std::runtime_error("cannot build " + file);
  }
  void package(const std::string& name, const std::string& version, const std::vector<std::string>& files) {
    std::string folder = name;
    std::replace(folder.begin(), folder.end(), '-', '_');
    folder = kPackages + folder + "-" + version + ".dist-info/";
    root_.write(folder + "METADATA", "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n");
    std::string record;
    for (const std::string& file : files) record += file + ",,\n";
    root_.write(folder + "RECORD", record);
  }
  // A framework: torch/_C, which needs torch/lib/libtorch.so, which opens libdnn.so.9 late.
  void make_torch() {
    link_time("libtorch.so", "int torch(void) { return 1; }");
    library("torch/lib/libtorch.so", "int torch(void) { return 1; } const char* dnn(void) { return \"libdnn.so.9\"; }",
            "-Wl,-rpath,'$ORIGIN/../../nvidia/dnn/lib'");
    library("torch/_C.cpython-311-x86_64-linux-gnu.so",
            "int torch(void); int PyLong_New(void); int PyInit__C(void) { return torch() + PyLong_New(); }",
            "-l:libtorch.so -Wl,-rpath,'$ORIGIN/lib'");
    package("torch", "2.0", {"torch/lib/libtorch.so", "torch/_C.cpython-311-x86_64-linux-gnu.so"});
  }
  // A library in two parts: the first opens the second late, and names it without the version behind it.
  void make_dnn(const std::string& folder, const std::string& call = "ops") {
    link_time("libdnn_ops.so.9", "int " + call + "(void) { return 1; }");
    const auto put = [&](const std::string& file, const std::string& source, const std::string& flags) {
      if (!build(folder + file, source, flags)) throw std::runtime_error("cannot build " + file);
    };
    put("libdnn.so.9",
        "const char* one(void) { return \"libdnn_ops.so\"; } const char* two(void) { return \"libdnn_cnn.so\"; }",
        "-Wl,-rpath,'$ORIGIN'");
    put("libdnn_ops.so.9", "int " + call + "(void) { return 1; }", "");
    put("libdnn_cnn.so.9", "int " + call + "(void); int cnn(void) { return " + call + "(); }",
        "-l:libdnn_ops.so.9 -Wl,--enable-new-dtags,-rpath,'$ORIGIN'");
  }
  void make_dnn_package() {
    make_dnn(std::string(kPackages) + "nvidia/dnn/lib/");
    package("nvidia-cudnn-cu12", "9.0",
            {"nvidia/dnn/lib/libdnn.so.9", "nvidia/dnn/lib/libdnn_ops.so.9", "nvidia/dnn/lib/libdnn_cnn.so.9"});
  }

  Stack capture(const std::map<std::string, std::string>& environment = {}, bool exact = true) {
    return capture({.kind = SubjectKind::environment, .path = "/env", .exact = exact}, environment);
  }
  Stack capture(const CaptureOptions& options, const std::map<std::string, std::string>& environment) {
    const auto files = open_root(root_.path());
    World world = test_world(**files);
    world.environment = environment;
    Result<Stack> stack = capture_stack(world, options);
    if (!stack) throw std::runtime_error(to_text(stack.error()));
    return std::move(*stack);
  }
  static const Consumer& consumer_of(const Stack& stack, const std::string& package) {
    for (const Consumer& consumer : stack.consumers) {
      if (consumer.package == package) return consumer;
    }
    throw std::runtime_error("no consumer " + package);
  }
  static const ConsumedLibrary& row_of(const Consumer& consumer, const std::string& name) {
    for (const ConsumedLibrary& library : consumer.libraries) {
      if (library.name == name) return library;
    }
    throw std::runtime_error(consumer.name + " has no " + name);
  }
  static std::int64_t unresolved(const Consumer& consumer) {
    std::int64_t count = 0;
    for (const ConsumedLibrary& library : consumer.libraries) count += library.unresolved_count;
    return count;
  }

  TestRoot root_;
};

}  // namespace varve::test
