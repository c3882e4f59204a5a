#include "archive/deflate.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>

#include "archive/inflate.h"

namespace varve {
namespace {

std::string inflated(const std::string& bytes) {
  FileHandle file(::memfd_create("test", MFD_CLOEXEC));
  EXPECT_EQ(::write(file.fd(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  const FileReader reader = *FileReader::open(std::move(file), "test");
  EXPECT_EQ(compression_of(reader), Compression::gzip);
  const auto stream = open_stream(reader, "test");
  std::string text;
  while (true) {
    const auto piece = (*stream)->next(1 << 20);
    if (!piece || piece->empty()) return piece ? text : "(damaged)";
    text.append(reinterpret_cast<const char*>(piece->data()), piece->size());
  }
}

TEST(Deflate, IsInflatedAgain) {
  std::string long_text;
  for (int i = 0; i < 300'000; ++i) long_text += std::to_string(i) + ",";
  for (const std::string& text : {std::string(), std::string("a"), std::string(70'000, 'x'), long_text}) {
    const std::string packed = gzip_of(text);
    EXPECT_TRUE(inflated(packed) == text) << text.size();
    EXPECT_EQ(packed, gzip_of(text)) << "no time, no name";
  }
  EXPECT_LT(gzip_of(long_text).size(), long_text.size() / 2);
}

[[gnu::noinline]] void leave_on_the_stack(char value) {
  volatile char room[400'000];
  for (volatile char& each : room) each = value;
}

TEST(Deflate, WhatStoodOnTheStackBeforeIsNotRead) {
  const std::string text(5'000, 'x');
  leave_on_the_stack(0);
  const std::string packed = gzip_of(text);
  for (const char value : {'\x01', '\x55', '\xff'}) {
    leave_on_the_stack(value);
    EXPECT_EQ(gzip_of(text), packed);
  }
}

}  // namespace
}  // namespace varve
