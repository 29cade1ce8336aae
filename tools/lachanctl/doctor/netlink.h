/* netlink -- one whole table of the kernel's, message by message. Asks as whoever we are: no
 * rights are needed to read. */
#ifndef LACHANCTL_DOCTOR_NETLINK_H
#define LACHANCTL_DOCTOR_NETLINK_H

#include <libmnl/libmnl.h>
#include <stdbool.h>

/* What is asked for: RTM_GETNEIGH, RTM_GETADDR; its message's own header is `head_bytes` long
 * and begins with the address family (AF_UNSPEC: all). */
struct netlink_table {
	uint16_t type;
	uint8_t family;
	size_t head_bytes;
};

/* Hands each message to `take` (libmnl's callback: MNL_CB_OK goes on). False when the kernel
 * did not answer within two seconds, or not to the end. */
bool netlink_read(const struct netlink_table *table, mnl_cb_t take, void *context);

#endif
