/* SPDX-License-Identifier: ISC */
/*
 * Notes of selftest streams: web/selftest_note.c.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "web/selftest_note.h"

static char folder[64];

static int set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/leat-note-XXXXXX");
	assert_non_null(mkdtemp(folder));
	return 0;
}

static unsigned each_file(void (*visit)(const char *path))
{
	DIR *opened = opendir(folder);
	struct dirent *entry;
	unsigned count = 0;
	char path[400];

	assert_non_null(opened);
	while ((entry = readdir(opened))) {
		if (entry->d_name[0] == '.')
			continue;
		count++;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (visit)
			visit(path);
	}
	closedir(opened);
	return count;
}

static void remove_file(const char *path)
{
	unlink(path);
}

static int tear_down(void **state)
{
	(void)state;
	each_file(remove_file);
	return rmdir(folder);
}

static bool find(const struct selftest_note *note, struct selftest_news *news)
{
	return selftest_note_read(folder, slice_of(note->id), news);
}

static void what_became_of_a_stream_can_be_read(void **state)
{
	struct selftest_note left, ended, runs;
	struct selftest_news news;

	(void)state;
	selftest_note_open(&left, folder);
	selftest_note_open(&ended, folder);
	selftest_note_open(&runs, folder);
	selftest_note_close(&left, true, 7, 123456);
	selftest_note_close(&ended, false, 40, 1);
	assert_true(find(&left, &news));
	assert_int_equal(news.end, SELFTEST_LEFT);
	assert_int_equal(news.frames, 7);
	assert_int_equal(news.at_ms, 123456);
	assert_true(find(&ended, &news));
	assert_int_equal(news.end, SELFTEST_ENDED);
	assert_true(find(&runs, &news));
	assert_int_equal(news.end, SELFTEST_RUNS);
	selftest_note_close(&runs, false, 0, 0);
}

static void ids_are_hexadecimal_and_differ(void **state)
{
	struct selftest_note a, b;

	(void)state;
	selftest_note_open(&a, folder);
	selftest_note_open(&b, folder);
	assert_string_not_equal(a.id, b.id);
	assert_true(selftest_note_is_id(slice_of(a.id)));
	assert_false(selftest_note_is_id(slice_of("")));
	assert_false(
	    selftest_note_is_id(slice_of("../../../../../../../../etc/passw")));
	assert_false(
	    selftest_note_is_id(slice_of("0123456789abcdef0123456789abcdeF")));
	assert_false(selftest_note_is_id(
	    slice_make("0123456789abcdef0123456789abcdef0", 33)));
	selftest_note_close(&a, false, 0, 0);
	selftest_note_close(&b, false, 0, 0);
}

static void check_mode(const char *path)
{
	struct stat status;

	assert_int_equal(lstat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
}

static void nobody_else_can_read_a_note(void **state)
{
	struct selftest_note note;

	(void)state;
	selftest_note_open(&note, folder);
	assert_int_equal(each_file(check_mode), 1);
	selftest_note_close(&note, false, 0, 0);
}

static void a_link_is_not_a_note(void **state)
{
	static const char id[] = "0123456789abcdef0123456789abcdef";
	struct selftest_news news;
	char path[200];

	(void)state;
	snprintf(path, sizeof path, "%s/leat-selftest-%s", folder, id);
	assert_int_equal(symlink("/etc/hostname", path), 0);
	assert_false(selftest_note_read(folder, slice_of(id), &news));
}

static void there_are_never_more_than_64(void **state)
{
	struct selftest_note notes[70];
	struct selftest_news news;

	(void)state;
	for (int i = 0; i < 70; i++) {
		selftest_note_open(&notes[i], folder);
		selftest_note_close(&notes[i], true, 1, 1);
	}
	assert_int_equal(each_file(NULL), 64);
	assert_true(find(&notes[69], &news));
}

static void make_old(const char *path)
{
	struct timespec times[2] = {{0, 0}, {0, 0}};

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void old_ones_go(void **state)
{
	struct selftest_note old, young;
	struct selftest_news news;

	(void)state;
	selftest_note_open(&old, folder);
	selftest_note_close(&old, true, 1, 1);
	each_file(make_old);
	selftest_note_open(&young, folder);
	selftest_note_close(&young, true, 1, 1);
	assert_false(find(&old, &news));
	assert_true(find(&young, &news));
}

static void files_of_others_stay(void **state)
{
	struct selftest_note note;
	char path[200];

	(void)state;
	snprintf(path, sizeof path, "%s/leat-selftest-of-mine", folder);
	close(open(path, O_WRONLY | O_CREAT, 0600));
	make_old(path);
	selftest_note_open(&note, folder);
	selftest_note_close(&note, true, 1, 1);
	assert_int_equal(access(path, F_OK), 0);
}

static void without_a_folder_nothing_is_known(void **state)
{
	struct selftest_note note;
	struct selftest_news news;

	(void)state;
	selftest_note_open(&note, "/nonexistent");
	assert_true(selftest_note_is_id(slice_of(note.id)));
	assert_int_equal(note.fd, -1);
	selftest_note_close(&note, true, 1, 1);
	assert_false(
	    selftest_note_read("/nonexistent", slice_of(note.id), &news));
	selftest_note_open(&note, NULL);
	assert_int_equal(note.fd, -1);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(what_became_of_a_stream_can_be_read),
	    EACH(ids_are_hexadecimal_and_differ),
	    EACH(nobody_else_can_read_a_note),
	    EACH(a_link_is_not_a_note),
	    EACH(there_are_never_more_than_64),
	    EACH(old_ones_go),
	    EACH(files_of_others_stay),
	    EACH(without_a_folder_nothing_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
