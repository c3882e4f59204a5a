// libvarve-marks.so: NVTX, which a program links or includes to mark what it does, loads it where NVTX_INJECTION64_PATH
// names it, when the first range is marked, and calls InitializeInjectionNvtx2. VARVE_MARKS names
// the folder for the file. Ranges that mark no step cost a look at their name; a step costs reading the clock twice.
#include "inject/marks/marks.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstring>

#include "inject/clock.h"
#include "inject/marks/nvtx_api.h"
#include "inject/reserved.h"
#include "inject/short_text.h"
#include "inject/symbol_versions.h"

namespace varve::inject {

namespace {
// Most names are of something else, and it shows in one pass over them.
bool may_mark_step(const char* name, std::size_t size) {
  for (std::size_t at = 0; at + 3 < size; ++at) {
    const char first = static_cast<char>(name[at] | 0x20), second = static_cast<char>(name[at + 1] | 0x20);
    if (second == 't' && (first == 's' || first == 'i')) return true;
  }
  return false;
}
}  // namespace

std::size_t step_name_size(const char* name, std::size_t size, bool& has_number) {
  const auto lower = [&](std::size_t at) {
    return static_cast<char>(name[at] >= 'A' && name[at] <= 'Z' ? name[at] + ('a' - 'A') : name[at]);
  };
  const auto stands_at = [&](std::size_t at, const char* word) {
    std::size_t i = 0;
    while (word[i] != '\0' && at + i < size && lower(at + i) == word[i]) ++i;
    return word[i] == '\0' ? i : 0;
  };
  has_number = false;
  if (!may_mark_step(name, size)) return 0;
  for (const char* word : {"step", "train_step", "training_step", "iteration"}) {
    if (stands_at(0, word) == size && size > 0) return size;
  }
  for (const char* word : {"step", "iteration", "iter"}) {
    for (std::size_t at = 0; at < size; ++at) {
      std::size_t digit = stands_at(at, word);
      if (digit == 0) continue;
      digit += at;
      while (digit < size && std::strchr(" #_:=-", name[digit]) != nullptr) ++digit;
      has_number = digit < size && name[digit] >= '0' && name[digit] <= '9';
      if (has_number) return digit;
    }
  }
  return 0;
}

namespace {
constexpr std::uint32_t kDeepest = 64, kMostOpen = 1024, kLongest = 256;
constexpr std::uint32_t kRegisteredBytes = 1u << 20;

// A range that is open: where it is added, and since when. row 0: it marks no step.
struct Open {
  std::uint32_t row, number;
  std::uint64_t start_ns;
};
struct Thread {  // its ranges inside of each other; those deeper are only counted
  std::uint32_t generation, number, depth;
  Open open[kDeepest];
};

pthread_mutex_t marks_lock = PTHREAD_MUTEX_INITIALIZER;
std::atomic<MarksFile*> marks;          // mapped; null: not yet in this process
std::atomic<std::uint32_t> generation;  // of the process: a child of a fork has one more
std::atomic<std::uint32_t> threads;
pthread_key_t thread_key;
bool is_ready, has_no_file;  // guarded by marks_lock, like what follows
Open started[kMostOpen];
std::uint32_t next_started;
Reserved<char> registered;  // names of steps that programs register, each ended by a zero
std::uint32_t registered_used;
char marks_folder[1024];
char no_step[1];  // what stands for every other registered name

class MarksLocked {
 public:
  MarksLocked() { pthread_mutex_lock(&marks_lock); }
  ~MarksLocked() { pthread_mutex_unlock(&marks_lock); }
  MarksLocked(const MarksLocked&) = delete;
  MarksLocked& operator=(const MarksLocked&) = delete;
};

// Where exec or another namespace has left one of that name, the next.
int create_marks() {
  char path[1100];
  for (std::uint64_t i = 1; i < 1000; ++i) {
    ShortText text(path, sizeof path);
    text.add(marks_folder).add("/marks-").add(static_cast<std::uint64_t>(getpid()));
    if (i > 1) text.add("-").add(i);
    const int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0 || errno != EEXIST) return file;
  }
  return -1;
}

// Null: it cannot be made. The lock is held.
MarksFile* marks_file() {
  if (MarksFile* known = marks.load(); known != nullptr || has_no_file) return known;
  has_no_file = true;
  const int file = create_marks();
  if (file < 0) return nullptr;
  void* mapped = MAP_FAILED;
  if (posix_fallocate(file, 0, sizeof(MarksFile)) == 0) {  // a full disk shows here, not as SIGBUS later
    mapped = mmap(nullptr, sizeof(MarksFile), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  }
  close(file);
  if (mapped == MAP_FAILED) return nullptr;
  auto* made = static_cast<MarksFile*>(mapped);
  made->process = static_cast<std::uint32_t>(getpid());
  std::strcpy(made->magic, "varve-marks 1");
  has_no_file = false;
  marks = made;
  return made;
}

bool is_row(const StepRow& row, std::uint32_t thread, const char* name, std::size_t size) {
  return row.thread == thread && std::strncmp(row.name, name, size) == 0 && row.name[size] == '\0';
}

// From 1 on; 0: no room. Rows are only ever added, and a thread finds its own without the lock.
std::uint32_t row_for(std::uint32_t thread, const char* name, std::size_t size, bool has_number) {
  if (size >= sizeof StepRow().name) return 0;
  const auto find = [&](const MarksFile* file) {
    const std::uint32_t rows = file == nullptr ? 0 : __atomic_load_n(&file->rows, __ATOMIC_ACQUIRE);
    for (std::uint32_t i = 0; i < rows; ++i) {
      if (is_row(file->steps[i], thread, name, size)) return i + 1;
    }
    return 0u;
  };
  if (const std::uint32_t known = find(marks.load()); known != 0) return known;
  const MarksLocked lock;
  MarksFile* file = marks_file();
  if (file == nullptr) return 0;
  if (file->rows == MarksFile::kMostRows) {
    ++file->lost;
    return 0;
  }
  StepRow& made = file->steps[file->rows];
  made.thread = thread;
  made.has_number = has_number ? 1 : 0;
  std::memcpy(made.name, name, size);
  __atomic_store_n(&file->rows, file->rows + 1, __ATOMIC_RELEASE);
  return file->rows;
}

Open begin_range(std::uint32_t thread, const char* name) {
  const std::size_t size = name == nullptr ? 0 : strnlen(name, kLongest);
  bool has_number = false;
  const std::size_t step = step_name_size(name, size, has_number);
  const std::uint32_t row = step == 0 ? 0 : row_for(thread, name, step, has_number);
  if (MarksFile* file = marks.load()) __atomic_fetch_add(&file->passed, 1, __ATOMIC_RELAXED);
  return {row, 0, row == 0 ? 0 : monotonic_ns()};
}

void end_range(const Open& open) {
  MarksFile* file = marks.load();
  if (open.row == 0 || file == nullptr) return;
  StepRow& row = file->steps[open.row - 1];
  const std::uint64_t now = monotonic_ns();
  if (row.first_ns == 0 || open.start_ns < row.first_ns) row.first_ns = open.start_ns;
  if (now > row.last_ns) row.last_ns = now;
  row.total_ns += now - open.start_ns;
  ++row.count;
}

// Null where there is no memory. Ranges that a fork took along are their parent's.
Thread* this_thread() {
  auto* thread = static_cast<Thread*>(pthread_getspecific(thread_key));
  if (thread == nullptr) {
    thread = static_cast<Thread*>(reserve_bytes(sizeof(Thread)));
    if (thread == nullptr) return nullptr;
    if (pthread_setspecific(thread_key, thread) != 0) {
      munmap(thread, sizeof(Thread));
      return nullptr;
    }
    thread->number = ++threads;
    thread->generation = generation;
  }
  if (thread->generation != generation) {
    thread->generation = generation;
    thread->depth = 0;
  }
  return thread;
}

void free_thread(void* thread) { munmap(thread, sizeof(Thread)); }

int push(const char* name) {
  Thread* thread = this_thread();
  if (thread == nullptr) return -1;
  if (thread->depth < kDeepest) thread->open[thread->depth] = begin_range(thread->number, name);
  return static_cast<int>(thread->depth++);
}

int pop() {
  Thread* thread = this_thread();
  if (thread == nullptr || thread->depth == 0) return -1;
  if (--thread->depth < kDeepest) end_range(thread->open[thread->depth]);
  return static_cast<int>(thread->depth);
}

// Which may end on any thread. Of more than so many at a time the oldest is given up.
std::uint64_t start(const char* name) {
  static std::atomic<std::uint32_t> numbers;
  Open open = begin_range(0, name);
  open.number = ++numbers;
  if (open.row == 0) return open.number;
  const MarksLocked lock;
  started[next_started++ % kMostOpen] = open;
  return open.number;
}

void end(std::uint64_t number) {
  const MarksLocked lock;
  for (Open& open : started) {
    if (open.row == 0 || open.number != number) continue;
    end_range(open);
    open.row = 0;
    return;
  }
}

// A wide text; what is no ASCII is a question mark.
class Narrow {
 public:
  explicit Narrow(const wchar_t* wide) {
    std::size_t i = 0;
    for (; wide != nullptr && i + 1 < sizeof text_ && wide[i] != L'\0'; ++i) {
      text_[i] = wide[i] > 0 && wide[i] < 128 ? static_cast<char>(wide[i]) : '?';
    }
    text_[i] = '\0';
  }
  const char* text() const { return text_; }

 private:
  char text_[kLongest];
};

template <class Take>
auto with_name(const NvtxEvent* event, const Take& take) {
  if (event == nullptr || event->size < sizeof(NvtxEvent)) return take(static_cast<const char*>(nullptr));
  if (event->message_type == 2) return take(Narrow(static_cast<const wchar_t*>(event->message)).text());
  const bool is_text = event->message_type == 1 || event->message_type == 3;
  return take(is_text ? static_cast<const char*>(event->message) : nullptr);
}

// A name that is given once and spoken of by what is returned: only those of steps are kept.
const void* register_name(void*, const char* name) {
  bool has_number = false;
  const std::size_t size = name == nullptr ? 0 : strnlen(name, kLongest);
  if (step_name_size(name, size, has_number) == 0) return no_step;
  const MarksLocked lock;
  if (registered.items == nullptr && !registered.reserve(kRegisteredBytes)) return no_step;
  if (registered.size - registered_used < size + 1) return no_step;
  char* kept = registered.items + registered_used;
  std::memcpy(kept, name, size);
  registered_used += static_cast<std::uint32_t>(size) + 1;
  return kept;
}

std::uint64_t start_event(const NvtxEvent* event) { return with_name(event, start); }
std::uint64_t start_wide(const wchar_t* name) { return start(Narrow(name).text()); }
int push_event(const NvtxEvent* event) { return with_name(event, push); }
int push_wide(const wchar_t* name) { return push(Narrow(name).text()); }
std::uint64_t domain_start(void*, const NvtxEvent* event) { return start_event(event); }
void domain_end(void*, std::uint64_t number) { end(number); }
int domain_push(void*, const NvtxEvent* event) { return push_event(event); }
int domain_pop(void*) { return pop(); }
const void* register_wide(void* domain, const wchar_t* name) { return register_name(domain, Narrow(name).text()); }

struct Listener {
  std::uint32_t module, number;
  NvtxFunction function;
};

template <class Function>
NvtxFunction plain(Function* function) {
  return reinterpret_cast<NvtxFunction>(function);
}

const Listener* listeners(std::size_t& count) {
  static const Listener all[] = {
      {kNvtxCore, kRangeStartEx, plain(start_event)},
      {kNvtxCore, kRangeStartA, plain(start)},
      {kNvtxCore, kRangeStartW, plain(start_wide)},
      {kNvtxCore, kRangeEnd, plain(end)},
      {kNvtxCore, kRangePushEx, plain(push_event)},
      {kNvtxCore, kRangePushA, plain(push)},
      {kNvtxCore, kRangePushW, plain(push_wide)},
      {kNvtxCore, kRangePop, plain(pop)},
      {kNvtxDomains, kDomainRangeStart, plain(domain_start)},
      {kNvtxDomains, kDomainRangeEnd, plain(domain_end)},
      {kNvtxDomains, kDomainRangePush, plain(domain_push)},
      {kNvtxDomains, kDomainRangePop, plain(domain_pop)},
      {kNvtxDomains, kDomainRegisterA, plain(register_name)},
      {kNvtxDomains, kDomainRegisterW, plain(register_wide)},
  };
  count = sizeof all / sizeof all[0];
  return all;
}

void before_marks_fork() { pthread_mutex_lock(&marks_lock); }
void after_marks_fork() { pthread_mutex_unlock(&marks_lock); }
// The parent's file is its own.
void in_marks_child() {
  marks = nullptr;
  has_no_file = false;
  ++generation;
  std::memset(started, 0, sizeof started);
  constexpr pthread_mutex_t kFresh = PTHREAD_MUTEX_INITIALIZER;
  marks_lock = kFresh;
}

// Once a process, however many parts of it bring an NVTX of their own.
bool get_ready() {
  const MarksLocked lock;
  const char* folder = getenv("VARVE_MARKS");
  if (is_ready || folder == nullptr || folder[0] != '/') return is_ready;
  if (!ShortText(marks_folder, sizeof marks_folder).add(folder).fits()) return false;
  is_ready = pthread_key_create(&thread_key, free_thread) == 0 &&
             pthread_atfork(before_marks_fork, after_marks_fork, in_marks_child) == 0;
  return is_ready;
}
}  // namespace

}  // namespace varve::inject

// 0 where nothing is wanted of it: NVTX is then as cheap as without.
extern "C" __attribute__((visibility("default"))) int InitializeInjectionNvtx2(varve::inject::NvtxGetTable get_table) {
  using namespace varve::inject;
  const int error = errno;
  const auto* callbacks = get_table == nullptr ? nullptr : static_cast<const NvtxCallbacks*>(get_table(1));
  const bool can_listen = callbacks != nullptr && callbacks->size >= sizeof *callbacks && get_ready();
  std::size_t count = 0;
  const Listener* all = listeners(count);
  for (std::size_t i = 0; i < count && can_listen; ++i) {
    NvtxFunction** table = nullptr;
    std::uint32_t functions = 0;
    if (callbacks->get_functions(all[i].module, &table, &functions) == 0 || all[i].number >= functions) continue;
    if (table != nullptr && table[all[i].number] != nullptr) *table[all[i].number] = all[i].function;
  }
  errno = error;
  return can_listen ? 1 : 0;
}
