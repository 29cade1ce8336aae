#include "desk/reports.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/file.h"
#include "base/hash.h"
#include "conf/config.h"
#include "desk/reviews.h"
#include "desk/users.h"
#include "kit/log.h"

size_t reports_keys(const struct desk *desk, struct seal_public out[SEAL_RECIPIENTS_MAX])
{
	const struct accounts *all = users_now(desk);
	size_t count = 0;

	for (size_t i = 0; i < all->count && count < SEAL_RECIPIENTS_MAX; i++) {
		const struct account *a = &all->items[i];
		if (a->has_key && (a->roles & ACCOUNT_BIT(ACCOUNT_COUNSELLOR)) != 0)
			out[count++] = a->key;
	}
	return count;
}

void reports_context(char out[REPORTS_CONTEXT_BYTES], const char *what, uint32_t id)
{
	(void)snprintf(out, REPORTS_CONTEXT_BYTES, "%s %u", what, (unsigned)id);
}

/* Who is no counsellor any more is taken out of every case, once. A users file that is broken
 * or missing holds nobody, and then nobody is taken out. */
static void follow_users(struct desk *desk)
{
	struct desk_reports *r = desk->reports;
	struct seal_public keys[SEAL_RECIPIENTS_MAX];
	size_t count = reports_keys(desk, keys);
	uint64_t sum =
	    checksum64(0, (struct slice){(const uint8_t *)keys, count * sizeof keys[0]});
	size_t dropped = 0;

	if (r->seconds_left > 0)
		r->seconds_left--;
	if (count == 0 || sum == r->keys_sum || r->seconds_left > 0)
		return;
	enum err rc = cases_keep_recipients(r->store, keys, count, &dropped);
	if (dropped > 0)
		log_info("reports", "%zu keys of people who left were taken out of cases",
		    dropped);
	if (rc == OK) {
		r->keys_sum = sum;
	} else {
		r->seconds_left = REPORTS_RETRY_S;
		log_warn("reports", "not all cases could be closed to who left: %s",
		    rc == ERR_IO ? strerror(errno) : err_text(rc));
	}
}

/* What is erased does not come back with a clock that is put right again. */
static bool calendar_has_jumped(struct desk_reports *r, int64_t now_s)
{
	int64_t mono_s = (int64_t)(desk_mono_ms() / 1000);

	if (r->wall_before_mono_s == 0)
		r->wall_before_mono_s = now_s - mono_s;
	return now_s - mono_s - r->wall_before_mono_s > REPORTS_JUMP_S;
}

static void forget_old(struct desk *desk)
{
	struct desk_reports *r = desk->reports;
	int64_t now_s = desk_wall_s();
	uint32_t today = reviews_day(now_s, 0);
	size_t erased = 0;

	if (today == r->looked_day || calendar_has_jumped(r, now_s))
		return;
	r->looked_day = today;
	enum err rc =
	    cases_expire(r->store, reviews_day(now_s, REPORTS_CLOSED_DAYS), &erased);
	if (erased > 0)
		log_info("reports", "%zu cases closed long ago are erased", erased);
	if (rc != OK)
		log_warn("reports", "cases closed long ago could not be erased: %s",
		    rc == ERR_IO ? strerror(errno) : err_text(rc));
}

static void on_second(struct desk *desk)
{
	follow_users(desk);
	forget_old(desk);
}

static enum err open_part(struct desk *desk, struct diag *why)
{
	struct desk_reports *r = calloc(1, sizeof *r);
	uint8_t salt[CASE_SALT_BYTES];
	char path[FILE_PATH_BYTES];

	if (r == NULL)
		return ERR_MEMORY;
	r->sending = (struct bucket){REPORTS_SEND_MOST, REPORTS_SEND_EVERY_MS, 0, 0};
	r->looking = (struct bucket){REPORTS_LOOK_MOST, REPORTS_LOOK_EVERY_MS, 0, 0};
	enum err rc =
	    path_join(path, sizeof path, desk->config->server.state_dir.text, "reports");
	if (rc == OK && getrandom(salt, sizeof salt, 0) != (ssize_t)sizeof salt)
		rc = ERR_IO;
	if (rc == OK)
		rc = cases_open(&r->store, path, salt, why);
	if (rc != OK) {
		free(r);
		return rc;
	}
	desk->reports = r;
	if (cases_damaged(r->store) > 0)
		log_error("reports", "%zu cases in %s cannot be read and are left alone",
		    cases_damaged(r->store), path);
	return OK;
}

static void close_part(struct desk *desk)
{
	cases_close(desk->reports->store);
	free(desk->reports);
	desk->reports = NULL;
}

static const struct part_row FORMS_ROWS[] = {
    {"report-send", reports_on_send}, {NULL, NULL}};

const struct part reports_part = {.name = "reports",
    .forms = FORMS_ROWS,
    .desk = REPORTS_TEAM_ROWS,
    .open = open_part,
    .on_second = on_second,
    .close = close_part};
