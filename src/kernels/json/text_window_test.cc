#include "kernels/json/text_window.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "kernels/trace/trace_input.h"

namespace varve {
namespace {

// A place just behind what was read, as much as one far from it.
TEST(TextWindow, HoldsBytesOfThePlaceThatItMovesTo) {
  std::string text;
  for (int i = 0; text.size() < 1'000'000; ++i) text += std::to_string(i) + ' ';
  FileHandle handle(::memfd_create("text", MFD_CLOEXEC));
  ASSERT_EQ(::write(handle.fd(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  const auto file = FileReader::open(std::move(handle), "made");
  const auto input = open_trace(*file, "made");
  TextWindow first(**input, 1 << 24);
  ASSERT_EQ(*first.more(), TextWindow::More::read);
  const std::size_t read = first.size();
  for (const std::size_t to : {std::size_t{0}, read - 1, read, read + 1, read + 300'001, text.size() - 1}) {
    TextWindow window(**input, 1 << 24);
    ASSERT_EQ(*window.more(), TextWindow::More::read);
    ASSERT_TRUE(window.move_to(to));
    EXPECT_EQ(window.at(), to);
    ASSERT_GT(window.size(), 0u) << to;
    EXPECT_EQ(window.text(), text.substr(to, window.size())) << to;
  }
}

}  // namespace
}  // namespace varve
