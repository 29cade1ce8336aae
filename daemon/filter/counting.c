#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "filter/clock.h"
#include "filter/counting_internal.h"
#include "filter/identity.h"
#include "filter/worker.h"
#include "kit/log.h"
#include "net/interfaces.h"

enum {
	CLOSE_TRIES = 60
};

static bool clock_is_trusted(const struct counting *c)
{
	return atomic_load_explicit(&c->filter->wall_trusted, memory_order_relaxed);
}

static const struct snapshot *snapshot_of(const struct counting *c)
{
	return atomic_load_explicit(&c->filter->snapshot, memory_order_acquire);
}

/* ---- labels ---- */

static void set_labels(struct counting *c, const struct snapshot *s)
{
	struct counting_labels *l = &c->labels;

	l->from_generation = s->generation;
	l->tier_count = policy_tier_count(s->policy);
	for (size_t i = 0; i < l->tier_count; i++) {
		const struct policy_tier *tier = policy_tier_at(s->policy, i);
		l->tier[i] =
		    tally_tier(c->tally, tier->name, tier->pupils ? TALLY_PUPILS : 0);
		(void)snprintf(l->tier_name[i], TALLY_LABEL_BYTES, "%s", tier->name);
	}
	l->category_count = policy_category_count(s->policy);
	for (size_t i = 0; i < l->category_count; i++) {
		const struct policy_category *category = policy_category_at(s->policy, i);
		unsigned flags = (category->sensitive ? TALLY_SENSITIVE : 0u) |
		    (category->answer == RULES_ANSWER_NULL ? TALLY_SILENT : 0u);
		l->category[i] = tally_category(c->tally, category->name, flags);
		l->sensitive[i] = category->sensitive;
		(void)snprintf(
		    l->category_name[i], TALLY_LABEL_BYTES, "%s", category->name);
	}
}

void counting_follow(struct counting *c, const struct snapshot *now)
{
	counting_drain(c);
	c->labels_before = c->labels;
	set_labels(c, now);
}

/* ---- events ---- */

static struct tally_device device_of(const struct tally_event *e)
{
	uint8_t octets[MAC_OCTETS];

	if (mac_is_known(e->mac)) {
		mac_to_octets(octets, e->mac);
		return tally_device_mac(octets);
	}
	return e->client.family == AF_INET ? tally_device_ipv4(e->client.bytes)
	                                   : tally_device_ipv6(e->client.bytes);
}

/* The registrable domain of a name (RFC 9499: below a public suffix), the whole name where
 * there is none. Borrows from `text`. */
static const char *registrable(const struct counting *c, const char *text)
{
	const char *domain =
	    c->suffixes == NULL ? NULL : psl_registrable_domain(c->suffixes, text);
	return domain != NULL ? domain : text;
}

/* Feeds that anybody can read: what they list is no secret of this school. */
static bool is_public_feed(const struct snapshot *s, unsigned feed)
{
	struct ruledb_feed f;

	if (s->rules->db == NULL || !ruledb_feed_at(s->rules->db, feed, &f))
		return false;
	return strncmp(f.url, "https://", 8) == 0 || strncmp(f.url, "http://", 7) == 0;
}

static struct dname last_labels(struct dname name, size_t labels)
{
	for (size_t n = name_label_count(name); n > labels; n--)
		name = name_parent(name);
	return name;
}

/* Who watches sees no more than a summary would say (DESIGN.md): nothing sensitive, and
 * nothing of a cell with fewer devices than the floor. */
static bool may_be_watched(const struct counting *c, const struct tally_event *e,
    const struct counting_labels *labels)
{
	const struct snapshot *s = snapshot_of(c);
	struct tally_selection cell = {{0}};
	int tier = labels->tier[e->tier];
	int category = labels->category[e->category];

	if (tier < 0 || category < 0 || labels->sensitive[e->category])
		return false;
	cell.categories[tier] = (uint64_t)1 << category;
	return report_may_show(tally_count(c->tally, &cell).devices,
	    (uint32_t)s->config->monitor.summary.min_devices);
}

static void show(struct counting *c, const struct tally_event *e,
    const struct counting_labels *labels, const char *domain)
{
	struct name_buf name;

	if (c->watch == NULL || !c->watched(c->watch_context) ||
	    !may_be_watched(c, e, labels) ||
	    name_from_text(&name, slice_of(domain), NULL) != OK)
		return;
	const struct counted_attempt attempt = {
	    .wall_s = (int64_t)time(NULL),
	    .tier = labels->tier_name[e->tier],
	    .category = labels->category_name[e->category],
	    .name = name_of(&name),
	};
	c->watch(c->watch_context, &attempt);
}

