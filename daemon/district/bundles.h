/* bundles -- what the department has published: kept, staged, chosen for a unit.
 *
 * A bundle is a paper (PAPER_BUNDLE): its id NAME.SERIAL, its category the name, its title when
 * it expires and what people call it ("2027-02-20T07:00:00Z Sở Giáo dục…"), its state the stage,
 * its body the packed text as schools get it. The units of a stage `units` stand in the
 * setting bundle.units.ID. Serials of one name grow; nothing is ever changed but the stage.
 * Threads: as store.h. */
#ifndef DISTRICT_BUNDLES_H
#define DISTRICT_BUNDLES_H

#include "bundle/bundle.h"
#include "district/call.h"
#include "district/papers.h"
#include "district/subcommands.h"

/* The setting that holds the name of the bundle that schools are told at enrolment. */
#define BUNDLES_DEFAULT "bundle.name"

#define BUNDLES_MEDIA_TYPE "application/vnd.lachan.bundle+gzip"

enum {
	BUNDLES_ROWS = 200,                     /* the newest ones of a list */
	BUNDLES_UNITS_MAX_BYTES = 60 * 1024,    /* of a stage's list of units */
	BUNDLES_NAME_MAX = PAPER_ID_BYTES - 19, /* room for a dot and the serial */
	BUNDLES_STAGE_BYTES = 16                /* of a stage's word */
};

/* To whom a bundle goes. A stage only grows: whoever has a serial is never sent an older. */
enum bundle_reach {
	REACH_NONE, /* withdrawn: nobody new gets it */
	REACH_UNITS,
	REACH_PERCENT,
	REACH_ALL
};

struct bundle_stage {
	enum bundle_reach reach;
	unsigned percent;  /* of REACH_PERCENT: 1 to 99 */
	const char *units; /* of REACH_UNITS: ids parted by blanks; else "" */
};

/* "all", "none", "percent=10", "units=a,b". ERR_FORMAT with a sentence; units go to `units`. */
MUST_CHECK enum err bundle_stage_read(
    struct bundle_stage *out, const char *text, struct buf *units, struct diag *why);

/* One that was published. */
struct bundle_row {
	char id[PAPER_ID_BYTES];
	char name[BUNDLE_NAME_MAX + 1];
	char title[BUNDLE_TITLE_MAX + 1];
	uint64_t serial;
	int64_t made_s;
	int64_t expires_s;
	enum bundle_reach reach;
	unsigned percent;
	uint64_t version; /* of the paper, for a change of the stage */
	size_t bytes;     /* packed; where it was asked for with bodies */
};

struct bundle_rows {
	struct bundle_row items[BUNDLES_ROWS];
	size_t count;
};

/* Newest first; `name` NULL: of all bundles. */
MUST_CHECK enum err bundles_list(
    struct store *store, const char *name, struct bundle_rows *out);
/* The row with this serial; 0: the newest. ERR_NOT_FOUND. */
MUST_CHECK enum err bundles_find(
    struct store *store, const char *name, uint64_t serial, struct bundle_row *out);
/* The packed text. ERR_NOT_FOUND. */
MUST_CHECK enum err bundles_read(struct store *store, const char *id, struct buf *out);
/* The text itself. */
MUST_CHECK enum err bundles_read_text(
    struct store *store, const char *id, struct buf *out, struct diag *why);

/* The newest that reaches the unit; ERR_NOT_FOUND: none does. */
MUST_CHECK enum err bundles_choose(
    struct store *store, const struct bundle_rows *rows, const char *unit, size_t *out);

/* Signs `content` (name, title, dates, policy, lists and their digest) with the next serial and
 * stores it. ERR_FORMAT: schools would refuse it, *why says what; ERR_EXISTS: somebody
 * published at the same moment; errors of the store. */
struct bundle_publication {
	struct bundle *content; /* its serial is set */
	struct slice lists;
	struct bundle_stage stage;
	const struct sign_key *key;
	int64_t now_s;
};
MUST_CHECK enum err bundles_publish(
    struct store *store, const struct bundle_publication *what, struct diag *why);

/* ERR_RANGE: the stage would not grow (REACH_NONE may follow any). */
MUST_CHECK enum err bundles_stage(struct store *store, const struct bundle_row *row,
    const struct bundle_stage *stage, const char *by, int64_t now_s);

/* "all", "10 %", … for people; English msgid's translation. */
void bundle_stage_text(char out[64], const struct bundle_row *row);

/* ---- the other parts ---- */

/* The department's key for bundles, state_dir/bundle.key; made where there is none. */
enum bundle_key_want {
	BUNDLE_KEY_THERE,
	BUNDLE_KEY_MADE
};
MUST_CHECK enum err bundle_key_read(struct sign_key *out, const char *state_dir,
    enum bundle_key_want want, struct diag *why);

call_handler bundles_serve;      /* GET /v1/bundles/NAME */
call_handler bundles_page;       /* GET /bundles */
call_handler bundles_page_stage; /* POST /bundles/ID */
int bundles_command(struct command *c);

#endif
