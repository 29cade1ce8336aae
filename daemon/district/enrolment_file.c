#include "district/enrolment_file.h"

#include <jansson.h>

#include "kit/json_memory.h"

enum err enrolment_file_write(struct buf *out, const struct enrolment_file *file)
{
	json_t *root = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "format",
	    "lachan-enrolment", "version", "1.0", "unit", file->unit, "name", file->name,
	    "url", file->url, "ca", file->ca, "token", file->token, "expires",
	    file->expires, "bundle-key", file->bundle_key);
	char *text = root == NULL ? NULL : json_dumps(root, JSON_INDENT(1));
	enum err rc = root == NULL ? ERR_FORMAT : ERR_MEMORY;

	if (text != NULL) {
		buf_text(out, text);
		buf_byte(out, '\n');
		rc = buf_status(out);
	}
	json_memory_free(text);
	json_decref(root);
	return rc;
}
