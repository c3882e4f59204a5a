#pragma once
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "kernels/cpu_sampler.h"

namespace varve::test {

struct Child {
  bool ok = false;         // ended with status 0
  double cpu_seconds = 0;  // user and system, with what it waited for
  double user_seconds = 0;
};

// Runs a program to its end on the calling thread, draining the sampler all the while.
inline Child run_child(CpuSampler& sampler, std::vector<std::string> command,
                       const std::vector<std::string>& settings = {}) {
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::vector<std::string> environment_text = settings;
  for (char** entry = environ; *entry; ++entry) environment_text.emplace_back(*entry);
  std::vector<char*> environment;
  for (std::string& entry : environment_text) environment.push_back(entry.data());
  environment.push_back(nullptr);
  Child child;
  pid_t process = 0;
  if (posix_spawn(&process, arguments[0], nullptr, nullptr, arguments.data(), environment.data()) != 0) return child;
  int status = 0;
  rusage usage{};
  while (wait4(process, &status, WNOHANG, &usage) == 0) {
    sampler.poll();
    usleep(20'000);
  }
  auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  child.ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  child.user_seconds = seconds(usage.ru_utime);
  child.cpu_seconds = child.user_seconds + seconds(usage.ru_stime);
  return child;
}

// A program that burns CPU time: THREADS threads and PROCESSES further processes, each SECONDS of its own CPU time,
// three quarters of it in hot_three and one quarter in hot_one.
constexpr const char* kBusyProgram = R"(
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static double seconds;
static double used(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
__attribute__((noinline)) double hot_three(double x, double until) {
  while (used() < until) for (int i = 0; i < 200000; i++) x = x * 1.0000001 + 1e-9;
  return x;
}
__attribute__((noinline)) double hot_one(double x, double until) {
  while (used() < until) for (int i = 0; i < 200000; i++) x = x * 0.9999999 + 1e-9;
  return x;
}
static void* work(void* result) {
  double x = 1, start = used();
  for (int round = 0; round < 10; round++) {
    x = hot_three(x, start + seconds * (round + 0.75) / 10);
    x = hot_one(x, start + seconds * (round + 1) / 10);
  }
  *(volatile double*)result = x;
  return 0;
}
int main(int argc, char** argv) {
  static double results[64];
  pthread_t threads[64];
  if (argc != 4) return 2;
  seconds = atof(argv[1]);
  int thread_count = atoi(argv[2]), process_count = atoi(argv[3]);
  for (int i = 0; i < process_count; i++) {
    if (fork() == 0) { work(results); _exit(0); }
  }
  for (int i = 0; i < thread_count; i++) if (pthread_create(threads + i, 0, work, results + i)) return 1;
  for (int i = 0; i < thread_count; i++) pthread_join(threads[i], 0);
  while (wait(0) > 0) {}
  return 0;
}
)";

}  // namespace varve::test
