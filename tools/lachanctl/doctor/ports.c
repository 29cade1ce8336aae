/* Ports that we need and somebody else holds. */
#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "kit/holder.h"
#include "lachanctl/doctor/doctor.h"

static void say_holder(struct doctor *d, const struct addr *at, const char *transport,
    const struct holder *holder)
{
	struct finding f = {.id = "ports", .severity = SEVERITY_ERROR};
	char address[ADDR_TEXT_MAX], who[HOLDER_NAME_BYTES + 32];

	addr_to_text_port(address, at);
	(void)snprintf(who, sizeof who, "%s (PID %d)",
	    holder->pid != 0 ? holder->program : "?", (int)holder->pid);
	finding_detail(&f,
	    _("%s holds %s over %s: the filter cannot be asked there, and what that program "
	      "answers is not filtered."),
	    who, address, transport);
	finding_fix(&f, "%s", holder_advice(holder));
	doctor_find(d, &f);
}

/* True: somebody holds it of whom nobody may say who it is. */
static bool judge_port(struct doctor *d, const struct addr *at,
    enum holder_transport transport, const char *word)
{
	struct holder holder;

	if (!holder_find(transport, at, &holder)) {
		struct finding f = {.id = "ports", .severity = SEVERITY_ERROR};
		char address[ADDR_TEXT_MAX];
		if (d->status == NULL)
			return false;
		addr_to_text_port(address, at);
		finding_detail(&f, _("The filter runs, but nobody listens at %s over %s."),
		    address, word);
		finding_fix(&f, "%s", "sudo systemctl restart lachan");
		doctor_find(d, &f);
		return false;
	}
	if (holder.pid == 0)
		return true;
	if (strncmp(holder.program, "lachan", strlen("lachan")) != 0)
		say_holder(d, at, word, &holder);
	return false;
}

void check_ports(struct doctor *d)
{
	const struct config_endpoints *listen = &d->config->server.listen;
	const struct config_endpoints *pages = &d->config->pages.listen;
	bool unknown = false;

	for (size_t i = 0; i < listen->count; i++) {
		const struct addr *at = &listen->items[i].addr;
		unknown = judge_port(d, at, HOLDER_UDP, "UDP") || unknown;
		unknown = judge_port(d, at, HOLDER_TCP, "TCP") || unknown;
	}
	for (size_t i = 0; i < pages->count; i++)
		unknown =
		    judge_port(d, &pages->items[i].addr, HOLDER_TCP, "TCP") || unknown;
	if (unknown)
		doctor_skip_rootless(d, "ports");
	else
		doctor_checked(d, "ports");
}
