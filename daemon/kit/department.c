#include "kit/department.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "base/file.h"
#include "base/words.h"
#include "kit/log.h"

void department_name(
    char out[DEPARTMENT_NAME_BYTES], const char *feed, char between, const char *name)
{
	(void)snprintf(out, DEPARTMENT_NAME_BYTES, "%.*s%c%.*s", BUNDLE_NAME_MAX, feed,
	    between, BUNDLE_NAME_MAX, name);
}

enum err department_path(char out[FILE_PATH_BYTES], const struct config *config,
    const char *feed, const char *end)
{
	char name[DEPARTMENT_NAME_BYTES + 32];

	(void)snprintf(name, sizeof name, "feeds/%s%s", feed, end);
	return path_join(out, FILE_PATH_BYTES, config->server.state_dir.text, name);
}

/* ---- one manifest ------------------------------------------------------------------------ */

/* The first octets, decoded; gzread() hands plain files on as they are. */
static enum err read_head(const char *path, uint8_t *out, size_t *len)
{
	int fd = file_open_to_read(path);
	enum err rc = OK;
	int n = 1;

	*len = 0;
	if (fd < 0)
		return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
	gzFile gz = gzdopen(fd, "rb"); /* and fd with it */
	if (gz == NULL) {
		(void)close(fd);
		return ERR_MEMORY;
	}
	while (rc == OK && n > 0 && *len < BUNDLE_MANIFEST_MAX) {
		n = gzread(gz, out + *len, (unsigned)(BUNDLE_MANIFEST_MAX - *len));
		if (n < 0)
			rc = ERR_FORMAT;
		else
			*len += (size_t)n;
	}
	gzclose(gz);
	/* A file that is damaged behind its manifest has told what matters here. */
	return *len > 0 ? OK : rc;
}

enum err department_read_manifest(
    struct bundle *out, const char *path, const struct config_feed *feed, struct diag *why)
{
	uint8_t *head = malloc(BUNDLE_MANIFEST_MAX);
	struct sign_public key;
	size_t len = 0;

	enum err rc = head == NULL ? ERR_MEMORY : read_head(path, head, &len);
	struct slice text = {head, len};
	if (rc != OK)
		diag_set(why, "%s: %s", path, err_text(rc));
	if (rc == OK) {
		rc = sign_public_read(&key, slice_of(feed->public_key.text));
		if (rc != OK)
			diag_set(why, N_("public_key is no key of Ed25519"));
	}
	if (rc == OK)
		rc = bundle_read(out, text, why);
	if (rc == OK) {
		rc = bundle_verify(out, text, &key, why);
		if (rc != OK)
			bundle_deinit(out);
	}
	free(head);
	return rc;
}

/* The copy, else the manifest beside it: flash that fails must not open what is closed. */
static void read_one(struct department_bundle *one, const struct config *config)
{
	static const char *const ends[] = {".gz", ".manifest"};
	const char *name = one->feed->name.text;
	char path[FILE_PATH_BYTES];
	struct diag why = {.text = ""};
	bool any = false;

	for (size_t i = 0; i < COUNT_OF(ends) && !one->in_force; i++) {
		if (department_path(path, config, name, ends[i]) != OK)
			continue;
		enum err rc = department_read_manifest(&one->bundle, path, one->feed, &why);
		one->in_force = rc == OK;
		if (rc == OK || rc == ERR_NOT_FOUND)
			continue;
		if (!any)
			one->why = why;
		any = true;
	}
}

/* ---- all of them ------------------------------------------------------------------------- */

static size_t count_demands(const struct bundle *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->mandatory_count; i++)
		n += b->mandatory[i].count;
	for (size_t i = 0; i < b->block_count; i++)
		n += b->block[i].count;
	return n;
}

static void add_demands(struct department *d, const char *from,
    const struct bundle_tier *tiers, size_t count, bool mandatory)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < tiers[i].count; k++)
			d->demands[d->policy.demand_count++] = (struct policy_demand){
			    from, tiers[i].tier, tiers[i].categories[k], mandatory};
	}
}

