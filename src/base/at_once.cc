#include "base/at_once.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace varve {

namespace {
constexpr std::size_t kMostThreads = 4;
}  // namespace

std::size_t usable_processors() {
  cpu_set_t allowed;  // of more than 1024 the kernel refuses to tell
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) return static_cast<std::size_t>(CPU_COUNT(&allowed));
  return std::max(1u, std::thread::hardware_concurrency());
}

void for_each_at_once(std::size_t count, const std::function<void(std::size_t)>& act, std::size_t least_for_one) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t number = next++; number < count; number = next++) act(number);
  };
  const std::size_t threads = std::min({usable_processors(), kMostThreads, count / least_for_one});
  std::vector<std::jthread> others;
  try {
    while (others.size() + 1 < threads) others.emplace_back(work);
  } catch (const std::system_error&) {
    // No more threads are permitted: those that there are do all of it.
  }
  work();
}

Aside::Aside(std::function<void()> act) {
  if (usable_processors() < 2) return;
  try {
    thread_ = std::thread(std::move(act));
  } catch (const std::system_error&) {
    // No more threads are permitted.
  }
}

Aside::~Aside() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace varve
