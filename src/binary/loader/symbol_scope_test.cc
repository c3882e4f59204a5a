#include "binary/loader/symbol_scope.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "binary/elf/elf_testing.h"
#include "binary/test_files.h"

namespace varve {
namespace {

namespace fs = std::filesystem;

// A library that another one was linked against, and what stands in its place when both are loaded.
struct Swap {
  const char* name;
  std::string before, before_script;  // source and version script of libdef.so at link time
  std::string after, after_script;    // and when it is loaded
  std::string user = "int f(void); int user(void) { return f(); }";
  std::string missing = {};  // the symbol, or version of a version that is missing as a whole; empty: it loads
  std::string flags = {};    // of the library that is loaded
};

const std::string kF = "int f(void) { return 1; }";
const std::string kG = "int g(void) { return 1; }";
// Version V2 is the third of the table: a reference without a version must choose.
const std::string kTwo =
    "int f1(void) { return 1; } __asm__(\".symver f1,f@V1\"); int f2(void) { return 2; } __asm__(\".symver "
    "f2,f@@V2\");";
const std::string kLater = "int g(void) { return 1; } int f2(void) { return 2; } __asm__(\".symver f2,f@@V2\");";
const std::string kHiddenLater = "int g(void) { return 1; } int f2(void) { return 2; } __asm__(\".symver f2,f@V2\");";
const std::string kTwoLater =
    "int g(void) { return 1; } int f2(void) { return 2; } __asm__(\".symver f2,f@V2\");"
    "int f3(void) { return 3; } __asm__(\".symver f3,f@@V3\");";

const std::vector<Swap>& swaps() {
  static const std::string v1 = "V1 { global: f; g; local: *; };";
  static const std::string v12 = "V1 { global: g; }; V2 { global: f; local: *; } V1;";
  static const std::string empty_v1 = "V1 { global: g; local: *; };";
  static const std::string v2 = "V2 { global: f; g; local: *; };";
  static const std::string v123 = "V1 { global: g; }; V2 { } V1; V3 { global: f; local: *; } V2;";
  static const std::string weak = "__attribute__((weak)) int f(void); int user(void) { return f ? f() : 0; }";
  static const std::string tls =
      "extern __thread int f __attribute__((tls_model(\"initial-exec\"))); int user(void) { return f; }";
  static const std::string ifunc =
      "static int one(void) { return 1; } static void* choose(void) { return one; }"
      "int f(void) __attribute__((ifunc(\"choose\")));";
  static const std::string data = "extern int f; int* user(void) { return &f; }";
  static const std::string with_libc = "int getpid(void); int f(void) { return getpid(); }";
  static const std::string hidden_reference =
      "__attribute__((visibility(\"hidden\"),weak)) int f(void); int g(void); int user(void) { return f ? f() : g(); }";
  static const std::vector<Swap> rows = {
      {"as it was linked", kF, "", kF, ""},
      {"a symbol is gone", kF, "", kG, "", Swap{}.user, "f"},
      {"a weak reference needs no definition", kF, "", kG, "", weak},
      {"a hidden reference is not looked for", kF + kG, "", kG, "", hidden_reference},
      {"with its version", kF, v1, kF, v1},
      {"its version is gone", kF, v1, kF, v2, Swap{}.user, "V1"},
      {"its version is there, the symbol is not", kF + kG, v1, kG, empty_v1, Swap{}.user, "f"},
      {"a version is wanted, the file has none and wants none", kF, v1, kF, "", Swap{}.user, "f"},
      {"a version is wanted, the file has none", kF, v1, with_libc, "", Swap{}.user, "", "-Wl,--no-as-needed -lc"},
      {"a version is wanted, a file without versions lacks the symbol", kF, v1, kG, "", Swap{}.user, "f"},
      {"a weak reference to a version that is gone", kF, v1, kF, v2, weak, "V1"},
      {"no version is wanted, the definition has the first", kF, "", kF, v1},
      {"no version is wanted: the first, hidden", kF, "", kTwo, v12},
      {"no version is wanted: the only later one", kF, "", kLater, v12},
      {"no version is wanted: the only later one is hidden", kF, "", kHiddenLater, v12, Swap{}.user, "f"},
      {"no version is wanted: one of two later ones is not hidden", kF, "", kTwoLater, v123},
      {"the newer of two", kTwo, v12, kTwo, v12},
      {"the newer of two is not the older", kTwo, v12, kF, v1, Swap{}.user, "V2"},
      {"a local definition", kF, "", kF + kG, empty_v1, Swap{}.user, "f"},
      {"a hidden definition", kF, "", "__attribute__((visibility(\"hidden\"))) " + kF, "", Swap{}.user, "f"},
      {"a protected definition", kF, "", "__attribute__((visibility(\"protected\"))) " + kF, ""},
      {"a weak definition", kF, "", "__attribute__((weak)) " + kF, ""},
      {"an indirect function", kF, "", ifunc, ""},
      {"a variable of each thread", "__thread int f = 1;", "", "__thread int f = 2;", "", tls},
      {"a variable of each thread is gone", "__thread int f = 1;", "", kG, "", tls, "f"},
      {"a variable", "int f = 1;", "", "int f = 2;", "", data},
      {"a variable is gone", "int f = 1;", "", kG, "", data, "f"},
      {"an absolute symbol", kF, "", "__asm__(\".globl f\\n.set f, 0\");" + kG, ""},
      {"the old table of hashes", kF, v1, kF, v1, Swap{}.user, "", "-Wl,--hash-style=sysv"},
      {"the old table of hashes, a symbol is gone", kF, "", kG, "", Swap{}.user, "f", "-Wl,--hash-style=sysv"},
      {"both tables of hashes", kF, "", kF, "", Swap{}.user, "", "-Wl,--hash-style=both"},
  };
  return rows;
}

// What the loader of this machine says: empty, or its message.
std::string real_answer(const std::string& path) {
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    const char* message = dlopen(path.c_str(), RTLD_NOW) != nullptr ? "" : dlerror();
    (void)!write(ends[1], message, std::string(message).size());
    _exit(0);
  }
  close(ends[1]);
  std::string text(4096, '\0');
  const ssize_t length = read(ends[0], text.data(), text.size());
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  text.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? text : "the loader gave up";
}

class SymbolScope : public ::testing::Test {
 protected:
  bool build(const std::string& name, const std::string& source, const std::string& script, const std::string& flags) {
    test::write_file(folder_ / (name + ".c"), source);
    test::write_file(folder_ / (name + ".map"), script);
    const std::string version = script.empty() ? "" : " -Wl,--version-script='" + (folder_ / (name + ".map")) + "'";
    return test::compile(folder_ / (name + ".c"), folder_ / (name + ".so"),
                         "-shared -fPIC -O1 -nostdlib -Wl,-soname," + name + ".so" + version + " " + flags);
  }
  // libuser.so, which finds libdef.so beside itself.
  bool build_user(const std::string& source, const std::string& libraries) {
    return build("libuser", source, "",
                 "-Wl,--no-as-needed,-z,now,-rpath,'$ORIGIN' -L'" + (folder_ / "") + "' " + libraries);
  }
  DynamicSymbols symbols(const std::string& name) {
    auto read = DynamicSymbols::read(test::open_file(folder_ / name), name);
    EXPECT_TRUE(read) << (read ? "" : to_text(read.error()));
    return read ? std::move(*read) : DynamicSymbols{};
  }
  // Of libuser.so with libdef.so behind it.
  std::vector<UnboundSymbol> ours() {
    const DynamicSymbols user = symbols("libuser.so"), def = symbols("libdef.so");
    const DynamicSymbols* scope[] = {&user, &def};
    return unbound_symbols(user, scope, [&](const std::string& name) { return name == "libdef.so" ? &def : nullptr; });
  }

