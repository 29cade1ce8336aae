#include "feeds/fetch_easy.h"

#include <stdio.h>

#include "base/words.h"
#include "feeds/fetch.h"

void fetch_set_limits(CURL *easy, const struct url *url)
{
	static const char *const schemes[] = {
	    [URL_HTTPS] = "https", [URL_HTTP] = "http", [URL_FILE] = "file"};

	(void)curl_easy_setopt(easy, CURLOPT_URL, url->text);
	(void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, schemes[url->scheme]);
	(void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "lachan/" LACHAN_VERSION);
	/* All that this libcurl can undo; the decoded size is counted in on_body(). */
	(void)curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
	(void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)FETCH_CONNECT_S);
	(void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)FETCH_SLOW_BYTES_S);
	(void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)FETCH_SLOW_S);
	(void)curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)FETCH_TOTAL_S);
}

static bool is_plain(const char *value)
{
	for (const char *c = value; *c != 0; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return false;
	}
	return true;
}

bool fetch_add_header(struct curl_slist **list, const char *name, const char *value)
{
	char line[FETCH_VALIDATOR_BYTES + 32];
	int n = snprintf(line, sizeof line, "%s: %s", name, value);

	if (!is_plain(value) || n < 0 || (size_t)n >= sizeof line)
		return true;
	struct curl_slist *longer = curl_slist_append(*list, line);
	if (longer == NULL)
		return false;
	*list = longer;
	return true;
}

const char *fetch_failure_text(CURLcode code, const char *refusal, const char *curl_error)
{
	if (refusal[0] != 0)
		return refusal;
	switch (code) {
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_HTTP2_STREAM:
		return N_("the transfer was cut short");
	case CURLE_GOT_NOTHING:
		return N_("the server closed without an answer");
	case CURLE_BAD_CONTENT_ENCODING:
		return N_("the compressed body is damaged");
	case CURLE_OPERATION_TIMEDOUT:
		return N_("too slow: broken off");
	default:
		return curl_error[0] != 0 ? curl_error : curl_easy_strerror(code);
	}
}
