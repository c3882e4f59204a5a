/* One kernel that two functions call: project for two thirds of the time, attend for one. */
#include <time.h>
#define KEPT __attribute__((noinline, noclone))
static double used(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
KEPT double kernel(double x) {
  for (int i = 0; i < 200000; i++) x = x * 1.0000001 + 1e-9;
  return x;
}
KEPT double project(double x) {
  double end = used() + 0.2;
  while (used() < end) x = kernel(x);
  return x;
}
KEPT double attend(double x) {
  double end = used() + 0.1;
  while (used() < end) x = kernel(x);
  return x + 1;
}
int main(void) { return project(1) + attend(1) > 0 ? 0 : 1; }
