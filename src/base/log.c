/* SPDX-License-Identifier: ISC */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

enum { LINE_MAX_BYTES = 1024, RING_LINES = 1024 };

enum log_kind { KIND_STDERR, KIND_FILE, KIND_SYSLOG };

struct log_line {
	enum log_level level;
	unsigned len;
	char text[LINE_MAX_BYTES];
};

/* One log per process. The ring is allocated when the writer starts;
 * everything below `mutex` is guarded by it. */
static struct {
	enum log_level level;
	enum log_kind kind;
	char *path;
	char ident[32];
	int fd;
	pthread_t writer;
	bool has_writer;

	pthread_mutex_t mutex;
	pthread_cond_t has_lines;
	struct log_line *ring;
	unsigned first;
	unsigned count;
	uint64_t dropped;
	uint64_t dropped_told;
	bool is_ending;
} the_log = {
    .level = LOG_LEVEL_INFO,
    .fd = STDERR_FILENO,
    .mutex = PTHREAD_MUTEX_INITIALIZER,
    .has_lines = PTHREAD_COND_INITIALIZER,
};

static const char *const level_names[] = {"error", "warn", "info", "debug"};

static int open_file(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

bool log_open(const struct log_options *options)
{
	the_log.level = options->level;
	snprintf(the_log.ident, sizeof the_log.ident, "%s",
		 options->ident ? options->ident : "");
	if (!options->target || !strcmp(options->target, "stderr")) {
		the_log.kind = KIND_STDERR;
		return true;
	}
	if (!strcmp(options->target, "syslog")) {
		the_log.kind = KIND_SYSLOG;
		openlog("leat", LOG_PID, LOG_DAEMON);
		return true;
	}
	the_log.kind = KIND_FILE;
	memory_free(the_log.path);
	the_log.path = memory_strdup(options->target);
	return log_reopen();
}

bool log_reopen(void)
{
	int fd;

	if (the_log.kind != KIND_FILE)
		return true;
	fd = open_file(the_log.path);
	if (fd < 0)
		return false;
	pthread_mutex_lock(&the_log.mutex);
	if (the_log.fd != STDERR_FILENO)
		close(the_log.fd);
	the_log.fd = fd;
	pthread_mutex_unlock(&the_log.mutex);
	return true;
}

static void emit(enum log_level level, const char *text, unsigned len, int fd)
{
	static const int priorities[] = {LOG_ERR, LOG_WARNING, LOG_INFO,
					 LOG_DEBUG};

	if (the_log.kind == KIND_SYSLOG) {
		/* The time stamp is syslog's own work. */
		const char *rest = memchr(text, ' ', len);

		syslog(priorities[level], "%.*s",
		       (int)(text + len - 1 - (rest ? rest + 1 : text)),
		       rest ? rest + 1 : text);
		return;
	}
	while (len > 0) {
		ssize_t done = write(fd, text, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return;
		text += done;
		len -= (unsigned)done;
	}
}

static unsigned print_line(char out[LINE_MAX_BYTES], enum log_level level,
			   const char *area, const char *format, va_list args)
{
	struct timespec now;
	struct tm parts;
	int at;
	int more;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &parts);
	at = (int)strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &parts);
	at += snprintf(out + at, 128,
		       ".%03ldZ %s %s%s%s: ", now.tv_nsec / 1000000,
		       level_names[level], the_log.ident,
		       the_log.ident[0] ? " " : "", area);
	more = vsnprintf(out + at, (size_t)(LINE_MAX_BYTES - at - 1), format,
			 args);
	if (more < 0)
		more = 0;
	if (more > LINE_MAX_BYTES - at - 2) {
		more = LINE_MAX_BYTES - at - 2;
		more = (int)text_utf8_floor(out + at, (size_t)more);
	}
	/* One line is one line, whatever a stranger put into it. */
	for (int i = at; i < at + more; i++)
		if ((unsigned char)out[i] < 0x20 || out[i] == 0x7F)
			out[i] = ' ';
	out[at + more] = '\n';
	return (unsigned)(at + more + 1);
}

static void tell_dropped(int fd)
{
	char text[160];
	int len;

	pthread_mutex_lock(&the_log.mutex);
	len = the_log.dropped == the_log.dropped_told
		  ? 0
		  : snprintf(text, sizeof text,
			     "- warn log: %llu lines were dropped: the log is "
			     "too slow\n",
			     (unsigned long long)(the_log.dropped -
						  the_log.dropped_told));
	the_log.dropped_told = the_log.dropped;
	pthread_mutex_unlock(&the_log.mutex);
	if (len > 0)
		emit(LOG_LEVEL_WARN, text, (unsigned)len, fd);
}

static void *write_lines(void *unused)
{
	struct log_line line;

	(void)unused;
	for (;;) {
		int fd;
		bool is_last;

		pthread_mutex_lock(&the_log.mutex);
		while (the_log.count == 0 && !the_log.is_ending)
			pthread_cond_wait(&the_log.has_lines, &the_log.mutex);
		if (the_log.count == 0) {
			pthread_mutex_unlock(&the_log.mutex);
			return NULL;
		}
		memcpy(&line, &the_log.ring[the_log.first],
		       offsetof(struct log_line, text) +
			   the_log.ring[the_log.first].len);
		the_log.first = (the_log.first + 1) % RING_LINES;
		is_last = --the_log.count == 0;
		fd = the_log.fd;
		pthread_mutex_unlock(&the_log.mutex);
		emit(line.level, line.text, line.len, fd);
		if (is_last)
			tell_dropped(fd);
	}
}

void log_start(void)
{
	if (the_log.has_writer)
		return;
	the_log.ring = memory_alloc(RING_LINES * sizeof *the_log.ring);
	the_log.is_ending = false;
	the_log.has_writer =
	    pthread_create(&the_log.writer, NULL, write_lines, NULL) == 0;
}

void log_stop(void)
{
	if (!the_log.has_writer)
		return;
	pthread_mutex_lock(&the_log.mutex);
	the_log.is_ending = true;
	pthread_cond_signal(&the_log.has_lines);
	pthread_mutex_unlock(&the_log.mutex);
	pthread_join(the_log.writer, NULL);
	the_log.has_writer = false;
	memory_free(the_log.ring);
	the_log.ring = NULL;
}

bool log_is_on(enum log_level level)
{
	return level <= the_log.level;
}

uint64_t log_dropped(void)
{
	uint64_t dropped;

	pthread_mutex_lock(&the_log.mutex);
	dropped = the_log.dropped;
	pthread_mutex_unlock(&the_log.mutex);
	return dropped;
}

static void enqueue(enum log_level level, const char *text, unsigned len)
{
	pthread_mutex_lock(&the_log.mutex);
	if (the_log.count == RING_LINES) {
		the_log.dropped++;
	} else {
		unsigned at = (the_log.first + the_log.count) % RING_LINES;
		struct log_line *line = &the_log.ring[at];

		line->level = level;
		line->len = len;
		memcpy(line->text, text, len);
		if (the_log.count++ == 0)
			pthread_cond_signal(&the_log.has_lines);
	}
	pthread_mutex_unlock(&the_log.mutex);
}

void log_write(enum log_level level, const char *area, const char *format, ...)
{
	char text[LINE_MAX_BYTES];
	unsigned len;
	va_list args;

	if (!log_is_on(level))
		return;
	va_start(args, format);
	len = print_line(text, level, area, format, args);
	va_end(args);
	if (the_log.has_writer)
		enqueue(level, text, len);
	else
		emit(level, text, len, the_log.fd);
}
