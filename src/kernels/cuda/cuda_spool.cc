#include "kernels/cuda/cuda_spool.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/text.h"

namespace varve {

namespace {
constexpr std::size_t kMostThings = std::size_t{1} << 18;  // of a kind
constexpr std::size_t kMostText = std::size_t{64} << 20;
constexpr std::uint64_t kMostSlices = 256;                     // as the recorder keeps
constexpr std::int64_t kLongestSlice = std::int64_t{1} << 50;  // 13 days, of which there are at most so many
constexpr std::int64_t kLatest = std::int64_t{1} << 62;        // ns since 1970: what is added to it does not run over

// The words of a line, taken one after the other. Whatever is missing or is no number is noted, and asked for at the
// end.
class SpoolWords {
 public:
  explicit SpoolWords(std::string_view line) : rest_(line) {}

  std::string_view word() {
    if (rest_.empty()) is_sound_ = false;
    const std::size_t end = rest_.find(' ');
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    return word;
  }
  std::uint64_t number(std::uint64_t most = INT64_MAX) { return number_from(word(), most); }
  std::int64_t time() { return static_cast<std::int64_t>(number()); }
  std::uint32_t small() { return static_cast<std::uint32_t>(number(UINT32_MAX)); }

  // A text as it was before its blanks were written as %20.
  std::string text() {
    const std::string_view written = word();
    std::string text;
    if (written == "%-") return text;
    for (std::size_t i = 0; i < written.size(); ++i) {
      if (written[i] != '%') {
        text += written[i];
        continue;
      }
      const auto byte = i + 2 < written.size() ? parse_integer(written.substr(i + 1, 2), 16) : std::nullopt;
      is_sound_ = is_sound_ && byte;
      text += static_cast<char>(byte.value_or('?'));
      i += 2;
    }
    return text;
  }

  std::uint64_t number_from(std::string_view text, std::uint64_t most) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value > most) is_sound_ = false;
    return value;
  }

  void refuse() { is_sound_ = false; }
  bool is_done() const { return rest_.empty(); }
  bool is_sound() const { return is_sound_; }

 private:
  std::string_view rest_;
  bool is_sound_ = true;
};

class SpoolReader {
 public:
  explicit SpoolReader(TraceSink& sink) : sink_(sink) {}

  Result<CudaSpool> read(TraceInput& input) {
    const Status read = for_each_line(input, [&](const TraceLines::Line& line) { take_line(line); });
    if (!read) return read.error();
    return std::move(spool_);
  }

 private:
  void take_line(const TraceLines::Line& line) {
    std::string_view text = line.text;
    if (text.empty()) return;
    if (line.too_long) return sink_.damaged(line.at, "a line of more than 64 KiB");
    spool_.is_cut = !text.ends_with(" .");
    if (spool_.is_cut) return sink_.damaged(line.at, "a line that was not written to its end");
    text.remove_suffix(2);
    SpoolWords words(text);
    const std::string_view kind = words.word();
    const Line* known =
        std::find_if(std::begin(kLines), std::end(kLines), [&](const Line& one) { return one.kind == kind; });
    if (known == std::end(kLines)) return sink_.damaged(line.at, "a line of a kind that is not known");
    if (!(this->*known->take)(words))
      sink_.damaged(line.at, "a line that makes no sense, or for which there is no room");
  }

  // Whether one more may be kept under this key, and its text.
  template <class Map, class Key>
  bool has_room(const Map& map, const Key& key, std::size_t text) {
    if (!map.contains(key) && map.size() >= kMostThings) return false;
    text_ += text;
    return text_ <= kMostText;
  }
  // Keeps what a line told, if it told it all and nothing else.
  template <class Map, class Key, class Value>
  bool keep(const SpoolWords& words, Map& map, const Key& key, Value value, std::size_t text) {
    if (!words.is_sound() || !words.is_done() || !has_room(map, key, text)) return false;
    map.insert_or_assign(key, std::move(value));
    return true;
  }

