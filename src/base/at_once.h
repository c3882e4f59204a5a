#pragma once
#include <cstddef>
#include <functional>
#include <thread>

namespace varve {

// How many processors this process may use: 1 where it is bound to one of many.
std::size_t usable_processors();

// Calls `act` with every number below `count`, on this thread and on one more for each further processor, up to four in
// all; returns when all calls have. Which number meets which thread is not known: calls must not depend on one another.
// `least_for_one`: calls for which a thread is worth its start.
void for_each_at_once(std::size_t count, const std::function<void(std::size_t)>& act, std::size_t least_for_one = 8);

// Runs `act` on a thread of its own while this one goes on, and waits for its end when it is destroyed; for what this
// thread would come to do anyway. Where there is one processor only, or no thread is permitted, nothing is run.
class Aside {
 public:
  explicit Aside(std::function<void()> act);
  ~Aside();
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;

 private:
  std::thread thread_;
};

}  // namespace varve
