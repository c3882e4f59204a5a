// `varve` without a verb: this machine in one screen.
#include "capture/capture_stack.h"
#include "cmd/document_files.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "report/text/text_report.h"
#include "rules/check_stack.h"
#include "world/world.h"

namespace varve {

namespace {
ExitStatus overview() {
  const World world = host_world();
  const Result<Knowledge> knowledge = load_knowledge();
  if (!knowledge) return complain(knowledge.error());
  CaptureOptions options;  // quick: no whole sections, no GPU touched
  options.coverage = true;
  options.handshake = false;
  const Result<Stack> stack = capture_stack(world, options);
  if (!stack) return complain(stack.error());
  Check check = check_analysis(analyse(*stack, *stack, *knowledge));
  check.checked_at = format_time(world.now());
  return print_answer(text_overview(check, output_style()));
}
}  // namespace

Command declare_overview() {
  Command program{
      .name = "varve",
      .summary = "Records the software under an AI benchmark number, and tells whether two numbers may be compared.",
      .act = overview};
  program.flags = join_flags({common_flags(), {{"--version", "", ShowVersion{}, "say which version it is, and end"}}});
  return program;
}

}  // namespace varve
