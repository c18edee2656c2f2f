/* SPDX-License-Identifier: ISC */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

enum {
	LINE_MAX_BYTES = 1024,
	HEAD_MAX_BYTES = 128, /* before the message */
	RING_LINES = 1024,
	PATIENCE_MS = 100 /* with a pipe that is full, once */
};

enum log_kind { KIND_STDERR, KIND_FILE, KIND_SYSLOG };

struct log_line {
	enum log_level level;
	unsigned len;
	char text[LINE_MAX_BYTES];
};

/* One log per process. What stands below `mutex` is guarded by it; the ring
 * exists while the writer runs. */
static struct {
	enum log_level level;
	enum log_kind kind;
	char *path;
	char ident[32];
	/* The same number for good once a file is open: a new one is put in
	 * its place, so that no line ever goes to somebody else's file. */
	int fd;
	pthread_t writer;
	uint64_t dropped_told; /* the writer's own */
	atomic_bool is_stuck;  /* nobody took the line before */

	pthread_mutex_t mutex;
	pthread_cond_t has_lines;
	struct log_line *ring;
	unsigned first;
	unsigned count;
	uint64_t dropped;
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

static void use_stderr(void)
{
	if (the_log.fd != STDERR_FILENO)
		close(the_log.fd);
	the_log.fd = STDERR_FILENO;
}

bool log_open(const struct log_options *options)
{
	the_log.level = options->level;
	snprintf(the_log.ident, sizeof the_log.ident, "%s",
		 options->ident ? options->ident : "");
	if (!options->target || !strcmp(options->target, "stderr")) {
		the_log.kind = KIND_STDERR;
		use_stderr();
		return true;
	}
	if (!strcmp(options->target, "syslog")) {
		the_log.kind = KIND_SYSLOG;
		use_stderr();
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
	bool is_done = true;
	int fd;

	if (the_log.kind != KIND_FILE)
		return true;
	fd = open_file(the_log.path);
	if (fd < 0)
		return false;
	if (the_log.fd == STDERR_FILENO) {
		the_log.fd = fd;
	} else {
		is_done = dup3(fd, the_log.fd, O_CLOEXEC) >= 0;
		close(fd);
	}
	return is_done;
}

static void emit_to_syslog(enum log_level level, const char *text, size_t len)
{
	static const int priorities[] = {LOG_ERR, LOG_WARNING, LOG_INFO,
					 LOG_DEBUG};
	/* The time stamp is syslog's own work, and the end of the line. */
	const char *rest = memchr(text, ' ', len);
	const char *end = text + len - 1;

	rest = rest ? rest + 1 : text;
	syslog(priorities[level], "%.*s", (int)(end - rest), rest);
}

/* Nobody waits for the writer, until the process ends. */
static bool may_wait(void)
{
	bool may;

	pthread_mutex_lock(&the_log.mutex);
	may = the_log.ring && !the_log.is_ending;
	pthread_mutex_unlock(&the_log.mutex);
	return may;
}

/* A pipe or socket with room takes a line at once. Without, a write would stop
 * the process for as long as whoever should read does not. */
static bool has_room(void)
{
	struct pollfd room = {the_log.fd, POLLOUT, 0};
	bool is_patient;
	int count;

	do {
		is_patient = may_wait();
		count = poll(&room, 1,
			     is_patient || !the_log.is_stuck ? PATIENCE_MS : 0);
	} while (count == 0 && is_patient);
	the_log.is_stuck = count == 0;
	return count != 0;
}

/* False when the line, or the rest of it, could not be written. */
static bool emit(enum log_level level, const char *text, size_t len)
{
	if (the_log.kind == KIND_SYSLOG) {
		emit_to_syslog(level, text, len);
		return true;
	}
	while (len > 0 && has_room()) {
		ssize_t done = write(the_log.fd, text, len);

		if (done > 0) {
			text += done;
			len -= (size_t)done;
		} else if (errno != EINTR && errno != EAGAIN) {
			return false;
		}
	}
	return len == 0;
}

uint64_t log_dropped(void)
{
	uint64_t dropped;

	pthread_mutex_lock(&the_log.mutex);
	dropped = the_log.dropped;
	pthread_mutex_unlock(&the_log.mutex);
	return dropped;
}

static void count_dropped(void)
{
	pthread_mutex_lock(&the_log.mutex);
	the_log.dropped++;
	pthread_mutex_unlock(&the_log.mutex);
}

/* One line is one line, and no terminal is told anything, whatever a stranger
 * put into it: control characters (C1 too) become spaces, broken UTF-8 '?'. */
static void make_harmless(char *text, size_t len)
{
	const char *at = text;
	const char *end = text + len;

	while (at < end) {
		char *c = text + (at - text);
		uint32_t value = text_utf8_next(&at, end);
		char harmless = at == c + 1 && (*c & 0x80) ? '?' : ' ';

		if (harmless == '?' || value < 0x20 ||
		    (value >= 0x7F && value < 0xA0))
			memset(c, harmless, (size_t)(at - c));
	}
}

static size_t print_line(char out[LINE_MAX_BYTES], enum log_level level,
			 const char *area, const char *format, va_list args)
    __attribute__((format(printf, 4, 0)));

static size_t print_line(char out[LINE_MAX_BYTES], enum log_level level,
			 const char *area, const char *format, va_list args)
{
	struct timespec now;
	struct tm parts;
	size_t at;
	size_t room;
	int len;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &parts);
	at = strftime(out, HEAD_MAX_BYTES, "%Y-%m-%dT%H:%M:%S", &parts);
	len = snprintf(out + at, HEAD_MAX_BYTES - at,
		       ".%03ldZ %s %s%s%s: ", now.tv_nsec / 1000000,
		       level_names[level], the_log.ident,
		       the_log.ident[0] ? " " : "", area);
	at += (size_t)len < HEAD_MAX_BYTES - at ? (size_t)len
						: HEAD_MAX_BYTES - at - 1;
	/* The end of the line needs a byte, the terminator is overwritten. */
	room = LINE_MAX_BYTES - at;
	len = vsnprintf(out + at, room, format, args);
	if (len < 0)
		len = 0;
	if ((size_t)len >= room)
		len = (int)text_utf8_floor(out + at, room - 1);
	make_harmless(out + at, (size_t)len);
	at += (size_t)len;
	out[at] = '\n';
	return at + 1;
}

static bool tell(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool tell(enum log_level level, const char *format, ...)
{
	char text[LINE_MAX_BYTES];
	size_t len;
	va_list args;

	va_start(args, format);
	len = print_line(text, level, "log", format, args);
	va_end(args);
	return emit(level, text, len);
}

static void tell_dropped(void)
{
	uint64_t dropped = log_dropped();

	if (dropped != the_log.dropped_told &&
	    tell(LOG_LEVEL_WARN, "%llu lines are missing: too slow, or no room",
		 (unsigned long long)(dropped - the_log.dropped_told)))
		the_log.dropped_told = dropped;
}

/* The next line, when there is one before the end. */
static bool take_line(struct log_line *line)
{
	const struct log_line *next;

	pthread_mutex_lock(&the_log.mutex);
	while (the_log.count == 0 && !the_log.is_ending)
		pthread_cond_wait(&the_log.has_lines, &the_log.mutex);
	if (the_log.count == 0) {
		pthread_mutex_unlock(&the_log.mutex);
		return false;
	}
	next = &the_log.ring[the_log.first];
	memcpy(line, next, offsetof(struct log_line, text) + next->len);
	the_log.first = (the_log.first + 1) % RING_LINES;
	/* From the start again: what is never used costs no memory. */
	if (--the_log.count == 0)
		the_log.first = 0;
	pthread_mutex_unlock(&the_log.mutex);
	return true;
}

static void *write_lines(void *unused)
{
	struct log_line line;

	(void)unused;
	while (take_line(&line)) {
		tell_dropped();
		if (!emit(line.level, line.text, line.len))
			count_dropped();
	}
	tell_dropped();
	return NULL;
}

void log_start(void)
{
	if (the_log.ring)
		return;
	the_log.ring = memory_alloc(RING_LINES * sizeof *the_log.ring);
	the_log.is_ending = false;
	if (pthread_create(&the_log.writer, NULL, write_lines, NULL) == 0)
		return;
	memory_free(the_log.ring);
	the_log.ring = NULL;
}

void log_stop(void)
{
	if (!the_log.ring)
		return;
	pthread_mutex_lock(&the_log.mutex);
	the_log.is_ending = true;
	pthread_cond_signal(&the_log.has_lines);
	pthread_mutex_unlock(&the_log.mutex);
	pthread_join(the_log.writer, NULL);
	/* What another thread said meanwhile. */
	write_lines(NULL);
	pthread_mutex_lock(&the_log.mutex);
	memory_free(the_log.ring);
	the_log.ring = NULL;
	pthread_mutex_unlock(&the_log.mutex);
}

bool log_is_on(enum log_level level)
{
	return level <= the_log.level;
}

/* False when there is no writer. */
static bool enqueue(enum log_level level, const char *text, size_t len)
{
	bool has_writer;

	pthread_mutex_lock(&the_log.mutex);
	has_writer = the_log.ring != NULL;
	if (has_writer && the_log.count == RING_LINES) {
		the_log.dropped++;
	} else if (has_writer) {
		unsigned at = (the_log.first + the_log.count) % RING_LINES;
		struct log_line *line = &the_log.ring[at];

		line->level = level;
		line->len = (unsigned)len;
		memcpy(line->text, text, len);
		if (the_log.count++ == 0)
			pthread_cond_signal(&the_log.has_lines);
	}
	pthread_mutex_unlock(&the_log.mutex);
	return has_writer;
}

void log_write(enum log_level level, const char *area, const char *format, ...)
{
	char text[LINE_MAX_BYTES];
	size_t len;
	va_list args;

	if (!log_is_on(level))
		return;
	va_start(args, format);
	len = print_line(text, level, area, format, args);
	va_end(args);
	if (!enqueue(level, text, len) && !emit(level, text, len))
		count_dropped();
}

void log_write_lines(enum log_level level, const char *area, const char *prefix,
		     const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (len)
			log_write(level, area, "%s: %.*s", prefix, (int)len,
				  text);
		text += len + (text[len] == '\n');
	}
}
