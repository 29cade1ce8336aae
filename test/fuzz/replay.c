/* replay -- runs a fuzz target over every file of the folders and files named on the
 * command line, so that yesterday's findings are tests in every build. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL) {
		perror(path);
		return 0;
	}
	enum {
		MAX_SEED_BYTES = 1 << 20
	};
	uint8_t *bytes = malloc(MAX_SEED_BYTES);
	size_t size = bytes == NULL ? 0 : fread(bytes, 1, MAX_SEED_BYTES, file);
	(void)fclose(file);
	if (bytes == NULL)
		return 0;
	/* An exact-size copy, so that ASan sees a read one byte past the end. */
	uint8_t *exact = malloc(size > 0 ? size : 1);
	for (size_t i = 0; exact != NULL && i < size; i++)
		exact[i] = bytes[i];
	if (exact != NULL)
		LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	free(bytes);
	return 1;
}

static int replay_folder(const char *path)
{
	DIR *folder = opendir(path);
	if (folder == NULL) {
		perror(path);
		return 0;
	}
	int played = 0;
	const struct dirent *entry;
	while ((entry = readdir(folder)) != NULL) {
		char name[4096];
		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(name, sizeof name, "%s/%s", path, entry->d_name) <
		    (int)sizeof name)
			played += replay_file(name);
	}
	(void)closedir(folder);
	return played;
}

int main(int argc, char **argv)
{
	int played = 0;
	for (int i = 1; i < argc; i++) {
		struct stat st;
		if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			played += replay_folder(argv[i]);
		else
			played += replay_file(argv[i]);
	}
	printf("%d seeds replayed\n", played);
	return played > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
