#include "package/database/package_database.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>

#include "base/test_sources.h"
#include "package/database/package_database_rpm.h"
#include "tables/package_table.h"
#include "world/test_root.h"

namespace varve {
namespace {

std::string big(std::uint32_t value) {
  std::string text(4, '\0');
  for (int i = 0; i < 4; ++i) text[static_cast<std::size_t>(i)] = static_cast<char>(value >> (24 - 8 * i));
  return text;
}

std::string entry(std::uint32_t tag, std::uint32_t type, std::uint32_t offset, std::uint32_t count) {
  return big(tag) + big(type) + big(offset) + big(count);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string rpm_host() { return test::source_path("tests/roots/rpm-host"); }

// A package made and installed by the real dpkg, into a root of its own.
TEST(PackageDatabase, ReadsWhatDpkgItselfWrites) {
  if (::geteuid() != 0) GTEST_SKIP() << "dpkg installs into a root for root only";
  const TestRoot root;
  root.write(
      "made/DEBIAN/control",
      "Package: libcudart12\nVersion: 12.4.127-1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n");
  root.write("made/usr/lib/libcudart.so.12", "x");
  for (const char* folder : {"info/x", "updates/x", "triggers/x"}) {
    root.prepare(std::string("root/var/lib/dpkg/") + folder);
  }
  root.write("root/var/lib/dpkg/status", "");
  const std::string at = "'" + root.path();
  const std::string command = "dpkg-deb --build " + at + "/made' " + at +
                              "/x.deb' >/dev/null 2>&1 && dpkg --root=" + at +
                              "/root' --force-all --log=/dev/null -i " + at + "/x.deb' >/dev/null 2>&1";
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "no dpkg that can install into another root";
  const auto files = open_root(root.path() + "/root");
  const SystemPackages found = find_packages(**files, {"libcud*"});
  EXPECT_EQ(found.packages, (std::vector<SystemPackage>{{"libcudart12", "12.4.127-1", "dpkg"}}));
}

TEST(PackageDatabase, DpkgStatusAndStatusD) {
  const TestRoot root;
  root.write(
      "var/lib/dpkg/status",
      "Package: libcudnn9-cuda-12\nStatus: install ok installed\nVersion: 9.5.1.17-1\n\n"
      "Package: libcurl4\nStatus: install ok installed\nVersion: 7.88\n\n"
      "Package: cuda-nvcc-12-4\nStatus: deinstall ok config-files\nVersion: 12.4.131-1\n\n"
      "Package: libnccl2\nDescription: one\n Version: 0\nStatus: hold ok installed\nVersion: 2.21.5-1+cuda12.4\n");
  root.write("var/lib/dpkg/status.d/libcudart12", "Package: libcudart12\nVersion: 12.4.127-1\n");
  const auto files = open_root(root.path());
  const SystemPackages found = find_packages(**files, system_package_patterns());
  EXPECT_EQ(found.packages, (std::vector<SystemPackage>{{"libcudart12", "12.4.127-1", "dpkg"},
                                                        {"libcudnn9-cuda-12", "9.5.1.17-1", "dpkg"},
                                                        {"libnccl2", "2.21.5-1+cuda12.4", "dpkg"}}));
  EXPECT_EQ(found.databases, std::vector<std::string>{"/var/lib/dpkg/status"});
  EXPECT_EQ(fact_text(gpu_packages_fact(**files)),
            "dpkg libcudart12 12.4.127-1, dpkg libcudnn9-cuda-12 9.5.1.17-1, dpkg libnccl2 2.21.5-1+cuda12.4");
}

TEST(PackageDatabase, OwnerByDpkgsLists) {
  const TestRoot root;
  root.write("var/lib/dpkg/status", "Package: cuda-nvcc-12-4\nStatus: install ok installed\nVersion: 12.4.131-1\n");
  root.write("var/lib/dpkg/info/cuda-nvcc-12-4.list",
             "/.\n/usr/local/cuda-12.4/bin/nvcc.profile\n/usr/local/cuda-12.4/bin/nvcc\n");
  root.write("var/lib/dpkg/info/other.list", "/usr/local/cuda-12.4/bin/nvcc\n");
  const auto files = open_root(root.path());
  const auto owner = find_owner(**files, {"/usr/local/cuda-12.4/bin/nvcc"}, {"cuda-nvcc*"});
  ASSERT_TRUE(owner);
  EXPECT_EQ(*owner, (SystemPackage{"cuda-nvcc-12-4", "12.4.131-1", "dpkg"}));
  EXPECT_FALSE(find_owner(**files, {"/usr/local/cuda-12.4/bin"}, {"cuda-nvcc*"}));
}

TEST(PackageDatabase, RpmsSqlite) {
  const auto files = open_root(rpm_host());
  const SystemPackages found = find_packages(**files, system_package_patterns());
  EXPECT_EQ(found.packages, (std::vector<SystemPackage>{{"cuda-nvcc-12-4", "12.4.131-1", "rpm"},
                                                        {"libcudnn9-cuda-12", "1:9.5.1.17-1", "rpm"}}));
  EXPECT_TRUE(found.unreadable.empty()) << found.unreadable.front();
  // /usr/lib64/nvcc of another package has the same base name.
  const auto owner = find_owner(**files, {"/usr/local/cuda-12.4/bin/nvcc"}, {});
  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->name, "cuda-nvcc-12-4");
  EXPECT_FALSE(find_owner(**files, {"/usr/local/cuda-11.8/bin/nvcc"}, {}));
}

TEST(PackageDatabase, OtherFormatsOfRpmAreNamed) {
  const TestRoot root;
  root.write("var/lib/rpm/Packages", "x");
  root.write("usr/lib/sysimage/rpm/Packages.db", "x");
  const auto files = open_root(root.path());
  const Fact fact = gpu_packages_fact(**files);
  EXPECT_EQ(fact.missing, Missing::unsupported);
  EXPECT_EQ(fact.detail,
            "/usr/lib/sysimage/rpm/Packages.db: rpm's ndb format, which Varve does not read; /var/lib/rpm/Packages: "
            "Berkeley DB, which Varve does not read");
}

TEST(PackageDatabase, ApkAndNothing) {
  const TestRoot root;
  const auto files = open_root(root.path());
  EXPECT_EQ(fact_text(gpu_packages_fact(**files)), "absent (there is no database of a package manager)");
  root.write("lib/apk/db/installed", "C:Q1\nP:musl\nV:1.2.4-r2\n\nC:Q2\nP:nvidia-smi\nV:550-r0\n");
  EXPECT_EQ(fact_text(gpu_packages_fact(**files)), "apk nvidia-smi 550-r0");
  EXPECT_TRUE(parse_apk_installed("P:musl\nV:1\n", {"nvidia-*"}).empty());
}

TEST(PackageDatabase, RpmHeaders) {
  const std::string data = std::string(
                               "cuda\0"
                               "12.4\0"
                               "1\0"
                               "nvcc\0"
                               "ptxas\0"
                               "/usr/\0"
                               "/bin/\0",
                               35) +
                           "xyz" + big(1) + big(7);
  const std::string blob = big(6) + big(static_cast<std::uint32_t>(data.size())) + entry(1000, 6, 0, 1) +
                           entry(1001, 6, 5, 1) + entry(1002, 6, 10, 1) + entry(1117, 8, 12, 2) +
                           entry(1118, 8, 23, 2) + entry(1116, 4, static_cast<std::uint32_t>(data.size() - 8), 2) +
                           data;
  const auto header = parse_rpm_header(blob);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->package(), (SystemPackage{"cuda", "12.4-1", "rpm"}));
  EXPECT_EQ(header->base_names, (std::vector<std::string>{"nvcc", "ptxas"}));
  EXPECT_TRUE(header->owns("/bin/nvcc"));
  EXPECT_FALSE(header->owns("/usr/nvcc"));
  EXPECT_FALSE(header->owns("/bin/ptxas"));  // its directory has no entry
  for (std::size_t size = 0; size < blob.size(); ++size) EXPECT_FALSE(parse_rpm_header(blob.substr(0, size))) << size;
  EXPECT_FALSE(parse_rpm_header(big(0xffffffff) + big(0xffffffff)));
  EXPECT_FALSE(parse_rpm_header(big(1) + big(0) + entry(1000, 6, 0xffffffff, 0xffffffff)));
}

TEST(PackageDatabase, ATagThatRepeatsIsReadOnce) {
  constexpr std::uint32_t kEntries = 60'000;
  std::string data("cuda\0other\0", 11);
  std::string entries = entry(1000, 6, 0, 1);
  for (std::uint32_t i = 1; i < kEntries; ++i) entries += i % 2 == 0 ? entry(1000, 6, 5, 1) : entry(1117, 8, 11, ~0u);
  for (int i = 0; i < 20'000; ++i) data += std::string("f\0", 2);
  const auto start = std::chrono::steady_clock::now();
  const auto header = parse_rpm_header(big(kEntries) + big(static_cast<std::uint32_t>(data.size())) + entries + data);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->name, "cuda");
  EXPECT_EQ(header->base_names.size(), 20'000u);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

// What reading a database with these contents says is wrong with it.
std::string problem_of_rpm_database(const std::string& rows) {
  const TestRoot root;
  const std::string path = root.path() + "/rpmdb.sqlite";
  const std::string tables =
      "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB); CREATE TABLE Name (key TEXT, hnum INTEGER); "
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000) ";
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, (tables + rows).c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(database);
  const auto file = FileReader::open(FileHandle(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), path);
  const auto packages = read_rpm_packages(*file, path, {"cuda"});
  return packages ? std::to_string(packages->size()) + " packages" : packages.error().found;
}

TEST(PackageDatabase, RpmDatabasesMadeToKeepTheirReaderBusyAreRefused) {
  EXPECT_EQ(problem_of_rpm_database("INSERT INTO Name SELECT 'cuda', i FROM n WHERE i < 100"), "0 packages");
  EXPECT_EQ(problem_of_rpm_database("INSERT INTO Name SELECT 'cuda', 1 FROM n"),
            "it takes more work than any real one");
  EXPECT_EQ(problem_of_rpm_database("INSERT INTO Name SELECT 'cuda', 1 FROM n WHERE i < 100; "
                                    "INSERT INTO Packages VALUES (1, zeroblob(60000000))"),
            "its rows are larger together than any real ones");
}

TEST(PackageDatabase, DamagedRpmDatabasesAreRefused) {
  const std::string whole = read_file(rpm_host() + "/var/lib/rpm/rpmdb.sqlite");
  ASSERT_GT(whole.size(), 1000u);
  for (const std::string& text :
       {std::string("not a database"), std::string(), whole.substr(0, 600), whole.substr(0, 5000)}) {
    const TestRoot root;
    root.write("var/lib/rpm/rpmdb.sqlite", text);
    const auto files = open_root(root.path());
    EXPECT_TRUE(find_packages(**files, {"*"}).packages.empty());
    EXPECT_EQ(find_packages(**files, {"*"}).unreadable.size(), 1u);
    EXPECT_FALSE(find_owner(**files, {"/usr/local/cuda-12.4/bin/nvcc"}, {}));
  }
  for (std::size_t at = 0; at < whole.size(); at += 397) {  // does not crash or hang, whatever it says
    std::string text = whole;
    text[at] = static_cast<char>(~text[at]);
    const TestRoot root;
    root.write("var/lib/rpm/rpmdb.sqlite", text);
    const auto files = open_root(root.path());
    EXPECT_LE(find_packages(**files, {"*"}).packages.size(), 64u);
  }
}

}  // namespace
}  // namespace varve
