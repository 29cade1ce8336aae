/* staff: a device is staff's until evening, since somebody of the staff has signed in at it. */
#include <stdlib.h>

#include "base/words.h"
#include "filter/clock.h"
#include "filter/granting.h"
#include "filter/sources.h"
#include "kit/log.h"
#include "net/interfaces.h"

enum {
	LONGEST_S = 24 * 60 * 60,
	SHARED_MAX = SOURCES_MAX
};

/* Whose sign-in it is: a device by its address, and its MAC where the kernel knows it. */
struct device {
	struct addr address;
	struct mac mac;
};

/* ---- one device, and not the way to many ---- */

/* The gateway itself: who forwards from it, or stands behind a proxy on it, may be anybody. Of
 * loopback it has the addresses that stand there (127.0.0.1, ::1), from which it asks. */
static bool is_ours(const struct addr *address)
{
	struct interfaces ours = INTERFACES_NONE;

	if (addr_is_unspecified(address) || addr_is_multicast(address))
		return true;
	if (interfaces_read(&ours) != OK)
		return true; /* not known: no */
	bool found = false;
	for (size_t i = 0; i < ours.count && !found; i++)
		found = addr_equal(&ours.items[i].address, address);
	interfaces_deinit(&ours);
	return found;
}

static bool has_signs(struct program *p, const struct addr *address)
{
	struct shared_source *shared = calloc(SHARED_MAX, sizeof *shared);
	bool found = shared == NULL;

	counting_drain(p->counting);
	size_t count =
	    shared == NULL ? 0 : counting_shared(p->counting, shared, SHARED_MAX);
	for (size_t i = 0; i < count && !found; i++)
		found = addr_equal(&shared[i].address, address);
	free(shared);
	return found;
}

static bool check_device(struct command *c, const struct device *d)
{
	const struct snapshot *s = granting_snapshot(c);
	uint8_t tier;

	if (!policy_find_tier(s->policy, "staff", &tier)) {
		command_refuse(c, "no_tier", N_("there is no tier \"staff\""));
		return false;
	}
	if (is_ours(&d->address) || policy_trusts_forwarder(s->policy, &d->address) ||
	    has_signs(c->program, &d->address)) {
		command_refuse(c, "shared",
		    N_("more than one device may stand behind that address: it cannot be "
		       "staff's"));
		return false;
	}
	return true;
}

static bool read_device(struct command *c, struct device *out)
{
	struct program *p = c->program;
	const char *text = command_text(c, "client");

	if (!command_is_ours(c)) {
		command_refuse(
		    c, "wrong", N_("only the gateway itself may say whose a device is"));
		return false;
	}
	if (text == NULL || addr_from_text(&out->address, slice_of(text), NULL) != OK) {
		command_refuse(c, "wrong", N_("that is not an address"));
		return false;
	}
	out->address.port = 0;
	out->mac = MAC_NONE;
	(void)identity_find_mac(p->filter, granting_snapshot(c), &p->ask, &out->address,
	    clock_mono_ms(), &out->mac);
	return true;
}

/* ---- the command ---- */

static bool read_time(struct command *c, struct lease *out)
{
	const json_t *until = json_object_get(c->request, "until_s");
	struct moment now = granting_now(c);

	if (!now.wall_trusted) {
		command_refuse(c, "clock",
		    N_("the clock is not trusted, so no sign-in would count: set the time "
		       "first"));
		return false;
	}
	out->made_wall_s = now.wall_s;
	out->until_wall_s = json_integer_value(until);
	if (out->until_wall_s <= now.wall_s || out->until_wall_s > now.wall_s + LONGEST_S) {
		command_refuse(c, "wrong", N_("a device is staff's for a day at most"));
		return false;
	}
	return true;
}

static void begin_lease(struct command *c, const struct device *d)
{
	struct lease lease = {.mac = d->mac, .address = d->address};

	if (!check_device(c, d) || !read_time(c, &lease))
		return;
	enum err rc = publisher_lease(c->program->publisher, &lease);
	if (rc == ERR_FULL) {
		command_refuse(
		    c, "too_many", N_("too many devices are staff's for a while already"));
	} else if (rc != OK) {
		command_refuse(c, "failed", err_text(rc));
	} else {
		log_info("staff", "a device is staff's for %lld s, by a sign-in",
		    (long long)(lease.until_wall_s - lease.made_wall_s));
		c->reply = json_pack(
		    "{s:b, s:I}", "ok", 1, "until_s", (json_int_t)lease.until_wall_s);
		command_put_time(c->reply, "until", lease.until_wall_s);
	}
}

/* Of a device that had none it is over as well. */
static void end_lease(struct command *c, const struct device *d)
{
	enum err rc = publisher_end_lease(c->program->publisher, &d->address, d->mac);

	if (rc != OK && rc != ERR_NOT_FOUND) {
		command_refuse(c, "failed", err_text(rc));
		return;
	}
	if (rc == OK)
		log_info("staff", "a device is no longer staff's, by its own wish");
	c->reply = json_pack("{s:b, s:s, s:i}", "ok", 1, "until", "", "until_s", 0);
}

void command_staff(struct command *c)
{
	struct device device;

	if (!read_device(c, &device))
		return;
	if (json_is_true(json_object_get(c->request, "end")))
		end_lease(c, &device);
	else
		begin_lease(c, &device);
}
