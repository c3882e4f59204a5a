// What CUPTI hands out, taken in.
#include <cstring>

#include "inject/recorder_state.h"

namespace varve::inject {

namespace {
constexpr std::size_t kBufferBytes = std::size_t{4} << 20;
constexpr std::uint32_t kMostFree = 8, kMostOut = 64;  // buffers
constexpr std::uint32_t kMostCallbacks = 2048;         // functions of a domain
constexpr std::uint64_t kSecond = 1'000'000'000;

// Buffers that CUPTI has given back. Never fewer than it asks for: some releases crash where one is refused.
struct BufferPool {
  std::uint8_t* free[kMostFree];
  std::uint32_t free_count, out, most_out;
} buffers;  // guarded by recorder.tables

NameNumber call_names[2][kMostCallbacks];

// The places of a grid are not negative; a broken record is shown as it is.
void set_launch(const KernelRecord& record, TotalKey& key) {
  std::memcpy(key.grid, record.grid, sizeof key.grid);
  std::memcpy(key.block, record.block, sizeof key.block);
  key.registers = record.registers;
  key.shared = static_cast<std::uint32_t>(record.static_shared) + static_cast<std::uint32_t>(record.dynamic_shared);
}

void see_device(std::uint32_t device) {
  if (device < kMostDevices) recorder.devices_seen |= std::uint64_t{1} << device;
}

void take_kernel(const KernelRecord& record) {
  TotalKey key;
  key.name = recorder.totals.name_at(record.name);
  key.kind = RowKind::kernel;
  key.device = record.device;
  key.stream = record.stream;
  set_launch(record, key);
  if (record.graph_node != 0) key.in_graph = 1;
  see_device(record.device);
  recorder.totals.add(key, record.start, record.end, 0, 0);
}

void take_copy(const CopyRecord& record) {
  TotalKey key;
  key.kind = RowKind::copy;
  key.device = record.device;
  key.stream = record.stream;
  key.grid[0] = record.copy_kind;
  key.grid[1] = record.from;
  key.grid[2] = record.to;
  see_device(record.device);
  recorder.totals.add(key, record.start, record.end, record.bytes, 0);
}

void take_fill(const FillRecord& record) {
  TotalKey key;
  key.kind = RowKind::fill;
  key.device = record.device;
  key.stream = record.stream;
  key.grid[0] = record.memory_kind;
  see_device(record.device);
  recorder.totals.add(key, record.start, record.end, record.bytes, 0);
}

void take_graph(const GraphRecord& record) {
  TotalKey key;
  key.kind = RowKind::graph;
  key.device = record.device;
  key.stream = record.stream;
  see_device(record.device);
  recorder.totals.add(key, record.start, record.end, 0, 0);
}

void take_jit(const JitRecord& record) {
  TotalKey key;
  key.kind = RowKind::jit;
  key.device = record.device;
  key.grid[0] = record.entry;
  key.grid[1] = record.operation;
  recorder.totals.add(key, record.start, record.end, 0, 0);
}

void take_call(const CallRecord& record) {
  const bool is_runtime = record.kind == RecordKind::runtime_call;
  TotalKey key;
  key.kind = RowKind::call;
  if (record.callback < kMostCallbacks) {
    NameNumber& name = call_names[is_runtime ? 1 : 0][record.callback];
    const char* text = nullptr;
    if (name == kUnnamed && recorder.library.call.get_callback_name(is_runtime ? kRuntimeDomain : kDriverDomain,
                                                                    record.callback, &text) == 0) {
      name = text == nullptr ? kUnnamed : recorder.totals.name(text, std::strlen(text));
    }
    key.name = name;
  }
  recorder.totals.add(key, record.start, record.end, 0, 0);
}

void take_marker(const MarkerRecord& record) {
  if ((record.flags & kMarkerStart) != 0) {
    recorder.ranges.begin(record.id, record.thread, record.timestamp, recorder.totals.name_at(record.name));
  } else if ((record.flags & kMarkerEnd) != 0) {
    recorder.ranges.end(record.id, record.timestamp, recorder.totals);
  }
}

void take_pool(const PoolRecord& record) {
  if (record.device >= kMostDevices) return;
  PoolTotals& pool = recorder.pools[record.device];
  if (record.operation == 1) ++pool.created;
  if (record.operation == 2) ++pool.destroyed;
  if (record.operation == 3) ++pool.trimmed;
  if (record.size > pool.most_bytes) pool.most_bytes = record.size;
  if (record.pool_kind == 1 && record.used > pool.most_used) pool.most_used = record.used;
}

void take_overhead(const OverheadRecord& record) {
  const std::uint32_t number = record.overhead < 2 ? record.overhead : 1 + (record.overhead >> 16);
  if (number >= kMostOverheads || record.end < record.start || record.start == 0) return;
  ++recorder.overheads[number].count;
  recorder.overheads[number].ns += record.end - record.start;
}

void take_record(const RecordKind* record) {
  switch (*record) {
    case RecordKind::kernel:
      return take_kernel(*reinterpret_cast<const KernelRecord*>(record));
    case RecordKind::copy:
    case RecordKind::peer_copy:
      return take_copy(*reinterpret_cast<const CopyRecord*>(record));
    case RecordKind::fill:
      return take_fill(*reinterpret_cast<const FillRecord*>(record));
    case RecordKind::graph:
      return take_graph(*reinterpret_cast<const GraphRecord*>(record));
    case RecordKind::jit:
      return take_jit(*reinterpret_cast<const JitRecord*>(record));
    case RecordKind::runtime_call:
    case RecordKind::driver_call:
      return take_call(*reinterpret_cast<const CallRecord*>(record));
    case RecordKind::marker:
      return take_marker(*reinterpret_cast<const MarkerRecord*>(record));
    case RecordKind::memory_pool:
      return take_pool(*reinterpret_cast<const PoolRecord*>(record));
    case RecordKind::overhead:
      return take_overhead(*reinterpret_cast<const OverheadRecord*>(record));
  }
}

// Everything in a buffer.
std::uint64_t take_records(std::uint8_t* buffer, std::size_t valid) {
  std::uint64_t taken = 0;
  const RecordKind* record = nullptr;
  while (recorder.library.call.next_record(buffer, valid, &record) == 0 && record != nullptr) {
    take_record(record);
    ++taken;
  }
  return taken;
}

// Slices begin with the recording, by the clock of records, as soon as CUPTI tells that.
void begin_slices() {
  std::uint64_t now = 0;
  if (recorder.totals.slices().has_begun() || recorder.library.call.get_timestamp == nullptr) return;
  if (recorder.library.call.get_timestamp(&now) != 0) return;
  const std::uint64_t elapsed = monotonic_ns() - recorder.began_ns;
  if (now > elapsed) recorder.totals.slices().begin(now - elapsed);
}

void give_back(std::uint8_t* buffer) {
  if (buffers.out > 0) --buffers.out;
  if (buffers.free_count < kMostFree) {
    buffers.free[buffers.free_count++] = buffer;
  } else {
    munmap(buffer, kBufferBytes);
  }
}
}  // namespace

void take_request(std::uint8_t** buffer, std::size_t* size, std::size_t* most_records) {
  *most_records = 0;  // as many as there is room for
  {
    const Locked lock(recorder.tables);
    if (++buffers.out > buffers.most_out) buffers.most_out = buffers.out;
    if (buffers.out > kMostOut && recorder.reason[0] == '\0') {
      std::strcpy(recorder.reason, "CUPTI keeps more than 64 buffers of records: recording was ended half-way");
    }
    *buffer = buffers.free_count > 0 ? buffers.free[--buffers.free_count] : nullptr;
  }
  if (*buffer == nullptr) *buffer = static_cast<std::uint8_t*>(reserve_bytes(kBufferBytes));
  *size = *buffer == nullptr ? 0 : kBufferBytes;
}

std::uint32_t buffers_at_once() { return buffers.most_out; }

void forget_buffers() {
  buffers = {};
  std::memset(call_names, 0, sizeof call_names);
}

void take_buffer(void* context, std::uint32_t stream, std::uint8_t* buffer, std::size_t, std::size_t valid) {
  const std::uint64_t began = monotonic_ns();
  std::size_t dropped = 0;
  if (recorder.is_recording && recorder.library.call.dropped_records(context, stream, &dropped) == 0) {
    recorder.cost.dropped += dropped;
  }
  if (buffer == nullptr) return;
  const Locked lock(recorder.tables);
  if (recorder.is_recording) {
    begin_slices();
    recorder.totals.begin_epoch();
    recorder.totals.set_longest(began - recorder.began_ns + kSecond);
    recorder.cost.records += take_records(buffer, valid);
    ++recorder.cost.buffers;
  }
  give_back(buffer);
  recorder.cost.callbacks_ns += monotonic_ns() - began;
}

void take_callback(void*, std::uint32_t domain, std::uint32_t callback, const void* data) {
  if (domain != kResourceDomain || data == nullptr || !recorder.is_recording) return;
  if (callback == kContextCreated) {
    const Locked lock(recorder.tables);
    ++recorder.contexts;
    return;
  }
  const auto* module = static_cast<const ModuleData*>(static_cast<const ResourceData*>(data)->descriptor);
  if (callback != kModuleLoaded || module == nullptr || module->cubin == nullptr || module->size == 0) return;
  const std::uint64_t began = monotonic_ns();
  const Module made = read_module(module->cubin, module->size);
  {
    const Locked lock(recorder.tables);
    recorder.modules.add(made, module->cubin, module->size);
  }
  recorder.cost.modules_ns += monotonic_ns() - began;
}

}  // namespace varve::inject
