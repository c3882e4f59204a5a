#include "kernels/kineto/event_reader.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "kernels/json/plain_word.h"

namespace varve {
namespace {
constexpr std::string_view kEvents[] = {
    R"({"ph": "X", "cat": "kernel", "name": "k<4>", "pid": 0, "tid": 7, "ts": 12.5, "dur": 3,)"
    R"( "args": {"External id": 5, "device": 0, "stream": 7, "grid": [1, 2, 3], "block": [64, 1, 1], "queued": 0}})",
    R"({"ph": "X", "cat": "cpu_op", "name": "aten::mm", "pid": 1, "tid": 2, "ts": 11, "dur": 20.25,)"
    R"( "args": {"External id": 5,"Input Dims": [[8, 64], [64, 8], []], "Call stack": "a;\"b\""}})",
    R"({"ph": "X", "cat": "cpu_op", "name": "no arguments", "pid": 1, "tid": 2, "ts": 11, "dur": 20, "args": 5})",
    R"({"ph": "X", "cat": "cpu_op", "name": "empty", "pid": "p", "tid": "stream 7", "ts": "9", "dur": 1e1, "args": {}})",
};

// All that was read, and whether it was all.
std::string read_by(KinetoEventReader& reader, const std::string& text) {
  const std::string padded = text + std::string(kShortContainer, ' ');
  KinetoEvent event;
  std::string said = reader.read(std::string_view(padded).substr(0, text.size()), event) ? "whole" : "broken";
  const auto add = [&](const auto& value) { said += '|' + std::string(value); };
  const auto add_number = [&](const auto& value) { said += '|' + (value ? std::to_string(*value) : "-"); };
  for (const auto& view :
       {event.name, event.process, event.thread, event.input_dims, event.input_types, event.collective, event.type}) {
    add(view);
  }
  add_number(event.start_ns);
  add_number(event.duration_ns);
  add_number(event.device);
  add_number(event.stream);
  add_number(event.sequence);
  for (const std::uint64_t number : {event.correlation, event.external, event.bytes, event.graph_node}) {
    add(std::to_string(number));
  }
  for (const auto& size : {event.launch.grid, event.launch.block}) {
    for (const std::uint32_t number : size) add(std::to_string(number));
  }
  return said;
}

std::string read_afresh(const std::string& text) {
  KinetoEventReader reader;
  return read_by(reader, text);
}

TEST(KinetoEventReader, ReadsWhatIsThere) {
  EXPECT_EQ(read_afresh(std::string(kEvents[0])), "whole|\"k<4>\"|0|7|||||12500|3000|0|7|-|0|5|0|0|1|2|3|64|1|1");
  EXPECT_EQ(read_afresh(std::string(kEvents[3])),
            "whole|\"empty\"|\"p\"|\"stream 7\"|||||9000|10000|-|-|-|0|0|0|0|0|0|0|0|0|0");
  EXPECT_EQ(read_afresh(R"({"name": "a", "dur": 1 "ts": 2})"), "broken|\"a\"|||||||-|1000|-|-|-|0|0|0|0|0|0|0|0|0|0");
}

// What was learned of some events changes nothing of what is read of others, however they differ.
TEST(KinetoEventReader, WhatItLearnedChangesNothing) {
  constexpr std::string_view kBits[] = {"\"",
                                        "{",
                                        "}",
                                        "[",
                                        "]",
                                        ",",
                                        ":",
                                        " ",
                                        "\\",
                                        "1",
                                        ".",
                                        "1{",
                                        "\"args\": {",
                                        "\"dur\": 7, ",
                                        "\"x\": 1{, \"y\": 2}, ",
                                        "5, \"bytes\": ",
                                        "NaN",
                                        "\x80"};
  std::mt19937_64 random(4);
  KinetoEventReader reader;
  for (int round = 0; round < 60'000; ++round) {
    std::string text(kEvents[random() % std::size(kEvents)]);
    for (std::size_t edits = random() % 3; edits > 0; --edits) {
      const std::size_t at = random() % text.size();
      const std::string_view bit = kBits[random() % std::size(kBits)];
      if (random() % 2 == 0)
        text.insert(at, bit);
      else
        text.replace(at, std::min<std::size_t>(bit.size(), text.size() - at), bit);
    }
    if (round % 1000 == 0) reader = KinetoEventReader();  // there is room for so much and no more
    ASSERT_EQ(read_by(reader, text), read_afresh(text)) << text;
  }
}

// To one who counts brackets the arguments of the first end later than to one who reads its members.
TEST(KinetoEventReader, LearnsNothingOfWhatIsAmbiguous) {
  KinetoEventReader reader;
  const auto event = [](const std::string& x) {
    return R"({"name": "a", "args": {"x": )" + x + R"(, "device": 2}}, "dur": 5})";
  };
  EXPECT_EQ(read_by(reader, event("1{")), "whole|\"a\"|||||||-|5000|2|-|-|0|0|0|0|0|0|0|0|0|0");
  EXPECT_EQ(read_by(reader, event("1")), "whole|\"a\"|||||||-|-|2|-|-|0|0|0|0|0|0|0|0|0|0");
}

}  // namespace
}  // namespace varve