  test::TemporaryFolder folder_;
};

// The promise: what is said of a library without loading it is what the loader does when it binds at once.
TEST_F(SymbolScope, AgreesWithTheLoader) {
  if (!build("libdef", kF, "", "")) GTEST_SKIP() << "no gcc here";
  for (const Swap& row : swaps()) {
    SCOPED_TRACE(row.name);
    ASSERT_TRUE(build("libdef", row.before, row.before_script, ""));
    // The name alone, so that a library without versions can be linked against later.
    ASSERT_TRUE(build_user(row.user, "-l:libdef.so"));
    ASSERT_TRUE(build("libdef", row.after, row.after_script, row.flags));
    const std::vector<UnboundSymbol> unbound = ours();
    const std::string real = real_answer(folder_ / "libuser.so");
    EXPECT_EQ(unbound.empty(), real.empty()) << real;
    EXPECT_EQ(unbound.empty(), row.missing.empty());
    if (unbound.empty() || real.empty() || real == "the loader gave up") continue;
    const std::string& missing = unbound[0].name.empty() ? unbound[0].version : unbound[0].name;
    EXPECT_EQ(missing, row.missing);
    EXPECT_NE(real.find(missing), std::string::npos) << real;
  }
}

TEST_F(SymbolScope, CountsEverySymbolButAMissingVersionOnce) {
  const std::string source = "int f(void) { return 1; } int g(void) { return 1; } int h(void) { return 1; }";
  const std::string user =
      "int f(void); int g(void); int h(void); int user(void) { return f() + g() + h(); } void* at = (void*)g;";
  if (!build("libdef", source, "", "")) GTEST_SKIP() << "no gcc here";
  ASSERT_TRUE(build_user(user, "-l:libdef.so"));
  ASSERT_TRUE(build("libdef", "int other(void) { return 1; }", "", ""));
  EXPECT_EQ(ours().size(), 3u);

  ASSERT_TRUE(build("libdef", source, "V1 { global: *; };", ""));
  ASSERT_TRUE(build_user(user, "-l:libdef.so"));
  ASSERT_TRUE(build("libdef", source, "V2 { global: *; };", ""));
  const auto unbound = ours();
  ASSERT_EQ(unbound.size(), 1u);
  EXPECT_EQ(unbound[0].name, "");
  EXPECT_EQ(unbound[0].version, "V1");
  EXPECT_EQ(unbound[0].file, "libdef.so");
}

TEST_F(SymbolScope, FindsWhatACompilerOfCppExportsOnce) {
  test::write_file(folder_ / "x.cc",
                   "struct S { static inline int shared = 1; int f(); }; int S::f() { return shared; }\n"
                   "inline int& once() { static int value; return value; } int& use() { return once(); }");
  if (!test::compile(folder_ / "x.cc", folder_ / "libx.so", "-shared -fPIC")) GTEST_SKIP() << "no g++ here";
  const DynamicSymbols x = symbols("libx.so");
  EXPECT_TRUE(x.exports_anything());
  EXPECT_TRUE(x.defines("_ZN1S6sharedE", nullptr));     // unique
  EXPECT_TRUE(x.defines("_ZZ4oncevE5value", nullptr));  // unique, of a function
  EXPECT_TRUE(x.defines("_ZN1S1fEv", nullptr));
  EXPECT_FALSE(x.defines("_ZN1S1gEv", nullptr));
}

TEST(DynamicSymbols, OfFilesThatAreNone) {
  EXPECT_FALSE(DynamicSymbols::read(test::in_memory("no ELF file"), "x"));
  test::TinyElf elf;
  elf.dynamic = false;
  const auto without = DynamicSymbols::read(test::in_memory(test::tiny_elf(elf)), "x");
  ASSERT_TRUE(without);
  EXPECT_FALSE(without->exports_anything());
}

// Tables of which every byte was changed in turn: an answer or an error, in bounds and in time.
TEST(DynamicSymbols, OfDamagedFiles) {
  for (const bool gnu : {true, false}) {
    test::TinyElf elf;
    elf.soname = "libx.so.1";
    elf.version_needs = {{"liby.so", {"V1", "V2"}}};
    elf.version_definitions = {"libx.so.1", "V1"};
    elf.symbols = {{"one", "1"}, {"two", "2"}};
    elf.gnu_hash = gnu;
    const std::string whole = test::tiny_elf(elf);
    auto read = DynamicSymbols::read(test::in_memory(whole), "x");
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->defines("two", nullptr));
    int refused = 0;
    for (std::size_t i = 0; i < whole.size(); ++i) {
      for (const char value : {'\xff', '\x01', '\0'}) {
        std::string damaged = whole;
        damaged[i] = value;
        auto again = DynamicSymbols::read(test::in_memory(damaged), "x");
        if (!again) {
          ++refused;
          continue;
        }
        const DynamicSymbols* scope[] = {&*again};
        (void)unbound_symbols(*again, scope, [&](const std::string&) { return &*again; });
      }
    }
    EXPECT_GT(refused, 0);
  }
}

}  // namespace
}  // namespace varve
