#include "feeds/machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "feed/feed.h"
#include "ruledb/builder.h"

enum {
	SAMPLE_NAMES = 20000,
	SAMPLE_BYTES = 8 << 20
};

static uint64_t meminfo(const char *key)
{
	struct buf text = BUF_INIT(16 << 10);
	uint64_t kib = 0;

	if (file_read("/proc/meminfo", &text) == OK) {
		struct slice rest = buf_slice(&text);
		while (rest.ptr != NULL) {
			struct slice line = slice_cut(&rest, '\n');
			struct slice word = slice_cut(&line, ':');
			line = slice_trim(line);
			if (slice_equal(word, slice_of(key)))
				(void)slice_to_u64(
				    slice_cut(&line, ' '), UINT64_MAX / 1024, &kib);
		}
	}
	buf_deinit(&text);
	return kib * 1024;
}

uint64_t machine_memory(void)
{
	return meminfo("MemTotal");
}

uint64_t machine_available_memory(void)
{
	return meminfo("MemAvailable");
}

uint64_t machine_free_flash(const char *folder)
{
	char path[FILE_PATH_BYTES];
	struct statvfs fs;

	(void)snprintf(path, sizeof path, "%s", folder);
	while (statvfs(path, &fs) != 0) {
		char *slash = strrchr(path, '/');
		if (slash == NULL || slash == path)
			return 0;
		*slash = 0;
	}
	return (uint64_t)fs.f_bavail * fs.f_frsize;
}

static enum err add_sample(void *arg, const struct feed_rule *rule)
{
	return ruledb_builder_add(arg, rule->rule.name, rule->rule.kind);
}

static enum err read_sample(struct ruledb_builder *b)
{
	struct feed_options how = {
	    .format = feed_format_find("domains"), .on_rule = add_sample, .arg = b};
	struct feed_parser *parser = NULL;
	char line[64];

	enum err rc = feed_parser_new(&parser, &how);
	for (unsigned i = 0; rc == OK && i < SAMPLE_NAMES; i++) {
		int n = snprintf(line, sizeof line, "www%u.lachan.example\n", i);
		rc = feed_parser_push(
		    parser, (struct slice){(const uint8_t *)line, (size_t)n}, NULL);
	}
	if (rc == OK)
		rc = feed_parser_finish(parser, NULL);
	feed_parser_free(parser);
	return rc;
}

static enum err compile_sample(void)
{
	const struct ruledb_builder_options how = {
	    .key = {1, 2}, .generation = 1, .max_bytes = SAMPLE_BYTES};
	struct ruledb_builder *b = NULL;
	unsigned index;
	int fd = memfd_create("lachan-plan", MFD_CLOEXEC);

	enum err rc = fd >= 0 ? ruledb_builder_new(&b, &how) : ERR_IO;
	if (rc == OK)
		rc = ruledb_builder_feed(b, "sample", "sample", &index);
	if (rc == OK)
		rc = read_sample(b);
	if (rc == OK)
		rc = ruledb_builder_write(b, fd);
	ruledb_builder_free(b);
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

static uint64_t cpu_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t machine_compile_ms(uint64_t entries)
{
	uint64_t before = cpu_us();

	if (compile_sample() != OK)
		return 0;
	return (cpu_us() - before) * entries / SAMPLE_NAMES / 1000;
}
