// The life of the recorder in a process. libcuda loads this library in cuInit, where CUDA_INJECTION64_PATH names it,
// and calls InitializeInjection (CUPTI's documentation, "Injection"). VARVE_CUDA_SPOOL names the folder for the spool;
// without it nothing is done. Whatever happens here, the program goes on as if nothing had.
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstring>
#include <initializer_list>
#include <new>

#include "inject/recorder_state.h"
#include "inject/short_text.h"
#include "inject/symbol_versions.h"

namespace varve::inject {

RecorderState recorder;

namespace {
constexpr std::uint64_t kFirstFlush = 100'000'000, kFlushPeriod = 1'000'000'000;  // ns
std::atomic<std::uint32_t> alarm_clock;                                           // a futex: changed to wake the thread

// Signals that come meanwhile are for the program's own threads; a limit of file sizes that the spool meets is none of
// theirs.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    sigset_t pending;
    sigpending(&pending);
    had_limit_ = sigismember(&pending, SIGXFSZ) == 1;
    sigprocmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() {
    sigset_t limit;
    sigemptyset(&limit);
    sigaddset(&limit, SIGXFSZ);
    const timespec now = {};
    if (!had_limit_) sigtimedwait(&limit, nullptr, &now);
    sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
  bool had_limit_ = false;  // the program's own
};

bool has_word(const char* list, const char* word) {
  const std::size_t size = std::strlen(word);
  for (const char* at = list; at != nullptr; at = std::strchr(at, ',')) {
    if (*at == ',') ++at;
    if (std::strncmp(at, word, size) == 0 && (at[size] == ',' || at[size] == '\0')) return true;
  }
  return false;
}

Wishes wishes_from_environment() {
  const char* list = getenv("VARVE_CUDA_RECORD");
  return {has_word(list, "graph-nodes"), has_word(list, "calls"), has_word(list, "ranges")};
}

bool refuse(const char* what, CuptiResult result) {
  const char* text = nullptr;
  recorder.library.call.get_result_string(result, &text);
  ShortText(recorder.reason, sizeof recorder.reason)
      .add(what)
      .add(": ")
      .add(text == nullptr ? "no text" : text)
      .add(" (CUPTI error ")
      .add(static_cast<std::uint64_t>(result))
      .add(")");
  return false;
}

// With the holder's name where CUPTI tells it.
bool refuse_taken(const char* holder) {
  ShortText text(recorder.reason, sizeof recorder.reason);
  text.add("CUPTI is in use by ").add(holder[0] != '\0' ? holder : "another tool (a profiler, or the program's own)");
  return false;
}

bool subscribe() {
  const CuptiFunctions& call = recorder.library.call;
  char holder[256] = {};
  SubscriberParameters parameters = {kSubscriberParametersSize, "varve", holder, sizeof holder, 0, {}};
  const CuptiResult result = call.subscribe_v2 != nullptr
                                 ? call.subscribe_v2(&recorder.subscriber, take_callback, nullptr, &parameters)
                                 : call.subscribe(&recorder.subscriber, take_callback, nullptr);
  if (result == kCuptiTaken) return refuse_taken(holder);
  if (result != 0) return refuse("CUPTI refuses a subscriber", result);
  call.enable_callback(1, recorder.subscriber, kResourceDomain, kModuleLoaded);
  call.enable_callback(1, recorder.subscriber, kResourceDomain, kContextCreated);
  return true;
}

// Kernels must be; what else cannot be recorded is missing from the spool.
bool enable_kinds() {
  const CuptiFunctions& call = recorder.library.call;
  if (const CuptiResult result = call.register_callbacks(take_request, take_buffer); result != 0) {
    return refuse("CUPTI takes no buffers", result);
  }
  if (const CuptiResult result = call.enable(RecordKind::kernel); result != 0) {
    return refuse("CUPTI does not record kernels", result);
  }
  for (const RecordKind kind : {RecordKind::copy, RecordKind::peer_copy, RecordKind::fill, RecordKind::jit,
                                RecordKind::memory_pool, RecordKind::overhead}) {
    call.enable(kind);
  }
  recorder.has_graph_level = !recorder.wishes.graph_nodes && call.enable(RecordKind::graph) == 0;
  if (recorder.wishes.calls) {
    call.enable(RecordKind::runtime_call);
    call.enable(RecordKind::driver_call);
  }
  if (recorder.wishes.ranges) {
    // NVTX looks for this when the program marks its first range.
    setenv("NVTX_INJECTION64_PATH", recorder.library.path, 0);
    call.enable(RecordKind::marker);
  }
  return true;
}

// Where nothing comes of it, CUPTI is free for the program's own profiler.
bool enable() {
  if (enable_kinds()) return true;
  recorder.is_recording = false;
  recorder.library.call.unsubscribe(recorder.subscriber);
  return false;
}

void stop_recording() {
  for (std::uint32_t kind = 1; kind <= 64; ++kind) recorder.library.call.disable(static_cast<RecordKind>(kind));
}

// `flushing` must be held.
void flush(std::uint32_t flags, const char* end) {
  const std::uint64_t began = monotonic_ns(), taken = recorder.cost.callbacks_ns;
  recorder.library.call.flush(flags);
  const std::uint64_t took = monotonic_ns() - began, inside = recorder.cost.callbacks_ns - taken;
  recorder.cost.asking_ns += took > inside ? took - inside : 0;  // records are mostly taken in on this thread
  write_spool(end);
}

// Until the alarm is changed, or so many nanoseconds are over.
void sleep_for(std::uint64_t ns) {
  const timespec wait = {static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
  syscall(SYS_futex, &alarm_clock, FUTEX_WAIT_PRIVATE, 0, &wait, nullptr, 0);
}

// The first flushes come sooner, for programs that live shortly and end without exit handlers.
void* flush_now_and_then(void*) {
  std::uint64_t wait_ns = kFirstFlush;
  bool has_stopped = false;
  while (!recorder.is_stopping) {
    sleep_for(wait_ns);
    wait_ns = wait_ns * 2 < kFlushPeriod ? wait_ns * 2 : kFlushPeriod;
    const Locked lock(recorder.flushing);
    if (recorder.is_stopping) break;
    if (recorder.reason[0] != '\0' && !has_stopped) {
      stop_recording();
      has_stopped = true;
    }
    flush(0, nullptr);
  }
  return nullptr;
}

bool start_thread() {
  pthread_attr_t attributes;
  pthread_t thread;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  const SignalsBlocked blocked;
  return pthread_create(&thread, &attributes, flush_now_and_then, nullptr) == 0;
}

// Waits two seconds at most: a program that ends or forks must do so, whatever the driver does on the other thread.
bool lock_flushing() {
  for (int i = 0; i < 2000; ++i) {
    if (pthread_mutex_trylock(&recorder.flushing) == 0) return true;
    const timespec moment = {0, 1'000'000};
    nanosleep(&moment, nullptr);
  }
  return false;
}

// The exit handler; libcuda's own runs after it, since it was there before.
void finish() {
  if (recorder.process != getpid() || recorder.is_stopping.exchange(true)) return;
  const SignalsBlocked blocked;
  alarm_clock = 1;
  syscall(SYS_futex, &alarm_clock, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  if (!lock_flushing()) return;
  const int error = errno;
  flush(kFlushForced, "exit");
  recorder.is_recording = false;
  errno = error;
  pthread_mutex_unlock(&recorder.flushing);
}

// A fork waits for a flush that is under way: the thread that flushes holds locks of CUPTI and of the driver, and in
// the child, which has no such thread, they would stay locked. A flush locks in the same order.
bool fork_holds_flushing = false;  // guarded by recorder.tables
void before_fork() {
  const bool is_held = lock_flushing();
  pthread_mutex_lock(&recorder.tables);
  fork_holds_flushing = is_held;
}
void after_fork() {
  const bool was_held = fork_holds_flushing;
  pthread_mutex_unlock(&recorder.tables);
  if (was_held) pthread_mutex_unlock(&recorder.flushing);
}

// The child has neither the thread nor a context: what it does on a device it does after its own cuInit.
void in_child() {
  recorder.process = 0;
  recorder.is_recording = false;
  recorder.is_stopping = true;
  constexpr pthread_mutex_t kFresh = PTHREAD_MUTEX_INITIALIZER;
  recorder.tables = kFresh;
  recorder.flushing = kFresh;
}

void register_handlers() {
  static bool are_registered = false;  // they are inherited by children
  if (are_registered) return;
  are_registered = true;
  pthread_atfork(before_fork, after_fork, in_child);
  atexit(finish);
}

bool reserve_memory() {
  return recorder.lines.reserve() && recorder.totals.reserve({}) && recorder.modules.reserve() &&
         recorder.ranges.reserve();
}

// What a parent left is not ours.
void begin_afresh() {
  new (&recorder) RecorderState();
  forget_buffers();
  alarm_clock = 0;
  recorder.began_ns = monotonic_ns();
  recorder.began_unix_ns = unix_ns();
  recorder.is_whole_due = true;
  recorder.wishes = wishes_from_environment();
  for (std::uint32_t i = 0; i < kVariableCount; ++i) {
    const char* value = getenv(kVariables[i]);
    if (value == nullptr || std::strlen(value) >= sizeof recorder.variables[i]) continue;
    std::strcpy(recorder.variables[i], value);
  }
}

void begin(const char* directory) {
  begin_afresh();
  if (!reserve_memory()) return;
  recorder.process = getpid();
  recorder.has_file = recorder.file.create(directory, getpid());
  if (!recorder.has_file) return;
  recorder.is_recording = true;  // callbacks may come before the last of these returns
  const bool is_ready =
      open_cupti(recorder.library, recorder.reason, sizeof recorder.reason) && subscribe() && enable();
  recorder.is_recording = is_ready;
  {
    const Locked lock(recorder.flushing);
    write_spool(nullptr);
  }
  if (!is_ready) return;
  register_handlers();
  start_thread();
}
}  // namespace

}  // namespace varve::inject

extern "C" __attribute__((visibility("default"))) int InitializeInjection() {
  using namespace varve::inject;
  const int error = errno;
  const char* directory = getenv("VARVE_CUDA_SPOOL");
  if (directory != nullptr && directory[0] == '/' && recorder.process != getpid()) {
    const SignalsBlocked blocked;
    begin(directory);
  }
  errno = error;
  return 1;
}
