/* SPDX-License-Identifier: ISC */
/*
 * How long CGI programs take: starts each as a web server would, with a pipe
 * for its answer, and notes when the first byte, the first event and the first
 * mark (mark.h) of a streamed answer come, and when it has ended.
 *
 *   exec --runs N -- [NAME=VALUE...] PROGRAM [WORD...] [-- another...]
 *
 * The programs take turns, so that a noisy moment does not hit one alone. Its
 * own environment is theirs too, with what stands before the program. Prints
 * one line of JSON for each.
 */
#include "hist.h"
#include "mark.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRAMS_MAX 8
#define ANSWER_MAX   (256 * 1024)

struct program {
	char **words; /* from the program's name on, ends with NULL */
	char **environment;
	unsigned failed; /* by exit status, or without a mark */
	struct hist first_byte, first_event, first_mark, end;
};

static char answer[ANSWER_MAX + 1];

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static bool has_mark(size_t len)
{
	const char *at = answer;
	unsigned number;

	while ((at = memchr(at, '@', (size_t)(answer + len - at)))) {
		if (mark_read(at, (size_t)(answer + len - at), &number))
			return true;
		at++;
	}
	return false;
}

/* Reads to the end; false when there was no mark. */
static bool read_answer(struct program *program, int fd, uint64_t started)
{
	size_t len = 0;
	bool has_event = false;
	bool is_marked = false;

	while (len < ANSWER_MAX) {
		ssize_t got = read(fd, answer + len, ANSWER_MAX - len);
		uint64_t now = now_ns();

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		if (!len)
			hist_add(&program->first_byte, now - started);
		len += (size_t)got;
		if (!has_event && memmem(answer, len, "\ndata:", 6)) {
			hist_add(&program->first_event, now - started);
			has_event = true;
		}
		if (!is_marked && has_mark(len)) {
			hist_add(&program->first_mark, now - started);
			is_marked = true;
		}
	}
	answer[len] = '\0';
	return is_marked;
}

static void run_once(struct program *program)
{
	posix_spawn_file_actions_t actions;
	uint64_t started;
	bool is_marked;
	int pipes[2];
	int status;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC))
		die("exec: pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
	started = now_ns();
	errno = posix_spawn(&pid, program->words[0], &actions, NULL,
			    program->words, program->environment);
	if (errno)
		die(program->words[0]);
	close(pipes[1]);
	is_marked = read_answer(program, pipes[0], started);
	close(pipes[0]);
	waitpid(pid, &status, 0);
	hist_add(&program->end, now_ns() - started);
	if (status || !is_marked) {
		if (!program->failed++)
			fprintf(stderr, "exec: %s failed (%d): %.400s\n",
				program->words[0], status, answer);
	}
	posix_spawn_file_actions_destroy(&actions);
}

/* The words up to the next "--"; returns where to go on. */
static char **take_program(struct program *program, char **words)
{
	extern char **environ;
	size_t own = 0, inherited = 0;

	while (words[own] && strchr(words[own], '='))
		own++;
	while (environ[inherited])
		inherited++;
	program->environment =
	    calloc(own + inherited + 1, sizeof(*program->environment));
	if (!program->environment)
		die("exec");
	memcpy(program->environment, words, own * sizeof(*words));
	memcpy(program->environment + own, environ,
	       inherited * sizeof(*environ));
	program->words = words + own;
	while (*words && strcmp(*words, "--") != 0)
		words++;
	if (*words)
		*words++ = NULL;
	return words;
}

static void print_result(const struct program *program, unsigned runs)
{
	printf("{\"program\":\"%s\",\"runs\":%u,\"failed\":%u",
	       program->words[0], runs, program->failed);
	hist_print(&program->first_byte, "first_byte_ms");
	hist_print(&program->first_event, "first_event_ms");
	hist_print(&program->first_mark, "first_content_ms");
	hist_print(&program->end, "end_ms");
	printf("}\n");
}

/* How many there are; 0: one of them has no words. */
static unsigned take_programs(struct program *programs, char **words)
{
	unsigned count = 0;

	while (words[0] && count < PROGRAMS_MAX) {
		words = take_program(&programs[count], words + !count);
		if (!programs[count++].words[0])
			return 0;
	}
	return count;
}

int main(int argc, char **argv)
{
	static struct program programs[PROGRAMS_MAX];
	unsigned count = 0, runs = 0, failed = 0;

	if (argc > 4 && !strcmp(argv[1], "--runs") && !strcmp(argv[3], "--"))
		runs = (unsigned)strtoul(argv[2], NULL, 10);
	if (runs)
		count = take_programs(programs, argv + 3);
	if (!count) {
		fprintf(stderr, "usage: exec --runs N -- [NAME=VALUE...] "
				"PROGRAM [WORD...] [-- ...]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < runs; i++)
		for (unsigned j = 0; j < count; j++)
			run_once(&programs[(i + j) % count]);
	for (unsigned j = 0; j < count; j++) {
		print_result(&programs[j], runs);
		failed += programs[j].failed;
	}
	return failed ? 1 : 0;
}
