// The spool's lines (spool_file.h says what they are).
#include <dlfcn.h>
#include <link.h>
#include <unistd.h>

#include <cstring>

#include "inject/recorder_state.h"
#include "inject/short_text.h"
#include "inject/symbol_versions.h"

namespace varve::inject {

namespace {
LineWriter& lines() { return recorder.lines; }

bool make_room() { return lines().has_room() || recorder.file.write(lines()); }

void setting(const char* key, const char* value) { lines().word("setting").word(key).word(value).end_line(); }
void setting(const char* key, std::uint64_t value) { lines().word("setting").word(key).number(value).end_line(); }
void cost(const char* name, std::uint64_t value) { lines().word("cost").word(name).number(value).end_line(); }

void write_beginning() {
  lines().word("varve-cuda-spool").number(1).end_line();
  lines().word("process").number(static_cast<std::uint64_t>(getpid())).number(static_cast<std::uint64_t>(getppid()));
  lines().number(recorder.began_unix_ns).end_line();
  for (std::uint32_t i = 0; i < kVariableCount; ++i) {
    const char* value = recorder.variables[i];
    if (value[0] != '\0') lines().word("variable").word(kVariables[i]).word(value).end_line();
  }
  const CuptiLibrary& library = recorder.library;
  setting("driver.cuda", library.driver);
  if (library.api == 0) return;
  setting("cupti.api", library.api);
  setting("cupti.cuda", library.cuda);
  setting("cupti.path", library.path);
  setting("cupti.found", library.found);
  setting("graphs", recorder.has_graph_level ? "graph" : "node");
  setting("calls", recorder.wishes.calls ? "yes" : "no");
  setting("ranges", recorder.wishes.ranges ? "yes" : "no");
}

// Asks the driver what a device is; only after a record of it has come, when the driver is ready.
void write_device(int number) {
  void* driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
  if (driver == nullptr) return;
  const auto find = reinterpret_cast<int (*)(int*, int)>(dlsym(driver, "cuDeviceGet"));
  const auto name_of = reinterpret_cast<int (*)(char*, int, int)>(dlsym(driver, "cuDeviceGetName"));
  const auto ask = reinterpret_cast<int (*)(int*, int, int)>(dlsym(driver, "cuDeviceGetAttribute"));
  char name[256] = {};
  int device = 0, units = 0, major = 0, minor = 0;
  constexpr int kUnits = 16, kMajor = 75, kMinor = 76;  // CUdevice_attribute
  if (find != nullptr && name_of != nullptr && ask != nullptr && find(&device, number) == 0 &&
      name_of(name, sizeof name - 1, device) == 0 && ask(&units, kUnits, device) == 0 &&
      ask(&major, kMajor, device) == 0 && ask(&minor, kMinor, device) == 0) {
    lines().word("device").number(static_cast<std::uint64_t>(number)).number(static_cast<std::uint64_t>(major));
    lines().number(static_cast<std::uint64_t>(minor)).number(static_cast<std::uint64_t>(units)).word(name).end_line();
  }
  dlclose(driver);
}

void write_devices(std::uint64_t devices) {
  for (int i = 0; i < static_cast<int>(kMostDevices); ++i) {
    if ((devices >> i & 1) != 0) write_device(i);
  }
}

// The loader is locked meanwhile: nothing is written to the file, and what finds no room in the buffer is left out.
int write_library(dl_phdr_info* info, std::size_t, void*) {
  if (info->dlpi_name == nullptr || info->dlpi_name[0] != '/' || std::strlen(info->dlpi_name) > 4096) return 0;
  if (!lines().has_room()) return 1;
  lines().word("library").word(info->dlpi_name).end_line();
  return 0;
}

void write_module(std::uint32_t number, Module& module) {
  lines().word("module").number(number).number(module.size).word(module.sha256);
  lines().number(module.flags).number(module.functions).end_line();
  module.is_told = true;
}

void write_name(NameNumber number, Name& name) {
  const char* text = recorder.totals.text_of(name);
  name.module = recorder.modules.holder_of(text, name.size);
  lines().word("name").number(number);
  if (name.module == kNoModule) {
    lines().word("-");
  } else if (name.module == kSeveralModules) {
    lines().word("*");
  } else {
    lines().number(name.module);
  }
  lines().word(text, name.size).end_line();
  name.is_told = true;
}

void write_row(std::uint32_t number, Total& row) {
  const TotalKey& key = row.key;
  const char kind[2] = {static_cast<char>(key.kind), '\0'};
  lines().word("row").number(number).word(kind).number(key.name).number(key.device).number(key.stream);
  for (const std::uint32_t part : key.grid) lines().number(part);
  for (const std::uint32_t part : key.block) lines().number(part);
  lines().number(key.registers).number(key.shared).number(key.in_graph).end_line();
  row.is_told = true;
}

void write_time(std::uint32_t number, Total& row) {
  lines().word("time").number(number).number(row.count).number(row.total_ns).number(row.min_ns).number(row.max_ns);
  lines().number(row.bytes).number(row.nested_ns).number(row.first_ns).number(row.last_ns);
  for (std::uint32_t at = row.spread; at != 0; at = recorder.totals.block(at).next) {
    const SpreadBlock& block = recorder.totals.block(at);
    for (std::uint32_t i = 0; i < 32; ++i) {
      if (block.counts[i] != 0) lines().pair(block.octave * 32 + i, block.counts[i]);
    }
  }
  lines().end_line();
  row.is_changed = false;
}

// What changed of them, or all that is not empty. Fits behind the time of a row in what a line may take.
void write_slices(std::uint32_t number, bool all) {
  Slices& slices = recorder.totals.slices();
  Slices::Row* row = slices.row(number);
  if (row == nullptr || (!all && row->changed_from == row->changed_behind)) return;
  const std::uint32_t from = all ? 0 : row->changed_from, behind = all ? Slices::kSlices : row->changed_behind;
  lines().word("slices").number(number).number(slices.width_ns());
  for (std::uint32_t i = from; i < behind; ++i) {
    if (row->ns[i] != 0 || row->counts[i] != 0) lines().pair(i, row->counts[i]).number(row->ns[i]);
  }
  lines().end_line();
  row->changed_from = row->changed_behind = 0;
}

void write_clock() {
  const Slices& slices = recorder.totals.slices();
  std::uint64_t now = 0;
  if (!slices.has_begun() || recorder.library.call.get_timestamp(&now) != 0) return;
  lines().word("clock").number(slices.origin_ns()).number(now).number(unix_ns()).end_line();
}

// Writes things by their numbers, a bufferful at a time: while the file is written, nobody waits for the tables.
template <class Count, class Write>
bool write_each(std::uint32_t from, const Count& count, const Write& write) {
  for (std::uint32_t i = from; true;) {
    {
      const Locked lock(recorder.tables);
      const std::uint32_t end = count();
      for (; i < end && lines().has_room(); ++i) write(i);
      if (i >= end) return true;
    }
    if (!recorder.file.write(lines())) return false;
  }
}

// Definitions first: a row speaks of a name, a name of a module.
bool write_tables(bool all) {
  Totals& totals = recorder.totals;
  const auto modules = [] { return recorder.modules.count(); };
  const auto names = [&] { return totals.names() + 1; };
  const auto rows = [&] { return totals.rows(); };
  return write_each(0, modules,
                    [&](std::uint32_t i) {
                      if (all || !recorder.modules[i].is_told) write_module(i, recorder.modules[i]);
                    }) &&
         write_each(1, names,
                    [&](std::uint32_t i) {
                      if (all || !totals.name_of(i).is_told) write_name(i, totals.name_of(i));
                    }) &&
         write_each(0, rows,
                    [&](std::uint32_t i) {
                      if (totals.row(i).count != 0 && (all || !totals.row(i).is_told)) write_row(i, totals.row(i));
                    }) &&
         write_each(0, rows, [&](std::uint32_t i) {
           // A row that was made since the last pass is told of in the next flush.
           if (!totals.row(i).is_told || (!all && !totals.row(i).is_changed)) return;
           write_time(i, totals.row(i));
           write_slices(i, all);
         });
}

void write_cost() {
  const Cost& own = recorder.cost;
  const LeftOver left = recorder.totals.left_over();
  cost("records", own.records);
  cost("buffers", own.buffers);
  cost("buffers_at_once", buffers_at_once());
  cost("callbacks_ns", own.callbacks_ns);
  cost("modules_ns", own.modules_ns);
  cost("flushes_ns", own.flushes_ns);
  cost("asking_ns", own.asking_ns);
  cost("dropped", own.dropped);
  cost("untimed", left.untimed);
  cost("backwards", left.backwards);
  cost("too_long", left.too_long);
  cost("no_room", left.no_room);
  cost("no_room_ns", left.no_room_ns);
  cost("coarse", recorder.totals.is_coarse() ? 1 : 0);
  cost("unmatched_ranges", recorder.ranges.unmatched());
  cost("contexts", recorder.contexts);
  cost("modules_loaded", recorder.modules.loaded());
}

void write_counts() {
  const Locked lock(recorder.tables);
  for (std::uint32_t i = 0; i < kMostDevices; ++i) {
    const PoolTotals& pool = recorder.pools[i];
    if (pool.created + pool.destroyed + pool.trimmed == 0) continue;
    lines().word("pool").number(i).number(pool.created).number(pool.destroyed).number(pool.trimmed);
    lines().number(pool.most_bytes).number(pool.most_used).end_line();
  }
  for (std::uint32_t i = 0; i < kMostOverheads; ++i) {
    if (recorder.overheads[i].count == 0) continue;
    lines().word("overhead").number(i).number(recorder.overheads[i].count).number(recorder.overheads[i].ns).end_line();
  }
  write_clock();
  if (recorder.reason[0] != '\0') lines().word("reason").word(recorder.reason).end_line();
  write_cost();
}

// What is not in the tables yet; equal numbers mean that nothing has come since.
std::uint64_t changes() {
  return recorder.cost.records + recorder.cost.dropped + recorder.modules.loaded() + recorder.contexts +
         (recorder.reason[0] != '\0' ? 1 : 0);
}
}  // namespace

void write_spool(const char* end) {
  const std::uint64_t began = monotonic_ns();
  const bool all = recorder.is_whole_due || recorder.file.is_long();
  const std::uint64_t now = changes();
  if (!all && end == nullptr && now == recorder.changes_told) return;
  if (!recorder.has_file || !recorder.file.open(all)) return;
  const std::uint64_t seen = recorder.devices_seen;
  const bool has_new_device = (seen & ~recorder.devices_told) != 0;
  if (all) write_beginning();
  write_devices(all ? seen : seen & ~recorder.devices_told);
  // What is mapped now: when a device comes into use, and at the end.
  const bool ready = recorder.file.write(lines());
  if (all || has_new_device || end != nullptr) dl_iterate_phdr(write_library, nullptr);
  bool written = ready && make_room() && write_tables(all) && make_room();
  write_counts();
  lines().word("flush").number(++recorder.flushes).number(monotonic_ns() - recorder.began_ns).end_line();
  if (end != nullptr) lines().word("end").word(end).end_line();
  written = recorder.file.write(lines()) && written;
  written = recorder.file.close() && written;
  recorder.is_whole_due = !written;
  recorder.devices_told = seen;
  recorder.changes_told = now;
  recorder.cost.flushes_ns += monotonic_ns() - began;
}

}  // namespace varve::inject
