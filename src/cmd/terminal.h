#pragma once
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/exit_status.h"
#include "base/result.h"
#include "report/text/text_report.h"

namespace varve {

// When the answer is coloured, as --color says: "auto" (on a terminal, and not with NO_COLOR set), "always", "never".
std::string& colour_choice();

// Colour and width for what goes to standard output.
TextStyle output_style();

// "varve: reading the document: …" on stderr; the exit status that goes with it.
ExitStatus complain(const Error& error, ExitStatus status = ExitStatus::tool_or_input);

// A line on stderr, for people.
void tell(const std::string& line);

// A bar on the last line of a terminal's stderr, with the time left; nothing at all when stderr is no terminal. Other
// text may pass through it: the bar steps aside and comes back below.
class ProgressBar {
 public:
  ProgressBar();
  ~ProgressBar();  // removes the bar
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(int done, int total, const std::string& label);
  void hide();
  void pass_through(std::string_view bytes);

 private:
  void draw();

  bool enabled_;
  bool visible_ = false;
  bool at_line_start_ = true;
  std::chrono::steady_clock::time_point began_;
  int done_ = 0, total_ = 0;
  std::string label_;
};

}  // namespace varve
