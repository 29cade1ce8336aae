#include "feeds/change.h"

#include <errno.h>
#include <string.h>

#include "feeds/bundle.h"
#include "kit/log.h"

static const char *describe(enum run_mode mode)
{
	switch (mode) {
	case RUN_ACCEPT:
		return "what was held back is accepted";
	case RUN_OFF:
		return "switched off";
	default:
		return "switched on";
	}
}

static bool change(struct feed *feed, enum run_mode mode)
{
	const char *name = feed->config->name.text;
	enum err rc;

	if (mode == RUN_OFF && bundle_requires(feed->config)) {
		log_warn("feeds", "%s: required by the department: not switched off", name);
		return false;
	}
	if (mode == RUN_ACCEPT) {
		rc = store_accept(feed);
	} else {
		feed->meta.off = mode == RUN_OFF;
		rc = store_save_meta(feed);
	}
	if (rc == ERR_NOT_FOUND) {
		log_warn("feeds", "%s: nothing of it is held back", name);
	} else if (rc != OK) {
		log_error(
		    "feeds", "%s: cannot be written: %s", feed->meta_path, strerror(errno));
	} else {
		log_info("feeds", "%s: %s by a person", name, describe(mode));
	}
	feed->changed = rc == OK;
	return rc == OK;
}

bool change_feed(struct store *s, const struct run_options *options)
{
	for (size_t i = 0; i < s->count; i++) {
		if (strcmp(s->feeds[i].config->name.text, options->only) == 0)
			return change(&s->feeds[i], options->mode);
	}
	return false;
}
