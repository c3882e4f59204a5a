#include "package/bare_packages.h"

#include <gtest/gtest.h>

#include "world/test_root.h"

namespace varve {
namespace {

struct Told {
  std::string name, version, by;
  bool operator==(const Told&) const = default;
};

std::vector<Told> told(const TestRoot& root, const std::string& directory) {
  const auto files = open_root(root.path());
  const auto place = environment_at(**files, directory);
  if (!place) return {};
  std::vector<Told> all;
  for (const InstalledPackage& one : read_packages(**files, *place)) {
    all.push_back({one.package.name, one.package.version, one.package.installer});
  }
  return all;
}

void write_torch(const TestRoot& root, const std::string& folder) {
  root.write(folder + "torch/__init__.py", "");
  root.write(folder + "torch/version.py", "__version__ = '2.1.2+cu121'\ncuda = '12.1'\n");
  root.write(folder + "torch/lib/libtorch.so", "");
}

TEST(BarePackages, AreThereWithoutMetadata) {
  const TestRoot root;
  write_torch(root, "app/");
  root.write("app/functorch/_C.cpython-311-x86_64-linux-gnu.so", "");  // in torch's wheel
  root.write("app/nvidia/cublas/lib/libcublas.so.12", "");
  root.write("app/docs/index.so", "");     // nothing is imported from it
  root.write("app/pure/__init__.py", "");  // no library
  root.write("app/~ps/__init__.py", "");   // left behind by an installer
  root.write("app/~ps/libops.so", "");
  root.write("app/ops/__init__.py", "__version__ = '0.3'\n");
  root.write("app/ops/lib/libops.so", "");
  EXPECT_EQ(told(root, "/app"),
            (std::vector<Told>{{"nvidia-cublas", "", "no metadata, version not told"},
                               {"ops", "0.3", "no metadata, version by ops/__init__.py"},
                               {"torch", "2.1.2+cu121", "no metadata, version by torch/version.py"}}));
}

// Folders under other names than their packages have: by top_level.txt and RECORD.
TEST(BarePackages, AreNotWhatOthersBrought) {
  const TestRoot root;
  const std::string site = "v/lib/python3.11/site-packages/";
  root.write("v/pyvenv.cfg", "version = 3.11.7\n");
  for (const char* folder : {"PIL", "sklearn", "mine"}) {
    root.write(site + folder + "/__init__.py", "");
    root.write(site + folder + "/_c.cpython-311-x86_64-linux-gnu.so", "");
  }
  root.write(site + "pillow-11.0.dist-info/METADATA", "Name: pillow\nVersion: 11.0\n");
  root.write(site + "pillow-11.0.dist-info/top_level.txt", "PIL\n");
  root.write(site + "scikit_learn-1.7.dist-info/METADATA", "Name: scikit-learn\nVersion: 1.7\n");
  root.write(site + "scikit_learn-1.7.dist-info/RECORD", "sklearn/__init__.py,,\n");
  std::vector<std::string> names;
  for (const Told& one : told(root, "/v")) names.push_back(one.name);
  EXPECT_EQ(names, (std::vector<std::string>{"mine", "pillow", "scikit-learn"}));
}

TEST(BarePackages, OfAFrozenProgramHaveNoPythonOfTheirOwn) {
  const TestRoot root;
  root.write("app/translate",
             "\x7f"
             "ELF");
  root.write("app/_internal/base_library.zip", "");
  root.write("app/_internal/libpython3.11.so.1.0", "");
  root.write("app/_internal/ctranslate2/_ext.cpython-311-x86_64-linux-gnu.so", "");
  root.write("app/_internal/ctranslate2.libs/libctranslate2-a7a60d30.so.4.8.5", "");
  const std::vector<Told> wanted = {
      {"ctranslate2", "4.8.5", "no metadata, version by libctranslate2-a7a60d30.so.4.8.5"}};
  for (const char* folder : {"/app", "/app/_internal"}) {
    EXPECT_EQ(told(root, folder), wanted) << folder;
    const auto files = open_root(root.path());
    const auto place = environment_at(**files, folder);
    ASSERT_TRUE(place && place->frozen) << folder;
    EXPECT_EQ(place->frozen->program, "/app/translate");
    EXPECT_EQ(value_text(*place->python.value), "3.11");
  }
}

// A folder of libraries is a root or a part of one, not one of packages.
TEST(BarePackages, AreNotTheFoldersOfASystem) {
  const TestRoot root;
  root.write("r/usr/lib/libcudart.so.12", "");
  root.write("r/lib/libc.so.6", "");
  EXPECT_EQ(told(root, "/r"), std::vector<Told>{});
  EXPECT_FALSE(environment_at(**open_root(root.path()), "/r"));
}

}  // namespace
}  // namespace varve
