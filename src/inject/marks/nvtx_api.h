#pragma once
#include <cstddef>
#include <cstdint>

// What is used of NVTX, written down here so that Varve is built without it: nvtxTypes.h and nvToolsExt.h of NVTX 3,
// whose numbers and structures are those of its first release; libnvToolsExt.so.1 before it hands out the same tables.
namespace varve::inject {

// Of modules: the ranges of all programs, and those of domains.
inline constexpr std::uint32_t kNvtxCore = 1, kNvtxDomains = 5;
enum NvtxCore : std::uint32_t {
  kRangeStartEx = 4,
  kRangeStartA,
  kRangeStartW,
  kRangeEnd,
  kRangePushEx,
  kRangePushA,
  kRangePushW,
  kRangePop
};
enum NvtxDomain : std::uint32_t {
  kDomainRangeStart = 2,
  kDomainRangeEnd,
  kDomainRangePush,
  kDomainRangePop,
  kDomainRegisterA = 10,
  kDomainRegisterW
};

struct NvtxEvent {  // nvtxEventAttributes_t
  std::uint16_t version, size;
  std::uint32_t category;
  std::int32_t color_type;
  std::uint32_t color;
  std::int32_t payload_type, reserved;
  std::uint64_t payload;
  std::int32_t message_type;  // 1: a text, 2: a wide one, 3: one that was registered
  const void* message;
};
static_assert(offsetof(NvtxEvent, message_type) == 32 && offsetof(NvtxEvent, message) == 40);

using NvtxFunction = void (*)();
struct NvtxCallbacks {  // the table of number 1
  std::size_t size;
  int (*get_functions)(std::uint32_t module, NvtxFunction*** table, std::uint32_t* functions);
};
using NvtxGetTable = const void* (*)(std::uint32_t number);

}  // namespace varve::inject
