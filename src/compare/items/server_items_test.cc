// What units were clients of, as control items.
#include <gtest/gtest.h>

#include <algorithm>

#include "compare/compare_runs.h"
#include "compare/test_runs.h"

namespace varve {

using namespace samples;  // NOLINT: the builders of test_runs.h

namespace {
// Clients of two servers; their commands are lines of the shell, as --server takes them.
Run served_run(const std::string& line_a, const std::string& line_b, int port_b = 7001) {
  varve::Run run = interleaved_run(6, speed_shape(0.5, 0.002));
  for (Variant& each : run.variants) {
    const bool is_a = each.name == "A";
    ServerSetup server{{"sh", "-c", is_a ? line_a : line_b}, "unit", "port " + std::to_string(is_a ? 7001 : port_b)};
    server.program = "/usr/bin/redis-server";
    server.program_digest = std::string(64, 'b');
    server.program_package = "dpkg redis-server 5:7.0.15-1";
    each.server = std::move(server);
    each.command = {"redis-benchmark", "-p", std::to_string(is_a ? 7001 : port_b)};
  }
  return run;
}

void give_file(Variant& variant, const std::string& path, char digest, std::vector<std::string> lines) {
  variant.server->files.push_back(
      {.argument = 1, .path = path, .digest = std::string(64, digest), .missing = {}, .lines = std::move(lines)});
}

Comparison compared_served(const Run& run) {
  Result<Comparison> comparison = compare_variants(run, {});
  EXPECT_TRUE(comparison) << to_text(comparison.error());
  return *comparison;
}

const ControlItem& server_item(const Comparison& comparison, const std::string& id) {
  const auto found = std::find_if(comparison.items.begin(), comparison.items.end(),
                                  [&](const ControlItem& item) { return item.id == id; });
  EXPECT_NE(found, comparison.items.end()) << id;
  return *found;
}
}  // namespace

TEST(ServerItems, AnOptionThatDiffersIsTheVariable) {
  const Comparison comparison = compared_served(served_run("redis-server --port 7001 --save \"\" --io-threads 1",
                                                           "redis-server --port 7001 --save \"\" --io-threads 4"));
  EXPECT_EQ(comparison.control, Control::controlled) << comparison.verdict;
  EXPECT_EQ(comparison.variable, std::vector<std::string>{"server.--io-threads"});
  EXPECT_NE(comparison.title.find("server's --io-threads: 1 → 4"), std::string::npos) << comparison.title;
}

TEST(ServerItems, TwoOptionsAreTwoThings) {
  const Comparison comparison =
      compared_served(served_run("redis-server --io-threads 1", "redis-server --io-threads 4 --appendonly yes"));
  EXPECT_EQ(comparison.control, Control::confounded) << comparison.verdict;
  EXPECT_EQ(server_item(comparison, "server.--appendonly").a, "(not given)");
}

TEST(ServerItems, WhereAServerAnswersIsNoDifference) {
  const Comparison comparison =
      compared_served(served_run("redis-server --port 7001 --maxmemory-policy noeviction",
                                 "redis-server --port 7002 --maxmemory-policy allkeys-lru", 7002));
  EXPECT_EQ(comparison.variable, std::vector<std::string>{"server.--maxmemory-policy"});
  EXPECT_EQ(server_item(comparison, "command").state, ItemState::same);
  EXPECT_EQ(comparison.control, Control::controlled) << comparison.verdict;
}

TEST(ServerItems, ThatAClientDiffersInMoreThanThePortIsADifference) {
  varve::Run run = served_run("redis-server --port 7001", "redis-server --port 7002", 7002);
  run.variants[1].command.push_back("-q");
  EXPECT_EQ(server_item(compared_served(run), "command").state, ItemState::different);
}

TEST(ServerItems, OfAFileTheSettingsThatDifferAreShown) {
  varve::Run run = served_run("redis-server a.conf", "redis-server b.conf");
  give_file(run.variants[0], "a.conf", '1', {"save \"\"", "appendonly no", "port 7001"});
  give_file(run.variants[1], "b.conf", '2', {"save \"\"", "appendonly yes", "port 7001"});
  const Comparison comparison = compared_served(run);
  EXPECT_EQ(comparison.control, Control::controlled) << comparison.verdict;
  EXPECT_EQ(comparison.variable, std::vector<std::string>{"server.file.a.conf"});
  EXPECT_EQ(server_item(comparison, "server.file.a.conf").a, "appendonly no");
  EXPECT_EQ(server_item(comparison, "server.file.a.conf").b, "appendonly yes");
}

TEST(ServerItems, CommentsAreNoDifferenceAndTheOrderOfSettingsIs) {
  varve::Run run = served_run("redis-server a.conf", "redis-server b.conf");
  give_file(run.variants[0], "a.conf", '1', {"x 1", "y 2"});
  give_file(run.variants[1], "b.conf", '2', {"x 1", "y 2"});
  EXPECT_EQ(server_item(compared_served(run), "server.file.a.conf").state, ItemState::same);
  std::swap(run.variants[1].server->files[0].lines[0], run.variants[1].server->files[0].lines[1]);
  EXPECT_EQ(server_item(compared_served(run), "server.file.a.conf").state, ItemState::different);
}

TEST(ServerItems, AnotherProgramIsNamedWithItsPackage) {
  varve::Run run = served_run("/opt/a/redis-server", "/opt/b/redis-server");
  run.variants[1].server->program_digest = std::string(64, 'c');
  run.variants[1].server->program_package = "dpkg redis-server 5:8.0.2-1";
  const Comparison comparison = compared_served(run);
  EXPECT_EQ(comparison.variable, std::vector<std::string>{"server.program"});
  EXPECT_EQ(server_item(comparison, "server.program").b,
            "/usr/bin/redis-server (redis-server 5:8.0.2-1, sha256 cccccccccccc)");
}

TEST(ServerItems, ALineOfSeveralProgramsIsOneThing) {
  varve::Run run = served_run("warm; redis-server", "cool; redis-server");
  for (Variant& each : run.variants) each.server->program = each.server->program_digest = "";
  const Comparison comparison = compared_served(run);
  EXPECT_EQ(comparison.variable, std::vector<std::string>{"server"});
  EXPECT_EQ(server_item(comparison, "server.program").state, ItemState::unknown);
  EXPECT_EQ(comparison.control, Control::controlled_with_gaps);
}

}  // namespace varve
