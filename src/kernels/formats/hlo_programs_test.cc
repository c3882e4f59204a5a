#include "kernels/formats/hlo_programs.h"

#include <gtest/gtest.h>

#include <span>
#include <string>

#include "kernels/trace/protobuf_testing.h"

namespace varve {
namespace {

using test::field;

XplaneBytes bytes_of_program(const std::string& computations) {
  static std::string kept;
  kept = field(1, computations);
  return std::as_bytes(std::span(kept));
}

std::string made_instruction(const std::string& name, const std::string& opcode, std::uint64_t id,
                             const std::string& more = "") {
  return field(2, field(1, name) + field(2, opcode) + field(35, id) + more);
}

// Computation n holds one instruction, which calls computation n + 1; the last one calls `last_calls`.
std::string made_chain(std::uint64_t length, std::uint64_t last_calls) {
  std::string all;
  for (std::uint64_t i = 0; i < length; ++i) {
    const std::uint64_t calls = i + 1 < length ? i + 1 : last_calls;
    all += field(3, made_instruction("f" + std::to_string(i), "fusion", i + 1, field(38, calls)) + field(5, i));
  }
  return all;
}

TEST(HloPrograms, AFusionIsTheProductThatItCalls) {
  HloPrograms programs;
  const std::string shapes = field(3, field(2, 11u) + field(3, 4u) + field(3, 8u));
  const std::string numbers = field(30, field(1, 1u) + field(2, 0u));
  const std::string turned = field(3, field(2, 11u) + field(3, 8u) + field(3, 2u));
  programs.add(
      7, bytes_of_program(
             field(3, made_instruction("a", "parameter", 1, shapes) + made_instruction("b", "parameter", 2, turned) +
                          made_instruction("dot.1", "dot", 3, field(36, 1u) + field(36, 2u) + numbers) + field(5, 1u)) +
             field(3, made_instruction("fusion.9", "fusion", 4, field(38, 1u)) + field(5, 2u))));
  EXPECT_EQ(programs.operation(7, "fusion.9"), "dot (fusion) [[4,8],[8,2]]");
  EXPECT_EQ(programs.operation(7, "fusion.10"), "");
  EXPECT_EQ(programs.operation(8, "fusion.9"), "");
}

// A hostile program must not take the stack, nor time that grows with the square of its size.
TEST(HloPrograms, CallsThatGoDeepOrRoundEnd) {
  for (const std::uint64_t last_calls : {std::uint64_t{0}, std::uint64_t{1} << 40}) {
    HloPrograms programs;
    programs.add(1, bytes_of_program(made_chain(100'000, last_calls)));
    EXPECT_EQ(programs.operation(1, "f0"), "f0");
    EXPECT_EQ(programs.operation(1, "f99999"), "f99999");
  }
}

TEST(HloPrograms, WhatNoProgramHasIsLeftOut) {
  std::string wide;
  for (std::uint64_t i = 0; i < 100'000; ++i) wide += field(3, i);
  std::string computation = made_instruction("wide", "parameter", 1, field(3, field(2, 11u) + wide)) + field(5, 1u);
  for (std::uint64_t i = 0; i < 20'000; ++i) computation += made_instruction("u", "negate", i + 2, field(36, 1u));
  HloPrograms programs;
  programs.add(1, bytes_of_program(field(3, computation)));
  EXPECT_EQ(programs.operation(1, "u"), "u [[]]");

  std::string many;
  for (int i = 0; i < 1'100'000; ++i) many += field(2, "");
  HloPrograms large;
  large.add(1, bytes_of_program(field(3, many + made_instruction("x", "negate", 1) + field(5, 1u))));
  EXPECT_EQ(large.operation(1, "x"), "");
}

}  // namespace
}  // namespace varve
