#include "kernels/perf_ring.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "kernels/perf_events.h"

namespace varve {
namespace {

// Plays the kernel: writes records into a ring at ever growing positions.
struct Ring {
  perf_event_mmap_page positions{};
  std::vector<std::byte> data = std::vector<std::byte>(256);

  void put(std::uint64_t at, const void* from, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) data[(at + i) % data.size()] = static_cast<const std::byte*>(from)[i];
  }
  bool write(std::uint32_t type, const std::vector<std::byte>& body) {
    perf_event_header header{type, 0, static_cast<std::uint16_t>(sizeof header + body.size())};
    if (positions.data_head + header.size - positions.data_tail > data.size()) return false;
    put(positions.data_head, &header, sizeof header);
    put(positions.data_head + sizeof header, body.data(), body.size());
    positions.data_head += header.size;
    return true;
  }
};

TEST(PerfRing, GivesEveryRecordWholeAlsoOverTheEnd) {
  Ring ring;
  ring.positions.data_head = ring.positions.data_tail = 1'000'000'007;
  std::mt19937 random(1);
  std::vector<std::vector<std::byte>> written, read;
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::byte> body(random() % 60);
    for (std::byte& byte : body) byte = static_cast<std::byte>(random());
    if (ring.write(7, body)) written.push_back(body);
    if (random() % 4 != 0 && round != 1999) continue;
    EXPECT_TRUE(drain_perf_ring(ring.positions, ring.data, [&](const PerfRecord& record) {
      EXPECT_EQ(record.type, 7u);
      read.emplace_back(record.body.begin(), record.body.end());
    }));
    EXPECT_EQ(ring.positions.data_tail, ring.positions.data_head);
  }
  EXPECT_GT(read.size(), 1000u);
  EXPECT_EQ(read, written);
}

TEST(PerfRing, GivesUpOnNonsenseWithoutHanging) {
  Ring ring;
  perf_event_header zero{7, 0, 0};
  ring.put(0, &zero, sizeof zero);
  ring.positions.data_head = 100;
  int records = 0;
  auto count = [&](const PerfRecord&) { ++records; };
  EXPECT_FALSE(drain_perf_ring(ring.positions, ring.data, count));
  EXPECT_EQ(ring.positions.data_tail, 100u);
  perf_event_header too_long{7, 0, 60'000};
  ring.put(100, &too_long, sizeof too_long);
  ring.positions.data_head = 140;
  EXPECT_FALSE(drain_perf_ring(ring.positions, ring.data, count));
  ring.positions.data_head = 140 + 100'000;
  EXPECT_FALSE(drain_perf_ring(ring.positions, ring.data, count));
  EXPECT_EQ(records, 0);
}

TEST(PerfFieldsOfARecord, EndWhereTheBytesEnd) {
  std::uint64_t values[] = {1, 2};
  PerfFields fields(std::as_bytes(std::span(values)));
  EXPECT_EQ(fields.quad(), 1u);
  EXPECT_EQ(fields.word(), 2u);
  EXPECT_FALSE(fields.quad());
  EXPECT_FALSE(fields.word());
  EXPECT_FALSE(fields.bytes(1));
  EXPECT_EQ(fields.text(), "");
}

TEST(CpuList, IsReadAsTheKernelWritesIt) {
  EXPECT_EQ(parse_cpu_list("0-3,8\n"), (std::vector<int>{0, 1, 2, 3, 8}));
  EXPECT_EQ(parse_cpu_list("0"), (std::vector<int>{0}));
  EXPECT_TRUE(parse_cpu_list("").empty());
  EXPECT_TRUE(parse_cpu_list("x-9,3-1,-4,0-99999999").empty());
}

TEST(Refusal, SaysWhatToDo) {
  EXPECT_NE(explain_refusal(EMFILE).find("ulimit -n"), std::string::npos);
  EXPECT_NE(explain_refusal(ENOSYS).find("no perf_event_open"), std::string::npos);
  EXPECT_NE(explain_refusal(EACCES).find("PERFMON"), std::string::npos);
}

}  // namespace
}  // namespace varve
