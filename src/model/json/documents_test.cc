#include "model/json/documents.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "model/fact_catalog.h"

namespace varve {
namespace {

Stack sample_stack() {
  Stack stack;
  stack.captured_at = "2026-01-02T03:04:05Z";
  stack.tool_version = "0.1.0";
  stack.facts["cpu.model"] = known_fact(std::string("Example 9000"), "/proc/cpuinfo: model name");
  stack.facts["cpu.isa"] = known_fact(std::vector<std::string>{"avx2", "fma"}, "/proc/cpuinfo: flags");
  stack.facts["memory.total"] = known_fact(std::int64_t{1} << 34, "/proc/meminfo: MemTotal");
  stack.facts["cgroup.cpu_quota"] = known_fact(1.5, "cpu.max", Standing::inferred);
  stack.facts["driver.kernel_mode.version"] = missing_fact(Missing::not_applicable, "/proc/driver/nvidia", "no GPU");
  stack.libraries.push_back({"/usr/lib/libx.so.1", "abcd", "", false});
  return stack;
}

// Of samples, of calls with everything that a row can have, and a reason why there is none of a third kind.
Profiles sample_profiles(KernelTable& kernels) {
  Profiles profiles;
  const KernelId sgemm = kernels.intern({.key = {"sgemm_kernel_HASWELL", "/usr/lib/libx.so.1", "abcd"},
                                         .raw_name = "raw",
                                         .meaning = {.family = Family::gemm,
                                                     .algorithm = "direct",
                                                     .precision = "fp32",
                                                     .base = "sgemm_kernel",
                                                     .architecture = "HASWELL",
                                                     .origin = "OpenBLAS"}});
  const KernelId matmul = kernels.intern(
      {.key = {"aten::mm", "", ""}, .named = Named::trace, .meaning = {.family = Family::gemm, .base = "aten::mm"}});
  Profile& cpu = profiles.by_kind[kCpuSamples];
  cpu.scopes = {"user"};
  cpu.periods_ns = {10'101'010};
  cpu.lost = 2;
  cpu.window_ns = 1'250'000'000;
  cpu.whole_ns = 1'000'000'000;
  cpu.unseen = {"work on the GPU"};
  ProfileRow sampled{.key = {.kernel = sgemm}, .samples = 5};
  sampled.time.total_ns = 5 * 10'101'010;
  add_rows(cpu, {sampled});
  Profile& calls = profiles.by_kind[kOnednnCalls];
  calls.window_ns = 30;
  calls.parts = {{Part::kernel, 10}, {Part::collective, 4}, {Part::copy, 3}, {Part::idle, 13}};
  ProfileRow counted{.key = {.activity = Activity::kernel,
                             .kernel = sgemm,
                             .operation = matmul,
                             .place = {.rank = 3, .device = 0, .stream = 7},
                             .launch = {{8, 4, 1}, {128, 1, 1}, 64, 49152}},
                     .bytes = 4096};
  counted.time.add(1000);
  counted.time.add(std::int64_t{1} << 60);
  ProfileRow summed{.key = {.activity = Activity::kernel, .kernel = matmul}};
  summed.time = {.count = 7, .total_ns = 700};
  add_rows(calls, {counted, summed});
  profiles.add_absent({WitnessKind::perf_script, Quantity::device_time}, "nobody looked");
  return profiles;
}

Run sample_run() {
  Run run;
  run.name = "sample";
  run.created_at = "2026-01-02T03:04:05Z";
  run.tool_version = "0.1.0";
  run.protocol = {.units = 1,
                  .warmup = 0,
                  .margin = 0.02,
                  .timeout_seconds = 3,
                  .order = "drawn pairs",
                  .primary_metric = "tokens/s",
                  .seed = 7};
  run.stack = sample_stack();
  run.stack_changes.push_back(
      {"cpu.model", known_fact(std::string("a"), "x"), missing_fact(Missing::denied, "y", "no permission")});
  Variant a;
  a.name = "A";
  a.command = {"program", "--x"};
  a.environment = {{"K", "V"}};
  a.settings["OMP_NUM_THREADS"] = known_fact(std::string("2"), "environment");
  a.program = "/usr/bin/program";
  a.program_digest = "00ff";
  a.recorders = {{"torch", true, "libtorch_cpu.so was loaded"}, {"cuda", false, "libvarve-cuda.so is not there"}};
  a.framework["torch.threads"] = known_fact(std::int64_t{2}, "torch.get_num_threads");
  a.toolkit = Toolkit{.path = "/opt/cuda-12.4",
                      .version = known_fact(std::string("12.4"), "version.json"),
                      .nvcc = missing_fact(Missing::absent, "/opt/cuda-12.4", "no nvcc"),
                      .installer = missing_fact(Missing::absent, "dpkg, rpm", "nobody knows it"),
                      .named_by = {"CUDA_HOME"},
                      .components = {{"cublas", "12.4.5.8"}}};
  a.image = ContainerImage{
      .program = "podman",
      .reference = "oci:old",
      .argument = 2,
      .digest = "sha256:0123",
      .components = {{"torch", "2.1.2", PackageRole::framework}, {"triton", "2.1.0", PackageRole::compiler, "torch"}},
      .missing = {}};
  a.packages = ImportedPackages{.environment = "~/venv",
                                .python = "3.11.7",
                                .versions = {{"torch", "2.15.0"}, {"triton", "3.9.0"}},
                                .requirements = {{"torch", {"triton"}}},
                                .libraries = {{"~/venv/libtorch_cpu.so", "torch"}}};
  a.files = {{.argument = 1, .path = "train.py", .digest = "ab", .missing = {}},
             {.argument = 2, .path = "big.bin", .digest = {}, .missing = "not hashed, larger than 256 MiB"}};
  run.variants.push_back(a);
  Unit unit;
  unit.variant = "A";
  unit.pair = 0;
  unit.end.exit_code = 3;
  unit.wall_seconds = 1.25;
  unit.steal_seconds = 0.5;
  unit.peak_memory_bytes = 4096;
  unit.metrics.push_back({"tokens/s", "1/s", Better::higher, 123.5, 4});
  unit.libraries = run.stack.libraries;
  unit.profiles = sample_profiles(run.kernels);
  unit.recording = UnitRecording{.recorder = "torch",
                                 .way = "asked on demand",
                                 .window = "1 s of 9 s",
                                 .window_ns = 1'000'000'000,
                                 .coverage = 0.97,
                                 .processes = 2,
                                 .cost = 1.25,
                                 .cost_metric = "tokens/s",
                                 .indicative = true,
                                 .remarks = {"a remark"}};
  unit.marks = {{Mark::steal, "machine steal 12 %"}};
  run.units = {unit, unit};
  run.findings.push_back({"VRV-RUN-STEAL", Layer::hardware, Severity::warning, Mender::platform, "e", "c", "f", "s"});
  run.complete = false;
  run.incomplete_reason = "interrupted";
  return run;
}

// Reads back what was written, and writes it again: equal text is equal content.
template <class T>
void expect_round_trip(const T& document) {
  const std::string text = canonical_json(to_json(document));
  const Result<Document> read = document_from_json(text, "test");
  ASSERT_TRUE(read) << to_text(read.error());
  ASSERT_TRUE(std::holds_alternative<T>(*read));
  EXPECT_EQ(canonical_json(to_json(std::get<T>(*read))), text);
}

TEST(Documents, SurviveWritingAndReading) {
  expect_round_trip(sample_stack());
  expect_round_trip(sample_run());
  Comparison comparison;
  comparison.created_at = "2026-01-02T03:04:05Z";
  comparison.tool_version = "0.1.0";
  comparison.a.label = "A";
  comparison.b.label = "B";
  comparison.primary.metric = "wall time";
  comparison.primary.ratio = {1.1, {-INFINITY, INFINITY}};
  comparison.primary.pairs_needed = 12;
  comparison.items.push_back({"settings.X", Layer::settings, "X", "1", "(not set)", ItemState::different, true});
  KernelAccount account{.kind = kOnednnCalls, .available = true};
  KernelChange row;
  row.label = "sgemm_kernel: A → B";
  row.state = KernelState::replaced;
  row.share = Estimate{0.9, {0.8, INFINITY}};
  account.rows.push_back(row);
  comparison.accounts = {account, {.kind = kCpuSamples, .why = "not permitted"}};
  expect_round_trip(comparison);
}

TEST(Documents, OfAConsumerAndACheckSurviveToo) {
  Stack stack = sample_stack();
  stack.consumers = {{.kind = ConsumerKind::framework,
                      .name = "torch 2.15.0",
                      .package = "torch",
                      .environment = "~/venv",
                      .libraries = {{.name = "libx.so.1",
                                     .path = "/usr/lib/libx.so.1",
                                     .why = "ld.so.cache",
                                     .asked_by = "~/venv/_C.so",
                                     .kind = DependencyKind::opened,
                                     .unresolved = {{"symbol", "libx.so.1"}},
                                     .unresolved_count = 17}},
                      .symbols_checked = true,
                      .remark = "r"}};
  expect_round_trip(stack);
  Check check;
  check.checked_at = "2026-01-02T03:04:05Z";
  check.tool_version = "0.1.0";
  check.subject = "host";
  check.chain = {{Layer::kernel_driver, CheckState::broken, "d"}, {Layer::handshake, CheckState::cannot_tell, "e"}};
  check.first_broken = Layer::kernel_driver;
  check.consumers = {{.kind = ConsumerKind::binary,
                      .name = "b",
                      .environment = "",
                      .state = CheckState::degraded,
                      .regime = Regime::forward,
                      .outcome = Outcome::no_driver,
                      .answers = {{Question::driver, CheckState::ok, "fine"}}}};
  check.findings = {{"VRV-X", Layer::os, Severity::note, Mender::platform, "e", "c", "f", "s"}};
  check.findings[0].category = FaultCategory::library_mix;
  check.findings[0].about = {{FindingSubject::Kind::missing_library, "libcudnn.so.9"}};
  check.untold = {{"VRV-Y", "gpu.count", "denied"}};
  check.errors = {{.pattern = "p",
                   .line = 3,
                   .text = "t",
                   .category = FaultCategory::container,
                   .cause = "c",
                   .fix = "f",
                   .explained_by = "VRV-X",
                   .correction = "no",
                   .times = 2,
                   .source = "s"}};
  check.drift = {{.change = {"a", known_fact("1", "s"), missing_fact(Missing::denied, "t")}, .matters = true}};
  check.proofs = {{"p", "e", "sm_90", true, "", 0.5}};
  check.advice = {"one", "two"};
  expect_round_trip(check);
}

// Of a trace that has something to say in every field.
KernelsRecord sample_kernels() {
  KernelsRecord record;
  record.tool_version = "0.1.0";
  TraceSource& source = record.sources.emplace_back();
  source.file = "a.json";
  source.format = "Kineto";
  source.facts["gpu.models"] = known_fact(std::vector<std::string>{"NVIDIA B300"}, "deviceProperties");
  source.damaged = 2;
  source.damage = {{17, "no number"}, {90, "cut"}};
  source.rank = 3;
  source.ranks = 8;
  source.absence = KernelAbsence::lost;
  source.tally = {.events = 14,
                  .launches = 1,
                  .kernels = 2,
                  .kernels_ns = 16,
                  .launches_without_kernel = 3,
                  .kernels_before_window = 4,
                  .kernels_without_launch = 5,
                  .kernels_in_graphs = 6,
                  .zero_durations = 7,
                  .impossible_durations = 8,
                  .before_window_ns = 9,
                  .without_launch_ns = 10,
                  .in_graphs_ns = 11,
                  .impossible_ns = 12,
                  .resolution_ns = 13,
                  .left_out = 17,
                  .environments = 15,
                  .capped = true,
                  .sentences = {"one", "two"}};
  source.steps = {TraceSteps::Found::repeated,
                  "a period of 12 kernels",
                  {{"1", -5, 100, 60, {{Part::kernel, 60}, {Part::idle, 40}}, false}, {"2", 95, 100, 61, {}, true}}};
  source.windows = {{3, 0, {{Part::kernel, 90}, {Part::idle, 10}}}, {-1, -1, {}}};
  record.sources.push_back({.file = "b.json", .format = "Kineto"});
  record.record.profiles = sample_profiles(record.record.kernels);
  record.ranks = {true,
                  "on 4 collectives",
                  4,
                  {{.rank = 3,
                    .common = 4,
                    .offset_ns = -7,
                    .residual_ns = 1,
                    .transfer_ns = 20,
                    .waiting_ns = 30,
                    .exposed_waiting_ns = 25,
                    .waiting_for = {{0, 30}},
                    .waited_for_ns = 5}}};
  return record;
}

TEST(Documents, OfKernelsSurviveToo) {
  const KernelsRecord record = sample_kernels();
  const std::string text = pretty_json(to_json(record));
  const Result<Document> read = document_from_json(text, "test");
  ASSERT_TRUE(read) << to_text(read.error());
  const KernelsRecord& back = std::get<KernelsRecord>(*read);
  EXPECT_EQ(pretty_json(to_json(back)), text);
  EXPECT_EQ(back.record.profiles, record.record.profiles);
  EXPECT_EQ(back.record.kernels, record.record.kernels);
  ASSERT_EQ(back.sources.size(), 2u);
  const TraceSource& source = back.sources.front();
  EXPECT_EQ(source.tally.impossible_ns, 12);
  EXPECT_EQ(source.tally.sentences, record.sources.front().tally.sentences);
  EXPECT_TRUE(source.tally.capped);
  EXPECT_EQ(source.damage[1].at, 90u);
  EXPECT_EQ(source.absence, KernelAbsence::lost);
  EXPECT_EQ(source.steps.found, TraceSteps::Found::repeated);
  EXPECT_EQ(source.steps.steps[0].start_ns, -5);
  EXPECT_EQ(source.steps.steps[0].parts.at(Part::idle), 40);
  EXPECT_FALSE(source.steps.steps[0].complete);
  EXPECT_EQ(back.sources[1].rank, -1);
  ASSERT_EQ(back.ranks.ranks.size(), 1u);
  EXPECT_EQ(back.ranks.ranks[0].exposed_waiting_ns, 25);
  EXPECT_EQ(back.ranks.ranks[0].waiting_for, record.ranks.ranks[0].waiting_for);
}

TEST(Documents, OfKernelsThatContradictThemselvesAreRefused) {
  const auto where_refused = [](const std::function<void(Json&)>& change) {
    Json bad = to_json(sample_kernels());
    change(bad);
    const Result<Document> read = document_from_json(bad.dump(), "bad.json");
    return read ? "" : read.error().where;
  };
  EXPECT_EQ(where_refused([](Json&) {}), "");
  EXPECT_EQ(where_refused([](Json& json) { json["sources"] = Json::array(); }), "bad.json, sources");
  EXPECT_EQ(where_refused([](Json& json) { json["sources"][0]["rank"] = -2; }), "bad.json, sources[0].rank");
  EXPECT_EQ(where_refused([](Json& json) { json["sources"][0]["absence"] = "gone"; }), "bad.json, sources[0].absence");
  EXPECT_EQ(where_refused([](Json& json) { json["sources"][0]["tally"]["impossible_ns"] = -1; }),
            "bad.json, sources[0].tally.impossible_ns");
  const Json flat = to_json(sample_kernels()).flatten();
  for (const auto& [pointer, value] : flat.items()) {
    for (const Json& wrong : {Json(nullptr), Json("text"), Json(-1), Json::array(), Json::object()}) {
      const std::string where = where_refused([&, at = Json::json_pointer(pointer)](Json& json) { json[at] = wrong; });
      EXPECT_TRUE(where.empty() || where.starts_with("bad.json")) << where;
    }
  }
}

TEST(Documents, NoTruncationIsAcceptedOrCrashes) {
  const std::string text = canonical_json(to_json(sample_run()));
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(document_from_json(text.substr(0, length), "cut.json")) << length;
  }
}

TEST(Documents, EveryFieldOfAnotherTypeIsRefusedOrReadNeverACrash) {
  const Json good = to_json(sample_run());
  const Json flat = good.flatten();
  for (const auto& [pointer, value] : flat.items()) {
    for (const Json& wrong : {Json(nullptr), Json("text"), Json(-1), Json(1e300), Json::array(), Json::object()}) {
      Json bad = good;
      bad[Json::json_pointer(pointer)] = wrong;
      const Result<Document> read = document_from_json(canonical_json(bad), "bad.json");
      const std::string where = read ? "bad.json" : read.error().where;
      EXPECT_TRUE(where.starts_with("bad.json")) << where;
    }
  }
}

TEST(Documents, SayWhichFieldIsWrong) {
  Json bad = to_json(sample_run());
  bad["units"][1]["wall_seconds"] = "fast";
  const Result<Document> read = document_from_json(bad.dump(), "bad.json");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().where, "bad.json, units[1].wall_seconds");
  bad = to_json(sample_run());
  bad["units"][0]["profiles"]["seen"][0]["rows"][0]["kernel"] = 99;
  EXPECT_EQ(document_from_json(bad.dump(), "bad.json").error().where,
            "bad.json, units[0].profiles.seen[0].rows[0].kernel");
}

