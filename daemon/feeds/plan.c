#include "feeds/plan.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "feeds/machine.h"
#include "feeds/store.h"

enum {
	/* Measured: docs/performance.md. */
	NAME_TEXT_BYTES = 20, /* of a line of a list */
	NAME_RULES_BYTES = 9,
	NAME_COMPILE_BYTES = 24,
	COPY_PART = 4,           /* gzip leaves a quarter */
	FILTER_BYTES = 10 << 20, /* the filter without rules */
	FEEDS_BYTES = 8 << 20,   /* lachan-feeds without a list */
	RULES_FILES = 3          /* in force, the one before, the one being written */
};

struct need {
	uint64_t entries;
	uint64_t text_bytes;
	uint64_t copy_bytes;
};

/* ---- one feed ---- */

static void read_meta(struct meta *m, const struct config *config, const char *name)
{
	struct buf text = BUF_INIT(META_FILE_MAX_BYTES);
	char path[FILE_PATH_BYTES];

	*m = META_INIT;
	int n = snprintf(
	    path, sizeof path, "%s/feeds/%s.meta", config->server.state_dir.text, name);
	if (n > 0 && (size_t)n < sizeof path && file_read(path, &text) == OK &&
	    meta_decode(m, buf_slice(&text)) != OK)
		*m = META_INIT;
	buf_deinit(&text);
}

static uint64_t size_of_copy(const struct config *config, const char *name)
{
	char path[FILE_PATH_BYTES];
	struct stat st;
	int n = snprintf(
	    path, sizeof path, "%s/feeds/%s.gz", config->server.state_dir.text, name);

	if (n <= 0 || (size_t)n >= sizeof path || stat(path, &st) != 0)
		return 0;
	return (uint64_t)st.st_size;
}

static const struct rules_feed *in_catalogue(
    const struct config *config, const struct config_feed *feed)
{
	for (size_t i = 0; i < config->catalogue.count; i++) {
		const struct rules_feed *known = &config->catalogue.items[i];
		if (strcmp(known->feed.name.text, feed->name.text) == 0 ||
		    strcmp(known->feed.url.items[0].text, feed->url.items[0].text) == 0)
			return known;
	}
	return NULL;
}

/* A packaged list, or one on this machine. */
static uint64_t size_of_file(const struct config *config, const char *url)
{
	char path[FILE_PATH_BYTES];
	struct stat st;

	if (strncmp(url, "file:", strlen("file:")) != 0)
		return 0;
	url += strlen("file:");
	while (url[0] == '/' && url[1] == '/')
		url++;
	int n = url[0] == '/'
	    ? snprintf(path, sizeof path, "%s", url)
	    : snprintf(path, sizeof path, "%s/%s", config->server.data_dir.text, url);
	if (n <= 0 || (size_t)n >= sizeof path || stat(path, &st) != 0 ||
	    !S_ISREG(st.st_mode))
		return 0;
	return (uint64_t)st.st_size;
}

/* Where the figures come from: "copy", "catalogue", "file" or "unknown". */
static const char *find_need(
    struct need *out, const struct config *config, const struct config_feed *feed)
{
	const struct rules_feed *known = in_catalogue(config, feed);
	const char *from = "unknown";
	struct meta m;

	read_meta(&m, config, feed->name.text);
	*out = (struct need){.entries = 0};
	if (m.fetched_s > 0) {
		*out = (struct need){m.entries > m.rules ? m.entries : m.rules, m.bytes,
		    size_of_copy(config, feed->name.text)};
		from = "copy";
	} else if (known != NULL && (known->entries > 0 || known->size_bytes > 0)) {
		*out = (struct need){known->entries, known->size_bytes, 0};
		from = "catalogue";
	} else if ((out->text_bytes = size_of_file(config, feed->url.items[0].text)) > 0) {
		from = "file";
	}
	if (out->text_bytes == 0)
		out->text_bytes = out->entries * NAME_TEXT_BYTES;
	if (out->entries == 0)
		out->entries = out->text_bytes / NAME_TEXT_BYTES;
	if (config->filter.keep_sources != KEEP_SOURCES_GZIP)
		out->copy_bytes = 0;
	else if (out->copy_bytes == 0)
		out->copy_bytes = out->text_bytes / COPY_PART;
	return from;
}

