/* Tiers that anybody on the network could take by taking an address. */
#include <stdio.h>

#include "base/words.h"
#include "lachanctl/doctor/doctor.h"

/* Does `tier` let through what the default tier does not? */
static bool is_looser(const struct rules_tier *tier, const struct rules_tier *usual)
{
	bool services = false;

	for (size_t i = 0; i < RULES_SERVICES_WORDS; i++)
		services =
		    services || (usual->services.bits[i] & ~tier->services.bits[i]) != 0;
	return (usual->block & ~tier->block) != 0 || services ||
	    (usual->allow_only && !tier->allow_only) ||
	    (usual->safe_search && !tier->safe_search) || usual->youtube > tier->youtube;
}

/* Is the claim inside a network of ours, and not the whole of it? A network that belongs to a
 * tier altogether cannot be entered by an address. */
static const struct interface_address *part_of(
    const struct doctor *d, const struct config_client *claim)
{
	for (size_t i = 0; i < d->interfaces.count; i++) {
		const struct interface_address *a = &d->interfaces.items[i];
		struct prefix whole = {claim->first, (uint8_t)claim->length};
		if (a->loopback || addr_is_link_local(&a->address) ||
		    !prefix_contains(&a->on_link, &claim->first))
			continue;
		if (claim->kind == CLIENT_PREFIX && claim->length <= a->on_link.length &&
		    prefix_contains(&whole, &a->on_link.base))
			continue;
		if (interfaces_is_ours(&d->interfaces, &claim->first) &&
		    claim->length == 8 * addr_size(&claim->first))
			continue; /* the gateway itself: nobody can take that unseen */
		return a;
	}
	return NULL;
}

/* MACs can be set too, but not by chance, nor without going off the network. */
static bool is_bare(const struct config_client *claim)
{
	return claim->kind == CLIENT_PREFIX || claim->kind == CLIENT_RANGE;
}

static void judge_tier(struct doctor *d, const struct rules_tier *tier)
{
	struct finding f = {.id = "bare-tiers", .severity = SEVERITY_WARNING};
	const char *interface = NULL;
	char claims[256] = "";
	size_t used = 0, count = 0;

	for (size_t i = 0; i < tier->clients.count; i++) {
		const struct config_client *claim = &tier->clients.items[i];
		const struct interface_address *a =
		    is_bare(claim) ? part_of(d, claim) : NULL;
		if (a == NULL)
			continue;
		interface = a->interface;
		if (count++ < 4) {
			int n = snprintf(claims + used, sizeof claims - used, "%s%s",
			    used > 0 ? ", " : "", claim->text);
			if (n > 0 && (size_t)n < sizeof claims - used)
				used += (size_t)n;
		}
	}
	if (count == 0)
		return;
	f.interface = interface;
	finding_detail(&f,
	    _("The tier %s blocks less than the one of devices that nobody claims, and is "
	      "claimed by address alone inside a network that pupils use too (%s%s). A pupil "
	      "who sets such an address on a device has that tier."),
	    ctl_tier_words(d->ctl, tier->name.text), claims, count > 4 ? ", …" : "");
	finding_fix(&f,
	    _("Write the MAC address of each device in its place (filter: {tiers: [{name: %s, "
	      "clients: [\"3c:22:fb:01:02:03\"]}]}; ip neigh shows them), or "
	      "give staff a network of their own (a VLAN, an own SSID) and claim all of it."),
	    tier->name.text);
	doctor_find(d, &f);
}

void check_claims(struct doctor *d)
{
	const struct config *config = d->config;
	const struct rules_tier *usual = &config->tiers.items[config->default_tier];

	doctor_checked(d, "bare-tiers");
	for (size_t i = 0; i < config->tiers.count; i++)
		if (i != config->default_tier && is_looser(&config->tiers.items[i], usual))
			judge_tier(d, &config->tiers.items[i]);
}
