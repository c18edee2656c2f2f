/* SPDX-License-Identifier: ISC */
#include "scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[200];

static void give_up(const char *doing)
{
	perror(doing);
	abort();
}

void scratch_open(void)
{
	const char *base = getenv("TMPDIR");

	snprintf(folder, sizeof(folder), "%.100s/leat-test-XXXXXX",
		 base ? base : "/tmp");
	if (!mkdtemp(folder))
		give_up("mkdtemp");
	if (mkdir(scratch_path("site"), 0755) < 0)
		give_up("mkdir");
}

static int remove_one(const char *path, const struct stat *status, int type,
		      struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

void scratch_close(void)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *scratch_path(const char *name)
{
	static char paths[16][512];
	static unsigned next;
	char *path = paths[next++ % 16];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void make_folders(const char *name)
{
	char part[256];

	for (const char *slash = strchr(name, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - name), name);
		mkdir(scratch_path(part), 0755);
	}
}

void scratch_write_bytes(const char *name, const void *bytes, size_t len)
{
	FILE *file;

	make_folders(name);
	file = fopen(scratch_path(name), "wb");
	if (!file || fwrite(bytes, 1, len, file) != len || fclose(file))
		give_up(name);
}

void scratch_write(const char *name, const char *text)
{
	scratch_write_bytes(name, text, strlen(text));
}

bool scratch_exists(const char *name)
{
	return access(scratch_path(name), F_OK) == 0;
}

bool scratch_build(struct fault *fault)
{
	const char *site = scratch_path("site");
	struct index_source source = {.path = site,
				      .base_url = "https://example.org/"};
	struct index_options options = {.sources = &source,
					.source_count = 1,
					.index_path = scratch_path("index.db")};

	return index_build(&options, NULL, fault);
}
