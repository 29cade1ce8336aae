/* publisher -- builds snapshots, puts them in force, and frees those that nobody reads.
 *
 * All or nothing: a snapshot that cannot be built changes nothing. Threads: main alone. */
#ifndef FILTER_PUBLISHER_H
#define FILTER_PUBLISHER_H

#include "base/diag.h"
#include "base/err.h"
#include "filter/filter.h"
#include "filter/grants_file.h"
#include "filter/leases_file.h"

struct publisher;

/* `config` becomes the publisher's. Builds and publishes the first snapshot. ERR_CONFIG with
 * the mistakes in `all`; then `config` is still the caller's. */
MUST_CHECK enum err publisher_new(struct publisher **out, struct filter *filter,
    struct config *config, struct diags *all);
/* Workers have ended. NULL is allowed. */
void publisher_free(struct publisher *p);

/* How often a new rules.db was not usable, so that the rules before it stayed. */
uint64_t publisher_load_failures(const struct publisher *p);

/* What is in force; borrowed until the next call that publishes. */
const struct snapshot *publisher_now(const struct publisher *p);

/* Another configuration; on success it is the publisher's. */
MUST_CHECK enum err publisher_set_config(
    struct publisher *p, struct config *config, struct diags *all);
/* Reads the rules again from disk. ERR_FORMAT: the file there is not usable (the log says
 * why) and the rules in force stay. ERR_MEMORY: nothing has changed. */
MUST_CHECK enum err publisher_reload_rules(struct publisher *p);
/* Looks at the clock, the state folder and the machine's addresses, and publishes what has
 * changed: windows that began or ended, grants that have ended, rules, network. True when
 * rules or network did, so that everything that follows the configuration should look. For a
 * timer of a few times a second, and at publisher_wakes_at_ms(). */
bool publisher_poll(struct publisher *p);
/* This machine's addresses may have changed: the next poll looks. */
void publisher_look_at_network_soon(struct publisher *p);
/* mono_ms of the next moment in which a window, grant or lease begins or ends; UINT64_MAX: none. */
uint64_t publisher_wakes_at_ms(const struct publisher *p);

/* The grants that live; NULL where their file cannot be read. */
const struct grants_file *publisher_grants(const struct publisher *p);
/* As grants_file_add() and grants_file_remove(), and in force. ERR_DENIED: the file cannot be
 * read, so that nothing may be written over it. */
MUST_CHECK enum err publisher_grant(
    struct publisher *p, const struct grant_record *grant, uint32_t *id);
MUST_CHECK enum err publisher_revoke(
    struct publisher *p, uint32_t id, struct grant_record *removed);

/* Devices that are staff's for a while; NULL without memory. */
const struct leases_file *publisher_leases(const struct publisher *p);
/* As leases_file_add() and leases_file_end(), and in force. ERR_FULL; ERR_NOT_FOUND: the device
 * had none. */
MUST_CHECK enum err publisher_lease(struct publisher *p, const struct lease *lease);
MUST_CHECK enum err publisher_end_lease(
    struct publisher *p, const struct addr *client, struct mac mac);

/* Pauses tiers (bit i: tier i) until `mono_ms`; 0 ends their pause. */
MUST_CHECK enum err publisher_pause(struct publisher *p, uint64_t tiers, uint64_t mono_ms);

/* Frees snapshots that every worker has left behind; pokes workers that are idle. */
void publisher_reap(struct publisher *p);

#endif
