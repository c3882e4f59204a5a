#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "binary/elf/demangle.h"
#include "kernels/databases/cuda_names.h"
#include "kernels/databases/nsys_tables.h"
#include "kernels/trace/trace_names.h"

namespace varve {

namespace {

// Every table of what ran on devices has these columns, and then its own.
enum SharedColumn { kStart, kEnd, kDevice, kContext, kStream, kProcess, kCorrelation, kNode, kOwn };

std::vector<std::string> device_columns(const NsysTables& tables, const std::vector<std::string>& others) {
  std::vector<std::string> all = {"start",    "end",       "deviceId",      "contextId",
                                  "streamId", "globalPid", "correlationId", "graphNodeId"};
  if (tables.options.device_only) all[kCorrelation].clear();  // no such column: not asked for
  all.insert(all.end(), others.begin(), others.end());
  return all;
}

// The rows of one table, with what is the same in all of them.
class DeviceRows {
 public:
  DeviceRows(NsysTables& tables, const std::string& table, Activity activity, const std::vector<std::string>& columns)
      : tables_(tables), rows_(tables.database.rows(table, device_columns(tables, columns))) {
    event.activity = activity;
  }

  // The next row whose times can be; the event, but for its name, and the links are of this row.
  bool next() {
    while (rows_.next()) {
      event.start_ns = rows_.integer(kStart);
      const auto duration = duration_between(event.start_ns, rows_.integer(kEnd));
      const bool has_times = event.start_ns != 0 || rows_.has(kStart);
      if (!duration || !has_times) {
        rows_.damaged(has_times ? "it ends before it starts" : "it has no times");
        continue;
      }
      event.duration_ns = *duration;
      event.track = tables_.stream_of(rows_.integer(kProcess), rows_.integer(kDevice), rows_.integer(kContext),
                                      rows_.integer(kStream));
      extra.graph_node = rows_.has(kNode) ? static_cast<std::uint64_t>(rows_.integer(kNode)) : 0;
      if (tables_.options.device_only) return true;
      extra.correlation = tables_.correlation_of(rows_.integer(kProcess), rows_.integer(kCorrelation));
      if (!tables_.operations.empty()) extra.operation = tables_.operations.operation_of(extra.correlation);
      return true;
    }
    return false;
  }
  void tell() { tables_.sink.event(event, &extra); }
  const TableRows& row() const { return rows_; }

  TraceEvent event;
  Extra extra;

