#include "binary/frames/frame_rules.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "binary/frames/frame_program.h"

namespace varve {
namespace {

using How = SavedRegister::How;

struct MadeStack {
  std::vector<std::uint64_t> words;
  StackBytes view(std::uint64_t start) const { return {start, std::as_bytes(std::span(words))}; }
};

FrameRegisters registers_of(std::uint64_t rsp, std::uint64_t rbp) {
  FrameRegisters registers;
  registers.set(kRsp, rsp);
  registers.set(kRbp, rbp);
  return registers;
}

TEST(StackBytes, GiveWordsOnlyFromInside) {
  const MadeStack stack{{1, 2}};
  EXPECT_EQ(stack.view(0x100).word(0x108), 2u);
  EXPECT_FALSE(stack.view(0x100).word(0x109));
  EXPECT_FALSE(stack.view(0x100).word(0xf8));
  EXPECT_FALSE(stack.view(0x100).word(std::numeric_limits<std::uint64_t>::max()));
}

TEST(FrameRules, GiveTheCallersRegisters) {
  const MadeStack stack{{11, 22, 33, 0x4444}};
  FrameRules rules{.cfa_register = kRsp, .cfa_offset = 32, .cfa_expression = {}, .saved = {}};
  rules.saved = {{kReturnAddress, How::at_offset, -8, {}}, {kRbp, How::at_offset, -16, {}}};
  const FrameRegisters registers = registers_of(0x100, 7);
  EXPECT_EQ(canonical_frame_address(rules, registers, stack.view(0x100)), 0x120u);
  const FrameRegisters caller = caller_registers(rules, 0x120, registers, stack.view(0x100));
  EXPECT_EQ(caller.get(kReturnAddress), 0x4444u);
  EXPECT_EQ(caller.get(kRbp), 33u);
  EXPECT_EQ(caller.get(kRsp), 0x120u);
  EXPECT_FALSE(caller.get(kRbx));
  EXPECT_FALSE(canonical_frame_address({.cfa_register = 12}, registers, stack.view(0x100)));
}

// The frame of a function that aligns its stack: the address stands in a word below the frame pointer.
TEST(FrameRules, FollowExpressions) {
  const MadeStack stack{{0x200, 9}};
  FrameRules rules;
  rules.cfa_expression = std::string("\x76\x78\x06", 3);  // breg6 -8; deref
  EXPECT_EQ(canonical_frame_address(rules, registers_of(0x100, 0x108), stack.view(0x100)), 0x200u);
  EXPECT_FALSE(canonical_frame_address(rules, registers_of(0x100, 0x300), stack.view(0x100)));
  rules.cfa_expression = std::string("\x06", 1);  // nothing to read from
  EXPECT_FALSE(canonical_frame_address(rules, registers_of(0x100, 0x108), stack.view(0x100)));
  // A lazy stub of a procedure linkage table: 16 bytes above the stack pointer from its second instruction on.
  rules.cfa_expression = std::string("\x77\x08\x80\x00\x3f\x1a\x3b\x2a\x33\x24\x22", 11);
  FrameRegisters at_stub = registers_of(0x100, 0);
  at_stub.set(kReturnAddress, 0x1000);
  EXPECT_EQ(canonical_frame_address(rules, at_stub, stack.view(0x100)), 0x108u);
  at_stub.set(kReturnAddress, 0x100b);
  EXPECT_EQ(canonical_frame_address(rules, at_stub, stack.view(0x100)), 0x110u);
}

TEST(FramePrograms, ArriveAtTheRowOfAPlace) {
  const FrameCommon common{.code_factor = 1, .return_register = kReturnAddress, .data_factor = -8};
  const unsigned char first[] = {0x0c, 7, 8, 0x90, 1};  // def_cfa rsp+8; the return address at -8
  const unsigned char own[] = {0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x0a, 0x44, 0x0c, 7, 8, 0x41, 0x0b};
  const auto at = [&](std::uint64_t offset) {
    return frame_rules(common, std::as_bytes(std::span(first)), std::as_bytes(std::span(own)), offset);
  };
  EXPECT_EQ(at(0)->cfa_offset, 8);
  EXPECT_EQ(at(0)->saved.size(), 1u);
  EXPECT_EQ(at(1)->cfa_offset, 16);
  EXPECT_EQ(at(1)->saved.size(), 2u);
  EXPECT_EQ(at(4)->cfa_register, kRbp);
  EXPECT_EQ(at(8)->cfa_register, kRsp);
  EXPECT_EQ(at(9)->cfa_register, kRbp);  // the state that was remembered
}

TEST(FramePrograms, OfAnyBytesEnd) {
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::byte> first(random() % 24), own(random() % 48);
    for (std::byte& byte : first) byte = static_cast<std::byte>(random());
    for (std::byte& byte : own) byte = static_cast<std::byte>(random());
    const auto rules = frame_rules({}, first, own, random() % 64);
    if (!rules) continue;
    const MadeStack stack{{1, 2, 3}};
    const FrameRegisters registers = registers_of(0x100, 0x108);
    (void)canonical_frame_address(*rules, registers, stack.view(0x100));
    (void)caller_registers(*rules, 0x110, registers, stack.view(0x100));
    EXPECT_LE(rules->saved.size(), 64u);
  }
}

}  // namespace
}  // namespace varve