  bool take_header(SpoolWords& words) { return words.number() == 1; }
  bool take_process(SpoolWords& words) {
    for (int i = 0; i < 3; ++i) words.number();
    return words.is_sound();
  }
  bool take_setting(SpoolWords& words) { return take_pair(words, spool_.settings); }
  bool take_variable(SpoolWords& words) { return take_pair(words, spool_.variables); }
  bool take_pair(SpoolWords& words, std::map<std::string, std::string>& map) {
    const std::string key = words.text();
    std::string value = words.text();
    const std::size_t size = key.size() + value.size();
    return keep(words, map, key, std::move(value), size);
  }
  bool take_reason(SpoolWords& words) {
    spool_.reason = words.text();
    return words.is_sound();
  }
  bool take_cost(SpoolWords& words) {
    const std::string name = words.text();
    const std::uint64_t value = words.number();
    return keep(words, spool_.costs, name, value, name.size());
  }
  bool take_library(SpoolWords& words) {
    std::string path = words.text();
    if (!words.is_sound() || !path.starts_with('/')) return false;
    if (spool_.libraries.contains(path)) return true;
    if (!has_room(spool_.libraries, path, path.size())) return false;
    spool_.libraries.insert(std::move(path));
    return true;
  }
  bool take_device(SpoolWords& words) {
    const std::uint64_t number = words.small();
    CudaSpool::Device device;
    device.major = words.small();
    device.minor = words.small();
    device.units = words.small();
    device.name = words.text();
    const std::size_t size = device.name.size();
    return keep(words, spool_.devices, number, std::move(device), size);
  }
  bool take_module(SpoolWords& words) {
    const std::uint64_t number = words.small();
    CudaSpool::Module module;
    module.size = words.number();
    module.sha256 = words.word();
    words.number(), words.number();  // flags, functions
    if (module.sha256.size() != 64) words.refuse();
    return keep(words, spool_.modules, number, std::move(module), 64);
  }
  bool take_name(SpoolWords& words) {
    const std::uint64_t number = words.small();
    const std::string_view module = words.word();
    CudaSpool::Name name;
    if (module == "*") name.module = CudaSpool::kSeveralModules;
    if (module != "*" && module != "-") name.module = words.number_from(module, UINT32_MAX);
    name.text = words.text();
    const std::size_t size = name.text.size();
    return keep(words, spool_.names, number, std::move(name), size);
  }
  bool take_row(SpoolWords& words) {
    const std::uint64_t number = words.small();
    CudaSpool::Row row;
    const std::string_view kind = words.word();
    if (kind.size() != 1 || std::string_view("kgcfarj").find(kind) == std::string_view::npos) return false;
    row.kind = kind.front();
    row.name = words.small();
    row.place.device = static_cast<std::int32_t>(words.number(INT32_MAX));
    row.place.stream = words.small();
    for (std::uint32_t& part : row.launch.grid) part = words.small();
    for (std::uint32_t& part : row.launch.block) part = words.small();
    row.launch.registers = words.small();
    row.launch.shared_bytes = words.small();
    row.in_graph = words.number(1) == 1;
    return keep(words, spool_.rows, number, std::move(row), 0);
  }

