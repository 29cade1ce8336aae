#include "dns/text.h"

#include <ctype.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <strings.h>

enum {
	TEXT_RDATA_MAX = 8192
};

/* ldns knows a type by a descriptor; those it only numbers have no name of their own. */
void text_from_type(char out[TEXT_CODE_BYTES], uint16_t type)
{
	char *name = ldns_rr_type2str((ldns_rr_type)type);
	(void)snprintf(out, TEXT_CODE_BYTES, "%s", name == NULL ? "" : name);
	if (name == NULL || strlen(name) >= TEXT_CODE_BYTES)
		(void)snprintf(out, TEXT_CODE_BYTES, "TYPE%u", type);
	free(name);
}

bool text_to_type(struct slice text, uint16_t *out)
{
	char name[TEXT_CODE_BYTES];
	if (text.len == 0 || text.len >= sizeof name)
		return false;
	for (size_t i = 0; i < text.len; i++)
		name[i] = (char)toupper(text.ptr[i]);
	name[text.len] = '\0';
	uint64_t number;
	if (slice_starts(slice_of(name), SLICE_LIT("TYPE"))) {
		if (!slice_to_u64(slice_of(name + 4), UINT16_MAX, &number))
			return false;
		*out = (uint16_t)number;
		return true;
	}
	ldns_rr_type type = ldns_get_rr_type_by_name(name);
	if (type == 0)
		return false;
	*out = (uint16_t)type;
	return true;
}

void text_from_rcode(char out[TEXT_CODE_BYTES], uint16_t rcode)
{
	const ldns_lookup_table *row = ldns_lookup_by_id(ldns_rcodes, rcode);
	if (row != NULL) {
		(void)snprintf(out, TEXT_CODE_BYTES, "%s", row->name);
	} else {
		(void)snprintf(out, TEXT_CODE_BYTES, "RCODE%u", rcode);
	}
}

/* Takes a text that ldns made, may be NULL. */
static enum err append_take(struct buf *out, char *text)
{
	if (text == NULL)
		return ERR_MEMORY;
	buf_text(out, text);
	free(text);
	return buf_status(out);
}

/* Master files speak of lines and of bytes below 0x80: what ldns would take for an end, or for
 * more than one record, is none. */
static bool is_one_line(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if ((text.ptr[i] < 0x20 && text.ptr[i] != '\t') || text.ptr[i] >= 0x7f)
			return false;
	}
	return text.len > 0 && text.len <= TEXT_RDATA_MAX;
}

/* Names in lower case, as all of ours are (RFC 4034 section 6.2). */
static enum err append_rdata(struct buf *out, ldns_rr *record)
{
	ldns_rr2canonical(record);
	ldns_buffer *wire = ldns_buffer_new(LDNS_MIN_BUFLEN);
	enum err rc = wire == NULL ? ERR_MEMORY : OK;

	if (rc == OK && ldns_rr_rdata2buffer_wire(wire, record) != LDNS_STATUS_OK)
		rc = ERR_FORMAT;
	if (rc == OK) {
		buf_append(out,
		    (struct slice){ldns_buffer_begin(wire), ldns_buffer_position(wire)});
		rc = buf_status(out);
	}
	ldns_buffer_free(wire);
	return rc;
}

enum err text_record_read(
    struct buf *out, uint16_t type, struct slice rdata, struct dname origin)
{
	char code[TEXT_CODE_BYTES];
	struct buf line = BUF_INIT(TEXT_RDATA_MAX + 64);
	ldns_rr *record = NULL;
	enum err rc = ERR_FORMAT;

	if (!is_one_line(rdata))
		return ERR_FORMAT;
	text_from_type(code, type);
	buf_printf(&line, ". 0 IN %s ", code);
	buf_append(&line, rdata);
	ldns_rdf *base =
	    ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, origin.len, origin.wire);
	if (base == NULL || buf_status(&line) != OK) {
		rc = ERR_MEMORY;
	} else if (ldns_rr_new_frm_str(&record, buf_cstr(&line), 0, base, NULL) ==
	        LDNS_STATUS_OK &&
	    ldns_rr_rd_count(record) > 0 &&
	    ldns_rr_get_type(record) == (ldns_rr_type)type) {
		rc = append_rdata(out, record);
	}
	ldns_rr_free(record);
	ldns_rdf_deep_free(base);
	buf_deinit(&line);
	return rc;
}

enum err text_append_rr(struct buf *out, struct slice packet, const struct rr *rr)
{
	ldns_rr *record = NULL;
	size_t at = rr->owner_at;
	if (ldns_wire2rr(&record, packet.ptr, packet.len, &at, LDNS_SECTION_ANSWER) !=
	    LDNS_STATUS_OK)
		return ERR_FORMAT;
	enum err rc = append_take(out, ldns_rr2str(record));
	ldns_rr_free(record);
	return rc;
}

enum err text_append_message(struct buf *out, struct slice packet)
{
	ldns_pkt *message = NULL;
	if (ldns_wire2pkt(&message, packet.ptr, packet.len) != LDNS_STATUS_OK)
		return ERR_FORMAT;
	enum err rc = append_take(out, ldns_pkt2str(message));
	ldns_pkt_free(message);
	return rc;
}
