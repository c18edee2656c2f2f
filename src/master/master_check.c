/* SPDX-License-Identifier: ISC */
#include "master/master_check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "master/master_program.h"
#include "master/master_state.h"

enum { WORDS_MAX = 16 << 10 };

void master_check_init(struct master_check *check)
{
	memset(check, 0, sizeof *check);
	check->fd = -1;
	buffer_init(&check->words, WORDS_MAX);
}

static void stop_listening(struct master_check *check)
{
	if (check->fd >= 0)
		close(check->fd);
	check->fd = -1;
}

static pid_t run(const struct master_check_options *options, int words)
{
	struct master_program program;

	master_program_init(&program, "candidate");
	program.output = words;
	master_program_add_number(&program, "--state", MASTER_STATE_VERSION);
	master_program_add_descriptor(&program, "--config-fd",
				      options->config_fd);
	master_program_add_descriptor(&program, "--first-config-fd",
				      options->first_config_fd);
	if (options->config_path)
		master_program_add(&program, "--config", options->config_path);
	return master_program_start(&program, options->exe);
}

bool master_check_start(struct master_check *check,
			const struct master_check_options *options,
			uint64_t now_ms)
{
	int ends[2];
	pid_t pid;

	buffer_clear(&check->words);
	check->is_late = false;
	check->pid = 0;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK)) {
		buffer_printf(&check->words, "there is no pipe: %s\n",
			      strerror(errno));
		return false;
	}
	/* The child writes as any program does; only we must not wait. */
	fcntl(ends[1], F_SETFL, 0);
	pid = run(options, ends[1]);
	if (pid < 0)
		buffer_printf(&check->words, "%s cannot be executed: %s\n",
			      options->exe, strerror(errno));
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return false;
	}
	check->pid = pid;
	check->fd = ends[0];
	check->end_ms = now_ms + MASTER_CHECK_MS;
	return true;
}

void master_check_cancel(struct master_check *check)
{
	if (check->pid > 0)
		kill(check->pid, SIGKILL);
	check->pid = 0;
	stop_listening(check);
	buffer_fini(&check->words);
	buffer_init(&check->words, WORDS_MAX);
}

void master_check_on_poll(struct master_check *check)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(check->fd, chunk, sizeof chunk)) > 0)
		/* What is beyond the cap is read and dropped. */
		buffer_append(&check->words, chunk, (size_t)n);
	if (n == 0)
		stop_listening(check);
}

void master_check_on_time(struct master_check *check, uint64_t now_ms)
{
	if (check->pid <= 0 || check->is_late || now_ms < check->end_ms)
		return;
	check->is_late = true;
	kill(check->pid, SIGKILL);
}

static const char *find_version(const struct master_check *check)
{
	const char *text = buffer_string(&check->words);
	const char *found = NULL;

	for (const char *at = strstr(text, MASTER_CHECK_GOOD); at;
	     at = strstr(at + 1, MASTER_CHECK_GOOD))
		if (at == text || at[-1] == '\n')
			found = at + strlen(MASTER_CHECK_GOOD);
	return found;
}

static void describe_end(struct master_check *check, int status)
{
	struct buffer *words = &check->words;

	if (words->len && words->data[words->len - 1] != '\n')
		buffer_append_char(words, '\n');
	if (check->is_late)
		buffer_printf(words, "the check did not end within %d s\n",
			      MASTER_CHECK_MS / 1000);
	else if (WIFSIGNALED(status))
		buffer_printf(words, "the check was ended by signal %d (%s)\n",
			      WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) == 0)
		buffer_append_string(words,
				     "the binary is no leat that can take "
				     "over\n");
	else if (words->len == 0)
		buffer_printf(words, "the check ended with status %d\n",
			      WEXITSTATUS(status));
}

bool master_check_on_exit(struct master_check *check, int status)
{
	const char *version;
	char text[32];

	check->pid = 0;
	if (check->fd >= 0)
		master_check_on_poll(check);
	stop_listening(check);
	version = find_version(check);
	if (check->is_late || !WIFEXITED(status) || WEXITSTATUS(status) != 0 ||
	    !version) {
		describe_end(check, status);
		return false;
	}
	snprintf(text, sizeof text, "%.*s", (int)strcspn(version, "\n"),
		 version);
	buffer_clear(&check->words);
	buffer_append_string(&check->words, text);
	return true;
}
