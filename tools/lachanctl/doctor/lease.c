/* Is our own address on the LAN only lent? Then it may be another one tomorrow, and devices ask
 * an address that is nobody's. */
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "base/words.h"
#include "lachanctl/doctor/doctor.h"
#include "lachanctl/doctor/netlink.h"

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
	static const struct netlink_table ADDRESSES = {
	    RTM_GETADDR, AF_INET, sizeof(struct ifaddrmsg)};

	return netlink_read(&ADDRESSES, take_address, d);
}

void check_lease(struct doctor *d)
{
	if (read_addresses(d))
		doctor_checked(d, "own-address");
	else
		doctor_skip(d, "own-address", NULL,
		    _("the kernel's list of our addresses cannot be read"));
}
