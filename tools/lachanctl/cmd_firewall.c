/* firewall: rule sets that keep devices from going round the gateway. */
#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "lachanctl/firewall.h"

static const struct dialect {
	const char *option;
	void (*write)(struct buf *out, const struct firewall *f);
	bool needs_address; /* made for another machine: it must know where we are */
} dialects[] = {
    {"--nft", firewall_write_nft, false},
    {"--uci", firewall_write_uci, true},
    {"--routeros", firewall_write_routeros, true},
};

static const struct dialect *find_dialect(const char *option)
{
	for (size_t i = 0; option != NULL && i < COUNT_OF(dialects); i++) {
		if (strcmp(dialects[i].option, option) == 0)
			return &dialects[i];
	}
	return NULL;
}

static enum ctl_status print(
    const struct ctl *c, const struct dialect *dialect, const struct firewall *f)
{
	struct buf out = BUF_INIT(FIREWALL_BYTES);
	enum ctl_status status = CTL_DONE;

	dialect->write(&out, f);
	if (buf_status(&out) != OK) {
		status = ctl_fail(c, CTL_FAILED, "%s", err_text(ERR_FULL));
	} else if (c->json) {
		status = ctl_print_json(json_pack(
		    "{s:s, s:s}", "kind", dialect->option + 2, "rules", buf_cstr(&out)));
	} else {
		(void)fputs(buf_cstr(&out), stdout);
	}
	buf_deinit(&out);
	return status;
}

enum ctl_status command_firewall(struct ctl *c)
{
	const struct dialect *dialect = find_dialect(c->dialect);
	struct firewall f = {.lan_count = 0};

	if (c->argc > 0 || dialect == NULL || c->dialect_twice)
		return ctl_usage(c, "firewall --nft | --uci | --routeros [--json]");
	if (c->tier != NULL) {
		return ctl_fail(c, CTL_USAGE, "%s",
		    _("firewall: its rules hold for the whole network; a firewall knows no "
		      "tiers (leave out --tier)"));
	}
	if (c->config == NULL) {
		return ctl_fail(c, CTL_FAILED, "%s",
		    _("the addresses stand in the configuration; say which: -c FILE"));
	}
	enum ctl_status status = firewall_gather(c, &f);
	if (status == CTL_DONE && dialect->needs_address && f.v4.gateway.family == 0) {
		status = ctl_fail(c, CTL_FAILED, "%s",
		    _("this machine has no IPv4 address on the school's network that the "
		      "router could lead queries to; write it into server.listen"));
	}
	if (status == CTL_DONE)
		status = print(c, dialect, &f);
	firewall_deinit(&f);
	return status;
}
