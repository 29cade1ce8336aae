/* doctor: what the filter alone knows of who is protected. */
#include <unistd.h>

#include "base/words.h"
#include "filter/command.h"
#include "filter/sources.h"

enum {
	DEVICES_MAX = 4096,
	ADDRESSES_MAX = 16, /* of one device */
	SHARED_MAX = 16
};

static bool has_asked(const struct counting *counting, const json_t *device)
{
	const char *mac_text = json_string_value(json_object_get(device, "mac"));
	struct addr addresses[ADDRESSES_MAX];
	struct mac mac = MAC_NONE;
	const json_t *one;
	size_t i, count = 0;

	if (mac_text != NULL && !mac_from_text(&mac, slice_of(mac_text)))
		mac = MAC_NONE;
	json_array_foreach(json_object_get(device, "addresses"), i, one)
	{
		const char *text = json_string_value(one);
		if (text != NULL && count < ADDRESSES_MAX &&
		    addr_from_text(&addresses[count], slice_of(text), NULL) == OK)
			count++;
	}
	return counting_has_seen(counting, mac, addresses, count);
}

static json_t *list_silent(const struct counting *counting, const json_t *devices)
{
	json_t *silent = json_array();
	const json_t *device;
	size_t i;

	json_array_foreach(devices, i, device)
	{
		if (i < DEVICES_MAX && !has_asked(counting, device))
			(void)json_array_append_new(silent, json_integer((json_int_t)i));
	}
	return silent;
}

static json_t *list_signs(unsigned signs)
{
	static const struct {
		enum source_sign sign;
		const char *word;
	} WORDS[] = {{SOURCE_FORWARDER, "forwarder"}, {SOURCE_SYSTEMS, "systems"},
	    {SOURCE_VOLUME, "volume"}};
	json_t *list = json_array();

	for (size_t i = 0; i < COUNT_OF(WORDS); i++)
		if ((signs & WORDS[i].sign) != 0)
			(void)json_array_append_new(list, json_string(WORDS[i].word));
	return list;
}

static json_t *list_shared(const struct counting *counting)
{
	struct shared_source shared[SHARED_MAX];
	json_t *list = json_array();
	size_t count = counting_shared(counting, shared, SHARED_MAX);

	for (size_t i = 0; i < count; i++) {
		char address[ADDR_TEXT_MAX];
		addr_to_text(address, &shared[i].address);
		(void)json_array_append_new(list,
		    json_pack("{s:s, s:o, s:i}", "address", address, "signs",
		        list_signs(shared[i].signs), "share_percent",
		        (int)shared[i].share_percent));
	}
	return list;
}

void command_doctor(struct command *c)
{
	uid_t uid = control_peer_uid(c->peer);
	struct counting *counting = c->program->counting;

	if (uid != 0 && uid != geteuid()) {
		command_fail(c, N_("only root may ask which devices have asked"));
		return;
	}
	counting_drain(counting);
	c->reply = json_pack("{s:b, s:o, s:I, s:I, s:o}", "ok", 1, "silent",
	    list_silent(counting, json_object_get(c->request, "devices")), "counted_s",
	    (json_int_t)counting_watched_s(counting), "clients",
	    (json_int_t)sources_count(counting_sources(counting)), "shared",
	    list_shared(counting));
}
