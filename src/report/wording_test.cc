#include "report/wording.h"

#include <gtest/gtest.h>

#include <cmath>

namespace varve {

TEST(Wording, WhatDiffersInOneSentence) {
  const ControlItem cpu{"cpu.model", Layer::hardware, "CPU model", "X", "X", ItemState::same, false};
  const ControlItem program{"program", Layer::framework, "program", "p", "p", ItemState::same, false};
  const ControlItem none{"gpu", Layer::kernel_driver, "driver", "-", "-", ItemState::not_applicable, false};
  ControlItem a{"settings.A", Layer::settings, "A", "1", "2", ItemState::different, false};
  const ControlItem b{"settings.B", Layer::settings, "B", "1", "2", ItemState::different, false};
  const ControlItem library{
      "library.libx.so", Layer::kernel_library, "library libx", "1", "2", ItemState::follows, false};
  const ControlItem microcode{"cpu.microcode", Layer::hardware, "CPU microcode", "?", "?", ItemState::unknown, false};
  EXPECT_EQ(difference_sentence({}),
            "Nothing about the two sides was recorded, so nothing can be said to be the same.");
  EXPECT_EQ(difference_sentence({cpu, program, none}), "Hardware and program are the same; nothing recorded differs.");
  EXPECT_EQ(difference_sentence({cpu, program, a}), "Hardware and program are the same; one setting differs: A.");
  EXPECT_EQ(difference_sentence({program, a, b}), "Program is the same; two settings differ: A and B.");
  a.under_test = true;
  EXPECT_EQ(difference_sentence({cpu, a, library}),
            "Hardware is the same; one setting differs: A (under test); libx.so follows from it.");
  EXPECT_EQ(difference_sentence({cpu, microcode, a}),
            "One setting differs: A (under test); one is unknown: CPU microcode.")
      << "a layer with something unknown in it is not called the same";
}

TEST(Wording, NumbersThatAreNone) {
  EXPECT_EQ(change_text(NAN), "–");
  EXPECT_EQ(change_interval_text({-INFINITY, INFINITY}), "unbounded");
  EXPECT_EQ(change_interval_text({0.9, INFINITY}), "above −10 %");
  EXPECT_EQ(share_text(Estimate{0.5, {-INFINITY, INFINITY}}), "50 % (interval unbounded)");
  EXPECT_EQ(quantity_text(NAN, "s"), "–");
  EXPECT_EQ(quantity_text(1234, "1/s"), "1234/s");
  EXPECT_EQ(time_unit_for(0.25).signed_text(-0.0125), "−12.5");
  EXPECT_EQ(time_unit_for(0.25).text(-0.00000001), "0.0") << "a rounded zero has no sign";
  KernelAccount account;
  EXPECT_EQ(exchange_sentence(account), "");
  account.available = true;
  account.exchanged_share = Estimate{NAN, {}};
  EXPECT_EQ(exchange_sentence(account), "");
}

}  // namespace varve
