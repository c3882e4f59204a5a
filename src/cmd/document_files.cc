#include "cmd/document_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cmd/run_journal.h"
#include "cmd/terminal.h"

namespace varve {

namespace {
constexpr std::size_t kMaxDocument = std::size_t{1} << 30;

Error file_error(const char* doing, const std::string& path, int number, const char* hint = "") {
  return {doing, path, std::strerror(number), hint};
}

Result<std::string> read_all(int descriptor, const std::string& path) {
  std::string text;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t count = read(descriptor, buffer, sizeof buffer);
    if (count == 0) return text;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_error("reading the document", path, errno);
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > kMaxDocument) return Error{"reading the document", path, "it is larger than 1 GiB", ""};
  }
}

// Of a run that was ended so early that its first line is not whole. Such a journal holds nothing.
bool is_unbegun_journal(const std::string& path, std::string_view text) {
  return document_of(path) != path && text.find('\n') == std::string_view::npos;
}

Error unbegun_journal(const std::string& path) {
  return {"reading the journal", path, "its run was ended before a unit had finished: there is nothing in it",
          "Measure again: the next run takes its place"};
}

std::string shown_name(const std::string& path) { return path == "-" ? "standard input" : path; }

Result<std::string> read_file(const std::string& path) {
  if (path == "-") return read_all(STDIN_FILENO, path);
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    const int number = errno;
    Error error = file_error("reading the document", path, number, "Give a file that varve wrote");
    const std::string journal = journal_path(path);
    if (number == ENOENT && access(journal.c_str(), F_OK) == 0) {
      error.hint = "Its run was ended; the units that it had finished are in " + journal + ", which is read like it";
    }
    return error;
  }
  Result<std::string> text = read_all(descriptor, path);
  close(descriptor);
  return text;
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

Status write_in_place(int descriptor, const std::string& path, std::string_view text) {
  if (write_all(descriptor, text)) return Done{};
  return file_error("writing", path, errno, "Is the device full or the reader gone?");
}
}  // namespace

Result<Document> load_document(const std::string& path) {
  const Result<std::string> text = read_file(path);
  if (text && is_unbegun_journal(path, *text)) return unbegun_journal(path);
  return text ? document_from_json(*text, shown_name(path)) : text.error();
}

Result<std::vector<Document>> load_documents(const std::string& path) {
  const Result<std::string> text = read_file(path);
  if (text && is_unbegun_journal(path, *text)) return unbegun_journal(path);
  return text ? documents_from_json(*text, shown_name(path)) : text.error();
}

Status check_writable(const std::string& path) {
  struct stat status {};
  if (path == "-" || (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))) {
    return Done{};
  }
  if (S_ISDIR(status.st_mode)) return file_error("writing", path, EISDIR, "Name a file");
  std::string temporary = path + ".XXXXXX";
  const int descriptor = mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) return file_error("writing", path, errno, "Does the folder exist, and may you write there?");
  close(descriptor);
  unlink(temporary.c_str());
  return Done{};
}

Status write_file(const std::string& path, std::string_view text) {
  if (path == "-") return write_in_place(STDOUT_FILENO, "standard output", text);
  struct stat status {};
  if (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    const int descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0) return file_error("writing", path, errno, "Name a file that you may write");
    const Status written = write_in_place(descriptor, path, text);
    close(descriptor);
    return written;
  }
  std::string temporary = path + ".XXXXXX";
  const int descriptor = mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) return file_error("writing", path, errno, "Does the folder exist, and may you write there?");
  const mode_t mask = umask(0);
  umask(mask);
  const bool written = fchmod(descriptor, 0666 & ~mask) == 0 && write_all(descriptor, text) && fsync(descriptor) == 0;
  const int problem = errno;
  close(descriptor);
  if (written && rename(temporary.c_str(), path.c_str()) == 0) return Done{};
  const int reason = written ? errno : problem;
  unlink(temporary.c_str());
  return file_error("writing", path, reason);
}

ExitStatus write_answer(const OutputOptions& options, const std::function<std::string()>& document,
                        const std::function<std::string()>& text, ExitStatus status) {
  if (!options.file.empty()) {
    if (const Status written = write_file(options.file, document()); !written) status = complain(written.error());
    if (options.file == "-") return status;
  }
  const ExitStatus printed = print_answer(options.json ? document() : text());
  return printed == ExitStatus::ok ? status : printed;
}

ExitStatus print_answer(const std::string& text) {
  const Status written = write_file("-", text);
  return written ? ExitStatus::ok : complain(written.error());
}

}  // namespace varve
