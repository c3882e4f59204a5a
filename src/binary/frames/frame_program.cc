#include "binary/frames/frame_program.h"

#include <algorithm>
#include <string>
#include <vector>

#include "binary/frames/frame_bytes.h"

namespace varve {

namespace {
constexpr std::size_t kMostRemembered = 64;
constexpr std::size_t kMostSaved = 64;
using How = SavedRegister::How;

class FrameProgram {
 public:
  FrameProgram(const FrameCommon& common, std::uint64_t offset) : common_(common), offset_(offset) {}

  bool run(std::span<const std::byte> program) {
    FrameBytes code(program);
    while (code.left() > 0 && sound_ && at_ <= offset_) {
      const auto instruction = code.value<std::uint8_t>();
      const std::uint8_t low = instruction & 0x3f;
      switch (instruction >> 6) {
        case 1:
          advance(low);
          break;
        case 2:
          save(low, How::at_offset, scaled(code.uleb()));
          break;
        case 3:
          restore(low);
          break;
        default:
          extended(instruction, code);
      }
    }
    return sound_ && code.ok();
  }
  void keep_as_initial() { initial_ = rules_; }
  const FrameRules& rules() const { return rules_; }

 private:
  std::int64_t scaled(std::uint64_t factored) const {
    return static_cast<std::int64_t>(factored * static_cast<std::uint64_t>(common_.data_factor));
  }
  void advance(std::uint64_t factored) {
    const std::uint64_t next = at_ + factored * common_.code_factor;
    sound_ = sound_ && next >= at_;
    at_ = next;
  }
  static std::string expression(FrameBytes& code) {
    const auto bytes = code.take(code.uleb());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  void save(std::uint64_t number, How how, std::int64_t value, std::string text = {}) {
    if (number >= kFrameRegisters) return;  // vector registers and the like
    auto& saved = rules_.saved;
    auto known =
        std::find_if(saved.begin(), saved.end(), [&](const SavedRegister& rule) { return rule.number == number; });
    if (known == saved.end()) {
      if (saved.size() >= kMostSaved) return;
      known = saved.insert(saved.end(), SavedRegister{});
    }
    *known = {static_cast<std::uint32_t>(number), how, value, std::move(text)};
  }
  void restore(std::uint64_t number) {
    std::erase_if(rules_.saved, [&](const SavedRegister& rule) { return rule.number == number; });
    for (const SavedRegister& rule : initial_.saved) {
      if (rule.number == number) rules_.saved.push_back(rule);
    }
  }
  void frame_address(std::uint64_t number, std::int64_t offset) {
    rules_.cfa_register = number;
    rules_.cfa_offset = offset;
    rules_.cfa_expression.clear();
  }
  void remember() {
    sound_ = sound_ && remembered_.size() < kMostRemembered;
    if (sound_) remembered_.push_back(rules_);
  }
  void recall() {
    sound_ = sound_ && !remembered_.empty();
    if (!sound_) return;
    rules_ = std::move(remembered_.back());
    remembered_.pop_back();
  }
  void frame_instruction(std::uint8_t instruction, FrameBytes& code) {
    if (instruction == 0x0c || instruction == 0x12) {  // def_cfa, def_cfa_sf
      const std::uint64_t number = code.uleb();
      const std::int64_t offset = instruction == 0x0c ? static_cast<std::int64_t>(code.uleb())
                                                      : scaled(static_cast<std::uint64_t>(code.sleb()));
      frame_address(number, offset);
    } else if (instruction == 0x0d) {  // def_cfa_register
      frame_address(code.uleb(), rules_.cfa_offset);
    } else if (instruction == 0x0e) {  // def_cfa_offset
      rules_.cfa_offset = static_cast<std::int64_t>(code.uleb());
    } else if (instruction == 0x13) {  // def_cfa_offset_sf
      rules_.cfa_offset = scaled(static_cast<std::uint64_t>(code.sleb()));
    } else {  // def_cfa_expression
      rules_.cfa_expression = expression(code);
    }
  }
  void register_instruction(std::uint8_t instruction, FrameBytes& code) {
    const std::uint64_t number = code.uleb();
    switch (instruction) {
      case 0x05:
        return save(number, How::at_offset, scaled(code.uleb()));
      case 0x06:
        return restore(number);
      case 0x07:
        return save(number, How::undefined, 0);
      case 0x08:
        return save(number, How::same, 0);
      case 0x09:
        return save(number, How::in_register, static_cast<std::int64_t>(code.uleb()));
      case 0x10:
        return save(number, How::at_expression, 0, expression(code));
      case 0x11:
        return save(number, How::at_offset, scaled(static_cast<std::uint64_t>(code.sleb())));
      case 0x14:
        return save(number, How::is_offset, scaled(code.uleb()));
      case 0x15:
        return save(number, How::is_offset, scaled(static_cast<std::uint64_t>(code.sleb())));
      default:
        return save(number, How::is_expression, 0, expression(code));  // 0x16
    }
  }
  void extended(std::uint8_t instruction, FrameBytes& code) {
    switch (instruction) {
      case 0x00:
        return;
      case 0x02:
        return advance(code.value<std::uint8_t>());
      case 0x03:
        return advance(code.value<std::uint16_t>());
      case 0x04:
        return advance(code.value<std::uint32_t>());
      case 0x0a:
        return remember();
      case 0x0b:
        return recall();
      case 0x0c:
      case 0x0d:
      case 0x0e:
      case 0x0f:
      case 0x12:
      case 0x13:
        return frame_instruction(instruction, code);
      case 0x05:
      case 0x06:
      case 0x07:
      case 0x08:
      case 0x09:
      case 0x10:
      case 0x11:
      case 0x14:
      case 0x15:
      case 0x16:
        return register_instruction(instruction, code);
      case 0x2e:
        code.uleb();
        return;  // GNU_args_size
      default:
        sound_ = false;  // set_loc among them: nobody writes it here
    }
  }

  const FrameCommon& common_;
  std::uint64_t offset_, at_ = 0;
  FrameRules rules_, initial_;
  std::vector<FrameRules> remembered_;
  bool sound_ = true;
};
}  // namespace

std::optional<FrameRules> frame_rules(const FrameCommon& common, std::span<const std::byte> first,
                                      std::span<const std::byte> own, std::uint64_t offset) {
  FrameProgram program(common, offset);
  if (!program.run(first)) return std::nullopt;
  program.keep_as_initial();
  if (!program.run(own)) return std::nullopt;
  return program.rules();
}

}  // namespace varve
