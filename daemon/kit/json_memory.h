/* json_memory -- memory for jansson that does not run out in the middle of a value.
 *
 * jansson 2.14 ends the process when one of its small allocations fails at the wrong moment.
 * A request on a control socket must not do that to those who ask for names, so jansson gets
 * a reserve: where malloc() has nothing left, a fixed block serves until what was taken from
 * it has been given back. Only a value larger than the reserve, without any memory, fails as
 * before. What comes back is wiped.
 *
 * Threads: jansson belongs to a program's main thread, and so does the reserve. */
#ifndef KIT_JSON_MEMORY_H
#define KIT_JSON_MEMORY_H

enum {
	JSON_MEMORY_RESERVE_BYTES = 128 * 1024
};

/* Before the first value is made. */
void json_memory_begin(void);

/* For texts of json_dumps(), in place of free(). NULL is fine. */
void json_memory_free(char *text);

#endif
