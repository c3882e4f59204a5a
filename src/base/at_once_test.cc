#include "base/at_once.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace varve {
namespace {

TEST(AtOnce, CallsWithEveryNumberOnce) {
  for (const std::size_t count : {0, 1, 7, 1000}) {
    std::vector<std::atomic<int>> calls(count);
    for_each_at_once(count, [&](std::size_t number) { ++calls[number]; });
    for_each_at_once(
        count, [&](std::size_t number) { ++calls[number]; }, 1);
    for (const std::atomic<int>& times : calls) EXPECT_EQ(times, 2);
  }
}

TEST(AtOnce, WhatRunsAsideHasEndedWhenItIsGone) {
  std::atomic<int> calls = 0;
  {
    const Aside aside([&] { ++calls; });
  }
  EXPECT_EQ(calls, usable_processors() < 2 ? 0 : 1);
}

}  // namespace
}  // namespace varve