// In what is written to disk. (The canonical form knows no whole numbers above 2^53.)
TEST(Documents, ProfilesAreReadBackExactly) {
  const varve::Run run = sample_run();
  const Result<Document> read = document_from_json(pretty_json(to_json(run)), "run.json");
  ASSERT_TRUE(read) << to_text(read.error());
  const varve::Run& back = std::get<varve::Run>(*read);
  EXPECT_EQ(back.kernels, run.kernels);
  ASSERT_EQ(back.units.size(), 2u);
  for (const Unit& unit : back.units) EXPECT_EQ(unit.profiles, run.units[0].profiles);
}

TEST(Documents, ProfilesThatContradictThemselvesAreRefused) {
  const auto refuses = [](const std::function<void(Json&)>& change) {
    Json bad = to_json(sample_run());
    change(bad["units"][0]["profiles"]["seen"][1]);
    return !document_from_json(bad.dump(), "bad.json");
  };
  EXPECT_FALSE(refuses([](Json&) {}));
  EXPECT_TRUE(refuses([](Json& profile) { profile["rows"][0]["total_ns"] = -1; }));
  EXPECT_TRUE(refuses([](Json& profile) { profile["rows"][0]["min_ns"] = std::int64_t{1} << 61; }));
  EXPECT_TRUE(refuses([](Json& profile) { profile["rows"][0]["bucket_counts"][0] = 7; }));
  EXPECT_TRUE(refuses([](Json& profile) { profile["rows"][0]["buckets"][0] = 9999; }));
  EXPECT_TRUE(refuses([](Json& profile) { profile["rows"][0]["grid"] = {1, 2}; }));
  EXPECT_TRUE(refuses([](Json& profile) { profile["parts"]["idle"] = 14; }));
  EXPECT_TRUE(refuses([](Json& profile) { profile["witness"] = "cpu-samples", profile["quantity"] = "cpu_time"; }));
}

