/* Which networks we serve, and by which addresses. */
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lachanctl/doctor/doctor.h"

enum {
	DNS_PORT = 53
};

static struct doctor_lan *lan_of(struct doctor *d, const struct interface_address *a)
{
	for (size_t i = 0; i < d->lan_count; i++)
		if (d->lans[i].index == a->index)
			return &d->lans[i];
	if (d->lan_count == DOCTOR_LANS_MAX)
		return NULL;
	struct doctor_lan *lan = &d->lans[d->lan_count++];
	(void)snprintf(lan->interface, sizeof lan->interface, "%s", a->interface);
	lan->index = a->index;
	return lan;
}

static void find_mac(struct doctor_lan *lan)
{
	struct ifreq request = {.ifr_ifindex = 0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(request.ifr_name, lan->interface, sizeof lan->interface);
	if (fd >= 0 && ioctl(fd, SIOCGIFHWADDR, &request) == 0 &&
	    request.ifr_hwaddr.sa_family == ARPHRD_ETHER) {
		memcpy(lan->sender.mac, request.ifr_hwaddr.sa_data, PACKET_MAC_OCTETS);
		lan->has_mac = true;
	}
	if (fd >= 0)
		(void)close(fd);
}

/* The same rule by which `local` in server.allow finds them. */
static bool is_lan(const struct prefix *local, size_t count, const struct prefix *on_link)
{
	for (size_t i = 0; i < count; i++)
		if (prefix_equal(&local[i], on_link))
			return true;
	return false;
}

void doctor_find_lans(struct doctor *d)
{
	struct prefix local[64];
	size_t count = interfaces_local_prefixes(&d->interfaces, local, COUNT_OF(local));

	for (size_t i = 0; i < d->interfaces.count; i++) {
		const struct interface_address *a = &d->interfaces.items[i];
		/* Link-local prefixes look alike on all links. */
		if (a->loopback || addr_is_link_local(&a->address) ||
		    !is_lan(local, count, &a->on_link))
			continue;
		struct doctor_lan *lan = lan_of(d, a);
		if (lan != NULL && a->address.family == AF_INET &&
		    lan->v4_count < DOCTOR_ADDRESSES_MAX)
			lan->v4[lan->v4_count++] = a->address;
	}
	for (size_t i = 0; i < d->lan_count; i++)
		find_mac(&d->lans[i]);
	for (size_t i = 0; i < d->interfaces.count; i++) {
		const struct interface_address *a = &d->interfaces.items[i];
		for (size_t k = 0; k < d->lan_count; k++) {
			if (d->lans[k].index == a->index && a->address.family == AF_INET6 &&
			    addr_is_link_local(&a->address))
				d->lans[k].sender.link_local = a->address;
		}
	}
}

bool doctor_listens(const struct doctor *d, sa_family_t family)
{
	const struct config_endpoints *listen = &d->config->server.listen;

	for (size_t i = 0; i < listen->count; i++) {
		const struct addr *at = &listen->items[i].addr;
		if (at->family == family && !addr_is_loopback(at))
			return true;
	}
	return false;
}

bool doctor_serves(const struct doctor *d, const struct addr *server)
{
	const struct config_endpoints *listen = &d->config->server.listen;

	if (!interfaces_is_ours(&d->interfaces, server))
		return false;
	for (size_t i = 0; i < listen->count; i++) {
		const struct addr *at = &listen->items[i].addr;
		/* On another port it is the firewall that leads questions to us: from all of our
		 * addresses. */
		if (at->family == server->family && !addr_is_loopback(at) &&
		    (addr_is_unspecified(at) || addr_equal(at, server) ||
		        at->port != DNS_PORT))
			return true;
	}
	return false;
}

static bool has_prefix_of(const struct doctor_lan *lan, const struct interface_address *a)
{
	return a->index == lan->index && !addr_is_link_local(&a->address);
}

void doctor_own_address(const struct doctor *d, const struct doctor_lan *lan,
    sa_family_t family, char out[ADDR_TEXT_MAX])
{
	out[0] = 0;
	if (!doctor_listens(d, family))
		return;
	for (size_t i = 0; i < d->interfaces.count; i++) {
		const struct interface_address *a = &d->interfaces.items[i];
		if (a->address.family == family && has_prefix_of(lan, a) &&
		    doctor_serves(d, &a->address)) {
			addr_to_text(out, &a->address);
			return;
		}
	}
}
