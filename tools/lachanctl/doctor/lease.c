/* Is our own address on the LAN only lent? Then it may be another one tomorrow, and devices ask
 * an address that is nobody's. */
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/time.h>

#include "base/words.h"
#include "lachanctl/doctor/doctor.h"

enum {
	NETLINK_S = 2
};

static const struct doctor_lan *lan_of(const struct doctor *d, uint32_t index)
{
	for (size_t i = 0; i < d->lan_count; i++)
		if (d->lans[i].index == index)
			return &d->lans[i];
	return NULL;
}

static void judge(
    struct doctor *d, const struct doctor_lan *lan, const struct addr *address)
{
	struct finding f = {
	    .id = "own-address", .severity = SEVERITY_HINT, .interface = lan->interface};
	char text[ADDR_TEXT_MAX];

	addr_to_text(text, address);
	finding_detail(&f,
	    _("This machine's address %s comes from a DHCP server, which may give another "
	      "one some day: then devices ask an address where nobody is."),
	    text);
	finding_fix(&f,
	    _("Give this machine a fixed address, outside of what DHCP gives out; or "
	      "reserve %s for it at the DHCP server."),
	    text);
	doctor_find(d, &f);
}

static int take_attribute(const struct nlattr *attribute, void *context)
{
	struct slice *address = context;

	if (mnl_attr_get_type(attribute) == IFA_LOCAL)
		*address = (struct slice){
		    mnl_attr_get_payload(attribute), mnl_attr_get_payload_len(attribute)};
	return MNL_CB_OK;
}

static int take_address(const struct nlmsghdr *message, void *context)
{
	struct doctor *d = context;
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(message);
	struct slice octets = SLICE_EMPTY;

	if (message->nlmsg_type != RTM_NEWADDR ||
	    mnl_nlmsg_get_payload_len(message) < sizeof *head ||
	    (head->ifa_flags & IFA_F_PERMANENT) != 0 ||
	    mnl_attr_parse(message, sizeof *head, take_attribute, &octets) < 0)
		return MNL_CB_OK;
	const struct doctor_lan *lan = lan_of(d, head->ifa_index);
	const struct addr address = addr_from_octets(octets);
	if (lan != NULL && address.family == AF_INET && doctor_serves(d, &address))
		judge(d, lan, &address);
	return MNL_CB_OK;
}

static bool read_addresses(struct doctor *d)
{
	_Alignas(8) uint8_t bytes[8192];
	const struct timeval patience = {.tv_sec = NETLINK_S};
	struct nlmsghdr *request = mnl_nlmsg_put_header(bytes);
	struct mnl_socket *socket = mnl_socket_open(NETLINK_ROUTE);
	int going = MNL_CB_OK;

	if (socket == NULL)
		return false;
	request->nlmsg_type = RTM_GETADDR;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = 1;
	struct ifaddrmsg *head = mnl_nlmsg_put_extra_header(request, sizeof *head);
	head->ifa_family = AF_INET;
	(void)setsockopt(
	    mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) != 0 ||
	    mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		going = MNL_CB_ERROR;
	while (going == MNL_CB_OK) {
		ssize_t n = mnl_socket_recvfrom(socket, bytes, sizeof bytes);
		going = n < 0 ? MNL_CB_ERROR
		              : mnl_cb_run(bytes, (size_t)n, 1,
		                    mnl_socket_get_portid(socket), take_address, d);
	}
	(void)mnl_socket_close(socket);
	return going == MNL_CB_STOP;
}

void check_lease(struct doctor *d)
{
	if (read_addresses(d))
		doctor_checked(d, "own-address");
	else
		doctor_skip(d, "own-address", NULL,
		    _("the kernel's list of our addresses cannot be read"));
}
