#pragma once
// Functions that glibc 2.34 moved into libc.so.6 under a new version, by the version that they have had from the
// beginning: what is built on a new system must load on an old one. Include it in every file that calls them.
#if defined(__x86_64__)
#define VARVE_OLDEST "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define VARVE_OLDEST "GLIBC_2.17"
#else
#error "the oldest version of glibc's symbols on this processor is not known"
#endif
__asm__(".symver dlopen, dlopen@" VARVE_OLDEST);
__asm__(".symver dlclose, dlclose@" VARVE_OLDEST);
__asm__(".symver dlsym, dlsym@" VARVE_OLDEST);
__asm__(".symver dladdr, dladdr@" VARVE_OLDEST);
__asm__(".symver pthread_create, pthread_create@" VARVE_OLDEST);
__asm__(".symver pthread_mutex_trylock, pthread_mutex_trylock@" VARVE_OLDEST);
__asm__(".symver pthread_key_create, pthread_key_create@" VARVE_OLDEST);
__asm__(".symver pthread_getspecific, pthread_getspecific@" VARVE_OLDEST);
__asm__(".symver pthread_setspecific, pthread_setspecific@" VARVE_OLDEST);
