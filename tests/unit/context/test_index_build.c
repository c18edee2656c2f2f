/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "context/index_build.h"
#include "context/index_reader.h"
#include "scratch.h"

/* What the callbacks saw. */
struct seen {
	struct buffer skipped;
	size_t files;
	size_t total;
	atomic_bool cancelled;
	size_t cancel_at; /* the file before which to cancel; 0: none */
};

static struct seen seen;

static int set_up(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	buffer_init(&seen.skipped, 1 << 16);
	scratch_open();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buffer_fini(&seen.skipped);
	scratch_close();
	return 0;
}

static void on_file(void *state, size_t done, size_t total, const char *name)
{
	(void)state;
	assert_non_null(name);
	assert_int_equal(done, seen.files++);
	seen.total = total;
	if (seen.files == seen.cancel_at)
		atomic_store(&seen.cancelled, true);
}

static void on_skipped(void *state, const char *name, const char *reason)
{
	(void)state;
	buffer_printf(&seen.skipped, "%s: %s\n", strrchr(name, '/') + 1,
		      reason);
}

static bool build(struct index_counts *counts, struct fault *fault)
{
	struct index_source source = {.path = scratch_path("site"),
				      .base_url = "https://example.org/"};
	struct index_options options = {.sources = &source,
					.source_count = 1,
					.index_path = scratch_path("index.db"),
					.max_file_bytes = 1 << 20};
	struct index_progress progress = {.on_file = on_file,
					  .on_skipped = on_skipped,
					  .cancelled = &seen.cancelled,
					  .counts = counts};

	return index_build(&options, &progress, fault);
}

static long passages(void)
{
	struct index_reader *reader =
	    index_reader_open(scratch_path("index.db"), NULL);
	long count = reader ? index_reader_passages(reader) : -1;

	index_reader_close(reader);
	return count;
}

static void assert_no_leftovers(void)
{
	assert_false(scratch_exists("index.db.building"));
	assert_false(scratch_exists("index.db.building-journal"));
	assert_false(scratch_exists("index.db-journal"));
}

static void a_site_becomes_one_file(void **state)
{
	struct index_counts counts;
	struct fault fault = {0};

	(void)state;
	scratch_write("site/a.md", "# A\n\nFirst page.\n");
	scratch_write("site/b.txt", "Second page.\n");
	assert_true(build(&counts, &fault));
	assert_int_equal(counts.files, 2);
	assert_int_equal(counts.passages, 2);
	assert_int_equal(counts.skipped, 0);
	assert_true(counts.read_bytes > 20);
	assert_true(counts.index_bytes > 4096);
	assert_int_equal(seen.files, 2);
	assert_int_equal(seen.total, 2);
	assert_int_equal(passages(), 2);
	assert_no_leftovers();
}

static void what_cannot_be_read_is_named_and_skipped(void **state)
{
	struct index_counts counts;
	char *large = memory_zalloc((1 << 20) + 2);

	(void)state;
	scratch_write("site/a.md", "# A\n\nFirst page.\n");
	scratch_write_bytes("site/binary.txt",
			    "\x7F"
			    "ELF\0\0\0",
			    7);
	scratch_write("site/empty.md", "\n\n");
	memset(large, 'x', (1 << 20) + 1);
	scratch_write("site/large.txt", large);
	memory_free(large);
	scratch_write("site/secret.md", "not for us");
	chmod(scratch_path("site/secret.md"), 0);
	assert_true(build(&counts, NULL));
	assert_non_null(strstr(buffer_string(&seen.skipped),
			       "binary.txt: a binary file\n"
			       "empty.md: it has no text\n"
			       "large.txt: larger than the limit\n"));
	if (geteuid() != 0)
		assert_non_null(strstr(buffer_string(&seen.skipped),
				       "secret.md: Permission denied\n"));
	assert_int_equal(counts.files + counts.skipped, 5);
}

static void nothing_to_index_leaves_the_old_index(void **state)
{
	struct fault fault = {0};

	(void)state;
	scratch_write("site/a.md", "# A\n\nFirst page.\n");
	assert_true(build(NULL, NULL));
	unlink(scratch_path("site/a.md"));
	seen.files = 0;
	assert_false(build(NULL, &fault));
	assert_int_equal(fault.code, ERROR_CONTEXT_FAILED);
	assert_non_null(strstr(fault.hint, "nothing to index"));
	assert_int_equal(passages(), 1);
	assert_no_leftovers();
}

static void a_cancelled_build_leaves_the_old_index(void **state)
{
	struct fault fault = {0};

	(void)state;
	scratch_write("site/a.md", "# A\n\nFirst page.\n");
	assert_true(build(NULL, NULL));
	scratch_write("site/b.md", "# B\n\nSecond page.\n");
	seen.files = 0;
	seen.cancel_at = 2;
	assert_false(build(NULL, &fault));
	assert_int_equal(fault.code, ERROR_CANCELLED);
	assert_int_equal(passages(), 1);
	assert_no_leftovers();
}

static void a_second_build_at_once_is_refused(void **state)
{
	struct fault fault = {0};
	int fd;

	(void)state;
	scratch_write("site/a.md", "# A\n\nFirst page.\n");
	assert_true(build(NULL, NULL));
	fd = open(scratch_path("index.db.building"), O_RDWR | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_SH), 0);
	seen.files = 0;
	assert_false(build(NULL, &fault));
	assert_int_equal(fault.code, ERROR_OVERLOADED);
	assert_non_null(strstr(fault.hint, "Another run"));
	/* The other one's file is not ours to remove. */
	assert_true(scratch_exists("index.db.building"));
	assert_int_equal(passages(), 1);
	close(fd);
	/* What a killed build left is taken over. */
	seen.files = 0;
	assert_true(build(NULL, &fault));
	assert_no_leftovers();
}

