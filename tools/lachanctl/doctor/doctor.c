#include "lachanctl/doctor/doctor.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/words.h"

static bool begin(struct doctor *d)
{
	bool sound = interfaces_read(&d->interfaces) == OK;

	d->findings = json_array();
	d->checked = json_array();
	d->skipped = json_array();
	d->status = ctl_peek(d->ctl->control_path, "status");
	d->running = access(d->ctl->control_path, F_OK) == 0 || errno == EACCES;
	/* A socket that nobody holds is left behind by a kill. */
	if (d->running && d->status == NULL && geteuid() == 0)
		d->running = false;
	doctor_find_lans(d);
	return sound && d->findings != NULL && d->checked != NULL && d->skipped != NULL;
}

static void end(struct doctor *d)
{
	json_decref(d->findings);
	json_decref(d->checked);
	json_decref(d->skipped);
	json_decref(d->status);
	interfaces_deinit(&d->interfaces);
}

static void run_checks(struct doctor *d)
{
	check_gateway(d);
	check_ports(d);
	check_folders(d);
	check_accounts(d);
	check_lease(d);
	check_claims(d);
	check_resolv(d);
	check_firewall(d);
	check_upstreams(d);
	check_lans(d);
	/* Last: who was quiet has been woken by what we asked. */
	check_devices(d);
}

enum ctl_status command_doctor(struct ctl *c)
{
	struct doctor d = {.ctl = c, .config = c->config, .interfaces = INTERFACES_NONE};
	enum ctl_status status = CTL_DONE;

	if (c->argc > 0)
		return ctl_usage(c, "doctor [--json]");
	if (c->config == NULL) {
		return ctl_fail(c, CTL_USAGE, "%s",
		    _("the gateway's configuration cannot be read: run as root, or say -c FILE"));
	}
	if (!begin(&d)) {
		status = ctl_fail(c, CTL_FAILED, "%s", err_text(ERR_MEMORY));
		goto done;
	}
	if (!c->json)
		fprintf(stderr, "%s\n", _("Looking at the network, some seconds ..."));
	run_checks(&d);
	if (c->json) {
		(void)ctl_print_json(json_pack("{s:O, s:O, s:O}", "findings", d.findings,
		    "checked", d.checked, "skipped", d.skipped));
	} else {
		doctor_say(&d);
	}
	if (d.worst_count > 0)
		status = CTL_FAILED;
done:
	end(&d);
	return status;
}
