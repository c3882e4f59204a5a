#include <memory>
#include <nlohmann/json.hpp>

#include "capture/capture_stack.h"
#include "cmd/document_files.h"
#include "cmd/subjects.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "loading/binary_cache.h"
#include "model/json/documents.h"
#include "tables/gpu_products.h"
#include "world/world.h"

namespace varve {

namespace {
struct CaptureFlags {
  CaptureOptions capture;
  SubjectOptions subject;
  std::vector<std::string> gpus;
  bool handshake = false, no_handshake = false, no_cache = false;
  OutputOptions output;
};

// An option that would change nothing was meant to do something.
Status check_options(const CaptureFlags& options, SubjectKind kind) {
  const auto wrong = [](const char* option, const char* found, const char* hint) {
    return Error{"reading the command line", option, found, hint};
  };
  const bool host = kind == SubjectKind::host;
  if (!options.gpus.empty() && !options.capture.coverage) {
    return wrong("--gpu", "it asks about GPU code, which is not looked at", "Add --coverage");
  }
  if (options.capture.verify && kind != SubjectKind::image) {
    return wrong("--verify", "it computes the digests of an image, and none was given", "Add --image PATH");
  }
  if (options.capture.processes && (!host || options.capture.coverage)) {
    return wrong("--processes", "it shows the processes of this host and nothing else", "Leave the others out");
  }
  if (options.handshake && !host && kind != SubjectKind::environment) {
    return wrong("--handshake", "only this host, or an environment on it, can be tried", "Leave it out");
  }
  return Done{};
}

Result<CaptureOptions> plan(const CaptureFlags& options, const World& world) {
  CaptureOptions plan = options.capture;
  choose_subject(options.subject, plan);
  if (!plan.files.empty()) {
    if (!plan.coverage) {
      return Error{"reading the command line", plan.files.front(), "files are looked at for their GPU code only",
                   "Add --coverage"};
    }
    if (plan.kind != SubjectKind::host) {
      return Error{"reading the command line", plan.files.front(), "files and another subject were given",
                   "Give one of them"};
    }
    plan.kind = SubjectKind::files;
    for (std::string& file : plan.files) file = from_root(file);
  }
  if (const Status checked = check_options(options, plan.kind); !checked) return checked.error();
  if (options.handshake) plan.handshake = true;
  if (options.no_handshake) plan.handshake = false;
  if (!options.no_cache) plan.cache_folder = user_cache_folder(world.environment);
  return plan;
}

Result<std::vector<ComputeCapability>> asked_gpus(const std::vector<std::string>& names) {
  std::vector<ComputeCapability> gpus;
  for (const std::string& name : names) {
    const auto capability = capability_of_gpu(name);
    if (!capability) {
      return Error{"reading the command line", "--gpu " + name, "neither a compute capability nor a product known here",
                   "Write its compute capability, such as 9.0"};
    }
    gpus.push_back(*capability);
  }
  return gpus;
}

ExitStatus capture(const CaptureFlags& options) {
  const World world = host_world();
  Result<CaptureOptions> planned = plan(options, world);
  if (!planned) return complain(planned.error(), ExitStatus::usage);
  const Result<std::vector<ComputeCapability>> gpus = asked_gpus(options.gpus);
  if (!gpus) return complain(gpus.error(), ExitStatus::usage);
  ProgressBar bar;
  planned->progress = [&](const std::string& what, double share) {
    bar.show(static_cast<int>(share * 1000), 1000, what);
  };
  const Result<Stack> stack = capture_stack(world, *planned);
  bar.hide();
  if (!stack) return complain(stack.error());
  return write_answer(
      options.output, [&] { return pretty_json(to_json(*stack)); },
      [&] {
        const TextStyle style = output_style();
        if (planned->coverage) return text_coverage(*stack, *gpus, style);
        if (planned->processes) return text_processes(*stack, style);
        return text_stack(*stack, style);
      });
}

std::vector<Flag> flags_of(CaptureFlags& options) {
  CaptureOptions& capture = options.capture;
  const std::vector<Flag> own = {
      {"--coverage", "", &capture.coverage,
       "which GPUs the code inside binaries serves: a table, of FILEs if they are given"},
      {.names = "FILE", .target = &capture.files, .help = "binaries and static libraries, with --coverage"},
      {.names = "--gpu",
       .value = "GPU",
       .target = &options.gpus,
       .help = "with --coverage: a GPU to ask about, as 9.0 or \"L40S\"",
       .list = ListValues::by_commas},
      {"--exact", "", &capture.exact,
       "read whole sections: code that is really there, static runtimes; kept in the cache by build id"},
      no_cache_flag(options.no_cache),
      {"--verify", "", &capture.verify, "compute the digests of an image"},
      {"--processes", "", &capture.processes, "all processes that hold a CUDA driver or runtime: a table"},
      {"--handshake",
       "",
       &options.handshake,
       "run a tiny kernel on each GPU, step by step, in a child (default where a GPU is seen)",
       {},
       "handshake"},
      {"--no-handshake", "", &options.no_handshake, "do not touch the GPUs", {}, "handshake"},
      {"--identify", "", &capture.identify, "keep the host's name as it is instead of a hash of it"},
  };
  return join_flags({subject_flags(options.subject), own, output_flags(options.output)});
}
}  // namespace

Command declare_capture() {
  auto options = std::make_shared<CaptureFlags>();
  return {.name = "capture",
          .summary = "pin a stack: this machine, a process, a root, an image, an environment",
          .flags = flags_of(*options),
          .act = [options] { return capture(*options); }};
}

}  // namespace varve
