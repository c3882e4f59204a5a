#include "cmd/run_journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

#include "base/text.h"
#include "cmd/terminal.h"
#include "harness/conditions/machine_time.h"
#include "model/json/documents.h"

namespace varve {

namespace {
constexpr const char* kDoing = "keeping the units as they finish";
constexpr int kMostJournals = 100;  // beside one output
constexpr std::size_t kLongestName = 60;
// Seconds from one time that the disk is asked to take what was written to the next: it may take longer to answer than
// a short unit takes, and is to cost a hundredth of the time at most, as long as that does not take too long.
constexpr double kSyncInterval = 0.25, kLongestSyncInterval = 2, kSyncShare = 0.01;

Error fault(const std::string& path, int number) {
  return {kDoing, path, std::strerror(number), "Make room there, or name another file with -o"};
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

// A name that was just made is safe only when its folder is on the disk too.
void sync_folder(const std::string& path) {
  const FileHandle folder(open(parent_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder) fsync(folder.fd());
}

bool write_whole(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

// Whether a run that goes on now writes it.
bool is_being_written(const std::string& path) {
  const FileHandle file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  return file && flock(file.fd(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

// What stands where the journal would go.
void tell_of_journal(const std::string& path) {
  if (is_being_written(path)) {
    tell("varve: " + path + " is the journal of a run that goes on now; this one keeps its own");
    return;
  }
  tell("varve: " + path + " holds the units of a run that was ended: varve report " + path +
       " shows them, varve run --resume " + path + " goes on with it; it is left alone");
}

// A journal whose first line is not whole: its run was ended before a unit had finished, and nothing is lost with it.
// It is emptied, for the run that comes. No descriptor: it holds something, or belongs to a run that goes on.
FileHandle take_unbegun(const std::string& path) {
  FileHandle file(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file || flock(file.fd(), LOCK_EX | LOCK_NB) != 0) return FileHandle();
  char bytes[1 << 16];
  ssize_t count = 0;
  while ((count = read(file.fd(), bytes, sizeof bytes)) > 0) {
    if (std::memchr(bytes, '\n', static_cast<std::size_t>(count)) != nullptr) return FileHandle();
  }
  if (count != 0 || ftruncate(file.fd(), 0) != 0 || lseek(file.fd(), 0, SEEK_SET) != 0) return FileHandle();
  return file;
}

// Whether its first line is whole.
bool holds_a_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  return std::getline(file, line) && !file.eof();
}

// Letters, digits and what is harmless in a file's name.
std::string file_word(std::string_view name) {
  std::string word(name.substr(name.rfind('/') + 1));  // npos + 1 is 0
  std::replace_if(
      word.begin(), word.end(),
      [](char c) { return (std::isalnum(static_cast<unsigned char>(c)) == 0) && c != '.' && c != '_' && c != '-'; },
      '-');
  return word.substr(0, kLongestName);
}

// The first of "run.json", "run-2.json", "run-3.json" … that is not there, nor its journal.
std::string free_name(const std::string& file) {
  const bool is_json = file.ends_with(".json");
  const std::string stem = is_json ? file.substr(0, file.size() - 5) : file;
  const auto taken = [](const std::string& name) {
    return access(name.c_str(), F_OK) == 0 || access(journal_path(name).c_str(), F_OK) == 0;
  };
  std::string name = file;
  for (int number = 2; taken(name) && number < kMostJournals; ++number) {
    name = fmt::format("{}-{}{}", stem, number, is_json ? ".json" : "");
  }
  return name;
}

// Journals in the working folder of runs without -o and of this name, whose files were named "run-NAME-" and a moment.
std::vector<std::string> journals_of_the_name(const std::string& name) {
  const std::string start = fmt::format("run-{}-", file_word(name));
  std::vector<std::string> found;
  std::error_code problem;
  for (auto each = std::filesystem::directory_iterator(".", problem);
       !problem && each != std::filesystem::directory_iterator(); each.increment(problem)) {
    const std::string file = each->path().filename().string();
    const bool is_of_the_name = file.starts_with(start) && file.size() > start.size() + 8 &&
                                file[start.size() + 8] == 'T' && document_of(file).ends_with(".json");
    if (is_of_the_name && document_of(file) != file) found.push_back(file);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string counted(std::size_t units) { return fmt::format("{} unit{}", units, units == 1 ? "" : "s"); }
}  // namespace

std::string journal_path(const std::string& file) { return file + ".journal"; }

std::string default_run_file(const std::string& name, const std::string& time) {
  std::string moment;
  std::copy_if(time.begin(), time.end(), std::back_inserter(moment), [](char c) { return c != '-' && c != ':'; });
  return free_name(fmt::format("run-{}-{}.json", file_word(name), moment));
}

void tell_of_ended_run(const std::string& name) {
  const std::vector<std::string> journals = journals_of_the_name(name);
  const auto newest = std::find_if(journals.rbegin(), journals.rend(), [](const std::string& path) {
    return !is_being_written(path) && holds_a_line(path);
  });
  if (newest != journals.rend()) tell_of_journal(*newest);
}

std::string document_of(const std::string& file) {
  const std::size_t at = file.rfind(".journal");
  const std::string_view rest = at == std::string::npos ? std::string_view() : std::string_view(file).substr(at + 8);
  const bool is_journal = at != std::string::npos && (rest.empty() || rest.starts_with('-'));
  return is_journal ? file.substr(0, at) : file;
}

Status RunJournal::take_over(const std::string& file) {
  if (document_of(file) == file) return Done{};
  taken_over_file_ = FileHandle(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (taken_over_file_ && flock(taken_over_file_.fd(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return Error{"taking up a run again", file, "its run goes on now", "Wait for its end"};
  }
  taken_over_ = file;
  return Done{};
}

RunJournal::RunJournal(std::string file) : file_(std::move(file)), before_(file_state(file_)) {}

Status RunJournal::open_beside() {
  for (int number = 1; number < kMostJournals; ++number) {
    const std::string path = number == 1 ? journal_path(file_) : fmt::format("{}-{}", journal_path(file_), number);
    FileHandle file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    const bool was_there = !file && errno == EEXIST;
    if (!file && !was_there) return fault(path, errno);
    // Another run may have found ours before it was locked.
    const bool is_ours = file && (flock(file.fd(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK);
    if (!is_ours && path != taken_over_) file = take_unbegun(path);
    if (!is_ours && !file) {
      if (path != taken_over_) tell_of_journal(path);
      continue;
    }
    beside_.emplace();
    beside_->path = path;
    beside_->file = std::move(file);
    sync_folder(path);
    return Done{};
  }
  return Error{kDoing, journal_path(file_), "there are too many journals beside it",
               "Remove those that are not needed"};
}

Status RunJournal::open_elsewhere() {
  const char* named = std::getenv("TMPDIR");
  const std::string folder = named != nullptr && *named != '\0' ? named : "/tmp";
  std::string path = fmt::format("{}/varve-{}.XXXXXX.journal", folder, file_word(file_));
  FileHandle file(mkostemps(path.data(), 8, O_CLOEXEC));
  if (!file) return fault(path, errno);
  elsewhere_.emplace();
  elsewhere_->path = path;
  elsewhere_->file = std::move(file);
  return Done{};
}

bool RunJournal::sync_where_due(JournalFile& place) {
  const double now = monotonic_now();
  if (now < place.next_sync) return true;
  if (fdatasync(place.file.fd()) != 0) return false;
  const double done = monotonic_now();
  place.next_sync = done + std::clamp((done - now) / kSyncShare, kSyncInterval, kLongestSyncInterval);
  return true;
}

Status RunJournal::append(const Run& run, JournalFile& place) {
  const std::string text = place.lines.next(run);
  if (!write_whole(place.file.fd(), text) || !sync_where_due(place)) {
    const int number = errno;
    if (ftruncate(place.file.fd(), static_cast<off_t>(place.bytes)) != 0) {
      // Half a line stays at its end, and whoever reads it leaves that out.
    }
    return fault(place.path, number);
  }
  place.bytes += text.size();
  place.units = run.units.size();
  return Done{};
}

Status RunJournal::keep(const Run& run) {
  if (elsewhere_) return append(run, *elsewhere_);
  if (!beside_) {
    if (Status opened = open_beside(); !opened) return keep_elsewhere(run, opened.error());
  }
  const Status kept = append(run, *beside_);
  return kept ? kept : keep_elsewhere(run, kept.error());
}

Status RunJournal::keep_elsewhere(const Run& run, const Error& why) {
  Status kept = open_elsewhere();
  if (kept) kept = append(run, *elsewhere_);
  if (!kept) {
    if (elsewhere_) unlink(elsewhere_->path.c_str());
    elsewhere_.reset();
    Error error = why;
    error.found += fmt::format("; nor in {} ({})", kept.error().where, kept.error().found);
    return error;
  }
  tell("varve: " + to_text(why));
  tell(fmt::format("varve: all {} so far and those to come are kept in {}", counted(run.units.size()),
                   elsewhere_->path));
  return Done{};
}

std::string RunJournal::place_for_document() const {
  const FileState now = file_state(file_);
  if (!now.exists || same_file(before_, now)) return file_;
  std::string place = free_name(file_);
  tell(fmt::format("varve: {} was written by another since this run began: it is left alone, and this run goes to {}",
                   file_, place));
  return place;
}

void RunJournal::discard() {
  if (!taken_over_.empty()) unlink(taken_over_.c_str());
  for (std::optional<JournalFile>* place : {&beside_, &elsewhere_}) {
    if (*place) unlink((*place)->path.c_str());
    place->reset();
  }
}

std::string RunJournal::path() const {
  const std::optional<JournalFile>& place = elsewhere_ ? elsewhere_ : beside_;
  return !place || place->units == 0 ? "" : place->path;
}

std::string RunJournal::whereabouts() const {
  if (path().empty()) return "";
  const std::optional<JournalFile>& place = elsewhere_ ? elsewhere_ : beside_;
  return fmt::format("{} {} kept in {}: varve report {} shows them, varve compare reads it too", counted(place->units),
                     place->units == 1 ? "is" : "are", place->path, place->path);
}

}  // namespace varve