 private:
  NsysTables& tables_;
  TableRows rows_;
};

struct NamedKernel {
  NameId id = kNoName;
  Activity activity = Activity::kernel;
};

// The mangled name says as much as all others, and every trace of the kernel elsewhere demangles it alike; the
// exporter's own way to write a name ("(int)4") is taken where there is no other.
NamedKernel name_kernel(NsysTables& tables, std::int64_t demangled, std::int64_t mangled, std::int64_t shortened) {
  std::string text(mangled == 0 ? std::string_view() : tables.strings.text(mangled));
  std::string plain = text.empty() ? std::string() : demangle(text);
  if (text.empty() || (text.starts_with("_Z") && plain == text)) {
    plain = tables.strings.text(demangled);
    if (plain.empty()) plain = tables.strings.text(shortened);
    if (plain.empty()) plain = fmt::format("(kernel {}, whose name is not in the file)", demangled);
    text = plain;
  }
  NamedKernel kernel{.id = tables.names.of(text)};
  kernel.activity = kernel_activity(plain);
  return kernel;
}

// Nsight Systems counts kinds of memory from 0 on, CUPTI from 1.
std::int64_t cupti_memory(std::int64_t kind) { return std::clamp<std::int64_t>(kind, -1, 1000) + 1; }

std::string copy_name(const TableRows& row, int kind, int from, int to) {
  const auto memory = [&](int column) { return row.has(column) ? cupti_memory(row.integer(column)) : 0; };
  return cuda_copy_name(row.integer(kind), memory(from), memory(to));
}

std::uint64_t bytes_of(std::int64_t number) { return static_cast<std::uint64_t>(std::max<std::int64_t>(number, 0)); }

std::uint64_t read_fills(NsysTables& tables) {
  enum Column { bytes = kOwn, kind };
  DeviceRows rows(tables, kNsysFills, Activity::fill, {"bytes", "memKind"});
  const TableRows& row = rows.row();
  while (rows.next()) {
    const bool has_kind = row.has(kind);
    rows.event.name = tables.names.of(has_kind ? cuda_fill_name(cupti_memory(row.integer(kind))) : "Memset");
    rows.extra.bytes = bytes_of(row.integer(bytes));
    rows.tell();
  }
  return row.count();
}
}  // namespace

std::uint64_t read_nsys_kernels(NsysTables& tables) {
  enum Column {
    name = kOwn,
    mangled,
    shortened,
    grid_x,
    grid_y,
    grid_z,
    block_x,
    block_y,
    block_z,
    registers,
    fixed,
    dynamic
  };
  const bool has_full_name = tables.database.has(kNsysKernels, "demangledName");
  DeviceRows rows(tables, kNsysKernels, Activity::kernel,
                  {has_full_name ? "demangledName" : "shortName", "mangledName", "shortName", "gridX", "gridY", "gridZ",
                   "blockX", "blockY", "blockZ", "registersPerThread", "staticSharedMemory", "dynamicSharedMemory"});
  const TableRows& row = rows.row();
  const auto part = [&](int column) { return number32(row.integer(column)); };
  std::unordered_map<std::int64_t, NamedKernel> kernels;
  std::pair<std::int64_t, NamedKernel> last{INT64_MIN, {}};
  while (rows.next()) {
    const std::int64_t key = row.integer(name);
    if (key != last.first) {
      auto known = kernels.find(key);
      if (known == kernels.end()) {
        const NamedKernel named = name_kernel(tables, key, row.integer(mangled), row.integer(shortened));
        known = kernels.emplace(key, named).first;
      }
      last = *known;
    }
    rows.event.name = last.second.id;
    rows.event.activity = last.second.activity;
    rows.extra.launch = {.grid = {part(grid_x), part(grid_y), part(grid_z)},
                         .block = {part(block_x), part(block_y), part(block_z)},
                         .registers = part(registers),
                         .shared_bytes = part(fixed) + part(dynamic)};
    rows.tell();
  }
  return row.count();
}

std::uint64_t read_nsys_copies(NsysTables& tables) {
  enum Column { bytes = kOwn, kind, from, to };
  DeviceRows rows(tables, kNsysCopies, Activity::copy, {"bytes", "copyKind", "srcKind", "dstKind"});
  const TableRows& row = rows.row();
  while (rows.next()) {
    rows.event.name = tables.names.of(copy_name(row, kind, from, to));
    rows.extra.bytes = bytes_of(row.integer(bytes));
    rows.tell();
  }
  return row.count() + read_fills(tables);
}

// A graph that was traced as one: the device was busy with it, and which of its kernels ran is not known.
std::uint64_t read_nsys_graphs(NsysTables& tables) {
  DeviceRows rows(tables, kNsysGraphs, Activity::kernel, {});
  std::int64_t whole_ns = 0;
  while (rows.next()) {
    rows.event.name = tables.names.of("(graph, traced as a whole)", Named::system);
    rows.extra.graph_node = kGraphUnknown;
    rows.tell();
    whole_ns = add_ns(whole_ns, rows.event.duration_ns);
  }
  if (rows.row().count() > 0) {
    tables.sink.unseen(
        fmt::format("the kernels inside graphs: {} launches of graphs ({:.3f} ms) were traced as a whole; nsys profile "
                    "--cuda-graph-trace=node traces their kernels",
                    rows.row().count(), static_cast<double>(whole_ns) / 1e6));
  }
  return rows.row().count();
}

}  // namespace varve
