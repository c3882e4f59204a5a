#include "archive/inflater.h"

#include <algorithm>
#include <cstring>

namespace varve {

Error archive_error(const std::string& where, std::string found, std::string hint) {
  return {"reading an archive", where, std::move(found), std::move(hint)};
}

Inflater::Inflater(FileReader file, std::string where)
    : file_(std::move(file)),
      where_(std::move(where)),
      input_(std::min<std::uint64_t>(kInflateInput, file_.size() + 1)) {}

Result<std::size_t> Inflater::inflate(std::span<std::byte> into) {
  std::size_t filled = 0;
  if (!fault_) {
    if (const Status done = fill(into, filled); !done) fault_ = done.error();
  }
  if (fault_ && filled == 0) return *fault_;
  return filled;
}

Status Inflater::refill() {
  const std::size_t kept = unread_.size();
  if (kept > 0) std::memmove(input_.data(), unread_.data(), kept);
  const std::size_t size = std::min<std::uint64_t>(input_.size() - kept, file_.size() - position_);
  if (kept == input_.size() || !file_.read(position_, std::span(input_).subspan(kept, size))) {
    return archive_error(where_, "it cannot be read", "Was it changed meanwhile?");
  }
  position_ += size;
  unread_ = std::span<const std::byte>(input_).first(kept + size);
  return Done{};
}

Error Inflater::truncated() const {
  return archive_error(where_, "the compressed data ends too early",
                       "The file may be truncated: copy or save it again");
}

}  // namespace varve