static enum err gather(struct department *d)
{
	size_t demands = 0, kept = 0;

	for (size_t i = 0; i < d->count; i++) {
		demands += count_demands(&d->items[i].bundle);
		kept += d->items[i].bundle.never_block_count;
	}
	d->demands = calloc(demands + 1, sizeof *d->demands);
	d->kept = calloc(kept + 1, sizeof *d->kept);
	if (d->demands == NULL || d->kept == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < d->count; i++) {
		const struct bundle *b = &d->items[i].bundle;
		const char *from = d->items[i].feed->name.text;
		add_demands(d, from, b->mandatory, b->mandatory_count, true);
		add_demands(d, from, b->block, b->block_count, false);
		for (size_t k = 0; k < b->never_block_count; k++)
			d->kept[d->policy.never_block_count++] =
			    (struct policy_kept_name){from, b->never_block[k]};
	}
	d->policy.demands = d->demands;
	d->policy.never_block = d->kept;
	return OK;
}

enum err department_read(struct department *out, const struct config *config)
{
	const struct config_feeds *feeds = &config->filter.feeds;

	*out = (struct department){.items = calloc(feeds->count + 1, sizeof *out->items)};
	if (out->items == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < feeds->count; i++) {
		if (feeds->items[i].format != FEED_FORMAT_BUNDLE ||
		    !feeds->items[i].enabled)
			continue;
		struct department_bundle *one = &out->items[out->count++];
		one->feed = &feeds->items[i];
		read_one(one, config);
	}
	enum err rc = gather(out);
	if (rc != OK)
		department_deinit(out);
	return rc;
}

void department_deinit(struct department *d)
{
	for (size_t i = 0; i < d->count; i++)
		bundle_deinit(&d->items[i].bundle);
	free(d->items);
	free(d->demands);
	free(d->kept);
	*d = (struct department){.count = 0};
}

struct department_tier department_tier(
    const struct department *d, const struct config *config, size_t tier)
{
	const struct rules_tier *t = &config->tiers.items[tier];
	struct department_tier made = {.block = t->block};
	size_t category;

	for (size_t i = 0; i < d->policy.demand_count; i++) {
		const struct policy_demand *one = &d->demands[i];
		if ((strcmp(one->tier, t->name.text) != 0 &&
		        strcmp(one->tier, t->base) != 0) ||
		    !config_find_category(config, one->category, &category) ||
		    (!one->mandatory && t->block_given))
			continue;
		made.block |= UINT64_C(1) << category;
		if (one->mandatory && !config->categories.items[category].locked)
			made.required |= UINT64_C(1) << category;
	}
	return made;
}

/* ---- what is said of them ------------------------------------------------------------------ */

static void log_unknown(const struct department *d, const struct config *config)
{
	size_t unused;

	for (size_t i = 0; i < d->policy.demand_count; i++) {
		const struct policy_demand *one = &d->demands[i];
		if (!config_find_tier(config, one->tier, &unused))
			log_warn("bundle", "%s: unknown tier %s: left out", one->from,
			    one->tier);
		else if (!config_find_category(config, one->category, &unused))
			log_warn("bundle", "%s: unknown category %s: left out", one->from,
			    one->category);
	}
}

void department_log(const struct department *d, const struct config *config, int64_t now_s)
{
	char when[BUNDLE_TIME_BYTES];

	for (size_t i = 0; i < d->count; i++) {
		const struct department_bundle *one = &d->items[i];
		const char *name = one->feed->name.text;
		if (!one->in_force) {
			if (one->why.text[0] != 0)
				log_error("bundle",
				    "%s: not in force: %s; it is fetched again", name,
				    one->why.text);
			else
				log_warn("bundle", "%s: not here yet", name);
		} else if (one->bundle.expires_s <= now_s) {
			bundle_time_text(when, one->bundle.expires_s);
			log_warn("bundle", "%s: expired since %s; it stays in force", name,
			    when);
		}
	}
	log_unknown(d, config);
}
