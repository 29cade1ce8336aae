#include "lachanctl/doctor/netlink.h"

#include <string.h>
#include <sys/time.h>

enum {
	PATIENCE_S = 2
};

bool netlink_read(const struct netlink_table *table, mnl_cb_t take, void *context)
{
	_Alignas(8) uint8_t bytes[8192];
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct nlmsghdr *request = mnl_nlmsg_put_header(bytes);
	struct mnl_socket *socket = mnl_socket_open(NETLINK_ROUTE);
	int going = MNL_CB_OK;

	if (socket == NULL)
		return false;
	request->nlmsg_type = table->type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = 1;
	void *head = mnl_nlmsg_put_extra_header(request, table->head_bytes);
	memcpy(head, &table->family, sizeof table->family);
	(void)setsockopt(
	    mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) != 0 ||
	    mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		going = MNL_CB_ERROR;
	while (going == MNL_CB_OK) {
		ssize_t n = mnl_socket_recvfrom(socket, bytes, sizeof bytes);
		going = n < 0 ? MNL_CB_ERROR
		              : mnl_cb_run(bytes, (size_t)n, 1,
		                    mnl_socket_get_portid(socket), take, context);
	}
	(void)mnl_socket_close(socket);
	return going == MNL_CB_STOP;
}
