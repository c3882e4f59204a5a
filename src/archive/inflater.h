#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "world/file_reader.h"

namespace varve {

inline constexpr std::size_t kInflateInput = std::size_t{256} << 10;  // read at once from the compressed file

Error archive_error(const std::string& where, std::string found, std::string hint = {});

// One format's way from compressed bytes to inflated ones. Used by one thread at a time.
class Inflater {
 public:
  // `where` names the file in errors.
  Inflater(FileReader file, std::string where);
  virtual ~Inflater() = default;

  // Fills `into` as far as the stream goes; says how many bytes came out. Those in front of a fault come first, the
  // fault with the next call.
  Result<std::size_t> inflate(std::span<std::byte> into);
  bool ended() const { return ended_; }
  std::uint64_t consumed() const { return position_ - unread_.size(); }
  const std::string& where() const { return where_; }
  bool is_small() const { return file_.size() < kInflateInput; }

 protected:
  virtual Status fill(std::span<std::byte> into, std::size_t& filled) = 0;

  // More compressed bytes behind those not yet used; none at the end of the file.
  Status refill();
  bool source_ended() const { return position_ == file_.size(); }
  Error truncated() const;

  std::span<const std::byte> unread_;
  bool ended_ = false;

 private:
  FileReader file_;
  std::uint64_t position_ = 0;  // in the file, behind what was read into input_
  std::string where_;
  std::vector<std::byte> input_;
  std::optional<Error> fault_;
};

// gzip (RFC 1952), of several members too, and zstd (RFC 8878), of several frames.
std::unique_ptr<Inflater> make_gzip_inflater(FileReader file, std::string where);
std::unique_ptr<Inflater> make_zstd_inflater(FileReader file, std::string where);

}  // namespace varve
