/* Devices on the LAN that never asked the filter, and addresses that hide many.
 *
 * The kernel knows who is on the network; the filter knows who has asked today, as tags that
 * lead back to nobody. So the filter is given the list, and says which of it are not among
 * those: nothing is stored, and root alone may ask. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/words.h"
#include "lachanctl/doctor/doctor.h"
#include "lachanctl/doctor/netlink.h"
#include "lachanctl/say.h"

enum {
	DEVICES_MAX = 1024,
	SHOWN_MAX = 20,
	DEVICE_ADDRESSES_MAX = 4, /* a device has a link-local address, one or two more */
	SURE_AFTER_S = 15 * 60,   /* before, a quiet device may just not have asked yet */
};

struct device {
	uint8_t mac[PACKET_MAC_OCTETS];
	struct addr addresses[DEVICE_ADDRESSES_MAX];
	size_t address_count;
	const char *interface; /* of a LAN */
};

struct devices {
	const struct doctor *doctor;
	struct device *items;
	size_t count;
};

/* ---- the kernel's neighbour table ---- */

static const struct doctor_lan *lan_of(const struct doctor *d, int index)
{
	for (size_t i = 0; i < d->lan_count; i++)
		if ((int)d->lans[i].index == index)
			return &d->lans[i];
	return NULL;
}

static void add_neighbour(struct devices *all, const struct doctor_lan *lan,
    const uint8_t mac[PACKET_MAC_OCTETS], const struct addr *address)
{
	struct device *device = NULL;

	for (size_t i = 0; i < all->count && device == NULL; i++)
		if (memcmp(all->items[i].mac, mac, PACKET_MAC_OCTETS) == 0)
			device = &all->items[i];
	if (device == NULL && all->count < DEVICES_MAX) {
		device = &all->items[all->count++];
		memcpy(device->mac, mac, PACKET_MAC_OCTETS);
		device->interface = lan->interface;
	}
	if (device != NULL && device->address_count < DEVICE_ADDRESSES_MAX)
		device->addresses[device->address_count++] = *address;
}

struct neighbour {
	struct slice mac, address;
};

static int take_attribute(const struct nlattr *attribute, void *context)
{
	struct neighbour *n = context;
	const struct slice value = {
	    mnl_attr_get_payload(attribute), mnl_attr_get_payload_len(attribute)};

	if (mnl_attr_get_type(attribute) == NDA_LLADDR)
		n->mac = value;
	else if (mnl_attr_get_type(attribute) == NDA_DST)
		n->address = value;
	return MNL_CB_OK;
}

static int take_neighbour(const struct nlmsghdr *message, void *context)
{
	struct devices *all = context;
	const struct ndmsg *head = mnl_nlmsg_get_payload(message);
	struct neighbour n = {SLICE_EMPTY, SLICE_EMPTY};

	if (message->nlmsg_type != RTM_NEWNEIGH ||
	    mnl_nlmsg_get_payload_len(message) < sizeof *head)
		return MNL_CB_OK;
	const struct doctor_lan *lan = lan_of(all->doctor, head->ndm_ifindex);
	/* Others were only looked for, or cannot have a device behind them. */
	if (lan == NULL ||
	    (head->ndm_state & (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE)) == 0 ||
	    mnl_attr_parse(message, sizeof *head, take_attribute, &n) < 0)
		return MNL_CB_OK;
	struct addr a = addr_from_octets(n.address);
	if (n.mac.len == PACKET_MAC_OCTETS && (n.mac.ptr[0] & 1) == 0 && a.family != 0)
		add_neighbour(all, lan, n.mac.ptr, &a);
	return MNL_CB_OK;
}

static bool read_neighbours(struct devices *all)
{
	static const struct netlink_table NEIGHBOURS = {
	    RTM_GETNEIGH, AF_UNSPEC, sizeof(struct ndmsg)};

	return netlink_read(&NEIGHBOURS, take_neighbour, all);
}

/* The way out is no device of a pupil. */
static bool is_router(const struct device *device)
{
	char wanted[32];
	struct buf table = BUF_INIT(1 << 20);
	bool found = false;

	if (file_read("/proc/net/route", &table) != OK)
		return false;
	for (size_t i = 0; !found && i < device->address_count; i++) {
		const struct addr *a = &device->addresses[i];
		uint32_t number;
		if (a->family != AF_INET)
			continue;
		memcpy(&number, a->bytes, sizeof number);
		(void)snprintf(wanted, sizeof wanted, "\t00000000\t%08X\t", number);
		found = strstr(buf_cstr(&table), wanted) != NULL;
	}
	buf_deinit(&table);
	return found;
}

/* ---- asking the filter ---- */

static json_t *devices_to_json(const struct devices *all)
{
	json_t *list = json_array();

	for (size_t i = 0; i < all->count; i++) {
		const struct device *device = &all->items[i];
		char mac[DOCTOR_MAC_TEXT], text[ADDR_TEXT_MAX];
		json_t *addresses = json_array();
		mac_to_text(mac, device->mac);
		for (size_t k = 0; k < device->address_count; k++) {
			addr_to_text(text, &device->addresses[k]);
			(void)json_array_append_new(addresses, json_string(text));
		}
		(void)json_array_append_new(
		    list, json_pack("{s:s, s:o}", "mac", mac, "addresses", addresses));
	}
	return json_pack("{s:o}", "devices", list);
}

