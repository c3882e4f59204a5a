#include "kernels/stacks/stack_walk.h"

#include <algorithm>
#include <optional>

namespace varve {

namespace {
constexpr std::size_t kMostFrames = 128;
constexpr std::uint64_t kWord = sizeof(std::uint64_t);

struct Frame {
  FrameRegisters registers;
  FrameCode code;      // the instruction that is executed, or the call that has not returned
  bool exact = false;  // the former
};

void leave_out_loops(std::vector<WalkedFrame>& frames) {
  for (std::size_t i = 1; i < frames.size(); ++i) {
    if (frames[i].found != FoundBy::guessed) continue;
    const auto guess = frames.begin() + static_cast<std::ptrdiff_t>(i);
    const auto* called = frames[i - 1].function;
    const auto again = std::find_if(guess, frames.end(), [&](const auto& frame) { return frame.function == called; });
    if (again == frames.end()) continue;
    frames.erase(guess, again + 1);
    --i;  // what stands here now may be a guess, too
  }
}

class StackWalker {
 public:
  StackWalker(const StackBytes& stack, const std::function<FrameCode(std::uint64_t)>& find)
      : stack_(stack), find_(find) {}

  WalkedStack walk(const FrameRegisters& registers) {
    WalkedStack walked;
    const auto at = registers.get(kReturnAddress);
    if (!at || !registers.get(kRsp)) return walked;
    Frame frame{registers, find_(*at), true};
    FoundBy found = FoundBy::sample;
    while (walked.frames.size() < kMostFrames) {
      if (frame.code.file != nullptr) {
        const CodeFile::Function& function = frame.code.file->function_at(frame.code.address);
        walked.frames.push_back({frame.code.file, &function, found});
      }
      bool cut = false;  // the caller stands above what was copied
      std::optional<Frame> caller = unwind(frame, walked.whole, cut);
      found = FoundBy::unwound;
      if (walked.whole || cut) break;
      if (!caller) {
        bool direct = false;
        caller = scan(frame, direct);
        found = direct ? FoundBy::scanned : FoundBy::guessed;
      }
      if (!caller) break;
      frame = std::move(*caller);
    }
    leave_out_loops(walked.frames);
    return walked;
  }

 private:
  const FrameRules* rules_of(const Frame& frame) const {
    return frame.code.file == nullptr ? nullptr : frame.code.file->rules_at(frame.code.address);
  }

  // The call that returns to an address; its place is the call's last byte, which is in the function that calls.
  std::optional<FrameCode> call_returning_to(std::uint64_t address, CallSite& site) const {
    FrameCode code = find_(address);
    if (code.file == nullptr) return std::nullopt;
    site = code.file->call_before_address(code.address);
    if (site.kind == CallSite::Kind::none) return std::nullopt;
    --code.address;
    return code;
  }

  std::optional<Frame> unwind(const Frame& frame, bool& whole, bool& cut) const {
    const FrameRules* rules = rules_of(frame);
    if (rules == nullptr) return std::nullopt;
    for (const SavedRegister& saved : rules->saved) {
      if (saved.number == kReturnAddress && saved.how == SavedRegister::How::undefined) whole = true;
    }
    const auto address = canonical_frame_address(*rules, frame.registers, stack_);
    if (!address || *address < *frame.registers.get(kRsp)) return std::nullopt;
    cut = *address > stack_.end();
    if (cut) return std::nullopt;
    Frame caller{caller_registers(*rules, *address, frame.registers, stack_), {}, rules->signal};
    const auto back = caller.registers.get(kReturnAddress);
    if (!back || !caller.registers.get(kRsp)) return std::nullopt;
    if (*back == 0) whole = true;
    if (rules->signal) {
      caller.code = find_(*back);
      return caller;
    }
    CallSite site;
    const auto call = call_returning_to(*back, site);
    if (!call) return std::nullopt;
    caller.code = *call;
    return caller;
  }

  bool may_have_called(const FrameCode& caller, const CallSite& site, const FrameCode& called) const {
    if (site.kind == CallSite::Kind::indirect) return true;
    if (called.file == nullptr) return false;
    const CodeFile::Function& function = called.file->function_at(called.address);
    return caller.file->leads_to(site.target, *called.file, function, called.address);
  }

  // Whether a caller that was found by scanning has one itself, as far as its unwind table and the copied stack tell.
  bool is_confirmed(const Frame& caller) const {
    const FrameRules* rules = rules_of(caller);
    if (rules == nullptr) return true;
    const auto address = canonical_frame_address(*rules, caller.registers, stack_);
    if (!address) return true;
    if (*address < *caller.registers.get(kRsp)) return false;
    if (*address > stack_.end()) return true;
    const auto back = stack_.word(*address - kWord);
    if (!back) return true;
    CallSite site;
    const auto call = call_returning_to(*back, site);
    return call && may_have_called(*call, site, caller.code);
  }

  static bool can_be_scanned(const FrameCode& code) {
    return code.file == nullptr || code.file->stacks_can_be_scanned();
  }

  std::optional<Frame> scan(const Frame& frame, bool& direct) const {
    if (!can_be_scanned(frame.code)) return std::nullopt;
    const FrameRules* rules = rules_of(frame);
    const std::uint64_t top = *frame.registers.get(kRsp);
    for (std::uint64_t slot = (top + kWord - 1) / kWord * kWord; const auto word = stack_.word(slot); slot += kWord) {
      CallSite site;
      const auto call = call_returning_to(*word, site);
      if (!call || !can_be_scanned(*call) || !may_have_called(*call, site, frame.code)) continue;
      Frame caller;
      if (rules != nullptr) caller.registers = caller_registers(*rules, slot + kWord, frame.registers, stack_);
      caller.registers.set(kRsp, slot + kWord);
      caller.registers.set(kReturnAddress, *word);
      caller.code = *call;
      direct = site.kind == CallSite::Kind::direct;
      if (is_confirmed(caller)) return caller;
    }
    return std::nullopt;
  }

  const StackBytes& stack_;
  const std::function<FrameCode(std::uint64_t)>& find_;
};
}  // namespace

WalkedStack walk_stack(const FrameRegisters& registers, const StackBytes& stack,
                       const std::function<FrameCode(std::uint64_t)>& find) {
  return StackWalker(stack, find).walk(registers);
}

}  // namespace varve
