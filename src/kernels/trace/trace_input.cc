#include "kernels/trace/trace_input.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "archive/inflate.h"

namespace varve {

namespace {
constexpr std::size_t kPiece = std::size_t{1} << 18;
constexpr std::size_t kLongestLine = std::size_t{1} << 16;
constexpr std::uint64_t kMostHeld = std::uint64_t{1} << 30;

class StreamInput final : public TraceInput {
 public:
  StreamInput(std::unique_ptr<ByteStream> stream, std::optional<FileReader> file, std::string where)
      : stream_(std::move(stream)), file_(std::move(file)), where_(std::move(where)) {}

  Result<std::size_t> read(std::span<std::byte> into) override {
    if (into.empty()) return std::size_t{0};
    if (cut_) return std::size_t{0};
    const auto piece = stream_->next(into.size());
    if (!piece && read_ == 0) return piece.error();
    if (!piece) {
      cut_ = TraceCut{read_, piece.error()};
      return std::size_t{0};
    }
    std::copy(piece->begin(), piece->end(), into.begin());
    read_ += piece->size();
    return piece->size();
  }
  const TraceCut* cut() const override { return cut_ ? &*cut_ : nullptr; }
  const FileReader* file() const override { return file_ ? &*file_ : nullptr; }
  std::uint64_t consumed() const override { return stream_->consumed(); }
  const std::string& where() const override { return where_; }

 private:
  std::unique_ptr<ByteStream> stream_;
  std::optional<FileReader> file_;
  std::string where_;
  std::uint64_t read_ = 0;
  std::optional<TraceCut> cut_;
};

class MemoryInput final : public TraceInput {
 public:
  MemoryInput(std::span<const std::byte> bytes, std::string where) : bytes_(bytes), where_(std::move(where)) {}

  Result<std::size_t> read(std::span<std::byte> into) override {
    const std::size_t size = std::min(into.size(), bytes_.size());
    std::copy_n(bytes_.begin(), size, into.begin());
    bytes_ = bytes_.subspan(size);
    return size;
  }
  const FileReader* file() const override { return nullptr; }
  const std::string& where() const override { return where_; }

 private:
  std::span<const std::byte> bytes_;
  std::string where_;
};
}  // namespace

Result<std::unique_ptr<TraceInput>> open_trace(const FileReader& file, const std::string& where) {
  const bool plain = compression_of(file) == Compression::none;
  auto stream = open_stream(file, where);
  if (!stream) return stream.error();
  std::optional<FileReader> whole;
  if (plain) whole = file;
  return std::unique_ptr<TraceInput>(new StreamInput(std::move(*stream), std::move(whole), where));
}

std::unique_ptr<TraceInput> trace_of_bytes(std::span<const std::byte> bytes, const std::string& where) {
  return std::make_unique<MemoryInput>(bytes, where);
}

Result<FileReader> whole_file(TraceInput& input) {
  if (input.file() != nullptr) return *input.file();
  const auto failed = [&](const char* found, const char* hint) {
    return Error{"holding a trace in memory", input.where(), found, hint};
  };
  FileHandle handle(memfd_create("trace", MFD_CLOEXEC));
  if (!handle) return failed("the system gives no memory for it", "Inflate the file first: gunzip, unzstd");
  std::vector<std::byte> piece(kPiece);
  for (std::uint64_t size = 0;;) {
    const auto got = input.read(piece);
    if (!got) return got.error();
    if (*got == 0) break;
    size += *got;
    if (size > kMostHeld) return failed("it is larger than 1 GiB", "Inflate the file first: gunzip, unzstd");
    for (std::size_t written = 0; written < *got;) {
      const ssize_t more = write(handle.fd(), piece.data() + written, *got - written);
      if (more <= 0) return failed("the system gives no memory for it", "Inflate the file first: gunzip, unzstd");
      written += static_cast<std::size_t>(more);
    }
  }
  return FileReader::open(std::move(handle), input.where());
}

Result<bool> TraceLines::next(Line& line) {
  while (true) {
    const std::size_t end = buffer_.find('\n', from_);
    const bool whole = end != std::string::npos;
    const std::size_t size = (whole ? end : buffer_.size()) - from_;
    if (whole || ended_ || size > kLongestLine) {
      if (!whole && size == 0) return false;
      line.at = base_ + from_;
      line.too_long = size > kLongestLine;
      line.text = std::string_view(buffer_).substr(from_, std::min(size, kLongestLine));
      if (!line.text.empty() && line.text.back() == '\r') line.text.remove_suffix(1);
      from_ += line.too_long ? kLongestLine : size + (whole ? 1 : 0);
      return true;
    }
    base_ += from_;
    buffer_.erase(0, from_);
    from_ = 0;
    const std::size_t before = buffer_.size();
    buffer_.resize(before + kPiece);
    const auto got = input_.read(std::as_writable_bytes(std::span(buffer_)).subspan(before));
    buffer_.resize(before + (got ? *got : 0));
    if (!got) return got.error();
    ended_ = *got == 0;
  }
}

Status for_each_line(TraceInput& input, const std::function<void(const TraceLines::Line&)>& take) {
  TraceLines lines(input);
  for (TraceLines::Line line;;) {
    const Result<bool> more = lines.next(line);
    if (!more) return more.error();
    if (!*more) return Done{};
    take(line);
  }
}

}  // namespace varve
