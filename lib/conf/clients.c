/* Who asks, as a configuration writes it: networks, devices, groups. */
#include "base/words.h"
#include "conf/internal.h"
#include "net/prefix.h"

enum {
	MAC_PAIRS = 6, /* of hexadecimal digits */
	/* A wider prefix of forwarders holds more than anybody has. */
	FORWARDERS_BITS_4 = 24,
	FORWARDERS_BITS_6 = 120
};

/* ---- networks --------------------------------------------------------------------------- */

static bool read_prefix(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, struct config_client *client)
{
	struct prefix prefix;
	struct diag why;

	if (prefix_from_text(&prefix, slice_of(value->text), &why) != OK) {
		value_mistake_of(run, row, value, &why);
		return false;
	}
	client->kind = CLIENT_PREFIX;
	client->first = prefix.base;
	client->length = prefix.length;
	client->last = prefix.base;
	for (size_t bit = prefix.length; bit < addr_size(&prefix.base) * 8; bit++)
		client->last.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return true;
}

/* An address alone. */
static bool read_address(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, struct slice text, struct addr *out)
{
	struct diag why;

	if (addr_from_text(out, slice_trim(text), &why) != OK) {
		value_mistake_of(run, row, value, &why);
		return false;
	}
	if (out->port == 0 && out->scope_id == 0)
		return true;
	schema_mistake(run, value->mark,
	    _("'%s' has a port or an interface (write addresses alone)"), value->text);
	return false;
}

static bool read_range(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, struct config_client *client)
{
	struct slice rest = slice_of(value->text);
	struct slice first = slice_cut(&rest, '-');

	client->kind = CLIENT_RANGE;
	if (!read_address(run, row, value, first, &client->first) ||
	    !read_address(run, row, value, rest, &client->last))
		return false;
	if (client->first.family != client->last.family ||
	    memcmp(client->first.bytes, client->last.bytes, sizeof client->last.bytes) >
	        0) {
		schema_mistake(run, value->mark,
		    _("'%s' is no range (write FIRST-LAST, the smaller address first)"),
		    value->text);
		return false;
	}
	return true;
}

static bool read_network(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, struct config_client *client)
{
	return strchr(value->text, '-') != NULL ? read_range(run, row, value, client)
	                                        : read_prefix(run, row, value, client);
}

static struct config_client client_of(
    enum config_client_kind kind, const char *text, const struct yaml_node *value)
{
	return (struct config_client){
	    .kind = kind, .text = text, .group = "", .mark = value->mark};
}

static bool read_allow(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	struct config_client *client = out;

	const char *text = schema_scalar(run, row, value);
	if (text == NULL)
		return false;
	*client = client_of(CLIENT_LOCAL, text, value);
	return strcmp(text, "local") == 0 || read_network(run, row, value, client);
}

/* Whoever is believed about others: a prefix that holds pupils too would let each of them say
 * that he is a teacher. */
static bool read_forwarder(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	struct config_client *client = out;

	const char *text = schema_scalar(run, row, value);
	if (text == NULL)
		return false;
	*client = client_of(CLIENT_PREFIX, text, value);
	if (!read_network(run, row, value, client))
		return false;
	if (client->kind == CLIENT_PREFIX &&
	    client->length <
	        (client->first.family == AF_INET ? FORWARDERS_BITS_4 : FORWARDERS_BITS_6)) {
		schema_warning(run, value->mark,
		    _("'%s': every device in it can say that it is another one, a teacher's "
		      "too (write the forwarder's own address)"),
		    text);
	}
	return true;
}

/* ---- devices ---------------------------------------------------------------------------- */

/* Pairs of hexadecimal digits between colons, as nothing but a MAC address is written, one
 * pair too few or too many though there be. Eight would be an IPv6 address. */
static bool is_nearly_mac(const char *text)
{
	size_t pairs = 0;

	for (;; pairs++, text += 3) {
		if (strspn(text, "0123456789abcdefABCDEF") != 2)
			return false;
		if (text[2] == 0)
			break;
		if (text[2] != ':' && text[2] != '-')
			return false;
	}
	return pairs + 1 >= MAC_PAIRS - 1 && pairs + 1 <= MAC_PAIRS + 1;
}

static bool read_mac(struct schema_run *run, const struct yaml_node *value,
    struct slice text, struct mac *out)
{
	if (!mac_from_text(out, text)) {
		schema_mistake(run, value->mark,
		    _("'%s' is no MAC address (write six pairs of digits such as "
		      "3c:22:fb:01:02:03)"),
		    value->text);
		return false;
	}
	if (!mac_is_device(*out)) {
		schema_mistake(run, value->mark,
		    _("'%s' is no device's MAC address but nobody's or that of many (write "
		      "the one that the device shows)"),
		    value->text);
		return false;
	}
	if (mac_is_local(*out)) {
		/* Not quoted: warnings are logged at each start. */
		schema_warning(run, value->mark,
		    _("this is a made-up MAC address, which telephones and laptops change "
		      "by themselves (switch off \"private address\" for the school's "
		      "network on the device, and write the one it shows then)"));
	}
	return true;
}

/* "192.168.1.5+3c:22:fb:01:02:03": this device, while it has this address. */
static bool read_pair(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, struct config_client *client)
{
	struct slice mac = slice_of(value->text);
	struct slice address = slice_cut(&mac, '+');

	client->kind = CLIENT_PAIR;
	if (!read_address(run, row, value, address, &client->first) ||
	    !read_mac(run, value, slice_trim(mac), &client->mac))
		return false;
	client->last = client->first;
	client->length = (unsigned)addr_size(&client->first) * 8;
	return true;
}

static bool looks_like_address(const char *text)
{
	return strpbrk(text, ".:/") != NULL;
}

static bool read_client(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	struct config_client *client = out;

	const char *text = schema_scalar(run, row, value);
	if (text == NULL)
		return false;
	*client = client_of(CLIENT_GROUP, text, value);
	if (strchr(text, '+') != NULL)
		return read_pair(run, row, value, client);
	if (is_nearly_mac(text)) {
		client->kind = CLIENT_MAC;
		return read_mac(run, value, slice_of(text), &client->mac);
	}
	if (looks_like_address(text))
		return read_network(run, row, value, client);
	if (value_only_of(text, "-_") && text[0] != 0)
		return true;
	schema_mistake(run, value->mark,
	    _("'%s' is neither an address, a prefix, a range, a MAC address nor a group "
	      "(write 10.20.0.0/16, 192.168.1.100-192.168.1.149, 3c:22:fb:01:02:03, or a "
	      "name of filter.groups)"),
	    text);
	return false;
}

const struct schema_type VALUE_ALLOW = {
    "`local`, prefix or range", read_allow, sizeof(struct config_client), false};
const struct schema_type VALUE_FORWARDER = {
    "prefix or range", read_forwarder, sizeof(struct config_client), false};
const struct schema_type VALUE_CLIENT = {"prefix, range, MAC, address+MAC or group",
    read_client, sizeof(struct config_client), false};
