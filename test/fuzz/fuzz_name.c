/* fuzz_name -- names as text and on the wire, against ldns's reading of both. */
#include <ldns/ldns.h>
#include <stdlib.h>

#include "dns/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct hash_key key = {0x0123456789abcdefu, 0xfedcba9876543210u};

static void require(bool truth)
{
	if (!truth)
		abort();
}

/* What every name must hold, wherever it came from. */
static void check_name(struct dname name)
{
	size_t at = 0;
	size_t labels = 0;
	for (; name.wire[at] != 0; at += name.wire[at] + 1u, labels++)
		require(name.wire[at] <= NAME_LABEL_OCTETS_MAX);
	require(at + 1 == name.len && name.len <= NAME_OCTETS_MAX);
	for (size_t i = 0; i < name.len; i++)
		require(name.wire[i] == byte_lower(name.wire[i]));
	require(name_label_count(name) == labels);
	require(name_is_at_or_below(name, name_parent(name)));
	require(labels == 0 || !name_is_at_or_below(name_parent(name), name));

	struct name_hashes hashes;
	name_hash_all(&hashes, name, key);
	require(hashes.count == labels);
	for (size_t i = 0; i < labels; i++)
		require(hashes.at[i] == name_hash(name_suffix(&hashes, name, i), key));
}

static void check_same_as_ldns(struct dname name, ldns_rdf *theirs)
{
	require(theirs != NULL);
	ldns_dname2canonical(theirs);
	struct slice wire = {ldns_rdf_data(theirs), ldns_rdf_size(theirs)};
	require(slice_equal(wire, (struct slice){name.wire, name.len}));
	ldns_rdf_deep_free(theirs);
}

static void check_text(struct slice text)
{
	struct name_buf made, again;
	if (name_from_text(&made, text, NULL) != OK)
		return;
	check_name(name_of(&made));

	char printed[NAME_TEXT_MAX];
	name_to_text(printed, name_of(&made));
	require(name_from_text(&again, slice_of(printed), NULL) == OK);
	require(name_equal(name_of(&made), name_of(&again)));

	check_same_as_ldns(
	    name_of(&made), ldns_rdf_new_frm_str(LDNS_RDF_TYPE_DNAME, printed));
	char copy[2048];
	if (text.len >= sizeof copy || memchr(text.ptr, 0, text.len) != NULL)
		return;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	check_same_as_ldns(name_of(&made), ldns_rdf_new_frm_str(LDNS_RDF_TYPE_DNAME, copy));
}

static void check_wire(struct slice packet, size_t start)
{
	struct name_buf name;
	size_t end;
	if (!name_parse_wire(&name, packet, start, &end))
		return;
	check_name(name_of(&name));
	require(end > start && end <= packet.len);

	ldns_rdf *theirs = NULL;
	size_t at = start;
	require(ldns_wire2dname(&theirs, packet.ptr, packet.len, &at) == LDNS_STATUS_OK);
	require(at == end);
	check_same_as_ldns(name_of(&name), theirs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice all = {data, size};
	if (size > UINT16_MAX)
		return 0;
	check_text(all);
	if (size > 12)
		check_wire(all, 12);
	if (size > 0)
		check_wire(all, data[0] % size);
	return 0;
}