static void count_attempt(
    struct counting *c, const struct tally_event *e, const struct counting_labels *labels)
{
	char asked[NAME_TEXT_MAX];
	char listed[NAME_TEXT_MAX] = "";
	struct dname qname = name_of(&e->qname);

	if (e->category >= labels->category_count)
		return;
	name_to_text(asked, qname);
	if (e->from_feed && !e->silent && e->generation == snapshot_of(c)->generation &&
	    is_public_feed(snapshot_of(c), e->feed))
		name_to_text(listed, last_labels(qname, e->listed_depth));
	const char *domain = registrable(c, asked);
	const struct tally_attempt attempt = {
	    .device = device_of(e),
	    .tier = labels->tier[e->tier],
	    .category = labels->category[e->category],
	    .domain = slice_of(domain),
	    .name = slice_of(registrable(c, listed)),
	    .now = {.mono_ms = e->mono_ms,
	        .wall_s = (int64_t)time(NULL),
	        .wall_trusted = clock_is_trusted(c)},
	};
	switch (tally_attempt(c->tally, &attempt)) {
	case TALLY_COUNTED:
		show(c, e, labels, domain);
		break;
	case TALLY_CAPPED: {
		uint64_t hash = filter_capped_hash(c->filter,
		    identity_hash(c->filter, &e->client, e->mac), e->tier, e->category);
		atomic_store_explicit(
		    &c->filter->capped[hash % CAPPED_SLOTS], hash, memory_order_relaxed);
		break;
	}
	case TALLY_REPEATED:
	case TALLY_DROPPED:
		break;
	}
}

static void count_event(struct counting *c, const struct tally_event *e)
{
	const struct counting_labels *labels =
	    e->generation >= c->labels.from_generation ? &c->labels : &c->labels_before;

	if (e->kind == TALLY_SAMPLE) {
		sources_note(c->sources, &e->client, name_of(&e->qname), e->forwards);
		if (e->forwarded)
			sources_note_forwarded(c->sources);
		return;
	}
	if (e->tier >= labels->tier_count)
		return;
	if (e->kind == TALLY_ATTEMPT) {
		count_attempt(c, e, labels);
		return;
	}
	const struct tally_device device = device_of(e);
	tally_device_seen(c->tally, &device, labels->tier[e->tier],
	    e->claimed ? TALLY_CLAIMED : TALLY_BY_DEFAULT);
}

void counting_drain(struct counting *c)
{
	uint64_t lost = 0;

	for (unsigned i = 0; i < c->filter->worker_count; i++) {
		struct worker *w = c->filter->workers[i];
		const struct tally_event *e;
		/* Bounded: a worker that fills as fast as we read must not hold us here. */
		for (unsigned n = 0; n < RING_SLOTS && (e = ring_peek(&w->ring)) != NULL;
		     n++) {
			count_event(c, e);
			ring_release(&w->ring);
		}
		lost += atomic_load_explicit(&w->counters.ring_lost, memory_order_relaxed);
	}
	if (lost > c->ring_lost) {
		tally_lost(c->tally, lost - c->ring_lost);
		c->ring_lost = lost;
	}
}

/* ---- the clock ---- */

static void random_bytes(void *out, size_t len)
{
	if (getrandom(out, len, 0) != (ssize_t)len)
		abort(); /* without entropy the device tags could be guessed */
}

static void fill_setup(
    const struct counting *c, struct tally_setup *setup, const struct tally_period *period)
{
	*setup = (struct tally_setup){
	    .run_path = c->run_path[0] != 0 ? c->run_path : NULL,
	    .state_path = c->state_path,
	    .period = *period,
	    .limits = TALLY_LIMITS_DEFAULT,
	};
	setup->limits.min_devices =
	    (uint32_t)snapshot_of(c)->config->monitor.summary.min_devices;
	random_bytes(setup->device_key, sizeof setup->device_key);
	random_bytes(&setup->process_key, sizeof setup->process_key);
}

/* Days that an earlier run left are closed before today's is opened in their place. */
static enum err open_tally(struct counting *c, struct diag *why)
{
	struct tally_period today = {.day = 0};
	struct tally_setup setup;
	struct tally *left;

