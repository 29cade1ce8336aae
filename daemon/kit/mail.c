#include "kit/mail.h"

#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#define PRODUCT "Lá Chắn"

enum {
	WORD_BYTES =
	    45, /* of an encoded word: 75 letters with its frame (RFC 2047 section 2) */
	LINE_BYTES = 57, /* 76 letters in base64 */
	BASE64_MAX = 4 * ((LINE_BYTES + 2) / 3) + 1
};

bool mail_is_address(const char *text)
{
	const char *at = strchr(text, '@');

	for (const uint8_t *c = (const uint8_t *)text; *c != 0; c++)
		if (*c <= ' ' || *c >= 0x7f || strchr("<>()[],;:\\\"", *c) != NULL)
			return false;
	return at != NULL && at != text && at[1] != 0 && strchr(at + 1, '@') == NULL;
}

static void base64(struct buf *out, const uint8_t *bytes, size_t len)
{
	uint8_t text[BASE64_MAX];
	int n = EVP_EncodeBlock(text, bytes, (int)len);

	buf_append(out, (struct slice){text, (size_t)n});
}

/* At most WORD_BYTES, and never within a letter of UTF-8. */
static size_t word_length(struct slice text)
{
	size_t len = text.len < WORD_BYTES ? text.len : WORD_BYTES;

	while (len > 0 && len < text.len && (text.ptr[len] & 0xc0) == 0x80)
		len--;
	return len > 0 ? len : text.len < WORD_BYTES ? text.len : WORD_BYTES;
}

static void encoded_words(struct buf *out, struct slice text)
{
	for (const char *before = ""; text.len > 0; before = "\r\n ") {
		size_t len = word_length(text);
		buf_printf(out, "%s=?UTF-8?B?", before);
		base64(out, text.ptr, len);
		buf_text(out, "?=");
		text = (struct slice){text.ptr + len, text.len - len};
	}
}

static void write_date(struct buf *out, int64_t now_s)
{
	time_t at = (time_t)now_s;
	char text[64];
	struct tm utc;

	if (gmtime_r(&at, &utc) != NULL &&
	    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &utc) > 0)
		buf_printf(out, "Date: %s\r\n", text);
}

static void write_id(struct buf *out, const struct mail *mail)
{
	buf_text(out, "Message-ID: <");
	for (size_t i = 0; i < sizeof mail->id; i++)
		buf_printf(out, "%02x", mail->id[i]);
	buf_printf(out, "@%s>\r\n", strchr(mail->from, '@') + 1);
}

static void write_head(struct buf *out, const struct mail *mail)
{
	struct slice subject = slice_of(mail->text);

	buf_text(out, "From: ");
	encoded_words(out, slice_of(PRODUCT));
	buf_printf(out, " <%s>\r\nTo: <%s>\r\nSubject: ", mail->from, mail->to);
	encoded_words(out, slice_of(PRODUCT ": "));
	buf_text(out, "\r\n ");
	encoded_words(out, slice_cut(&subject, '\n'));
	buf_text(out, "\r\n");
	write_date(out, mail->now_s);
	write_id(out, mail);
	buf_text(out,
	    "Auto-Submitted: auto-generated\r\n" /* RFC 3834: no answering machine answers */
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n");
}

void mail_write(struct buf *out, const struct mail *mail)
{
	struct slice rest = slice_of(mail->text);

	write_head(out, mail);
	while (rest.len > 0) {
		size_t len = rest.len < LINE_BYTES ? rest.len : LINE_BYTES;
		base64(out, rest.ptr, len);
		buf_text(out, "\r\n");
		rest = (struct slice){rest.ptr + len, rest.len - len};
	}
}