/* As on a full disk: writing fails past a size. */
static void a_full_disk_leaves_the_old_index(void **state)
{
	struct rlimit old, small;
	struct fault fault = {0};
	char name[64];
	bool is_built;

	(void)state;
	scratch_write("site/a.md", "# A\n\nFirst page.\n");
	assert_true(build(NULL, NULL));
	srand(1);
	for (int i = 0; i < 60; i++) {
		struct buffer text;

		buffer_init(&text, 1 << 20);
		for (int k = 0; k < 4000; k++)
			buffer_printf(&text, "w%x ", (unsigned)rand());
		snprintf(name, sizeof(name), "site/n%d.txt", i);
		scratch_write(name, buffer_string(&text));
		buffer_fini(&text);
	}
	seen.files = 0;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 200000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	is_built = build(NULL, &fault);
	setrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, SIG_DFL);
	assert_false(is_built);
	assert_int_equal(fault.code, ERROR_CONTEXT_FAILED);
	assert_non_null(strstr(fault.hint, "disk is full"));
	assert_int_equal(passages(), 1);
	assert_no_leftovers();
}

static void a_folder_that_cannot_be_written_is_said(void **state)
{
	struct index_source source = {.path = scratch_path("site")};
	struct index_options options = {
	    .sources = &source,
	    .source_count = 1,
	    .index_path = scratch_path("no/such/folder/index.db")};
	struct fault fault = {0};

	(void)state;
	scratch_write("site/a.md", "# A\n\nFirst page.\n");
	assert_false(index_build(&options, NULL, &fault));
	assert_int_equal(fault.code, ERROR_CONTEXT_FAILED);
	assert_non_null(strstr(fault.hint, "cannot be created"));
}

static void the_new_index_keeps_the_old_ones_mode(void **state)
{
	struct stat status;

	(void)state;
	scratch_write("site/a.md", "# A\n\nFirst page.\n");
	assert_true(build(NULL, NULL));
	assert_int_equal(chmod(scratch_path("index.db"), 0640), 0);
	seen.files = 0;
	assert_true(build(NULL, NULL));
	assert_int_equal(stat(scratch_path("index.db"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
}

static void a_wrong_base_is_refused_before_anything_is_written(void **state)
{
	struct index_source source = {.path = scratch_path("site"),
				      .base_url = "example.org"};
	struct index_options options = {.sources = &source,
					.source_count = 1,
					.index_path = scratch_path("index.db")};
	struct fault fault = {0};

	(void)state;
	assert_false(index_build(&options, NULL, &fault));
	assert_int_equal(fault.code, ERROR_BAD_REQUEST);
	assert_false(scratch_exists("index.db"));
	assert_no_leftovers();
}

static bool contains(const char *name, const char *needle)
{
	FILE *file = fopen(scratch_path(name), "rb");
	char *data = memory_alloc(1 << 20);
	size_t len;
	bool found;

	assert_non_null(file);
	len = fread(data, 1, 1 << 20, file);
	fclose(file);
	found = memmem(data, len, needle, strlen(needle)) != NULL;
	memory_free(data);
	return found;
}

static void local_paths_never_enter_the_index(void **state)
{
	(void)state;
	scratch_write("site/deep/a.md", "Text without a title.\n");
	assert_true(build(NULL, NULL));
	assert_true(contains("index.db", "https://example.org/deep/a.md"));
	assert_false(contains("index.db", "leat-test-"));
	assert_false(contains("index.db", "/tmp"));
}

static void an_index_of_another_version_is_not_read(void **state)
{
	struct fault fault = {0};
	FILE *file;

	(void)state;
	scratch_write("site/a.md", "# A\n\nFirst page.\n");
	assert_true(build(NULL, NULL));
	/* The user version stands at offset 60 of an SQLite file. */
	file = fopen(scratch_path("index.db"), "r+b");
	assert_non_null(file);
	fseek(file, 60, SEEK_SET);
	fwrite("\0\0\0\x63", 1, 4, file);
	fclose(file);
	assert_null(index_reader_open(scratch_path("index.db"), &fault));
	assert_non_null(strstr(fault.hint, "another version"));
}

static void a_cut_off_index_is_damaged(void **state)
{
	struct fault fault = {0};
	struct index_reader *reader;

	(void)state;
	scratch_write("site/a.md", "# A\n\nFirst page.\n");
	assert_true(build(NULL, NULL));
	assert_int_equal(truncate(scratch_path("index.db"), 5000), 0);
	reader = index_reader_open(scratch_path("index.db"), &fault);
	assert_null(reader);
	assert_int_equal(fault.code, ERROR_CONTEXT_FAILED);
	assert_non_null(strstr(fault.hint, "damaged"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(a_site_becomes_one_file),
	    TEST(what_cannot_be_read_is_named_and_skipped),
	    TEST(nothing_to_index_leaves_the_old_index),
	    TEST(a_cancelled_build_leaves_the_old_index),
	    TEST(a_second_build_at_once_is_refused),
	    TEST(a_full_disk_leaves_the_old_index),
	    TEST(a_folder_that_cannot_be_written_is_said),
	    TEST(the_new_index_keeps_the_old_ones_mode),
	    TEST(a_wrong_base_is_refused_before_anything_is_written),
	    TEST(local_paths_never_enter_the_index),
	    TEST(an_index_of_another_version_is_not_read),
	    TEST(a_cut_off_index_is_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
