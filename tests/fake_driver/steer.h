// How tests tell the fake libraries what to do: VARVE_FAKE="cuInit=100,cuLaunchKernel=hang,nvmlDeviceGetName=crash".
// A number is the code that the function returns. VARVE_FAKE_GPUS is how many GPUs there are (1).
#pragma once
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// "wrong": the function succeeds with a wrong result; "nothing": it succeeds and does nothing.
enum { STEER_WRONG = -1000, STEER_NOTHING = -1001 };

// What the function is told to return, 0 when nothing is said about it. May not return.
static int steered(const char* function) {
  const char* text = getenv("VARVE_FAKE");
  const size_t length = strlen(function);
  for (const char* at = text; at != NULL && *at != '\0'; at = strchr(at, ','), at = at ? at + 1 : NULL) {
    if (strncmp(at, function, length) != 0 || at[length] != '=') continue;
    const char* what = at + length + 1;
    if (strncmp(what, "crash", 5) == 0) raise(SIGSEGV);
    if (strncmp(what, "exit", 4) == 0) _exit(0);
    if (strncmp(what, "wrong", 5) == 0) return STEER_WRONG;
    if (strncmp(what, "nothing", 7) == 0) return STEER_NOTHING;
    while (strncmp(what, "hang", 4) == 0) pause();
    return atoi(what);
  }
  return 0;
}

#define STEERED(function)                              \
  do {                                                 \
    const int code = steered(function);                \
    if (code == STEER_NOTHING) return 0;               \
    if (code != 0 && code != STEER_WRONG) return code; \
  } while (0)

static inline int fake_gpus(void) {
  const char* text = getenv("VARVE_FAKE_GPUS");
  return text != NULL ? atoi(text) : 1;
}
