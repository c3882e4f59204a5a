#include "binary/frames/call_site.h"

#include <gtest/gtest.h>

#include <string>

namespace varve {
namespace {

template <std::size_t size>
std::string code_of(const unsigned char (&bytes)[size]) {
  return {reinterpret_cast<const char*>(bytes), size};
}

std::span<const std::byte> span_of(const std::string& code) { return std::as_bytes(std::span(code)); }

TEST(CallSites, KnowDirectCallsAndWhereTheyGo) {
  const std::string code = code_of({0x90, 0x90, 0x90, 0xe8, 0xfb, 0xff, 0xff, 0xff});  // call -5
  const CallSite site = call_before(span_of(code), 0x1008);
  EXPECT_EQ(site.kind, CallSite::Kind::direct);
  EXPECT_EQ(site.target, 0x1003u);
  EXPECT_EQ(call_before(span_of(code).last(4), 0x1008).kind, CallSite::Kind::none);
  EXPECT_EQ(call_before({}, 0x1008).kind, CallSite::Kind::none);
}

TEST(CallSites, KnowIndirectCallsInEveryForm) {
  const std::string forms[] = {
      code_of({0xff, 0xd0}),                                      // call rax
      code_of({0x41, 0xff, 0xd4}),                                // call r12
      code_of({0xff, 0x10}),                                      // call [rax]
      code_of({0xff, 0x50, 0x18}),                                // call [rax+0x18]
      code_of({0xff, 0x90, 0x18, 0x02, 0x00, 0x00}),              // call [rax+0x218]
      code_of({0xff, 0x15, 0x18, 0x02, 0x00, 0x00}),              // call [rip+0x218]
      code_of({0xff, 0x54, 0x24, 0x18}),                          // call [rsp+0x18]
      code_of({0x41, 0xff, 0x94, 0xc4, 0x18, 0x02, 0x00, 0x00}),  // call [r12+rax*8+0x218]
      code_of({0x3e, 0xff, 0xd0}),                                // notrack call rax
  };
  for (const std::string& form : forms) {
    EXPECT_EQ(call_before(span_of(form), 0x1000).kind, CallSite::Kind::indirect) << form.size();
    const std::string behind = "\x48\x89" + form;
    EXPECT_EQ(call_before(span_of(behind).last(std::min(behind.size(), kLongestCall)), 0x1000).kind,
              CallSite::Kind::indirect);
  }
  EXPECT_EQ(call_before(span_of(code_of({0xff, 0xe0})), 0x1000).kind, CallSite::Kind::none);              // jmp rax
  EXPECT_EQ(call_before(span_of(code_of({0x48, 0x89, 0xc3, 0xc3})), 0x1000).kind, CallSite::Kind::none);  // mov; ret
}

TEST(Stubs, TellTheirSlot) {
  const std::string plain = code_of({0xff, 0x25, 0x10, 0x00, 0x00, 0x00, 0x68, 0, 0, 0, 0});
  EXPECT_EQ(stub_slot(span_of(plain), 0x1000), 0x1016u);
  const std::string guarded = code_of({0xf3, 0x0f, 0x1e, 0xfa, 0xf2, 0xff, 0x25, 0x10, 0x00, 0x00, 0x00});
  EXPECT_EQ(stub_slot(span_of(guarded), 0x1000), 0x101bu);
  EXPECT_FALSE(stub_slot(span_of(guarded).first(9), 0x1000));
  EXPECT_FALSE(stub_slot(span_of("\x55\x48\x89\xe5\x90\x90\x90\x90"), 0x1000));
}

TEST(TailJumps, AreFoundByWhereTheyGo) {
  const std::string code = code_of({0x90, 0xe9, 0xfa, 0x0f, 0x00, 0x00});
  EXPECT_EQ(tail_jump(span_of(code), 0x1000, 0x2000), TailJump::direct);
  EXPECT_EQ(tail_jump(span_of(code), 0x1000, 0x2001), TailJump::none);
  EXPECT_EQ(tail_jump(span_of(code_of({0x90, 0xff, 0xe0})), 0x1000, 0x2000), TailJump::indirect);
  EXPECT_EQ(tail_jump(span_of(code_of({0x90, 0xff, 0xd0})), 0x1000, 0x2000), TailJump::none);
  EXPECT_EQ(tail_jump(span_of(code_of({0xff, 0x60, 0x08, 0x0f, 0x1f, 0x00})), 0x1000, 0x2000), TailJump::indirect);
  // call -99; addsd xmm0: the last byte of the distance and the prefix behind it are no jump
  EXPECT_EQ(tail_jump(span_of(code_of({0xe8, 0x9d, 0xff, 0xff, 0xff, 0x66, 0x0f, 0x58, 0xc1})), 0x1000, 0x2000),
            TailJump::none);
  EXPECT_EQ(tail_jump({}, 0x1000, 0x2000), TailJump::none);
}

}  // namespace
}  // namespace varve