static void list_silent(
    const struct devices *all, const json_t *silent, char *out, size_t size, size_t *count)
{
	const json_t *one;
	size_t i, used = 0;

	out[0] = 0;
	*count = 0;
	json_array_foreach(silent, i, one)
	{
		json_int_t index = json_integer_value(one);
		char mac[DOCTOR_MAC_TEXT], address[ADDR_TEXT_MAX];
		if (index < 0 || (size_t)index >= all->count ||
		    is_router(&all->items[index]))
			continue;
		if ((*count)++ >= SHOWN_MAX)
			continue;
		const struct device *device = &all->items[index];
		mac_to_text(mac, device->mac);
		addr_to_text(address, &device->addresses[0]);
		int n = snprintf(out + used, size - used, "%s%s (%s)", used > 0 ? ", " : "",
		    address, mac);
		if (n > 0 && (size_t)n < size - used)
			used += (size_t)n;
	}
}

static void judge_silent(struct doctor *d, const struct devices *all, const json_t *reply)
{
	struct finding f = {.id = "silent-devices", .severity = SEVERITY_WARNING};
	char list[DOCTOR_DETAIL_BYTES - 300], counted[SAY_BYTES];
	json_int_t counted_s = json_integer_value(json_object_get(reply, "counted_s"));
	size_t count;

	list_silent(all, json_object_get(reply, "silent"), list, sizeof list, &count);
	if (count == 0)
		return;
	if (counted_s < SURE_AFTER_S)
		f.severity = SEVERITY_HINT;
	say_duration(counted, counted_s);
	finding_detail(&f,
	    _("%zu of %zu devices that are on the network have asked the filter nothing "
	      "today (in the last %s): %s%s. Printers, cameras and sleeping telephones do "
	      "that too; a PC in use does not."),
	    count, all->count, counted, list, count > SHOWN_MAX ? ", …" : "");
	finding_fix(&f, "%s",
	    _("On such a device open http://lachan.internal/. If the filter's page does not "
	      "come, look which DNS server it uses (Windows: ipconfig /all; telephone: "
	      "Wi-Fi, details, DNS and \"private DNS\") and set it to automatic; lachanctl "
	      "firewall keeps stray questions here."));
	doctor_find(d, &f);
}

/* ---- one address that hides many ---- */

static const char *sign_words(const char *sign)
{
	if (strcmp(sign, "forwarder") == 0)
		return _(
		    "its questions carry what a forwarding DNS server adds for others");
	if (strcmp(sign, "systems") == 0)
		return _(
		    "devices of three or more makes ask from it (Windows, Apple, Android, "
		    "Linux)");
	return _("it asks as much as a whole school");
}

static void judge_shared(struct doctor *d, const json_t *one)
{
	struct finding f = {.id = "shared-source", .severity = SEVERITY_WARNING};
	const char *address = json_string_value(json_object_get(one, "address"));
	const json_t *sign;
	char signs[512] = "";
	size_t i, used = 0;

	json_array_foreach(json_object_get(one, "signs"), i, sign)
	{
		int n = snprintf(signs + used, sizeof signs - used, "%s%s",
		    i > 0 ? "; " : "", sign_words(json_string_value(sign)));
		if (n > 0 && (size_t)n < sizeof signs - used)
			used += (size_t)n;
	}
	finding_detail(&f,
	    _("Behind the address %s there seem to be many devices (%s; %lld %% of all "
	      "questions). They are one for the filter: one tier for all, counted as one, "
	      "and below the floor of the summaries."),
	    address != NULL ? address : "?", signs,
	    (long long)json_integer_value(json_object_get(one, "share_percent")));
	finding_fix(&f,
	    _("A router that hides its devices (NAT): make it an access point, or switch "
	      "masquerading off and add a route back. A DNS server that forwards: let DHCP "
	      "give the filter's own address to devices; or, on dnsmasq, write add-mac and "
	      "add-subnet=32,128 and name %s in server.trusted_forwarders."),
	    address != NULL ? address : "?");
	doctor_find(d, &f);
}

/* ---- all ---- */

static void judge_reply(struct doctor *d, const struct devices *all, const json_t *reply)
{
	const json_t *one;
	size_t i;

	doctor_checked(d, "silent-devices");
	doctor_checked(d, "shared-source");
	judge_silent(d, all, reply);
	json_array_foreach(json_object_get(reply, "shared"), i, one) judge_shared(d, one);
}

static void skip_both(struct doctor *d, const char *reason)
{
	doctor_skip(d, "silent-devices", NULL, reason);
	doctor_skip(d, "shared-source", NULL, reason);
}

void check_devices(struct doctor *d)
{
	struct devices all = {.doctor = d};
	json_t *reply = NULL;

	all.items = calloc(DEVICES_MAX, sizeof *all.items);
	if (d->status == NULL && !d->running) {
		skip_both(d, _("the filter does not run"));
	} else if (geteuid() != 0 && d->status == NULL) {
		skip_both(d, _("run as root: sudo lachanctl doctor"));
	} else if (all.items == NULL || !read_neighbours(&all)) {
		skip_both(d, _("the kernel's list of neighbours cannot be read"));
	} else {
		reply =
		    ctl_peek_with(d->ctl->control_path, "doctor", devices_to_json(&all));
		if (reply != NULL)
			judge_reply(d, &all, reply);
		else
			skip_both(d, _("run as root: sudo lachanctl doctor"));
	}
	json_decref(reply);
	free(all.items);
}
