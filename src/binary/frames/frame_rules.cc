#include "binary/frames/frame_rules.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "binary/frames/frame_bytes.h"

namespace varve {

namespace {
constexpr int kMostOperations = 256;
constexpr std::size_t kDeepestExpression = 64;

// A stack machine for the operations that compilers write into unwind tables (DWARF 5, 2.5). No jumps, so it ends.
class ExpressionMachine {
 public:
  ExpressionMachine(const FrameRegisters& registers, const StackBytes& stack) : registers_(registers), stack_(stack) {}

  std::optional<std::uint64_t> run(const std::string& expression, std::optional<std::uint64_t> first) {
    if (first) values_.push_back(*first);
    FrameBytes code(std::as_bytes(std::span(expression)));
    for (int done = 0; code.left() > 0 && done < kMostOperations && !failed_; ++done) step(code);
    if (failed_ || !code.ok() || code.left() > 0 || values_.empty()) return std::nullopt;
    return values_.back();
  }

 private:
  std::uint64_t pop() {
    if (values_.empty()) {
      failed_ = true;
      return 0;
    }
    const std::uint64_t value = values_.back();
    values_.pop_back();
    return value;
  }
  void push(std::optional<std::uint64_t> value) {
    if (!value || values_.size() >= kDeepestExpression) {
      failed_ = true;
    } else {
      values_.push_back(*value);
    }
  }
  void constant(std::uint8_t operation, FrameBytes& code) {
    const auto wide = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };
    switch (operation) {
      case 0x08:
        return push(code.value<std::uint8_t>());
      case 0x09:
        return push(wide(code.value<std::int8_t>()));
      case 0x0a:
        return push(code.value<std::uint16_t>());
      case 0x0b:
        return push(wide(code.value<std::int16_t>()));
      case 0x0c:
        return push(code.value<std::uint32_t>());
      case 0x0d:
        return push(wide(code.value<std::int32_t>()));
      case 0x0e:
      case 0x0f:
        return push(code.value<std::uint64_t>());
      case 0x10:
        return push(code.uleb());
      default:
        return push(wide(code.sleb()));  // 0x11
    }
  }
  void arithmetic(std::uint8_t operation) {
    const std::uint64_t right = pop(), left = pop();
    const auto is_less = static_cast<std::int64_t>(left) < static_cast<std::int64_t>(right);
    switch (operation) {
      case 0x1a:
        return push(left & right);
      case 0x1c:
        return push(left - right);
      case 0x1e:
        return push(left * right);
      case 0x21:
        return push(left | right);
      case 0x22:
        return push(left + right);
      case 0x24:
        return push(right < 64 ? left << right : 0);
      case 0x25:
        return push(right < 64 ? left >> right : 0);
      case 0x27:
        return push(left ^ right);
      case 0x29:
        return push(left == right);
      case 0x2a:
        return push(!is_less);
      case 0x2b:
        return push(!is_less && left != right);
      case 0x2c:
        return push(is_less || left == right);
      case 0x2d:
        return push(is_less);
      case 0x2e:
        return push(left != right);
      default:
        failed_ = true;
    }
  }
  void step(FrameBytes& code) {
    const auto operation = code.value<std::uint8_t>();
    if (operation == 0x06) {  // DW_OP_deref
      push(stack_.word(pop()));
    } else if (operation >= 0x08 && operation <= 0x11) {
      constant(operation, code);
    } else if (operation == 0x12) {  // DW_OP_dup
      const std::uint64_t value = pop();
      push(value);
      push(value);
    } else if (operation == 0x13) {  // DW_OP_drop
      pop();
    } else if (operation == 0x23) {  // DW_OP_plus_uconst
      push(pop() + code.uleb());
    } else if (operation >= 0x30 && operation <= 0x4f) {  // DW_OP_lit0 to 31
      push(operation - 0x30u);
    } else if (operation >= 0x70 && operation <= 0x8f) {  // DW_OP_breg0 to 31
      const auto base = registers_.get(operation - 0x70u);
      const auto offset = static_cast<std::uint64_t>(code.sleb());
      push(base ? std::optional(*base + offset) : std::nullopt);
    } else if (operation != 0x96) {  // DW_OP_nop
      arithmetic(operation);
    }
  }

  const FrameRegisters& registers_;
  const StackBytes& stack_;
  std::vector<std::uint64_t> values_;
  bool failed_ = false;
};

std::optional<std::uint64_t> saved_value(const SavedRegister& rule, std::uint64_t frame_address,
                                         const FrameRegisters& registers, const StackBytes& stack) {
  using Kept = SavedRegister::How;
  const std::uint64_t at = frame_address + static_cast<std::uint64_t>(rule.value);
  switch (rule.how) {
    case Kept::same:
      return registers.get(rule.number);
    case Kept::undefined:
      return std::nullopt;
    case Kept::at_offset:
      return stack.word(at);
    case Kept::is_offset:
      return at;
    case Kept::in_register:
      return registers.get(static_cast<std::uint64_t>(rule.value));
    case Kept::at_expression:
    case Kept::is_expression:
      break;
  }
  const auto value = ExpressionMachine(registers, stack).run(rule.expression, frame_address);
  if (!value || rule.how == Kept::is_expression) return value;
  return stack.word(*value);
}
}  // namespace

std::optional<std::uint64_t> StackBytes::word(std::uint64_t address) const {
  std::uint64_t value = 0;
  const std::uint64_t offset = address - start;
  if (address < start || offset > bytes.size() || bytes.size() - offset < sizeof value) return std::nullopt;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

std::optional<std::uint64_t> canonical_frame_address(const FrameRules& rules, const FrameRegisters& registers,
                                                     const StackBytes& stack) {
  if (!rules.cfa_expression.empty()) {
    return ExpressionMachine(registers, stack).run(rules.cfa_expression, std::nullopt);
  }
  const auto base = registers.get(rules.cfa_register);
  if (!base) return std::nullopt;
  return *base + static_cast<std::uint64_t>(rules.cfa_offset);
}

FrameRegisters caller_registers(const FrameRules& rules, std::uint64_t frame_address, const FrameRegisters& registers,
                                const StackBytes& stack) {
  // What a function must give back (rbx, rbp, r12 to r15) is as it was where the table says nothing; all else is lost.
  constexpr std::uint32_t kKept = 1u << kRbx | 1u << kRbp | 0xfu << 12;
  FrameRegisters caller = registers;
  caller.known &= kKept;
  for (const SavedRegister& rule : rules.saved) {
    if (rule.number >= kFrameRegisters) continue;
    caller.known &= ~(1u << rule.number);
    if (const auto value = saved_value(rule, frame_address, registers, stack)) caller.set(rule.number, *value);
  }
  const bool own_rsp = std::any_of(rules.saved.begin(), rules.saved.end(),
                                   [](const SavedRegister& rule) { return rule.number == kRsp; });
  if (!own_rsp) caller.set(kRsp, frame_address);
  return caller;
}

}  // namespace varve