	if (clock_is_trusted(c))
		today = counting_period((int64_t)time(NULL));
	fill_setup(c, &setup, &today);
	if (today.day != 0 && tally_open_left(&left, &setup, why) == OK) {
		bool kept = counting_close_day(c, left, today.day);
		tally_end(left);
		c->storage_lost = c->storage_lost || !kept;
	}
	enum err rc = tally_open(&c->tally, &setup, why);
	if (rc == ERR_IO && setup.run_path != NULL) {
		log_error("counting",
		    "%s; until the next start what is counted is not kept there",
		    why->text);
		setup.run_path = NULL;
		rc = tally_open(&c->tally, &setup, why);
	}
	explicit_bzero(&setup, sizeof setup); /* the key of the devices' tags */
	if (rc != OK)
		return rc;
	if (!tally_is_durable(c->tally)) {
		log_warn("counting",
		    "run_dir is not in memory: devices are counted in the program alone and "
		    "start anew with it");
	}
	atomic_store_explicit(&c->filter->day, today.day, memory_order_relaxed);
	set_labels(c, snapshot_of(c));
	c->labels_before = c->labels;
	if (c->storage_lost)
		counting_fail(c, "storage-lost");
	c->storage_lost = false;
	return OK;
}

static void change_day(struct counting *c, uint32_t today)
{
	struct diag why;

	counting_drain(c);
	if (!counting_close_day(c, c->tally, today) && c->close_tries++ < CLOSE_TRIES)
		return; /* a full disk, perhaps: the old day goes on and is tried again */
	c->storage_lost = c->close_tries > CLOSE_TRIES;
	c->close_tries = 0;
	tally_end(c->tally);
	c->tally = NULL;
	if (open_tally(c, &why) != OK) {
		log_error("counting", "the new day cannot be counted: %s", why.text);
		abort(); /* out of memory at midnight: the supervisor starts us anew */
	}
	sources_forget(c->sources);
	c->sources_since_ms = clock_mono_ms();
	log_info("counting", "a new day is counted");
}

static void look_at_clock(struct counting *c)
{
	struct tally_period counted = tally_day(c->tally);
	int64_t now_s = (int64_t)time(NULL);

	if (!clock_is_trusted(c))
		return;
	struct tally_period today = counting_period(now_s);
	if (counted.day == 0) {
		if (tally_begin_day(c->tally, &today) == OK) {
			atomic_store_explicit(
			    &c->filter->day, today.day, memory_order_relaxed);
		}
		return;
	}
	/* A failed closing is tried once a minute, not once a second. */
	if (today.day != counted.day && (c->close_tries == 0 || now_s % 60 == 0))
		change_day(c, today.day);
}

static uint64_t queries_so_far(const struct filter *f)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < f->worker_count; i++) {
		const struct counters *n = &f->workers[i]->counters;
		sum += atomic_load_explicit(&n->udp, memory_order_relaxed) +
		    atomic_load_explicit(&n->tcp, memory_order_relaxed);
	}
	return sum;
}

/* Pupils without a filter: a pause of any of their tiers, or no rules at all. */
static bool is_unfiltered(const struct snapshot *s, uint64_t now_ms)
{
	if (s->rules->db == NULL && !s->refuse_all)
		return true;
	for (size_t i = 0; i < policy_tier_count(s->policy); i++) {
		if (policy_tier_at(s->policy, i)->pupils &&
		    s->state.tiers[i].paused_until_ms > now_ms)
			return true;
	}
	return false;
}

/* Again and again: a disk that is full or read-only at the start may not stay so. */
static bool make_folders(const struct counting *c)
{
	return (mkdir(c->tally_folder, 0750) == 0 || errno == EEXIST) &&
	    (mkdir(c->outbox, 0750) == 0 || errno == EEXIST);
}

static void save(struct counting *c, enum tally_save_kind kind)
{
	(void)make_folders(c);
	enum err rc = tally_save(c->tally, kind);
	if (rc != OK && rc != ERR_AGAIN) {
		log_error(
		    "counting", "today's counts cannot be saved: %s", strerror(errno));
	}
}

static void on_second(evutil_socket_t fd, short what, void *context)
{
	struct counting *c = context;
	uint64_t now_ms = clock_mono_ms();
	uint64_t queries = queries_so_far(c->filter);

	(void)fd;
	(void)what;
	look_at_clock(c);
	tally_add_uptime_s(c->tally, 1);
	if (is_unfiltered(snapshot_of(c), now_ms))
		tally_add_unfiltered_s(c->tally, 1);
	tally_add_queries(c->tally, queries - c->counted_queries);
	c->counted_queries = queries;
	if (now_ms - c->saved_ms >= snapshot_of(c)->config->monitor.save_ms) {
		c->saved_ms = now_ms;
		save(c, TALLY_SAVE_RUNNING);
	}
}

static void on_drain(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	counting_drain(context);
}

void counting_fail(struct counting *c, const char *type)
{
	tally_fail(c->tally, type, (int64_t)time(NULL));
}

