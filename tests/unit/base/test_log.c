/* SPDX-License-Identifier: ISC */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

enum { MANY_LINES = 3000, THREADS = 4, LINES_EACH = 200 };

static char folder[64];
static char path[128];
static char moved[128];

static int set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/test_log.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/log", folder);
	snprintf(moved, sizeof moved, "%s/log.1", folder);
	return 0;
}

static int tear_down(void **state)
{
	struct log_options to_stderr = {.level = LOG_LEVEL_INFO};

	(void)state;
	log_stop();
	log_open(&to_stderr);
	unlink(path);
	unlink(moved);
	return rmdir(folder);
}

static void open_log(enum log_level level)
{
	struct log_options options = {
	    .level = level, .target = path, .ident = "worker 2"};

	assert_true(log_open(&options));
}

static char *read_all(const char *file)
{
	static char text[2 << 20];
	int fd = open(file, O_RDONLY);
	ssize_t len;

	assert_true(fd >= 0);
	len = read(fd, text, sizeof text - 1);
	assert_true(len >= 0);
	text[len] = '\0';
	close(fd);
	return text;
}

static size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static void assert_matches(const char *text, const char *pattern)
{
	regex_t regex;

	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&regex, text, 0, NULL, 0) != 0)
		fail_msg("\"%s\" is not \"%s\"", text, pattern);
	regfree(&regex);
}

static void a_line_has_time_level_ident_and_area(void **state)
{
	(void)state;
	open_log(LOG_LEVEL_INFO);
	log_warn("loop", "a pass took %d ms", 81);
	assert_matches(read_all(path),
		       "^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[012][0-9]:[0-5][0-9]:"
		       "[0-6][0-9]\\.[0-9]{3}Z warn worker 2 loop: a pass took "
		       "81 ms\n$");
}

static void lines_above_the_level_are_not_written(void **state)
{
	int asked = 0;

	(void)state;
	open_log(LOG_LEVEL_WARN);
	log_info("a", "not this");
	log_debug("a", "nor this %d", asked++);
	log_warn("a", "this");
	log_error("a", "and this");
	assert_int_equal(count_lines(read_all(path)), 2);
	/* The arguments of a debug line cost nothing when it is off. */
	assert_int_equal(asked, 0);
	assert_false(log_is_on(LOG_LEVEL_INFO));
	assert_true(log_is_on(LOG_LEVEL_WARN));
}

static void each_line_of_a_text_is_a_line_of_the_log(void **state)
{
	const char *text;

	(void)state;
	open_log(LOG_LEVEL_WARN);
	log_write_lines(LOG_LEVEL_WARN, "pool", "reload", "one\n\n two\nthree");
	log_write_lines(LOG_LEVEL_INFO, "pool", "reload", "not this");
	text = read_all(path);
	assert_int_equal(count_lines(text), 3);
	assert_non_null(strstr(text, " pool: reload: one\n"));
	assert_non_null(strstr(text, " pool: reload:  two\n"));
	assert_non_null(strstr(text, " pool: reload: three\n"));
}

static void a_stranger_cannot_write_a_line_of_his_own(void **state)
{
	const char *text;

	(void)state;
	open_log(LOG_LEVEL_INFO);
	log_info("web", "path=%s.",
		 "a\nb\r\x1B[31mc\x7F\td\xC2\x9B"
		 "e\x9B\xFF\xC3g\xC3\xA9\xE2\x82\xAC");
	text = read_all(path);
	assert_int_equal(count_lines(text), 1);
	assert_non_null(
	    strstr(text, "path=a b  [31mc  d  e???g\xC3\xA9\xE2\x82\xAC.\n"));
}

static void a_long_line_is_cut_between_characters(void **state)
{
	char longer[3000];
	size_t len;

	(void)state;
	for (size_t shift = 0; shift < 3; shift++) {
		const char *text;

		memset(longer, 'x', shift);
		for (size_t i = shift; i + 3 < sizeof longer; i += 3)
			memcpy(longer + i, "\xE2\x82\xAC", 4);
		open_log(LOG_LEVEL_INFO);
		log_info("a", "%s", longer);
		text = read_all(path);
		len = strlen(text);
		assert_int_equal(count_lines(text), 1);
		assert_in_range(len, 1024 - 3, 1024);
		assert_memory_equal(text + len - 4, "\xE2\x82\xAC\n", 4);
		unlink(path);
	}
}

