#include "driver/handshake/handshake_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>

#include "base/text.h"

namespace varve {

namespace {
constexpr char kSeparator = '\x1f';  // between the fields of an answer; clean_field removes it from texts
constexpr std::size_t kMostDetail = 1024;

double monotonic_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string clean_field(const std::string& text) {
  std::string clean = clean_utf8(trim(text), kMostDetail);
  std::replace(clean.begin(), clean.end(), kSeparator, ' ');
  std::replace(clean.begin(), clean.end(), '\n', ' ');
  return clean;
}

// "state, code, detail, seconds"
void read_end(const std::string& answer, HandshakeStep& step) {
  const std::vector<std::string_view> fields = split(answer, kSeparator);
  if (fields.size() != 4) return;
  step.state = step_state_from(fields[0]).value_or(StepState::failed);
  step.code = parse_integer(fields[1]);
  step.detail = clean_field(std::string(fields[2]));
  step.seconds = parse_number(fields[3]).value_or(0);
}
}  // namespace

void StepWriter::begin(const std::string& step, const std::string& subject) {
  began_at_ = monotonic_now();
  report_.add("begin", clean_field(step) + kSeparator + clean_field(subject));
}

void StepWriter::pass(const std::string& detail) { end(StepState::passed, {}, detail); }
void StepWriter::fail(std::optional<long long> code, const std::string& detail) {
  end(StepState::failed, code, detail);
}
void StepWriter::skip(std::optional<long long> code, const std::string& detail) {
  end(StepState::skipped, code, detail);
}

void StepWriter::end(StepState state, std::optional<long long> code, const std::string& detail) {
  report_.add("end", fmt::format("{1}{0}{2}{0}{3}{0}{4:.9f}", kSeparator, to_string(state),
                                 code ? std::to_string(*code) : "", clean_field(detail), monotonic_now() - began_at_));
}

std::vector<HandshakeStep> read_steps(const ProbeOutcome& outcome, const std::string& subject) {
  std::vector<HandshakeStep> steps;
  bool open = false;
  double began_at = 0;
  for (const ProbeAnswer& answer : outcome.answers) {
    if (answer.key == "begin") {
      const std::size_t separator = answer.value.find(kSeparator);
      HandshakeStep step;
      step.step = clean_field(answer.value.substr(0, separator));
      if (separator != std::string::npos) step.subject = clean_field(answer.value.substr(separator + 1));
      if (step.subject.empty()) step.subject = subject;
      step.state = StepState::failed;
      steps.push_back(std::move(step));
      open = true;
      began_at = answer.seconds;
    } else if (answer.key == "end" && open) {
      read_end(answer.value, steps.back());
      open = false;
    }
  }
  if (open) {
    steps.back().detail = outcome.end_text();
    steps.back().seconds = outcome.seconds - began_at;
    if (outcome.end == ProbeEnd::signalled) steps.back().code = outcome.code;
  }
  return steps;
}

}  // namespace varve
