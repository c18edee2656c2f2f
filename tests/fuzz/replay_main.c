/* SPDX-License-Identifier: ISC */
/*
 * Feeds a fuzz target the files of its corpus, or those given as arguments:
 * what stands in for libFuzzer in `make check`.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REPLAY_BYTES_MAX = 16 << 20 };

static int replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(REPLAY_BYTES_MAX);
	size_t size;

	if (!file || !data) {
		perror(path);
		if (file)
			fclose(file);
		free(data);
		return 0;
	}
	size = fread(data, 1, REPLAY_BYTES_MAX, file);
	fclose(file);
	/* Its own size again, so that reading past the end is seen. */
	data = realloc(data, size ? size : 1);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 1;
}

static int replay_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[4096];
	int count = 0;

	if (!dir) {
		perror(folder);
		return 0;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		count += replay_file(path);
	}
	closedir(dir);
	return count;
}

int main(int argc, char **argv)
{
	int count = 0;

	for (int i = 1; i < argc; i++)
		count += replay_file(argv[i]);
	if (argc == 1)
		count = replay_folder(FUZZ_CORPUS);
	printf("%d inputs replayed\n", count);
	return count ? EXIT_SUCCESS : EXIT_FAILURE;
}