TEST(Documents, AForeignOrNewerDocumentIsNamedAsSuch) {
  EXPECT_FALSE(document_from_json("{}", "x.json"));
  EXPECT_FALSE(document_from_json("[1]", "x.json"));
  const Result<Document> foreign = document_from_json(R"({"schema": "varve/song/1"})", "x.json");
  ASSERT_FALSE(foreign);
  EXPECT_NE(foreign.error().found.find("does not know"), std::string::npos) << foreign.error().found;
}

TEST(Documents, AnotherVersionIsRefusedWithWhatItIsAndWhatToDo) {
  const Result<Document> newer =
      document_from_json(R"({"schema": "varve/run/99", "tool": {"version": "7.1"}})", "new.json");
  ASSERT_FALSE(newer);
  EXPECT_NE(newer.error().found.find("\"varve/run/99\", written by Varve 7.1"), std::string::npos)
      << newer.error().found;
  EXPECT_NE(newer.error().hint.find("install a newer one"), std::string::npos) << newer.error().hint;
  const Result<Document> older = document_from_json(R"({"schema": "varve/comparison/1"})", "old.json");
  ASSERT_FALSE(older);
  EXPECT_NE(older.error().found.find("this Varve reads version 2 of it"), std::string::npos) << older.error().found;
  EXPECT_NE(older.error().hint.find("Write it again with varve compare"), std::string::npos) << older.error().hint;
}

