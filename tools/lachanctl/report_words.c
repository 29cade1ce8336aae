#include "lachanctl/report_words.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/words.h"

/* Both languages stand here, since a sheet for the hotline has both at once. */
static const struct {
	const char *id, *vi, *en;
} kinds[] = {
    {"saw_harmful", "Thấy nội dung xấu, đáng sợ", "Saw something bad or frightening"},
    {"bullied", "Bị bắt nạt trên mạng, hoặc có bạn bị bắt nạt",
        "Is bullied online, or knows somebody who is"},
    {"threatened", "Có người đe dọa hoặc xin ảnh riêng tư",
        "Somebody threatens, or asks for private photos"},
    {"scammed", "Bị lừa đảo hoặc mất tài khoản", "Was scammed, or lost an account"},
    {"wrong_block", "Trang cần cho việc học bị chặn nhầm",
        "A page needed for school is blocked by mistake"},
    {"other", "Chuyện khác", "Something else"},
};

const char *report_kind_words(const char *kind, bool english)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (strcmp(kind, kinds[i].id) == 0)
			return english ? kinds[i].en : kinds[i].vi;
	}
	return kind;
}

const char *report_state_words(const char *state)
{
	static const struct {
		const char *id, *words;
	} states[] = {
	    {"new", N_("new")},
	    {"taken", N_("in good hands")},
	    {"referred", N_("handed on")},
	    {"closed", N_("closed")},
	};

	for (size_t i = 0; i < COUNT_OF(states); i++) {
		if (strcmp(state, states[i].id) == 0)
			return _(states[i].words);
	}
	return state;
}

void report_day_words(char out[REPORT_DAY_BYTES], const char *day)
{
	if (strlen(day) == 10 && day[4] == '-' && day[7] == '-')
		(void)snprintf(
		    out, REPORT_DAY_BYTES, "%.2s/%.2s/%.4s", day + 8, day + 5, day);
	else
		(void)snprintf(out, REPORT_DAY_BYTES, "%s", day);
}
