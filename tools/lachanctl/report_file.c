#include "lachanctl/report_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/words.h"
#include "conf/config.h"
#include "lachanctl/report_sheet.h"

enum {
	SHEET_MAX_BYTES = 256 << 10,
	PRINT_BYTES = 32
};

enum ctl_status report_file_may_be(const struct ctl *c, const char *path)
{
	if (access(path, F_OK) != 0)
		return CTL_DONE;
	return ctl_fail(c, CTL_FAILED, _("%s is there already; nothing was written"), path);
}

static enum ctl_status write_new(const struct ctl *c, const char *path, struct slice bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	enum err rc = fd < 0 ? ERR_IO : fd_write_all(fd, bytes);

	if (rc == OK && fsync(fd) != 0)
		rc = ERR_IO;
	int why = errno;
	if (fd >= 0 && (close(fd) != 0 || rc != OK)) {
		(void)unlink(path); /* half a sheet is none */
		rc = ERR_IO;
	}
	return rc == OK ? CTL_DONE : ctl_fail(c, CTL_FAILED, "%s: %s", path, strerror(why));
}

static enum ctl_status say_written(
    const struct ctl *c, const char *path, struct slice bytes, const char *sentence)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	char print[2 * PRINT_BYTES + 1] = "";

	if (EVP_Digest(bytes.ptr, bytes.len, digest, NULL, EVP_sha256(), NULL) == 1)
		seal_to_hex(print, (struct slice){digest, PRINT_BYTES});
	if (c->json)
		return ctl_print_json(
		    json_pack("{s:s,s:s}", "file", path, "sha256", print));
	printf("%s\n", path);
	puts(sentence);
	printf("SHA-256: %s\n", print);
	return CTL_DONE;
}

enum ctl_status report_file_sheet(
    const struct team *team, const struct team_case *one, const char *path)
{
	struct buf page = BUF_INIT(SHEET_MAX_BYTES);

	report_sheet_write(&page, team, one);
	enum ctl_status status = buf_status(&page) == OK
	    ? write_new(team->ctl, path, buf_slice(&page))
	    : ctl_fail(team->ctl, CTL_FAILED, "%s", _(err_text(ERR_MEMORY)));
	if (status == CTL_DONE)
		status = say_written(team->ctl, path, buf_slice(&page),
		    _("Open it in a browser, print it, and remove the file. It holds the pupil's "
		      "words."));
	if (page.ptr != NULL)
		seal_wipe(page.ptr, page.len);
	buf_deinit(&page);
	return status;
}

enum ctl_status report_file_export(
    const struct team *team, const struct team_case *one, const char *path)
{
	const struct config *config = team->ctl->config;
	json_t *whole = json_pack("{s:s,s:s,s:s,s:I,s:s,s:s,s:s,s:s,s:O,s:O?}", "format",
	    "lachan-case", "version", "1.0", "school",
	    config == NULL ? "" : config->school.name.text, "case", (json_int_t)one->id,
	    "day", one->day, "state", one->state, "exported-by", team->me, "reason",
	    team->ctl->reason == NULL ? "" : team->ctl->reason, "report", one->words,
	    "reply", one->answer);
	char *words = whole == NULL ? NULL : json_dumps(whole, JSON_INDENT(1));
	enum ctl_status status = words == NULL
	    ? ctl_fail(team->ctl, CTL_FAILED, "%s", _(err_text(ERR_MEMORY)))
	    : write_new(team->ctl, path, slice_of(words));

	if (status == CTL_DONE)
		status = say_written(team->ctl, path, slice_of(words),
		    _("The whole case stands in it, readable for whoever has the file. Note whom "
		      "you gave it to, and its print:"));
	if (words != NULL)
		seal_wipe(words, strlen(words));
	free(words);
	json_decref(whole);
	return status;
}
