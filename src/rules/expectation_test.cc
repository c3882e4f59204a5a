#include "rules/expectation.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

Stack stack_with(const std::string& kernel, const std::string& torch) {
  Stack stack;
  stack.facts["driver.kernel_mode.version"] = known_fact(kernel, "/sys/module/nvidia/version");
  stack.environments.push_back({.kind = EnvironmentKind::venv,
                                .path = "/opt/venv",
                                .python = {},
                                .packages = {{.name = "torch",
                                              .version = torch,
                                              .role = PackageRole::framework,
                                              .installer = {},
                                              .cuda = {},
                                              .requirements = {}}},
                                .compilers = {},
                                .runtimes = {}});
  return stack;
}

TEST(Expectation, HoldsForAnUnchangedStack) {
  EXPECT_TRUE(drift_since(stack_with("550.54.15", "2.6.0"), stack_with("550.54.15", "2.6.0")).empty());
}

TEST(Expectation, NamesADriverThatMoved) {
  const auto drift = drift_since(stack_with("550.54.15", "2.6.0"), stack_with("570.86.16", "2.6.0"));
  ASSERT_EQ(drift.size(), 1u);
  EXPECT_EQ(drift[0].change.id, "driver.kernel_mode.version");
  EXPECT_TRUE(drift[0].matters);
}

TEST(Expectation, NamesAPackageThatMoved) {
  const auto drift = drift_since(stack_with("550.54.15", "2.6.0"), stack_with("550.54.15", "2.7.0"));
  ASSERT_EQ(drift.size(), 1u);
  EXPECT_EQ(drift[0].change.id, "package.torch in /opt/venv");
  EXPECT_EQ(value_text(*drift[0].change.after.value), "2.7.0");
}

TEST(Expectation, CountsAPackageThatWentAway) {
  Stack now = stack_with("550.54.15", "2.6.0");
  now.environments[0].packages.clear();
  const auto drift = drift_since(stack_with("550.54.15", "2.6.0"), now);
  ASSERT_EQ(drift.size(), 1u);
  EXPECT_FALSE(drift[0].change.after.is_known());
}

// A shallow capture does not see the runtimes that whole sections tell of.
TEST(Expectation, ComparesLikeWithLike) {
  Stack lock = stack_with("550.54.15", "2.6.0"), now = lock;
  lock.facts["environments.runtimes"] = known_fact(std::vector<std::string>{"13.0", "13.2"}, "libraries");
  now.facts["environments.runtimes"] = known_fact(std::vector<std::string>{"12.2", "13.0", "13.2"}, "libraries");
  now.exact = true;
  EXPECT_TRUE(drift_since(lock, now).empty());
  lock.exact = true;
  EXPECT_EQ(drift_since(lock, now).size(), 1u);
}

TEST(Expectation, TellsOfVariablesThatWereSetOrUnset) {
  const Stack without = stack_with("550.54.15", "2.6.0");
  Stack with = without;
  with.facts["settings.NVIDIA_TF32_OVERRIDE"] = known_fact("0", "environment");
  struct Row {
    const Stack *lock, *now;
    const char* text;
  };
  for (const auto& [lock, now, text] : {Row{&without, &with, "0"}, Row{&with, &without, "absent (not set)"}}) {
    const auto drift = drift_since(*lock, *now);
    ASSERT_EQ(drift.size(), 1u);
    EXPECT_EQ(drift[0].change.id, "settings.NVIDIA_TF32_OVERRIDE");
    EXPECT_EQ(fact_text(drift[0].change.after), text);
    EXPECT_FALSE(drift[0].matters);
  }
  Stack by_another = without;  // which may not have known the name
  by_another.tool_version = "0.0.1";
  EXPECT_TRUE(drift_since(by_another, with).empty());
  EXPECT_EQ(drift_since(with, by_another).size(), 1u);
  Stack unread = without;
  unread.facts["settings.environment"] = missing_fact(Missing::denied, "/proc/7/environ", "permission denied");
  EXPECT_TRUE(drift_since(with, unread).empty());
}

Binary nccl(const std::string& name, const std::string& build_id, std::int64_t bytes) {
  Binary binary;
  binary.path = "/opt/venv/" + name;
  binary.environment = "/opt/venv";
  binary.package = "nvidia-nccl-cu12";
  binary.build_id = build_id;
  binary.bytes = bytes;
  return binary;
}

TEST(Expectation, NamesALibraryThatIsGoneOrAnotherFile) {
  Stack lock = stack_with("550.54.15", "2.6.0");
  lock.binaries = {nccl("libnccl.so.2", "aa11", 100)};
  EXPECT_TRUE(drift_since(lock, lock).empty());
  const std::pair<std::vector<Binary>, const char*> others[] = {
      {{}, "absent (not there)"},
      {{nccl("libnccl.so.2", "bb22", 100)}, "build id bb22, 100 B"},
      {{nccl("libnccl.so.2", "aa11", 90)}, "build id aa11, 90 B"},
      {{nccl("libnccl.so.2", "", 100)}, "100 B"}};
  for (const auto& [binaries, text] : others) {
    Stack now = stack_with("550.54.15", "2.6.0");
    now.binaries = binaries;
    const auto drift = drift_since(lock, now);
    ASSERT_EQ(drift.size(), 1u) << text;
    EXPECT_EQ(drift[0].change.id, "file /opt/venv/libnccl.so.2");
    EXPECT_EQ(fact_text(drift[0].change.after), text);
    EXPECT_TRUE(drift[0].matters);
  }
}

