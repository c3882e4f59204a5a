/* A benchmark in C that tells Varve what it measured, and when. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static long long monotonic_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int report(const char* metric, long long work, long long start, long long end) {
  const char* path = getenv("VARVE_METRICS");
  FILE* file = path != NULL ? fopen(path, "a") : NULL;
  if (file == NULL) return path != NULL;
  fprintf(file, "{\"metric\": \"%s\", \"value\": %g, \"start_ns\": %lld, \"end_ns\": %lld, \"work\": %lld}\n", metric,
          work / ((end - start) * 1e-9), start, end, work);
  return fclose(file) != 0;
}

int main(void) {
  const long long work = 50000000;
  volatile double sum = 0;
  const long long start = monotonic_ns();
  for (long long i = 0; i < work; ++i) sum += (double)i;
  return report("additions/s", work, start, monotonic_ns());
}
