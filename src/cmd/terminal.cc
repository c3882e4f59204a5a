#include "cmd/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/units.h"

namespace varve {

namespace {
int columns(int descriptor) {
  winsize size{};
  const bool known = ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? std::max<int>(size.ws_col, 40) : 100;
}

bool is_terminal(int descriptor) {
  const char* kind = std::getenv("TERM");
  return isatty(descriptor) == 1 && (kind == nullptr || std::string_view(kind) != "dumb");
}
}  // namespace

std::string& colour_choice() {
  static std::string choice = "auto";
  return choice;
}

TextStyle output_style() {
  const char* no_colour = std::getenv("NO_COLOR");  // any value but the empty one: no-color convention
  const bool wanted = no_colour == nullptr || *no_colour == '\0';
  const bool terminal = is_terminal(STDOUT_FILENO);
  const bool colour = colour_choice() == "auto" ? terminal && wanted : colour_choice() == "always";
  return {.colour = colour, .width = terminal ? std::min(columns(STDOUT_FILENO), 140) : 100};
}

ExitStatus complain(const Error& error, ExitStatus status) {
  tell("varve: " + to_text(error));
  return status;
}

void tell(const std::string& line) { fmt::print(stderr, "{}\n", line); }

ProgressBar::ProgressBar() : enabled_(is_terminal(STDERR_FILENO)), began_(std::chrono::steady_clock::now()) {}

ProgressBar::~ProgressBar() { hide(); }

void ProgressBar::show(int done, int total, const std::string& label) {
  done_ = done;
  total_ = total;
  label_ = label;
  if (enabled_ && at_line_start_) draw();
}

void ProgressBar::hide() {
  if (visible_) fmt::print(stderr, "\r\x1b[K");
  visible_ = false;
}

void ProgressBar::pass_through(std::string_view bytes) {
  if (bytes.empty()) return;
  hide();
  std::fwrite(bytes.data(), 1, bytes.size(), stderr);
  at_line_start_ = bytes.back() == '\n';
  if (enabled_ && at_line_start_ && total_ > 0) draw();
}

void ProgressBar::draw() {
  constexpr int kBar = 24;
  const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  const int filled = total_ > 0 ? kBar * done_ / total_ : 0;
  std::string bar;
  for (int i = 0; i < kBar; ++i) bar += i < filled ? "█" : "░";
  std::string left;
  if (done_ > 0 && done_ < total_) left = "  about " + format_seconds(elapsed / done_ * (total_ - done_)) + " left";
  const std::string counts = fmt::format(" {}/{}{}  ", done_, total_, left);
  const std::size_t room = static_cast<std::size_t>(std::max(0, columns(STDERR_FILENO) - kBar - 2));
  const std::string rest = (counts + label_).substr(0, room);
  fmt::print(stderr, "\r\x1b[K{}{}", bar, rest);
  std::fflush(stderr);
  visible_ = true;
}

}  // namespace varve
