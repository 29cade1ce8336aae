/* Timetables: what a tier's windows say, in bits, and whether it makes sense. */
#include "base/words.h"
#include "conf/internal.h"

/* Categories and services stand in one list of words: no service has a category's name. */
struct words {
	struct loader *l;
	const char **names; /* categories, then services; NULL at the end */
};

static enum err list_words(struct loader *l, struct words *words)
{
	const struct rules_categories *categories = &l->config->categories;
	const struct rules_services *services = &l->config->services;

	*words = (struct words){.l = l};
	words->names = arena_array(
	    l->run.arena, categories->count + services->count + 1, sizeof *words->names);
	if (words->names == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < categories->count; i++)
		words->names[i] = categories->items[i].name.text;
	for (size_t i = 0; i < services->count; i++)
		words->names[categories->count + i] = services->items[i].name.text;
	return OK;
}

/* Where the words of one list go. */
struct blocked {
	uint64_t *categories;
	struct rules_services_set *services;
};

/* The category a word is, or counts as; NULL: the word is unknown, which is told. */
static const struct rules_category *resolve_word(
    struct words *words, const struct conf_text *word, struct blocked *out)
{
	struct loader *l = words->l;
	const struct rules_categories *categories = &l->config->categories;
	size_t i;

	if (config_find_category(l->config, word->text, &i)) {
		*out->categories |= UINT64_C(1) << i;
		return &categories->items[i];
	}
	if (config_find_service(l->config, word->text, &i)) {
		rules_services_add(out->services, i);
		size_t category = l->config->services.items[i].category;
		return category < categories->count ? &categories->items[category] : NULL;
	}
	if (l->parsed[BUNDLE_CATEGORIES] && l->parsed[BUNDLE_SERVICES] &&
	    !loader_is_told(l, word->mark))
		schema_mistake_word(&l->run, word->mark, _("category or service"),
		    word->text, words->names);
	return NULL;
}

static void resolve_block(
    struct words *words, const struct conf_texts *list, struct rules_schedule *schedule)
{
	struct blocked out = {&schedule->block, &schedule->block_services};

	for (size_t i = 0; i < list->count; i++)
		(void)resolve_word(words, &list->items[i], &out);
}

static void resolve_unblock(struct words *words, const struct schedule_entry *entry,
    struct rules_schedule *schedule)
{
	struct blocked out = {&schedule->unblock, &schedule->unblock_services};
	const struct conf_texts *list = &entry->unblock;
	struct loader *l = words->l;

	for (size_t i = 0; i < list->count; i++) {
		const struct conf_text *word = &list->items[i];
		const struct rules_category *category = resolve_word(words, word, &out);
		size_t twice = loader_find(entry->block.items, entry->block.count,
		    sizeof *entry->block.items, word->text);
		if (category == NULL || loader_is_told(l, word->mark))
			continue;
		if (category->locked || category->security)
			schema_mistake(&l->run, word->mark,
			    _("'%s' is never unblocked (it protects everybody; remove it)"),
			    word->text);
		else if (twice < entry->block.count)
			schema_mistake(&l->run, word->mark,
			    _("'%s' stands in both block (line %u) and unblock of window %s "
			      "(keep one)"),
			    word->text, entry->block.items[twice].mark.line,
			    entry->schedule.name.text);
	}
}

static void resolve_days(
    const struct schedule_entry *entry, struct rules_schedule *schedule)
{
	const unsigned *days = entry->days.items;

	schedule->dates = entry->dates.items;
	schedule->date_count = entry->dates.count;
	for (size_t i = 0; i < entry->days.count; i++)
		schedule->days |= (uint8_t)(1U << days[i]);
	if (entry->days.count == 0)
		schedule->days = RULES_EVERY_DAY;
}

static void resolve_times(
    struct loader *l, const struct schedule_entry *entry, struct rules_schedule *schedule)
{
	schedule->from_min = entry->from.minute;
	/* The midnight at which a window ends is that of its own day. */
	schedule->to_min = entry->to.minute != 0 ? entry->to.minute : RULES_DAY_MIN;
	if (schedule->from_min == RULES_DAY_MIN && !loader_is_told(l, entry->from.mark))
		schema_mistake(&l->run, entry->from.mark,
		    _("window '%s' begins when its day is over (write 00:00)"),
		    schedule->name.text);
	else if (schedule->from_min == schedule->to_min &&
	    !loader_is_told(l, entry->to.mark))
		schema_mistake(&l->run, entry->to.mark,
		    _("window '%s' ends when it begins (a whole day is 00:00 to 24:00)"),
		    schedule->name.text);
}

static void check_effect(struct loader *l, const struct schedule_entry *entry)
{
	const struct conf_text *name = &entry->schedule.name;

	if (entry->unblock.count > 0 || entry->block.count > 0 ||
	    entry->schedule.allow_only || loader_is_told(l, name->mark))
		return;
	schema_mistake(&l->run, name->mark,
	    _("window '%s' does nothing (give it unblock, block or allow_only: on)"),
	    name->text);
}

static void refuse_same_name(struct loader *l, const struct tier_entry *entry, size_t i)
{
	const struct schedule_entry *all = entry->schedules.items;
	const struct conf_text *name = &all[i].schedule.name;

	size_t first = loader_find(all, i, sizeof *all, name->text);
	if (first < i && name->text[0] != 0 && !loader_is_told(l, name->mark))
		schema_mistake(&l->run, name->mark,
		    _("window '%s' stands here twice (first in line %u; give it another name)"),
		    name->text, all[first].schedule.name.mark.line);
}

enum err schedules_resolve(struct loader *l, const struct tier_entry *entry, bool is_sound,
    struct rules_schedules *out)
{
	const struct schedule_entry *all = entry->schedules.items;
	struct words words;

	*out = (struct rules_schedules){.mark = entry->schedules.mark};
	enum err rc = list_words(l, &words);
	if (rc != OK)
		return rc;
	out->items =
	    arena_array(l->run.arena, entry->schedules.count + 1, sizeof *out->items);
	if (out->items == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < entry->schedules.count; i++) {
		struct rules_schedule *schedule = &out->items[out->count++];
		*schedule = all[i].schedule;
		schedule->mark = schedule->name.mark;
		refuse_same_name(l, entry, i);
		resolve_days(&all[i], schedule);
		resolve_times(l, &all[i], schedule);
		resolve_block(&words, &all[i].block, schedule);
		resolve_unblock(&words, &all[i], schedule);
		if (is_sound)
			check_effect(l, &all[i]);
	}
	return OK;
}
