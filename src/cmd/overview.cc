// `varve` without a verb: this machine in one screen.
#include "cmd/overview.h"

#include "capture/capture_stack.h"
#include "cmd/document_files.h"
#include "cmd/terminal.h"
#include "report/text/text_report.h"
#include "rules/check_stack.h"
#include "world/world.h"

namespace varve {

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
  if (const Status written = write_file("-", text_overview(check, output_style())); !written) {
    return complain(written.error());
  }
  return ExitStatus::ok;
}

}  // namespace varve