TEST(Documents, SeveralStandInAList) {
  const std::string stack = to_json(sample_stack()).dump();
  const Result<std::vector<Document>> two = documents_from_json("[" + stack + "," + stack + "]", "two.json");
  ASSERT_TRUE(two) << to_text(two.error());
  EXPECT_EQ(two->size(), 2u);
  EXPECT_EQ(documents_from_json(stack, "one.json")->size(), 1u);
  EXPECT_FALSE(documents_from_json("[]", "none.json"));
  const Result<std::vector<Document>> bad = documents_from_json("[" + stack + ", 3]", "bad.json");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().where, "bad.json, document 2");
  const Result<Document> one = document_from_json("[" + stack + "]", "list.json");
  ASSERT_FALSE(one);
  EXPECT_NE(one.error().found.find("several documents"), std::string::npos) << one.error().found;
}

TEST(Digest, MovesWithIdentityOnly) {
  Stack stack = sample_stack();
  const std::string digest = stack_digest(stack);
  stack.captured_at = "2027-01-01T00:00:00Z";
  stack.facts["cpu.model"].source = "elsewhere";
  stack.facts["settings.OMP_NUM_THREADS"] = known_fact(std::string("4"), "environment");
  EXPECT_EQ(stack_digest(stack), digest);
  stack.facts["driver.kernel_mode.version"].missing = Missing::denied;
  EXPECT_NE(stack_digest(stack), digest);
}

TEST(ChangedFacts, ShowWhatMovedAndNotWhatStayedUnknown) {
  Stack before = sample_stack(), after = sample_stack();
  EXPECT_TRUE(changed_facts(before, after).empty());
  after.facts["cpu.model"] = missing_fact(Missing::denied, "x");
  after.facts["settings.A"] = known_fact(std::string("1"), "environment");
  const auto changes = changed_facts(before, after);
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].id, "cpu.model");
  EXPECT_EQ(changes[1].id, "settings.A");
}

TEST(Catalog, KnowsEveryRowOfTheSchema) {
  EXPECT_GT(fact_catalog().size(), 40u);
  ASSERT_NE(find_fact_definition("cpu.model"), nullptr);
  EXPECT_TRUE(find_fact_definition("cpu.model")->identity);
  ASSERT_NE(find_fact_definition("settings.OMP_NUM_THREADS"), nullptr);
  EXPECT_EQ(find_fact_definition("settings.OMP_NUM_THREADS")->layer, Layer::settings);
  EXPECT_EQ(find_fact_definition("nonsense"), nullptr);
}

}  // namespace
}  // namespace varve
