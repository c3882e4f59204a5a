#include "report/samples_test.h"

#include <cmath>
#include <limits>

namespace varve::samples {

namespace {
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr const char* kLibrary = "/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0";
constexpr const char* kBuildId = "3c1f0e5ad0a94b3c8ff1bb0c6f2b51d6a0c3b7aa";

// ln(B / A) of ten pairs on a shared machine.
constexpr double kLogRatios[] = {-0.402, -0.211, -0.365, -0.318, -0.094, -0.441, -0.286, -0.347, -0.225, -0.391};
constexpr double kNoise[] = {0.04, -0.08, 0.11, -0.02, -0.13, 0.06, 0.0, 0.09, -0.05, 0.02};

Kernel kernel(const std::string& name, Family family, const std::string& library = kLibrary) {
  return {.key = {name, library, kBuildId}, .meaning = {.family = family, .base = name}};
}

Profile profile(KernelTable& kernels, const std::string& core, double scale) {
  const bool haswell = core == "HASWELL";
  Profile profile{.scopes = {"user"}, .periods_ns = {1'000'000}};
  const auto add = [&](const Kernel& what, double seconds) {
    ProfileRow row{.key = {.kernel = kernels.intern(what)}};
    row.samples = static_cast<std::uint64_t>(seconds * scale * 1000);
    row.time.total_ns = static_cast<std::int64_t>(row.samples) * 1'000'000;
    add_rows(profile, {row});
  };
  add(kernel("sgemm_kernel_" + core, Family::gemm), haswell ? 1.62 : 1.08);
  add(kernel("sgemm_otcopy_" + core, Family::copy), haswell ? 0.088 : 0.071);
  add(kernel("sgemm_incopy_" + core, Family::copy), haswell ? 0.061 : 0.064);
  add(kernel("libopenblas.so.0 [no symbol]", Family::other), 0.021);
  add(kernel("gelu", Family::elementwise, "~/bench/decode"), 0.142);
  add(kernel("softmax", Family::attention, "~/bench/decode"), 0.097);
  add(kernel("layer_norm", Family::norm, "~/bench/decode"), 0.044);
  add(kernel("__memmove_avx512_unaligned_erms", Family::copy, "/usr/lib/x86_64-linux-gnu/libc.so.6"), 0.033);
  return profile;
}

Unit unit(KernelTable& kernels, const std::string& variant, UnitRole role, int index, double tokens, double started) {
  const bool b = variant == "B";
  Unit unit;
  unit.variant = variant;
  unit.role = role;
  unit.index = index;
  unit.block = role == UnitRole::timing ? index / 4 : -1;
  unit.started_seconds = started;
  unit.wall_seconds = 2000 / tokens;
  unit.user_seconds = unit.wall_seconds * 0.97;
  unit.system_seconds = 0.021;
  unit.steal_seconds = index % 7 == 3 ? 0.19 : 0.01;
  unit.peak_memory_bytes = 312ULL << 20;
  unit.involuntary_switches = static_cast<std::uint64_t>(40 + index * 3);
  unit.metrics = {{"tokens/s", "1/s", Better::higher, tokens, 1}, {"first token", "s", Better::lower, 38 / tokens, 1}};
  unit.libraries = {{"/usr/lib/x86_64-linux-gnu/libc.so.6", "81daba31ee66dbd63efdc4252a872949d874d136", "", false},
                    {kLibrary, kBuildId, "", false}};
  Profile& cpu = unit.profiles.by_kind[kCpuSamples];
  cpu = profile(kernels, b ? "HASWELL" : "COOPERLAKE", b ? 1.02 : 0.99);
  cpu.whole_ns = std::llround((unit.user_seconds + unit.system_seconds) * 1e9);
  if (index % 7 == 3) unit.marks = {{Mark::steal, "machine steal 9 %"}};
  return unit;
}

std::vector<KernelChange> kernel_rows() {
  const auto row = [](const char* label, KernelState state, Family family, const char* library,
                      std::vector<std::string> a, std::vector<std::string> b, double seconds_a, double seconds_b,
                      double half, double total) {
    KernelChange change{label, state, family, library, std::move(a), std::move(b), seconds_a, seconds_b};
    const double by = seconds_b - seconds_a;
    change.change = {by, {by - half, by + half}};
    change.sampling_error = std::sqrt((seconds_a + seconds_b) * 0.001 / 10);
    change.share = Estimate{by / total, {(by - half * 0.4) / total, (by + half * 0.4) / total}};
    return change;
  };
  constexpr double kTotal = 0.5863;
  return {
      row("sgemm_kernel: COOPERLAKE → HASWELL", KernelState::replaced, Family::gemm, "libopenblas.so.0",
          {"sgemm_kernel_COOPERLAKE"}, {"sgemm_kernel_HASWELL"}, 1.0801, 1.6214, 0.081, kTotal),
      row("sgemm_otcopy: COOPERLAKE → HASWELL", KernelState::replaced, Family::copy, "libopenblas.so.0",
          {"sgemm_otcopy_COOPERLAKE"}, {"sgemm_otcopy_HASWELL"}, 0.0712, 0.0883, 0.011, kTotal),
      row("(kernel)", KernelState::same, Family::other, "[kernel]", {"(kernel)"}, {"(kernel)"}, 0.0391, 0.0533, 0.013,
          kTotal),
      row("gelu", KernelState::same, Family::elementwise, "decode", {"gelu"}, {"gelu"}, 0.1422, 0.1504, 0.012, kTotal),
      row("softmax", KernelState::same, Family::attention, "decode", {"softmax"}, {"softmax"}, 0.0971, 0.1012, 0.009,
          kTotal),
      row("sgemm_incopy: COOPERLAKE → HASWELL", KernelState::replaced, Family::copy, "libopenblas.so.0",
          {"sgemm_incopy_COOPERLAKE"}, {"sgemm_incopy_HASWELL"}, 0.0642, 0.0612, 0.008, kTotal),
      row("libopenblas.so.0 [no symbol]", KernelState::changed, Family::other, "libopenblas.so.0",
          {"libopenblas.so.0 [0x1200-0x1a40]"}, {"libopenblas.so.0 [0x8800-0x8fc0]"}, 0.0212, 0.0223, 0.004, kTotal),
      row("__memmove_avx512_unaligned_erms", KernelState::same, Family::copy, "libc.so.6",
          {"__memmove_avx512_unaligned_erms"}, {"__memmove_avx512_unaligned_erms"}, 0.0331, 0.0334, 0.004, kTotal),
      row("(not sampled)", KernelState::remainder, Family::other, "", {}, {}, 0.0212, 0.0242, 0.006, kTotal)};
}

std::vector<ControlItem> control_items() {
  using enum ItemState;
  return {{"cpu.model", Layer::hardware, "CPU model", "Intel(R) Xeon(R) Platinum 8481C",
           "Intel(R) Xeon(R) Platinum 8481C", shared, false},
          {"cpu.microcode", Layer::hardware, "CPU microcode", "unreadable (hidden by the hypervisor)",
           "unreadable (hidden by the hypervisor)", shared, false},
          {"cpu.frequency.governor", Layer::hardware, "frequency governor", "absent", "absent", shared, false},
          {"memory.total", Layer::hardware, "memory", "7.76 GiB", "7.76 GiB", shared, false},
          {"os.kernel.release", Layer::os, "kernel", "6.1.0-18-amd64", "6.1.0-18-amd64", shared, false},
          {"driver.kernel_mode.version", Layer::kernel_driver, "GPU kernel driver", "not applicable (no GPU)",
           "not applicable (no GPU)", not_applicable, false},
          {"program", Layer::framework, "program", "~/bench/decode (sha256 9c21aa08d7e1)",
           "~/bench/decode (sha256 9c21aa08d7e1)", same, false},
          {"library.libopenblas.so.0", Layer::kernel_library, "library libopenblas.so",
           "libopenblas.so.0 (build id 3c1f0e5ad0a9)", "libopenblas.so.0 (build id 3c1f0e5ad0a9)", same, false},
          {"command", Layer::settings, "command", "~/bench/decode --tokens 2000", "~/bench/decode --tokens 2000", same,
           false},
          {"settings.OPENBLAS_CORETYPE", Layer::settings, "OPENBLAS_CORETYPE", "(not set)", "Haswell", different, true},
          {"settings.OMP_NUM_THREADS", Layer::settings, "OMP_NUM_THREADS", "1", "1", same, false},
          {"cgroup.cpu_quota", Layer::container, "cgroup CPU quota", "2 CPUs", "2 CPUs", shared, false}};
}

MetricComparison metric(const std::string& name, const std::string& unit, Better better, double sign) {
  MetricComparison metric{.metric = name, .unit = unit, .better = better, .paired = true, .pairs = 10};
  double sum = 0;
  for (const double ratio : kLogRatios) {
    metric.log_ratios.push_back(sign * ratio);
    sum += sign * ratio / 10;
  }
  metric.ratio = {std::exp(sum), {std::exp(sum - 0.079), std::exp(sum + 0.079)}};
  metric.ratio_90 = {std::exp(sum - 0.064), std::exp(sum + 0.064)};
  metric.pair_spread = 0.110;
  metric.speed = Speed::slower;
  return metric;
}
}  // namespace

Stack stack() {
  Stack stack{.captured_at = "2026-11-21T01:35:00Z", .tool_version = "0.1.0", .subject = "host"};
  const auto set = [&](const char* id, Fact fact) { stack.facts[id] = std::move(fact); };
  set("cpu.model", known_fact(std::string("Intel(R) Xeon(R) Platinum 8481C"), "/proc/cpuinfo: model name"));
  set("cpu.microcode", missing_fact(Missing::unreadable, "/proc/cpuinfo: microcode", "hidden by the hypervisor"));
  set("cpu.threads", known_fact(std::int64_t{2}, "/sys/devices/system/cpu/online"));
  set("cpu.isa", known_fact(std::vector<std::string>{"avx2", "avx512f", "avx512_bf16", "amx_tile"}, "cpuid"));
  set("cpu.frequency.governor", missing_fact(Missing::absent, "/sys/devices/system/cpu/cpu0/cpufreq"));
  set("memory.total", known_fact(std::int64_t{8334131200}, "/proc/meminfo: MemTotal"));
  set("machine.hypervisor", known_fact(std::string("KVM"), "cpuid leaf 0x40000000"));
  set("gpu.count", known_fact(std::int64_t{0}, "/sys/bus/pci/devices"));
  set("os.kernel.release", known_fact(std::string("6.1.0-18-amd64"), "/proc/sys/kernel/osrelease"));
  set("os.libc", known_fact(std::string("glibc 2.36"), "confstr(_CS_GNU_LIBC_VERSION)"));
  set("driver.kernel_mode.version", missing_fact(Missing::not_applicable, "/sys/bus/pci/devices", "no GPU"));
  set("cgroup.cpu_quota", known_fact(2.0, "/sys/fs/cgroup/cpu.max"));
  set("settings.OMP_NUM_THREADS", known_fact(std::string("1"), "environment"));
  set("future.fact", known_fact(std::string("of a newer Varve"), "", Standing::declared));
  stack.libraries = {{kLibrary, kBuildId, "", false},
                     {"~/old/libold.so", "", "the file has no GNU build id note", true}};
  return stack;
}

Run run() {
  Run run{.name = "decode, OPENBLAS_CORETYPE", .created_at = "2026-11-21T01:36:10Z", .tool_version = "0.1.0"};
  run.protocol = {.units = 10,
                  .warmup = 1,
                  .margin = 0.02,
                  .timeout_seconds = 60,
                  .order = "drawn pairs",
                  .primary_metric = "tokens/s",
                  .seed = 7};
  run.stack = stack();
  const std::vector<std::string> command = {"~/bench/decode", "--tokens", "2000"};
  const std::string digest = "9c21aa08d7e1f00d5f2c7a9be1f3c4d5a6b7c8d9e0f1a2b3c4d5e6f708192a3b";
  run.variants = {{"A", command, {}, {}, "~/bench/decode", digest},
                  {"B", command, {{"OPENBLAS_CORETYPE", "Haswell"}}, {}, "~/bench/decode", digest}};
  double now = 0;
  const auto add = [&](const std::string& variant, UnitRole role, double tokens) -> Unit& {
    run.units.push_back(unit(run.kernels, variant, role, static_cast<int>(run.units.size()), tokens, now));
    now += run.units.back().wall_seconds + 0.01;
    return run.units.back();
  };
  add("A", UnitRole::warmup, 1010);
  add("B", UnitRole::warmup, 690);
  for (int pair = 0; pair < 10; ++pair) {
    const double a = 1280 * std::exp(kNoise[pair]), b = a * std::exp(kLogRatios[pair]);
    const bool a_first = pair % 2 == 0;
    for (const bool first : {true, false}) {
      const bool is_a = a_first == first;
      Unit& unit = add(is_a ? "A" : "B", UnitRole::timing, is_a ? a : b);
      unit.block = pair / 2;
      unit.pair = pair;
      unit.position = (pair % 2) * 2 + (first ? 0 : 1);
    }
  }
  return run;
}

Comparison comparison() {
  Comparison comparison;
  comparison.created_at = "2026-11-21T01:38:42Z";
  comparison.tool_version = "0.1.0";
  comparison.title = "decode: OPENBLAS_CORETYPE=Haswell against the default";
  comparison.a = {"A", "~/bench/decode --tokens 2000", 10, 0.071};
  comparison.b = {"B", "OPENBLAS_CORETYPE=Haswell ~/bench/decode --tokens 2000", 10, 0.104};
  comparison.primary = metric("tokens/s", "1/s", Better::higher, 1);
  comparison.primary.margin = 0.02;
  comparison.primary.a_median = 1280;
  comparison.primary.b_median = 941;
  comparison.others = {metric("first token", "s", Better::lower, -1), metric("wall time", "s", Better::lower, -1),
                       metric("CPU time", "s", Better::lower, -0.9)};
  comparison.items = control_items();
  comparison.control = Control::controlled;
  comparison.variable = {"settings.OPENBLAS_CORETYPE"};
  KernelAccount& account = comparison.accounts.emplace_back();
  account.available = true;
  account.pairs = 10;
  account.rows = kernel_rows();
  double a = 0, b = 0;
  for (const KernelChange& row : account.rows) {
    a += row.a_seconds;
    b += row.b_seconds;
  }
  account.a_seconds = a;
  account.b_seconds = b;
  account.total = {b - a, {b - a - 0.112, b - a + 0.112}};
  account.exchanged_share = Estimate{0.934, {0.882, 0.971}};
  account.notes = {"Samples of user code only: time inside the operating system counts as \"(kernel)\"."};
  comparison.findings = {{"VRV-CMP-STEAL", Layer::hardware, Severity::warning, Mender::platform,
                          "The machine lost 9 % of the time of three units to other guests (steal).",
                          "The spread of the pairs is wider than the program's own.",
                          "Measure on a machine of its own, or take more pairs.", "/proc/stat, man 5 proc"}};
  comparison.verdict =
      "B is 27 % slower than A (95 % interval 20 to 32 %), and only OPENBLAS_CORETYPE differs between them.";
  comparison.reasons = {"both sides ran in turns on one machine: what the machine is, known or not, is shared",
                        "settings: OPENBLAS_CORETYPE differs: (not set) against Haswell (under test)"};
  return comparison;
}

Run extreme_run() {
  const std::string longest(500, 'k');
  Run run{.name = "<script>alert(1)</script>", .created_at = "", .tool_version = "\x1b[31m"};
  run.protocol.primary_metric = longest;
  run.complete = false;
  run.incomplete_reason = "a \"reason\" with & and 'quotes'";
  run.variants = {{"A", {"<script>alert(1)</script>"}, {}, {}, "", ""}, {"B", {}, {{"X", "\"><img"}}, {}, "", ""}};
  for (int i = 0; i < 6; ++i) {
    Unit unit;
    unit.variant = i % 2 == 0 ? "A" : "B";
    unit.index = i;
    unit.pair = i / 2;
    unit.wall_seconds = i == 0 ? kNan : i == 1 ? kInfinite : -1;
    unit.end.signal = i == 2 ? 11 : 0;
    unit.end.timed_out = i == 3;
    unit.metrics = {{longest, "]]>", Better::higher, i == 4 ? kInfinite : i == 5 ? 1e300 : kNan, 1}};
    ProfileRow row{.key = {.kernel = run.kernels.intern(kernel(longest, Family::other))}, .samples = UINT64_MAX};
    row.time.total_ns = i == 0 ? 0 : INT64_MAX;
    add_rows(unit.profiles.by_kind[kCpuSamples], {row});
    unit.marks = {{Mark::steal, "\xE2\x80\xAEturned \xFF\x01"}};
    run.units.push_back(unit);
  }
  run.stack_changes = {{"cpu.model", known_fact(std::string("<b>"), ""), missing_fact(Missing::denied, "", "\"&")}};
  run.stack.facts["<i>"] = known_fact(std::string("</table>"), "<!--");
  return run;
}

Comparison extreme_comparison() {
  const std::string longest(500, 'k');
  Comparison comparison;
  comparison.title = "<script>alert(1)</script>";
  comparison.verdict = "It's <nothing> & \"nothing\"";
  comparison.a.command = "<script>alert(1)</script>";
  comparison.primary.a_median = kInfinite;
  comparison.primary.b_median = kNan;
  comparison.b.spread = kNan;
  comparison.primary = {.metric = "]]>", .unit = "<unit>", .pairs = 0};
  comparison.primary.log_ratios = {kNan, kInfinite, -kInfinite, 800, 0};
  comparison.primary.ratio = {kNan, {-kInfinite, kInfinite}};
  comparison.primary.ratio_90 = {0, kInfinite};
  comparison.primary.margin = kInfinite;
  comparison.others = {
      MetricComparison{.metric = longest, .ratio = {2, {0, kInfinite}}, .margin = 0},
      MetricComparison{.metric = "huge", .ratio = {1e200, {1e-200, 1e250}}, .pairs_needed = 2000000000}};
  comparison.items = {{longest, Layer::settings, longest, longest, longest, ItemState::different, false},
                      {"x", Layer::kernels, "\x1b]0;title\x07", "<", ">", ItemState::unknown, true}};
  KernelAccount& account = comparison.accounts.emplace_back();
  account.available = true;
  account.total = {kNan, {-kInfinite, kInfinite}};
  for (int i = 0; i < 30; ++i) {
    KernelChange row{.label = longest, .state = static_cast<KernelState>(i % 6), .library = longest};
    row.a = std::vector<std::string>(static_cast<std::size_t>(i), longest);
    row.a_seconds = i == 0 ? kInfinite : 1e-9;
    row.change = {i == 1 ? kNan : i == 2 ? -kInfinite : 1e-9, {-kInfinite, i % 2 == 0 ? kInfinite : 1}};
    row.share = Estimate{kNan, {-kInfinite, kInfinite}};
    account.rows.push_back(row);
  }
  account.exchanged_share = Estimate{1.2, {-kInfinite, 3}};
  comparison.findings = {{"<id>", Layer::os, Severity::error, Mender::hardware, "<p>", "</p>", "&", "'"}};
  return comparison;
}

// A driver of CUDA 12.2 under a framework of CUDA 13, and the log of its failure.
Check check() {
  Check check;
  check.checked_at = "2026-11-21T10:00:00Z";
  check.tool_version = "0.1.0";
  check.subject = "environment ~/venv";
  check.machine = "host";
  check.data_date = "2026-11-01";
  check.chain = {{Layer::kernel_driver, CheckState::ok, "kernel 535.183.06, API level 12.2"},
                 {Layer::host_toolkit, CheckState::not_applicable, "none"},
                 {Layer::bundled_runtime, CheckState::broken, "torch 2.15.0: driver: CUDA 13.2 needs driver 580"},
                 {Layer::handshake, CheckState::cannot_tell, "handshake.result is not asked"}};
  check.first_broken = Layer::bundled_runtime;
  check.consumers = {{.kind = ConsumerKind::framework,
                      .name = "torch 2.15.0",
                      .environment = "~/venv",
                      .state = CheckState::broken,
                      .regime = Regime::none,
                      .outcome = Outcome::driver_too_old,
                      .answers = {{Question::driver, CheckState::broken, "CUDA 13.2 needs driver 580 or newer"},
                                  {Question::gpu_code, CheckState::ok, "sm_90"}}}};
  check.findings = {{"VRV-RUNTIME-DRIVER-CEILING", Layer::bundled_runtime, Severity::error, Mender::platform,
                     "torch 2.15.0 carries CUDA 13.2", "it does not start", "driver 580", "release notes",
                     FaultCategory::driver_ceiling}};
  check.untold = {{"VRV-DEVICE-NODES", "driver.device_nodes", "denied"}};
  check.errors = {{.pattern = "pt_olddriver",
                   .line = 12,
                   .text = "The NVIDIA driver on your system is too old (found version 12020)",
                   .category = FaultCategory::driver_ceiling,
                   .cause = "the driver is older than the runtime",
                   .fix = "a newer driver",
                   .explained_by = "VRV-RUNTIME-DRIVER-CEILING",
                   .correction = "",
                   .times = 3,
                   .source = "PyTorch"}};
  check.drift = {
      {.change = {"driver.kernel_mode.version", known_fact("535.161.08", "x"), known_fact("535.183.06", "x")},
       .matters = true}};
  check.proofs = {{"~/venv/libx.so", "compute_120 (PTX 9.2)", "sm_120", false, "Unsupported .version 9.2", 0.2}};
  check.advice = {"driver 580 or newer"};
  return check;
}

Check extreme_check() {
  Check check;
  const std::string hostile = "<script>alert(1)</script>\x1b[31m" + std::string(500, 'w');
  check.subject = check.machine = check.data_date = hostile;
  check.chain = {{Layer::kernel_driver, CheckState::degraded, hostile}};
  check.consumers = {{.kind = ConsumerKind::extension,
                      .name = hostile,
                      .environment = hostile,
                      .state = CheckState::degraded,
                      .regime = Regime::forward,
                      .outcome = Outcome::reaches_devices,
                      .answers = {{Question::symbols, CheckState::degraded, hostile}}}};
  check.findings = {{"VRV-EXTREME", Layer::os, Severity::note, Mender::platform, hostile, hostile, hostile, hostile}};
  check.untold = {{hostile, hostile, hostile}};
  check.errors = {{.pattern = hostile,
                   .text = hostile,
                   .category = FaultCategory::silent_slowdown,
                   .cause = hostile,
                   .fix = hostile,
                   .explained_by = "",
                   .correction = hostile,
                   .source = hostile}};
  check.drift = {{.change = {hostile, missing_fact(Missing::denied, hostile, hostile), known_fact(hostile, hostile)}}};
  check.proofs = {{hostile, hostile, hostile, false, hostile, std::numeric_limits<double>::infinity()}};
  check.advice = {hostile};
  return check;
}

}  // namespace varve::samples