  // Numbers that contradict each other are no times at all.
  bool take_time(SpoolWords& words) {
    const auto found = spool_.rows.find(words.small());
    CudaSpool::Row row;
    Durations& time = row.time;
    time.count = words.number();
    time.total_ns = words.time(), time.min_ns = words.time(), time.max_ns = words.time();
    row.bytes = words.number();
    row.nested_ns = words.time(), row.first_ns = words.time(), row.last_ns = words.time();
    while (!words.is_done()) {
      const std::string_view bucket = words.word();
      const std::size_t colon = std::min(bucket.find(':'), bucket.size() - 1);
      const std::uint64_t number = words.number_from(bucket.substr(0, colon), QuantileSketch::kBuckets - 1);
      const std::uint64_t count = words.number_from(bucket.substr(colon + 1), INT64_MAX);
      if (words.is_sound()) time.quantiles.add_bucket(static_cast<std::uint16_t>(number), count);
    }
    if (!words.is_sound() || found == spool_.rows.end() || time.count == 0) return false;
    if (time.quantiles.count() != time.count || row.last_ns < row.first_ns) return false;
    if (time.min_ns > time.max_ns || time.total_ns / static_cast<std::int64_t>(time.count) < time.min_ns) return false;
    if (time.total_ns / static_cast<std::int64_t>(time.count) > time.max_ns) return false;
    CudaSpool::Row& into = found->second;
    into.time = std::move(time);
    into.bytes = row.bytes;
    into.nested_ns = row.nested_ns, into.first_ns = row.first_ns, into.last_ns = row.last_ns;
    return true;
  }
  bool take_slices(SpoolWords& words) {
    const auto found = spool_.rows.find(words.small());
    const std::int64_t width_ns = words.time();
    std::map<std::uint32_t, CudaSpool::Slice> told;
    while (!words.is_done() && words.is_sound()) {
      const std::string_view slice = words.word();
      const std::size_t colon = std::min(slice.find(':'), slice.size() - 1);
      const std::uint64_t number = words.number_from(slice.substr(0, colon), kMostSlices - 1);
      const std::uint64_t count = words.number_from(slice.substr(colon + 1), INT64_MAX);
      const std::int64_t ns = words.time();
      told[static_cast<std::uint32_t>(number)] = {count, ns};
    }
    // Such a time is longer than any recording, and sums of it would run over.
    if (!words.is_sound() || found == spool_.rows.end() || width_ns == 0 || width_ns > kLongestSlice) return false;
    CudaSpool::Row& row = found->second;
    if (row.slice_ns != width_ns) row.slices.clear();
    row.slice_ns = width_ns;
    for (const auto& [number, slice] : told) row.slices.insert_or_assign(number, slice);
    return true;
  }
  bool take_clock(SpoolWords& words) {
    CudaSpool::Clock clock;
    clock.origin_ns = words.time(), clock.here_ns = words.time(), clock.unix_ns = words.time();
    if (!words.is_sound() || !words.is_done() || std::max(clock.origin_ns, clock.unix_ns) > kLatest) return false;
    spool_.clock = clock;
    return true;
  }
  bool take_pool(SpoolWords& words) {
    const std::uint64_t device = words.small();
    CudaSpool::Pool pool;
    for (std::uint64_t* number : {&pool.created, &pool.destroyed, &pool.trimmed, &pool.most_bytes, &pool.most_used}) {
      *number = words.number();
    }
    return keep(words, spool_.pools, device, pool, 0);
  }
  bool take_overhead(SpoolWords& words) {
    const std::uint64_t kind = words.small();
    CudaSpool::Overhead overhead;
    overhead.count = words.number();
    overhead.ns = words.time();
    return keep(words, spool_.overheads, kind, overhead, 0);
  }
  bool take_flush(SpoolWords& words) {
    words.number();
    const std::int64_t elapsed_ns = words.time();
    if (!words.is_sound()) return false;
    spool_.elapsed_ns = std::max(spool_.elapsed_ns, elapsed_ns);
    return true;
  }
  bool take_end(SpoolWords&) { return spool_.has_ended = true; }

  struct Line {
    std::string_view kind;
    bool (SpoolReader::*take)(SpoolWords&);
  };
  static const Line kLines[18];

  TraceSink& sink_;
  CudaSpool spool_;
  std::size_t text_ = 0;
};

const SpoolReader::Line SpoolReader::kLines[18] = {
    {"time", &SpoolReader::take_time},         {"row", &SpoolReader::take_row},
    {"name", &SpoolReader::take_name},         {"cost", &SpoolReader::take_cost},
    {"slices", &SpoolReader::take_slices},     {"clock", &SpoolReader::take_clock},
    {"library", &SpoolReader::take_library},   {"module", &SpoolReader::take_module},
    {"flush", &SpoolReader::take_flush},       {"setting", &SpoolReader::take_setting},
    {"variable", &SpoolReader::take_variable}, {"device", &SpoolReader::take_device},
    {"pool", &SpoolReader::take_pool},         {"overhead", &SpoolReader::take_overhead},
    {"reason", &SpoolReader::take_reason},     {"process", &SpoolReader::take_process},
    {"end", &SpoolReader::take_end},           {"varve-cuda-spool", &SpoolReader::take_header},
};
}  // namespace

std::string CudaSpool::setting(const std::string& key) const {
  const auto found = settings.find(key);
  return found == settings.end() ? "" : found->second;
}

std::uint64_t CudaSpool::cost(const std::string& name) const {
  const auto found = costs.find(name);
  return found == costs.end() ? 0 : found->second;
}

Result<CudaSpool> read_cuda_spool(TraceInput& input, TraceSink& sink) { return SpoolReader(sink).read(input); }

}  // namespace varve
