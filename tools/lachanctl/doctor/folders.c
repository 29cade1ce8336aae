/* Where the gateway keeps its state: full, read-only, or on a disk where it should be memory. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/words.h"
#include "lachanctl/doctor/doctor.h"
#include "lachanctl/say.h"

enum {
	LOW_BYTES = 16 << 20,
	LOW_FILES = 64
};

static void check_state(struct doctor *d, const char *path)
{
	struct finding f = {.id = "folders", .severity = SEVERITY_ERROR};
	struct statvfs fs;
	char left[SAY_BYTES];

	if (statvfs(path, &fs) != 0) {
		if (errno == EACCES)
			return;
		finding_detail(&f, _("The state folder %s cannot be looked at: %s."), path,
		    strerror(errno));
		finding_fix(&f, "%s",
		    _("sudo systemctl restart lachan makes it; or name another in "
		      "server.state_dir."));
		doctor_find(d, &f);
		return;
	}
	uint64_t free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	say_size(left, (int64_t)(free_bytes < INT64_MAX ? free_bytes : INT64_MAX));
	if ((fs.f_flag & ST_RDONLY) != 0) {
		finding_detail(&f,
		    _("The state folder %s cannot be written: its disk is read-only. Lists, "
		      "counts and grants are not kept."),
		    path);
		finding_fix(&f, "%s",
		    _("Look at the disk (dmesg | tail): a dying one turns read-only by itself. "
		      "Else: mount -o remount,rw"));
		doctor_find(d, &f);
	} else if (free_bytes < LOW_BYTES || (fs.f_files > 0 && fs.f_favail < LOW_FILES)) {
		finding_detail(&f,
		    _("The disk of the state folder %s is full (%s left): new lists and "
		      "counts are not kept."),
		    path, left);
		finding_fix(&f, "%s",
		    _("Make room: journalctl --vacuum-size=50M; apt-get clean; or name "
		      "another disk in server.state_dir."));
		doctor_find(d, &f);
	}
}

static void check_run(struct doctor *d, const char *path)
{
	struct finding f = {.id = "folders", .severity = SEVERITY_HINT};

	if (access(path, F_OK) != 0 || file_is_in_memory(path))
		return;
	finding_detail(&f,
	    _("%s (server.run_dir) is not in memory: devices are counted in the program "
	      "alone, and a restart begins their count anew."),
	    path);
	finding_fix(
	    &f, "%s", _("Name a folder below /run in server.run_dir, and restart."));
	doctor_find(d, &f);
}

void check_folders(struct doctor *d)
{
	doctor_checked(d, "folders");
	check_state(d, d->config->server.state_dir.text);
	check_run(d, d->config->server.run_dir.text);
}
