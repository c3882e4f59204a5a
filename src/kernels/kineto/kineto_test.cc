#include "kernels/kineto/kineto.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/formats/trace_formats.h"
#include "kernels/kineto/kineto_testing.h"

namespace varve {
namespace {
using test::read_text;
using test::RecordedTrace;
using test::sums_of;
using test::text_bytes;

std::string made(const std::string& events, const std::string& members = "") {
  return fmt::format("{{{}\"traceEvents\": [{}]}}", members, events);
}

// The operator of the only kernel; "-" when it has none.
std::string operator_of(const RecordedTrace& trace) {
  for (const auto& [event, extra] : trace.events) {
    if (event.activity != Activity::kernel) continue;
    return extra && extra->operation != kNoName ? trace.name_of(extra->operation) : "-";
  }
  return "no kernel";
}

const test::RecordedEvent& first_of(const RecordedTrace& trace, Activity activity) {
  static const test::RecordedEvent none;
  const auto found = std::find_if(trace.events.begin(), trace.events.end(),
                                  [&](const auto& one) { return one.event.activity == activity; });
  return found == trace.events.end() ? none : *found;
}

struct Quirk {
  const char* file;
  const char* damage;  // nullptr: odd, but nothing in it is lost or unsound
  std::uint64_t at;    // where in the file
  std::int64_t total_ns = 35'750;
};

// Which of them are damaged: those in which something is missing (the end, an event behind a comma) or a text cannot be
// what was meant. Not damaged are other spellings that lose nothing: a word for a number that nobody asks for (05),
// long, quoted or scaled numbers, members twice or late, no white space, a byte order mark.
constexpr Quirk kQuirks[] = {
    {"01_ok.json", nullptr, 0},
    {"02_truncated_array.json", "the trace ends inside an event", 762},
    {"03_trailing_comma.json", "a comma that no event follows", 762},
    {"04_top_level_array_unterminated.json", "the list of events has no end", 719},
    {"05_nan_inf.json", nullptr, 0},
    {"06_unescaped_quotes_even.json", "a quote inside a string, or a string without its end", 336},
    {"07_unescaped_quote_odd.json", "a quote inside a string, or a string without its end", 339},
    {"08_windows_backslash.json", "a backslash that begins no escape", 339},
    {"09_invalid_utf8.json", "text that is not valid UTF-8", 327},
    {"10_raw_newline_in_string.json", "a control character inside a string", 335},
    {"11_ts_19_digits.json", nullptr, 0, 14'784},
    {"12_ts_strings_npu.json", nullptr, 0},
    {"13_huge_ints.json", nullptr, 0},
    {"14_exponent_dur.json", nullptr, 0},
    {"15_dup_keys_late_cat.json", nullptr, 0},
    {"16_minified.json", nullptr, 0},
    {"17_events_before_meta.json", nullptr, 0},
    {"18_ndjson_prefix_bom.json", nullptr, 0},
};

std::string quirk(const std::string& name) { return test::bytes_of(test::source_path("fuzz/corpus/kineto/" + name)); }

// As the first rocprof writes it beside its database.
TEST(Kineto, TracesOfOtherProgramsAreRefusedRatherThanCalledEmpty) {
  const std::string text =
      R"({"traceEvents":[{},{"ph":"X","name":"gemm_kernel","pid":6,"tid":1,"ts":"0","dur":"5","args":{}}]})";
  RecordedTrace trace;
  const auto input = trace_of_bytes(std::as_bytes(std::span(text)), "results.json");
  const Status read = kKineto.read(*input, trace, {});
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().hint.find("results.db"), std::string::npos);
}

TEST(Kineto, OddAndDamagedTracesGiveTheirThreeKernels) {
  for (const Quirk& row : kQuirks) {
    for (const bool device_only : {false, true}) {
      const RecordedTrace trace = read_text(quirk(row.file), {.device_only = device_only});
      EXPECT_EQ(trace.count(Activity::kernel), 3u) << row.file;
      EXPECT_EQ(trace.total_ns(Activity::kernel), row.total_ns) << row.file;
      ASSERT_EQ(trace.damage.size(), row.damage != nullptr ? 1u : 0u) << row.file;
      if (row.damage == nullptr) continue;
      EXPECT_EQ(trace.damage[0].second, row.damage) << row.file;
      EXPECT_EQ(trace.damage[0].first, row.at) << row.file;
    }
  }
}

TEST(Kineto, RecognisesEveryQuirkAndNothingElse) {
  for (const Quirk& row : kQuirks) {
    const std::string text = quirk(row.file);
    EXPECT_EQ(find_trace_format(text_bytes(text))->name, kKineto.name) << row.file;
  }
  for (const std::string text :
       {"{\"schema\": \"varve/run/3\"}", "[{\"children\": []}]", "[1]", "{}", "{", "", "text"}) {
    const TraceFormat* format = find_trace_format(text_bytes(text));
    EXPECT_TRUE(format == nullptr || format->name != std::string_view(kKineto.name)) << text;
  }
}

// Five kernels, each on lines of its own as PyTorch writes them, and among them a region of the given name, whose
// quotes nobody escaped.
std::string with_region(const std::string& name) {
  std::string text = "{\n  \"traceEvents\": [\n";
  for (int i = 0; i < 6; ++i) {
    const bool is_region = i == 3;
    text += i == 0 ? "  {\n" : ",\n  {\n";
    text += std::string(R"(    "ph": "X", "cat": ")") + (is_region ? "user_annotation" : "kernel") + R"(", "name": ")" +
            (is_region ? name : "k") + "\", \"pid\": 0, \"tid\": 7,\n    \"ts\": " + std::to_string(100 * i) +
            R"(, "dur": 5, "args": {"stream": 7})" + "\n  }";
  }
  return text + "\n  ],\n  \"traceName\": \"x\"\n}\n";
}

// Of what a name holds nothing counts as an event, and nothing behind it is lost.
TEST(Kineto, ANameWithBareQuotesMakesNoEvents) {
  const std::string forged =
      R"({"ph": "X", "cat": "kernel", "name": "f", "pid": 0, "tid": 7, "ts": 9, "dur": 5000000})";
  constexpr const char* kQuote = "a quote inside a string, or a string without its end";
  constexpr const char* kLine =
      "events on one line, where all others stand on their own: text of a name with quotes in it";
  for (const auto& [name, told] : std::vector<std::pair<std::string, const char*>>{
           {"plain", nullptr},
           {R"(load \"train\" split)", nullptr},
           {R"(load "train" split)", kQuote},
           {R"("traceEvents": [])", kQuote},
           {"C:\\", kQuote},
           {forged, kQuote},
           {"two " + forged + ", " + forged, kQuote},
           {"[" + forged + ", " + forged + "]", kQuote},
           {R"(x", "ts": 300, "dur": 1}, )" + forged + R"(, {"ph": "X", "cat": "cpu_op", "name": "y)", kLine}}) {
    const RecordedTrace trace = read_text(with_region(name));
    EXPECT_EQ(trace.count(Activity::kernel), 5u) << name;
    EXPECT_EQ(trace.total_ns(Activity::kernel), 25'000) << name;
    ASSERT_EQ(trace.damage.size(), told != nullptr ? 1u : 0u) << name;
    if (told == nullptr) continue;
    EXPECT_EQ(trace.damage[0].second, told) << name;
  }
}

// Two traces put together by somebody, the second in another style: all of it counts.
TEST(Kineto, EventsInAnotherStyleFromSomewhereOnAreRead) {
  std::string text = with_region("r");
  const std::string one = R"(, {"ph": "X", "cat": "kernel", "name": "k", "pid": 0, "tid": 7, "ts": 9000, "dur": 5})";
  std::string more;
  for (int i = 0; i < 2000; ++i) more += one;
  text.insert(text.find("\n  ],"), more);
  const RecordedTrace trace = read_text(text);
  EXPECT_EQ(trace.count(Activity::kernel), 2005u);
  EXPECT_EQ(trace.damage.size(), 1u);
}

// Wherever a trace is cut off, what was whole before is read, and the cut is told once.
TEST(Kineto, CutOffAnywhereItTellsWhatIsLeft) {
  const std::string text = quirk("01_ok.json");
  const std::size_t list = text.find('[') + 1;
  std::vector<std::size_t> ends;  // of the three kernels
  for (std::size_t at = text.find("}\n  }"); at != std::string::npos; at = text.find("}\n  }", at + 1))
    ends.push_back(at + 5);
  ASSERT_EQ(ends.size(), 3u);
  for (std::size_t size = 0; size < text.size(); ++size) {
    const std::string cut = text.substr(0, size);
    RecordedTrace trace;
    const auto input = trace_of_bytes(text_bytes(cut), "cut.json");
    const Status status = kKineto.read(*input, trace, {});
    const auto whole = static_cast<std::uint64_t>(
        std::count_if(ends.begin(), ends.end(), [&](std::size_t end) { return end <= size; }));
    EXPECT_EQ(static_cast<bool>(status), size >= list) << size;
    EXPECT_EQ(trace.count(Activity::kernel), whole) << size;
    const bool is_complete = size + 1 >= text.size();  // but for the last line end
    EXPECT_EQ(trace.damage.size(), size == 0 || is_complete ? 0u : 1u) << size;
  }
}

// A part that was lost in the middle costs the events that it touches and no others.
TEST(Kineto, AHoleAnywhereCostsWhatItTouches) {
  const std::string text = quirk("01_ok.json");
  const std::size_t third = text.rfind('{', text.find("gemm_c"));
  for (std::size_t from = text.find('[') + 1; from + 20 <= third; ++from) {
    std::string holed = text;
    holed.erase(from, 20);
    const RecordedTrace trace = read_text(holed);
    EXPECT_LE(trace.damage.size(), 2u) << from;
    bool found = false;
    for (const auto& [id, name] : trace.names) found = found || name == "gemm_c";
    EXPECT_TRUE(found) << from << ": " << holed;
  }
}

TEST(Kineto, DamageThatSwallowsAnEventIsEndedByTheNext) {
  const std::string good = R"({"ph": "X", "cat": "kernel", "name": "a", "ts": 1, "dur": 2, "args": {"x": {}}})";
  for (const char* bad : {R"({"ph": "X", "cat": "kernel", "name": "b", "ts": 1, "dur": 2, "args": {"x": 1})",  // no end
                          R"({"ph": "X", "cat": "kernel", "name": "b)",  // no quote
                          R"({"ph": "X", "cat": "kernel", "name": "b"c")",
                          R"({"ph": "X", "cat": "kernel", "name": "b", "ts": 1, "dur": 2}})", R"(nonsense)",
                          R"("text")", R"(])", R"(})"}) {
    const RecordedTrace trace = read_text(made(good + "," + bad + "," + good + "," + good));
    EXPECT_EQ(trace.damage.size(), 1u) << bad;
    std::uint64_t found = 0;
    for (const auto& [event, extra] : trace.events) found += trace.name_of(event.name) == "a" ? 1 : 0;
    EXPECT_EQ(found, 3u) << bad;
  }
}

TEST(Kineto, WhatIsNoTraceIsAnError) {
  for (const std::string text : {"{\"a\": [1, {\"b\": 2}]}", "{\"traceEvents\": 1}", "   "}) {
    RecordedTrace trace;
    const auto input = trace_of_bytes(text_bytes(text), "made.json");
    const Status status = kKineto.read(*input, trace, {});
    ASSERT_FALSE(status) << text;
    EXPECT_EQ(status.error().found, "it holds no list traceEvents");
  }
}

TEST(Kineto, ALfsPointerIsNamed) {
  const std::string text = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
  const auto input = trace_of_bytes(text_bytes(text), "trace.json");
  const auto trace = read_trace(*input);
  ASSERT_FALSE(trace);
  EXPECT_EQ(trace.error().found, "it is a Git LFS pointer: the trace itself was never fetched");
}

TEST(Kineto, TimesThatAreNoneCountWithoutTime) {
  const RecordedTrace trace = read_text(
      made(R"({"ph":"X","cat":"kernel","name":"a","ts":1,"dur":NaN},{"ph":"X","cat":"kernel","name":"b","ts":1},)"
           R"({"ph":"X","cat":"kernel","name":"c","ts":5,"dur":-1.500})"));
  EXPECT_EQ(trace.count(Activity::kernel), 3u);
  EXPECT_EQ(trace.total_ns(Activity::kernel), 0);
  EXPECT_EQ(trace.damage.size(), 3u);
}

TEST(Kineto, TypesOtherThanFp32StandBehindTheShapes) {
  const auto operation = [](const char* types) {
    return fmt::format(R"({{"ph":"X","cat":"cpu_op","name":"aten::mm","pid":1,"tid":2,"ts":10,"dur":20,)"
                       R"("args":{{"Input Dims":[[8, 64], [64, 8], []],"Input type":{}}}}})",
                       types);
  };
  const auto name = [&](const char* types) {
    const RecordedTrace trace = read_text(made(operation(types)));
    return trace.events.empty() ? std::string() : trace.name_of(trace.events.front().event.name);
  };
  EXPECT_EQ(name(R"(["float", "float", "Scalar"])"), "aten::mm [[8,64],[64,8]]");
  EXPECT_EQ(name(R"(["c10::BFloat16", "c10::BFloat16", ""])"), "aten::mm [[8,64],[64,8]] bf16");
  EXPECT_EQ(name(R"(["c10::Half", "float", ""])"), "aten::mm [[8,64],[64,8]] fp16+fp32");
  EXPECT_EQ(name(R"(["long int", "ScalarList"])"), "aten::mm [[8,64],[64,8]]");
  EXPECT_EQ(name(R"("c10::Half")"), "aten::mm [[8,64],[64,8]] fp16") << "a text in the place of the list";
  const RecordedTrace both =
      read_text(made(operation(R"(["float","float"])") + "," + operation(R"(["c10::Half","c10::Half"])")));
  ASSERT_EQ(both.events.size(), 2u);
  EXPECT_NE(both.events[0].event.name, both.events[1].event.name);
}

TEST(Kineto, FindsTheOperatorOfAKernel) {
  const std::string operation = R"({"ph":"X","cat":"cpu_op","name":"aten::mm","pid":1,"tid":2,"ts":10,"dur":20,)"
                                R"("args":{"External id":5,"Input Dims":[[8, 64], [64, 8], []]}},)";
  const auto call = [](int external, int correlation, int tid) {
    return fmt::format(R"({{"ph":"X","cat":"cuda_runtime","name":"cudaLaunchKernel","pid":1,"tid":{},"ts":15,"dur":2,)"
                       R"("args":{{"External id":{},"correlation":{}}}}},)",
                       tid, external, correlation);
  };
  const auto kernel = [](int external, int correlation) {
    return fmt::format(R"({{"ph":"X","cat":"kernel","name":"k","pid":0,"tid":7,"ts":40,"dur":5,)"
                       R"("args":{{"External id":{},"device":0,"stream":7,"correlation":{}}}}})",
                       external, correlation);
  };
  constexpr const char* kName = "aten::mm [[8,64],[64,8]]";
  EXPECT_EQ(operator_of(read_text(made(operation + kernel(5, 77)))), kName);                     // its External id
  EXPECT_EQ(operator_of(read_text(made(operation + call(5, 77, 9) + kernel(0, 77)))), kName);    // that of its call
  EXPECT_EQ(operator_of(read_text(made(operation + call(0, 77, 2) + kernel(0, 77)))), kName);    // around its call
  EXPECT_EQ(operator_of(read_text(made(operation + call(77, 77, 2) + kernel(77, 77)))), kName);  // as in 2022
  EXPECT_EQ(operator_of(read_text(made(kernel(5, 77) + "," + operation + call(5, 77, 2).substr(0, 20) + "\"}"))),
            kName);
  // Numbers that are equal by chance: a correlation is no External id.
  EXPECT_EQ(operator_of(read_text(made(operation + kernel(0, 5)))), "-");
  EXPECT_EQ(operator_of(read_text(made(operation + call(5, 5, 9) + kernel(5, 5)))), "-");
  EXPECT_EQ(operator_of(read_text(made(operation + call(0, 5, 9) + kernel(0, 5)))), "-");
}

TEST(Kineto, TellsCollectivesWithTheirBytesAndGroup) {
  const RecordedTrace trace = read_text(made(
      R"({"ph":"X","cat":"kernel","name":"ncclDevKernel_AllGather_RING_LL","pid":0,"tid":7,)"
      R"("ts":1,"dur":21.953,"args":{"device":0,"stream":7,"correlation":9,"Collective name":"_allgather_base",)"
      R"("In msg nelems":25136,"Out msg nelems":201088,"Group size":8,"dtype":"BFloat16","Process Group Name":"3",)"
      R"("Process Group Description":"undefined","Process Group Ranks":"[0, 1]","Seq":12}})"));
  const auto& [event, extra] = first_of(trace, Activity::collective);
  ASSERT_TRUE(extra);
  EXPECT_EQ(event.duration_ns, 21'953);
  EXPECT_EQ(extra->bytes, 402'176u);
  EXPECT_EQ(trace.name_of(extra->group), "3 [0, 1]");
  EXPECT_EQ(extra->sequence, 12);
}

TEST(Kineto, TellsKernelsInsideGraphs) {
  const std::string kernel = R"({"ph":"X","cat":"kernel","name":"k","ts":4,"dur":5,"args":{"device":0,"stream":7,)";
  const RecordedTrace node = read_text(made(kernel + R"("graph id":2,"graph node id":31}})"));
  EXPECT_EQ(first_of(node, Activity::kernel).extra->graph_node, 31u);
  const RecordedTrace task = read_text(made(kernel + R"("kind":"Dispatch Task"}})"));
  EXPECT_EQ(first_of(task, Activity::kernel).extra->graph_node, kGraphUnknown);
  const RecordedTrace launched = read_text(
      made(kernel + R"("correlation":3}},{"ph":"X","cat":"cuda_runtime","name":"cudaGraphLaunch","ts":1,"dur":1,)"
                    R"("pid":1,"tid":1,"args":{"correlation":3}})"));
  EXPECT_EQ(first_of(launched, Activity::kernel).extra->graph_node, kGraphUnknown);
  EXPECT_EQ(launched.count(Activity::launch), 1u);
}

TEST(Kineto, TellsWhatTheTraceDisclosesAndNoIdentifiers) {
  const RecordedTrace trace =
      read_text(made("", R"("deviceProperties": [{"id": 0, "name": "NVIDIA A100", "totalGlobalMem": 42297524224,
        "computeMajor": 8, "computeMinor": 0}], "cuda_runtime_version": 12040, "cuda_driver_version": 13000,
        "cupti_version": 130100, "hip_runtime_version": 71326183, "host_name": "node17", "PT_PROFILER_JOB_NAME": "j",
        "mast_job_version": "0", "trace_id": "AB", "username": "u", "with_stack": 1,
        "distributedInfo": {"backend": "nccl", "rank": 3, "world_size": 8, "nccl_version": "2.27.5"},)"));
  std::map<std::string, std::string> facts;
  for (const auto& [id, fact] : trace.facts) facts[id] = fact_text(fact);
  EXPECT_EQ(facts, (std::map<std::string, std::string>{{"gpu.models", "NVIDIA A100"},
                                                       {"gpu.compute_capabilities", "8.0"},
                                                       {"gpu.memory", "40338 MiB"},
                                                       {"gpu.count", "1"},
                                                       {"process.runtimes", "12.4"},
                                                       {"driver.api_level", "13.0"},
                                                       {"trace.cupti_version", "130100"},
                                                       {"trace.hip_runtime_version", "7.13.26183"},
                                                       {"trace.with_stack", "yes"},
                                                       {"trace.distributed_backend", "nccl"},
                                                       {"trace.nccl_version", "2.27.5"}}));
  EXPECT_EQ(trace.of_rank, 3);
  EXPECT_TRUE(trace.kinds_traced.empty());  // devices that are there were not recorded for that
}

TEST(Kineto, WorkThatCannotBeToldApartIsCounted) {
  const RecordedTrace foreign = read_text(made(R"({"ph": "X", "cat": "mtia_insight", "name": "a", "pid": 9, "tid": 2,
    "ts": 1.5, "dur": 2}, {"ph": "X", "cat": "mtia_insight", "name": "b", "pid": 9, "tid": 2,
    "ts": 2.5, "dur": 3}, {"ph": "X", "cat": "cpu_op", "name": "aten::add", "pid": 1, "tid": 1, "ts": 1.25, "dur": 4})"));
  EXPECT_EQ(foreign.events.size(), 1u);
  EXPECT_TRUE(foreign.kinds_traced.empty());
  EXPECT_EQ(foreign.not_seen,
            (std::set<std::string>{"what ran on an MTIA accelerator: its 2 events do not say which of "
                                   "them are kernels"}));
  const RecordedTrace countered = read_text(made(R"({"ph": "X", "cat": "cuda_profiler_range", "name": "fill", "pid": 0,
    "tid": 0, "ts": 1.5, "dur": 2, "args": {"sm__cycles_active.sum": 11}})"));
  EXPECT_TRUE(countered.events.empty());
  EXPECT_FALSE(countered.kinds_traced.empty());
  EXPECT_EQ(countered.not_seen,
            (std::set<std::string>{"the time of kernels: 1 ran one by one while counters were read"}));
}

std::string refused(const std::string& text) {
  const auto input = trace_of_bytes(text_bytes(text), "made");
  const auto trace = read_trace(*input);
  return trace ? "read" : trace.error().found;
}

// Browsers, schedulers and others write the same format, with categories of their own or without.
TEST(Kineto, AnotherProgramsTraceIsRefused) {
  const char* kTheirs =
      R"({"ph": "X", "cat": "devtools.timeline", "name": "RunTask", "pid": 1, "tid": 1, "ts": 1, "dur": 4},
    {"ph": "B", "name": "bpftrace", "tid": 7, "ts": 2}, {"ph": "M", "name": "process_name", "pid": 1, "args": {}})";
  const std::string refusal = refused(made(kTheirs));
  EXPECT_NE(refusal.find("none of its 2 events is of a category"), std::string::npos) << refusal;
  EXPECT_EQ(refused(made(kTheirs, R"("schemaVersion": 1, )")), "read");  // Kineto's, of which nothing is told
  EXPECT_EQ(refused(made(kTheirs + std::string(R"(, {"ph": "X", "cat": "cpu_op", "name": "aten::mm", "pid": 1, "tid": 1,
    "ts": 9, "dur": 4})"))),
            "read");
  EXPECT_EQ(
      refused(made(R"({"ph": "X", "cat": "python_function", "name": "f", "pid": 1, "tid": 1, "ts": 9, "dur": 4})")),
      "read");
  EXPECT_EQ(refused(made("")), "read");
}

TEST(Kineto, OnMtiaArgumentsTellKernelsAndCopies) {
  const RecordedTrace trace = read_text(made(
      R"({"ph": "X", "cat": "mtia_runtime", "name": "runFunction - job_prep_and_submit_for_execution", "pid": 1, "tid": 1,
    "ts": 1.5, "dur": 2, "args": {"correlation": 18}}, {"ph": "X", "cat": "mtia_ccp_events", "name": "cumsum-dtype_Int",
    "pid": 9, "tid": 2, "ts": 2.5, "dur": 3, "args": {"correlation": 18, "stream": 102, "column": "0", "row": "0"}},
    {"ph": "X", "cat": "mtia_ccp_events", "name": "dma_request", "pid": 9, "tid": 2, "ts": 6, "dur": 1, "args": {"direction":
    "DEVICE_TO_HOST", "size": 16, "stream": 102}}, {"ph": "X", "cat": "mtia_ccp_events", "name": "wait", "pid": 9, "tid": 2,
    "ts": 7, "dur": 1, "args": {"host_ctx": 1, "seq_num": 4, "stream": 102}})"));
  std::vector<Activity> activities;
  for (const auto& event : trace.events) activities.push_back(event.event.activity);
  std::sort(activities.begin(), activities.end());
  std::vector<Activity> expected = {Activity::kernel, Activity::copy, Activity::launch};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(activities, expected);
  EXPECT_EQ(trace.kinds_traced.count(Activity::kernel), 1u);
  EXPECT_TRUE(trace.not_seen.empty());
}

TEST(Kineto, HowATraceIsSpeltChangesNothing) {
  std::mt19937_64 random(7);
  for (const Quirk& row : kQuirks) {
    const std::string text = quirk(row.file);
    const auto reference = test::reference_of(text);
    if (!reference) continue;  // no valid JSON
    for (int round = 0; round < 30; ++round) {
      const std::string spelt = *test::respelled(text, random);
      const RecordedTrace trace = read_text(spelt);
      ASSERT_EQ(sums_of(trace), *reference) << spelt;
      ASSERT_TRUE(trace.damage.empty()) << spelt;
    }
  }
}

}  // namespace
}  // namespace varve