static void a_long_area_leaves_room_for_the_message(void **state)
{
	char area[500];

	(void)state;
	memset(area, 'a', sizeof area - 1);
	area[sizeof area - 1] = '\0';
	open_log(LOG_LEVEL_INFO);
	log_write(LOG_LEVEL_INFO, area, "message");
	assert_matches(read_all(path), "aaamessage\n$");
}

static void the_writer_writes_all_before_it_stops(void **state)
{
	char *text;
	char *at;

	(void)state;
	open_log(LOG_LEVEL_INFO);
	log_start();
	log_start();
	for (int i = 0; i < 500; i++)
		log_info("a", "line %d.", i);
	log_stop();
	log_stop();
	log_info("a", "line %d.", 500);
	text = read_all(path);
	assert_int_equal(count_lines(text), 501);
	at = text;
	for (int i = 0; i <= 500; i++) {
		char line[32];

		snprintf(line, sizeof line, ": line %d.\n", i);
		at = strstr(at, line);
		assert_non_null(at);
	}
}

static void *say_much(void *state)
{
	for (int i = 0; i < LINES_EACH; i++)
		log_info("thread", "says %d", i);
	return state;
}

static void threads_may_speak_while_the_writer_comes_and_goes(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	open_log(LOG_LEVEL_INFO);
	log_start();
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, say_much, NULL);
	for (int i = 0; i < 20; i++) {
		log_stop();
		log_start();
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	log_stop();
	assert_int_equal(count_lines(read_all(path)) + log_dropped(),
			 THREADS * LINES_EACH);
}

static void a_moved_file_is_opened_again(void **state)
{
	(void)state;
	open_log(LOG_LEVEL_INFO);
	log_start();
	log_info("a", "before");
	log_stop();
	log_start();
	assert_int_equal(rename(path, moved), 0);
	assert_true(log_reopen());
	log_info("a", "after");
	log_stop();
	assert_non_null(strstr(read_all(moved), "before\n"));
	assert_null(strstr(read_all(moved), "after\n"));
	assert_non_null(strstr(read_all(path), "after\n"));
	assert_int_equal(count_lines(read_all(path)), 1);
}

static int lowest_free(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

/* A writer that is in the middle of a line must not find its descriptor in
 * the hands of somebody else. */
static void reopening_keeps_the_number_of_the_descriptor(void **state)
{
	int free_before;

	(void)state;
	open_log(LOG_LEVEL_INFO);
	free_before = lowest_free();
	for (int i = 0; i < 10; i++)
		assert_true(log_reopen());
	assert_int_equal(lowest_free(), free_before);
	log_info("a", "still");
	assert_non_null(strstr(read_all(path), "still\n"));
}

static void a_file_that_cannot_be_opened_again_leaves_the_old(void **state)
{
	(void)state;
	open_log(LOG_LEVEL_INFO);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_false(log_reopen());
	log_info("a", "kept");
	assert_non_null(strstr(read_all(moved), "kept\n"));
	rmdir(path);
}

static void a_file_that_cannot_be_opened_is_told(void **state)
{
	struct log_options options = {.level = LOG_LEVEL_ERROR,
				      .target = "/nowhere/at/all"};

	(void)state;
	errno = 0;
	assert_false(log_open(&options));
	assert_int_equal(errno, ENOENT);
}

static void files_are_not_for_everybody(void **state)
{
	struct stat info;

	(void)state;
	umask(0);
	open_log(LOG_LEVEL_INFO);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0640);
}

static void lines_go_to_stderr_by_default(void **state)
{
	struct log_options to_stderr = {.level = LOG_LEVEL_INFO};
	int saved = dup(STDERR_FILENO);
	int fd = open(moved, O_WRONLY | O_CREAT, 0600);

	(void)state;
	open_log(LOG_LEVEL_INFO);
	assert_true(log_open(&to_stderr));
	dup2(fd, STDERR_FILENO);
	log_info("a", "here");
	assert_true(log_reopen());
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fd);
	assert_matches(read_all(moved), "Z info a: here\n$");
	assert_string_equal(read_all(path), "");
}

struct reader {
	int fd;
	atomic_bool is_ending;
	char *text;
	size_t len;
	size_t size;
};

