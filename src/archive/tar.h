#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "archive/inflate.h"
#include "base/result.h"

namespace varve {

enum class TarKind { file, hard_link, link, directory, character_device, block_device, fifo, sparse, other };

struct TarMember {
  std::string name;  // as the archive has it: may be absolute, may hold ".."
  std::string link;  // of links: the target, not resolved
  TarKind kind = TarKind::file;
  std::uint64_t size = 0;     // bytes of content that the archive holds
  std::uint64_t content = 0;  // where they start in the (inflated) archive
};

// A walk over the members of a tar archive, in their order. Formats: V7, POSIX ustar and pax (POSIX.1-2001), GNU (long
// names and links, sizes in base 256). Sparse members are named as such and their content is not yielded. Pax records
// other than path, linkpath, size and GNU.sparse.* are passed over, global ones too: no reader gives those a meaning
// for names. Ownership, modes and times are not read.
//
//   offset  size  field of a 512-byte header
//        0   100  name            257     6  magic: "ustar\0", GNU "ustar "
//      124    12  size            345   155  prefix of the name (ustar only)
//      148     8  check sum       482     1  GNU sparse: another block of the map follows
//      156     1  type
//      157   100  link
//
// Source: POSIX.1-2017, pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format". Where they are silent
// (zero blocks, links with a size, garbage), it does as Go's archive/tar does, which reads images elsewhere.
class TarReader {
 public:
  // The stream stands at the start of the archive and must live as long as the reader. `where` names it in errors.
  TarReader(ByteStream& stream, std::string where) : stream_(stream), where_(std::move(where)) {}

  // The next member, or nothing at the end. What was not read of the one before is passed over. Errors: a header that
  // is none, an archive that ends inside a member, names of more than 1 MiB.
  Result<std::optional<TarMember>> next();
  // The next bytes of the content of that member, at most `cap`, valid until the next call; empty at its end.
  Result<std::span<const std::byte>> content(std::size_t cap);

  // Where the reader stands in the (inflated) archive.
  std::uint64_t position() const { return position_; }
  // Whether the archive ended with the zero blocks that belong there. Meaningful once next() gave nothing.
  bool has_end_mark() const { return end_mark_; }

 private:
  struct Extensions;  // what pax and GNU members say about the member that follows them
  Result<bool> read_block(std::span<std::byte> block);
  Result<bool> read_header(std::span<std::byte> header);
  Result<std::string> read_extension(std::uint64_t size);
  Status read_sparse_map(std::span<const std::byte> header);
  Status pass_over(std::uint64_t size);
  Status pass_over_rest();
  Error failure(std::string found, std::string hint) const;

  ByteStream& stream_;
  std::string where_;
  std::uint64_t position_ = 0;  // in the inflated archive
  std::uint64_t left_ = 0;      // content of the current member not yet read
  std::uint64_t padding_ = 0;   // behind it
  bool end_mark_ = false;
};

}  // namespace varve