static json_t *plan_feed(
    struct need *need, const struct config *config, const struct config_feed *feed)
{
	struct meta m;

	read_meta(&m, config, feed->name.text);
	const char *from = find_need(need, config, feed);
	if (m.off || !feed->enabled)
		*need = (struct need){.entries = 0};
	return json_pack("{s:s, s:s, s:b, s:s, s:I, s:I, s:I, s:I}", "name",
	    feed->name.text, "category", feed->category.text, "off",
	    m.off || !feed->enabled, "known_from", from, "entries",
	    (json_int_t)need->entries, "text_bytes", (json_int_t)need->text_bytes,
	    "copy_bytes", (json_int_t)need->copy_bytes, "rules_bytes",
	    (json_int_t)(need->entries * NAME_RULES_BYTES));
}

/* ---- the whole ---- */

struct total {
	struct need sum;
	uint64_t largest_copy; /* is there twice while it is fetched */
};

static json_t *plan_feeds(struct total *total, const struct config *config)
{
	const struct config_feeds *feeds = &config->filter.feeds;
	json_t *list = json_array();

	for (size_t i = 0; i < feeds->count; i++) {
		struct need need;
		json_t *one = plan_feed(&need, config, &feeds->items[i]);
		if (json_array_append_new(list, one) != 0) {
			json_decref(list);
			return NULL;
		}
		total->sum.entries += need.entries;
		total->sum.text_bytes += need.text_bytes;
		total->sum.copy_bytes += need.copy_bytes;
		if (need.copy_bytes > total->largest_copy)
			total->largest_copy = need.copy_bytes;
	}
	return list;
}

static json_t *plan_memory(uint64_t entries, uint64_t *need, uint64_t *have)
{
	uint64_t rules = entries * NAME_RULES_BYTES;
	uint64_t compile = FEEDS_BYTES + entries * NAME_COMPILE_BYTES;

	/* The worst moment: compiled, and the filter takes the new list beside the old. */
	*need = FILTER_BYTES + 2 * rules + compile;
	*have = machine_available_memory();
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "filter_bytes",
	    (json_int_t)(FILTER_BYTES + rules), "update_bytes", (json_int_t)rules,
	    "compile_bytes", (json_int_t)compile, "peak_bytes", (json_int_t)*need,
	    "available_bytes", (json_int_t)*have, "machine_bytes",
	    (json_int_t)machine_memory());
}

static json_t *plan_flash(
    const struct total *total, const char *folder, uint64_t *need, uint64_t *have)
{
	uint64_t rules = total->sum.entries * NAME_RULES_BYTES;

	*need = RULES_FILES * rules + total->sum.copy_bytes + total->largest_copy;
	*have = machine_free_flash(folder);
	return json_pack("{s:I, s:I, s:I, s:I}", "rules_bytes", (json_int_t)rules,
	    "copies_bytes", (json_int_t)total->sum.copy_bytes, "peak_bytes",
	    (json_int_t)*need, "free_bytes", (json_int_t)*have);
}

json_t *plan_make(const struct config *config)
{
	const char *state_dir = config->server.state_dir.text;
	struct total total = {.largest_copy = 0};
	uint64_t memory, memory_have, flash, flash_have;

	json_t *feeds = plan_feeds(&total, config);
	uint64_t entries = total.sum.entries;
	json_t *in_memory = plan_memory(entries, &memory, &memory_have);
	json_t *on_flash = plan_flash(&total, state_dir, &flash, &flash_have);
	json_t *short_of = json_array();
	if (memory > memory_have)
		(void)json_array_append_new(short_of, json_string("memory"));
	if (flash > flash_have)
		(void)json_array_append_new(short_of, json_string("flash"));
	return json_pack("{s:o, s:I, s:o, s:o, s:{s:I, s:I}, s:o}", "feeds", feeds,
	    "entries", (json_int_t)entries, "memory", in_memory, "flash", on_flash, "time",
	    "compile_ms", (json_int_t)machine_compile_ms(entries), "fetch_bytes",
	    (json_int_t)(total.sum.text_bytes / COPY_PART), "short_of", short_of);
}
