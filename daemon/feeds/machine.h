/* machine -- what this machine has, and how fast it is: for the plan. */
#ifndef FEEDS_MACHINE_H
#define FEEDS_MACHINE_H

#include <stdint.h>

/* In bytes; 0: it cannot be told. */
uint64_t machine_memory(void);
uint64_t machine_available_memory(void);
/* Free for us where `folder` is, or will be made. */
uint64_t machine_free_flash(const char *folder);
/* CPU time that compiling so many names takes here, told by compiling a few. 0: unknown. */
uint64_t machine_compile_ms(uint64_t entries);

#endif