bool counting_has_seen(
    const struct counting *c, struct mac mac, const struct addr *addresses, size_t count)
{
	uint8_t octets[MAC_OCTETS];
	struct tally_device device;

	mac_to_octets(octets, mac);
	device = tally_device_mac(octets);
	if (mac_is_known(mac) && tally_has_seen(c->tally, &device))
		return true;
	for (size_t i = 0; i < count; i++) {
		device = tally_device_ipv4(addresses[i].bytes);
		if (addresses[i].family == AF_INET && tally_has_seen(c->tally, &device))
			return true;
	}
	return false;
}

const struct sources *counting_sources(const struct counting *c)
{
	return c->sources;
}

size_t counting_shared(const struct counting *c, struct shared_source *out, size_t max)
{
	struct interfaces ours = INTERFACES_NONE;
	size_t found = sources_shared(c->sources, out, max), count = 0;

	if (found > 0 && interfaces_read(&ours) != OK)
		ours = INTERFACES_NONE;
	for (size_t i = 0; i < found; i++)
		if (!interfaces_is_ours(&ours, &out[i].address))
			out[count++] = out[i];
	interfaces_deinit(&ours);
	return count;
}

uint64_t counting_watched_s(const struct counting *c)
{
	return (clock_mono_ms() - c->sources_since_ms) / 1000;
}

bool counting_is_partial(const struct counting *c)
{
	struct tally_totals *totals = calloc(1, sizeof *totals);
	if (totals == NULL)
		return true;
	tally_totals(c->tally, totals);
	bool partial = totals->partial;
	free(totals);
	return partial;
}

void counting_set_watch(
    struct counting *c, counting_watch_fn *fn, counting_watched_fn *watched, void *context)
{
	c->watch = fn;
	c->watched = watched;
	c->watch_context = context;
}

/* ---- life ---- */

static enum err make_paths(struct counting *c, const struct config_server *server)
{
	enum err rc = path_join(
	    c->tally_folder, sizeof c->tally_folder, server->state_dir.text, "tally");
	if (rc == OK) {
		rc = path_join(
		    c->state_path, sizeof c->state_path, c->tally_folder, "today");
	}
	if (rc == OK) {
		rc = path_join(
		    c->outbox, sizeof c->outbox, server->state_dir.text, "outbox");
	}
	/* Nothing of a device may reach a disk. */
	if (rc == OK && file_is_in_memory(server->run_dir.text)) {
		rc = path_join(
		    c->run_path, sizeof c->run_path, server->run_dir.text, "tally");
	}
	return rc;
}

static enum err watch_time(struct counting *c)
{
	const struct timeval drain = {0, COUNTING_DRAIN_MS * 1000};
	const struct timeval second = {1, 0};

	c->drain = event_new(c->base, -1, EV_PERSIST, on_drain, c);
	c->second = event_new(c->base, -1, EV_PERSIST, on_second, c);
	if (c->drain == NULL || c->second == NULL || event_add(c->drain, &drain) != 0 ||
	    event_add(c->second, &second) != 0)
		return ERR_MEMORY;
	return OK;
}

enum err counting_new(
    struct counting **out, struct event_base *base, struct filter *filter, struct diag *why)
{
	struct counting *c = calloc(1, sizeof *c);
	if (c == NULL)
		return ERR_MEMORY;
	c->base = base;
	c->filter = filter;
	c->suffixes = psl_builtin();
	c->saved_ms = clock_mono_ms();
	c->sources_since_ms = c->saved_ms;
	c->sources = sources_new();
	if (c->sources == NULL) {
		counting_free(c);
		return ERR_MEMORY;
	}
	enum err rc = make_paths(c, &snapshot_of(c)->config->server);
	if (rc != OK) {
		diag_set(why, "%s: the path is too long", c->tally_folder);
	} else {
		/* Names are answered and counted all the same; saving tries again. */
		if (!make_folders(c))
			log_error("counting", "%s: %s", c->tally_folder, strerror(errno));
		rc = open_tally(c, why);
	}
	if (rc == OK)
		rc = watch_time(c);
	if (rc != OK) {
		counting_free(c);
		return rc;
	}
	*out = c;
	return OK;
}

void counting_free(struct counting *c)
{
	if (c == NULL)
		return;
	if (c->drain != NULL)
		event_free(c->drain);
	if (c->second != NULL)
		event_free(c->second);
	if (c->tally != NULL) {
		counting_drain(c);
		save(c, TALLY_SAVE_LAST);
		tally_close(c->tally);
	}
	sources_free(c->sources);
	free(c);
}
