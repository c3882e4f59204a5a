#include "stack/capture.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cmd/output.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "model/documents.h"
#include "world/world.h"

namespace varve {

namespace {
struct Options {
  std::optional<int> process;
  bool identify = false;
  OutputOptions output;
};

ExitStatus capture(const Options& options) {
  const World world = host_world();
  const Result<Stack> stack = capture_stack(world, {.identify = options.identify, .process = options.process});
  if (!stack) return complain(stack.error());
  return write_answer(options.output, pretty_json(to_json(*stack)), [&] { return text_stack(*stack, output_style()); });
}
}  // namespace

Action declare_capture(CLI::App& command, const MeasuredCommands&) {
  auto options = std::make_shared<Options>();
  command.add_option("--pid", options->process, "a running process: what it has loaded, its limits and settings")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  command.add_flag("--identify", options->identify, "keep the host's name as it is instead of a hash of it");
  declare_output(command, options->output);
  return [options] { return capture(*options); };
}

}  // namespace varve