TEST(Expectation, PassesOverALinkToAnotherCopy) {
  Stack lock = stack_with("550.54.15", "2.6.0"), now = lock;
  lock.binaries = {nccl("libnccl.so.2", "aa11", 100)};
  now.binaries = {nccl("copy/libnccl.so.2", "aa11", 100)};
  EXPECT_TRUE(drift_since(lock, now).empty());
  now.binaries = {nccl("copy/libnccl.so.2", "bb22", 100)};
  EXPECT_EQ(drift_since(lock, now).size(), 2u);
}

TEST(Expectation, NamesAProgramThatIsAnotherFile) {
  const auto stack = [](const std::string& build_id) {
    Stack made;
    Binary program, library;
    program.path = "/opt/app/bin/train";
    program.build_id = build_id;
    library.path = "/usr/lib/libc.so.6";
    library.build_id = build_id;
    made.binaries = {program, library};
    Consumer consumer;
    consumer.kind = ConsumerKind::binary;
    consumer.name = program.path;
    made.consumers = {consumer};
    return made;
  };
  EXPECT_TRUE(drift_since(stack("aa11"), stack("aa11")).empty());
  const auto drift = drift_since(stack("aa11"), stack("bb22"));
  ASSERT_EQ(drift.size(), 1u) << "what the system brings is none of it";
  EXPECT_EQ(drift[0].change.id, "file /opt/app/bin/train");
  EXPECT_TRUE(drift[0].matters);
}

TEST(Expectation, LeavesFilesToThePackageThatMoved) {
  Stack lock = stack_with("550.54.15", "2.6.0"), now = lock;
  lock.binaries = {nccl("libnccl.so.2", "aa11", 100)};
  now.binaries = {nccl("libnccl.so.2", "bb22", 100)};
  for (Stack* stack : {&lock, &now}) stack->environments[0].packages[0].name = "nvidia-nccl-cu12";
  now.environments[0].packages[0].version = "2.7.0";
  const auto drift = drift_since(lock, now);
  ASSERT_EQ(drift.size(), 1u);
  EXPECT_EQ(drift[0].change.id, "package.nvidia-nccl-cu12 in /opt/venv");
}

TEST(Expectation, NamesAnotherImage) {
  Stack lock = stack_with("550.54.15", "2.6.0");
  lock.image.emplace();
  lock.image->digest = known_fact("sha256:aa", "index.json");
  Stack now = lock;
  EXPECT_TRUE(drift_since(lock, now).empty());
  now.image->digest = known_fact("sha256:bb", "index.json");
  ASSERT_EQ(drift_since(lock, now).size(), 1u);
  EXPECT_EQ(drift_since(lock, now)[0].change.id, "image digest");
  for (Stack* stack : {&lock, &now}) stack->image->digest = missing_fact(Missing::absent, "manifest.json", "none");
  EXPECT_TRUE(drift_since(lock, now).empty());
  now.image->layers.push_back({.digest = {}, .media_type = "tar", .size = 512});
  ASSERT_EQ(drift_since(lock, now).size(), 1u);
  EXPECT_EQ(drift_since(lock, now)[0].change.id, "image layers");
}

TEST(Expectation, NamesAMappedLibraryThatWasReplaced) {
  Stack lock = stack_with("550.54.15", "2.6.0");
  lock.libraries = {{.path = "/lib/liba.so", .build_id = "aa", .build_id_missing = {}},
                    {.path = "/lib/late.so", .build_id = "cc", .build_id_missing = {}}};
  Stack now = lock;
  now.libraries.pop_back();  // what is opened late comes and goes
  EXPECT_TRUE(drift_since(lock, now).empty());
  now.libraries[0].deleted = now.libraries[0].replaced = true;
  const auto drift = drift_since(lock, now);
  ASSERT_EQ(drift.size(), 1u);
  EXPECT_EQ(fact_text(drift[0].change.after), "build id aa, replaced since");
}

TEST(Expectation, LeavesOutWhatWasNotAskedFor) {
  Stack now = stack_with("550.54.15", "2.6.0");
  now.facts["driver.kernel_mode.version"] = missing_fact(Missing::not_asked, "somewhere", "not asked");
  EXPECT_TRUE(drift_since(stack_with("550.54.15", "2.6.0"), now).empty());
}

TEST(Expectation, CountsWhatCanNoLongerBeRead) {
  Stack now = stack_with("550.54.15", "2.6.0");
  now.facts["driver.kernel_mode.version"] = missing_fact(Missing::absent, "/sys/module/nvidia/version", "not loaded");
  EXPECT_EQ(drift_since(stack_with("550.54.15", "2.6.0"), now).size(), 1u);
}

}  // namespace
}  // namespace varve
