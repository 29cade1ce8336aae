/* internal -- what the files of this module share among themselves. */
#ifndef DNS_INTERNAL_H
#define DNS_INTERNAL_H

#include <stdint.h>

/* How the RDATA of a type is laid out, a letter for each piece:
 *	1 2 4 8  octets             n  name, may be compressed on the wire
 *	s        character-string   u  name, never compressed
 *	S        more of them       p  SvcParams        .  the rest        *  not known
 * What has 'n' is decompressed when stored (RFC 3597 section 4). */
const char *rr_shape(uint16_t type);

#endif
