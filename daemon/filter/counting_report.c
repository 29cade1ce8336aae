#include <stdlib.h>
#include <string.h>

#include "filter/counting_internal.h"
#include "spool/spool.h"

static struct tally_totals *totals_now(struct counting *c)
{
	struct tally_totals *totals = calloc(1, sizeof *totals);

	counting_drain(c);
	if (totals != NULL)
		tally_totals(c->tally, totals);
	return totals;
}

static const struct config *config_of(const struct counting *c)
{
	return atomic_load_explicit(&c->filter->snapshot, memory_order_acquire)->config;
}

static json_t *date_of(const struct tally_totals *totals)
{
	char text[16] = "";
	uint32_t day = totals->period.day;

	if (day != 0) {
		(void)snprintf(text, sizeof text, "%04u-%02u-%02u", day / 10000,
		    day / 100 % 100, day % 100);
	}
	return json_string(text);
}

/* A tier of pupils that this school has: only its sensitive cells are worth a line. */
static bool is_level(const struct config *config, const char *tier)
{
	for (size_t i = 0; i < config->school.levels.count; i++) {
		if (strcmp(config->school.levels.items[i].text, tier) == 0)
			return true;
	}
	return false;
}

/* A cell as screens may show it: sensitive ones never by the day (DESIGN.md), so that they
 * look alike whether empty or not; the others rounded and from the floor on. */
static json_t *show_cell(
    const struct tally_totals *t, const struct config *config, size_t tier, size_t category)
{
	const struct tally_cell *cell = &t->cells[tier][category];
	bool sensitive = (t->categories[category].flags & TALLY_SENSITIVE) != 0;
	uint32_t min_devices = (uint32_t)config->monitor.summary.min_devices;

	if (sensitive ? !is_level(config, t->tiers[tier].text) : cell->attempts == 0)
		return NULL;
	json_t *row = json_pack("{s:s, s:s}", "tier", t->tiers[tier].text, "category",
	    t->categories[category].text);
	if (sensitive || !report_may_show(cell->devices, min_devices)) {
		(void)json_object_set_new(row, "attempts", json_string("below"));
	} else {
		(void)json_object_set_new(row, "attempts",
		    json_integer((json_int_t)report_round_attempts(cell->attempts)));
	}
	return row;
}

json_t *counting_stats(struct counting *c)
{
	struct tally_totals *t = totals_now(c);
	if (t == NULL)
		return NULL;
	json_t *cells = json_array();
	for (size_t i = 0; i < t->tier_count; i++) {
		for (size_t k = 0; k < t->category_count; k++) {
			json_t *row = show_cell(t, config_of(c), i, k);
			if (row != NULL)
				(void)json_array_append_new(cells, row);
		}
	}
	json_t *reply =
	    json_pack("{s:b, s:o, s:o}", "ok", 1, "date", date_of(t), "cells", cells);
	free(t);
	return reply;
}

json_t *counting_top(struct counting *c)
{
	struct tally_totals *t = totals_now(c);
	json_t *names = json_array();

	for (size_t i = 0; t != NULL && i < t->name_count; i++) {
		const struct tally_top_name *name = &t->names[i];
		if (!report_may_show(
		        name->devices, (uint32_t)config_of(c)->monitor.summary.min_devices))
			continue;
		(void)json_array_append_new(names,
		    json_pack("{s:s, s:s, s:s}", "category",
		        t->categories[name->category].text, "name", name->text, "devices",
		        report_band_text(report_band_of(name->devices))));
	}
	free(t);
	return json_pack("{s:b, s:o}", "ok", 1, "names", names);
}

json_t *counting_summary_preview(struct counting *c)
{
	struct report_document document;
	struct buf json = BUF_INIT(REPORT_MAX_BYTES);
	json_t *reply = NULL;

	counting_drain(c);
	if (counting_document(c, c->tally, &document) != OK)
		return NULL;
	if (report_encode(&document, &json) == OK)
		reply = json_pack("{s:b, s:s}", "ok", 1, "document", buf_cstr(&json));
	buf_deinit(&json);
	report_document_deinit(&document);
	return reply;
}

json_t *counting_summary_list(struct counting *c)
{
	struct spool_entry *entries = NULL;
	size_t count = 0;
	json_t *files = json_array();

	if (spool_list(c->outbox, &entries, &count) != OK)
		count = 0;
	for (size_t i = 0; i < count; i++) {
		(void)json_array_append_new(files,
		    json_pack("{s:s, s:I, s:s}", "name", entries[i].name, "bytes",
		        (json_int_t)entries[i].file_bytes, "state", "waiting"));
	}
	free(entries);
	return json_pack("{s:b, s:o}", "ok", 1, "files", files);
}