static void *read_pipe(void *state)
{
	struct reader *reader = state;

	for (;;) {
		bool was_ending = reader->is_ending;
		ssize_t got = read(reader->fd, reader->text + reader->len,
				   reader->size - reader->len - 1);

		if (got > 0)
			reader->len += (size_t)got;
		else if (was_ending)
			break;
		else
			sched_yield();
	}
	reader->text[reader->len] = '\0';
	return NULL;
}

/* The log is a pipe that nobody reads for a while: the writer is stuck, the
 * ring fills, and the rest is counted. */
static void what_does_not_fit_is_dropped_counted_and_told(void **state)
{
	uint64_t before = log_dropped();
	struct reader reader = {.size = 4 << 20};
	pthread_t thread;
	static const char mark[] = " warn worker 2 log: ";
	uint64_t dropped;
	uint64_t told = 0;
	unsigned told_count = 0;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	reader.fd = open(path, O_RDONLY | O_NONBLOCK);
	reader.text = malloc(reader.size);
	open_log(LOG_LEVEL_INFO);
	log_start();
	for (int i = 0; i < MANY_LINES; i++)
		log_info("a", "%0900d", i);
	dropped = log_dropped() - before;
	assert_in_range(dropped, MANY_LINES - 1024 - 80, MANY_LINES - 1024);
	pthread_create(&thread, NULL, read_pipe, &reader);
	log_stop();
	reader.is_ending = true;
	pthread_join(thread, NULL);
	for (char *at = reader.text; (at = strstr(at, mark)); told_count++) {
		at += strlen(mark);
		told += strtoull(at, NULL, 10);
	}
	assert_int_equal(told, dropped);
	assert_int_equal(count_lines(reader.text),
			 MANY_LINES - dropped + told_count);
	close(reader.fd);
	free(reader.text);
}

/* Behind a pipe that nobody ever reads: neither a line nor the end waits. */
static void who_does_not_read_stops_nobody(void **state)
{
	uint64_t before = log_dropped();
	uint64_t start_ms = clock_monotonic_ms(&clock_system);
	int fd;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	open_log(LOG_LEVEL_INFO);
	for (int i = 0; i < MANY_LINES; i++)
		log_info("a", "%0900d", i);
	log_start();
	for (int i = 0; i < LINES_EACH; i++)
		log_info("a", "%0900d", i);
	log_stop();
	assert_in_range(clock_monotonic_ms(&clock_system) - start_ms, 100,
			2000);
	assert_in_range(log_dropped() - before, MANY_LINES + LINES_EACH - 80,
			MANY_LINES + LINES_EACH);
	close(fd);
}

static void lines_for_a_full_disk_are_counted(void **state)
{
	struct log_options options = {.level = LOG_LEVEL_INFO,
				      .target = "/dev/full"};
	uint64_t before = log_dropped();

	(void)state;
	assert_true(log_open(&options));
	log_info("a", "lost");
	assert_int_equal(log_dropped() - before, 1);
	log_start();
	log_info("a", "lost too");
	log_stop();
	assert_int_equal(log_dropped() - before, 2);
	log_open(
	    &(struct log_options){.level = LOG_LEVEL_INFO, .target = path});
	log_start();
	log_info("a", "kept");
	log_stop();
	assert_matches(read_all(path), " log: 2 lines .* a: kept\n$");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_line_has_time_level_ident_and_area),
	    TEST(lines_above_the_level_are_not_written),
	    TEST(each_line_of_a_text_is_a_line_of_the_log),
	    TEST(a_stranger_cannot_write_a_line_of_his_own),
	    TEST(a_long_line_is_cut_between_characters),
	    TEST(a_long_area_leaves_room_for_the_message),
	    TEST(the_writer_writes_all_before_it_stops),
	    TEST(threads_may_speak_while_the_writer_comes_and_goes),
	    TEST(a_moved_file_is_opened_again),
	    TEST(reopening_keeps_the_number_of_the_descriptor),
	    TEST(a_file_that_cannot_be_opened_again_leaves_the_old),
	    TEST(a_file_that_cannot_be_opened_is_told),
	    TEST(files_are_not_for_everybody),
	    TEST(lines_go_to_stderr_by_default),
	    TEST(what_does_not_fit_is_dropped_counted_and_told),
	    TEST(lines_for_a_full_disk_are_counted),
	    TEST(who_does_not_read_stops_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
