#include "harness/readings/output_equality.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "world/files.h"

namespace varve {

namespace {
constexpr std::size_t kKeptOutputCap = std::size_t{64} << 20;  // of one output that is compared within a tolerance
}

void OutputWatch::begin(const std::string& directory) {
  directory_ = directory;
  before_.clear();
  for (const std::string& name : names_) {
    if (name != "-") before_[name] = file_state(path_in(directory_, name));
  }
  printed_hash_ = Hash();
  printed_.clear();
  printed_too_much_ = false;
}

void OutputWatch::output(std::string_view bytes) {
  printed_hash_.add(bytes);
  if (tolerance_ <= 0) return;
  printed_too_much_ = printed_too_much_ || printed_.size() + bytes.size() > kKeptOutputCap;
  if (!printed_too_much_) printed_ += bytes;
}

OutputWatch::Content OutputWatch::content_of(const std::string& name) {
  const std::string too_much =
      fmt::format("it is larger than {} MiB, which is compared by digest alone", kKeptOutputCap >> 20);
  if (name == "-") {
    Content printed{printed_hash_.hex(), std::move(printed_), ""};
    if (printed_too_much_) printed.missing = too_much;
    return printed;
  }
  const FileHandle file(open(path_in(directory_, name).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return {"", "", errno == ENOENT ? "the unit wrote no such file" : std::strerror(errno)};
  struct stat status {};
  if (fstat(file.fd(), &status) != 0) return {"", "", std::strerror(errno)};
  if (!S_ISREG(status.st_mode)) return {"", "", "it is no regular file"};
  if (same_file(before_[name], file_state(path_in(directory_, name)))) {
    return {"", "", "it is as it was before the unit: the unit did not write it"};
  }
  Content content;
  Hash hash;
  char buffer[65536];
  while (true) {
    const ssize_t count = read(file.fd(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return {"", "", std::strerror(errno)};
    if (count == 0) break;
    const std::string_view bytes(buffer, static_cast<std::size_t>(count));
    hash.add(bytes);
    if (tolerance_ <= 0) continue;
    content.text += bytes;
    if (content.text.size() > kKeptOutputCap) return {"", "", too_much};
  }
  content.digest = hash.hex();
  return content;
}

OutputCheck OutputWatch::check(const std::string& name, Content content, bool ended_well) {
  OutputCheck check{.name = name, .digest = content.digest, .equal = false, .text = content.missing};
  if (!content.missing.empty()) return check;
  const auto known = reference_.find(name);
  if (known == reference_.end()) {
    check.equal = true;
    check.text = "the reference";
    if (ended_well) reference_[name] = std::move(content);
    return check;
  }
  if (known->second.digest == content.digest) {
    check.equal = true;
    check.text = "identical";
  } else if (tolerance_ <= 0) {
    check.text = "other bytes than in the first unit";
  } else {
    OutputDifference difference = compare_outputs(known->second.text, content.text, tolerance_);
    check.equal = difference.equal;
    check.text = std::move(difference.text);
  }
  return check;
}

std::vector<OutputCheck> OutputWatch::finish(bool ended_well) {
  std::vector<OutputCheck> checks;
  for (const std::string& name : names_) checks.push_back(check(name, content_of(name), ended_well));
  return checks;
}

}  // namespace varve
