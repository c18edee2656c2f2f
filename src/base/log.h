/* SPDX-License-Identifier: ISC */
/*
 * The log: lines to stderr, a file or syslog. A bounded ring and a writer
 * thread keep a slow disk away from the loop; what does not fit, or cannot be
 * written, is dropped, counted, and the count is logged. Before log_start()
 * (and after log_stop()) lines are written at once. Any thread may write. A
 * pipe that nobody reads delays who writes at once, and the end, by a tenth of
 * a second, and then loses lines.
 *
 * Lines are `2026-11-21T09:00:00.123Z level ident area: message`, at most
 * 1,024 bytes, without control characters. No key and no message text ever
 * enters a line unless the operator turned that on.
 */
#ifndef LEAT_BASE_LOG_H
#define LEAT_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

struct log_options {
	enum log_level level;
	const char *target; /* "stderr", "syslog" or a path */
	const char *ident;  /* "master", "worker 2" */
};

/* Before log_start(). False when the file cannot be opened (errno says why):
 * lines then go to stderr. */
bool log_open(const struct log_options *options);
void log_start(void); /* starts the writer thread */
void log_stop(void);  /* writes what waits, ends the thread */
/* Opens the file again (it was moved away); false: the old one stays. */
bool log_reopen(void);
bool log_is_on(enum log_level level);
uint64_t log_dropped(void);
void log_write(enum log_level level, const char *area, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Each line of text as one of the log, "prefix: line"; empty ones are left
 * out. */
void log_write_lines(enum log_level level, const char *area, const char *prefix,
		     const char *text);

#define log_error(area, ...) log_write(LOG_LEVEL_ERROR, area, __VA_ARGS__)
#define log_warn(area, ...)  log_write(LOG_LEVEL_WARN, area, __VA_ARGS__)
#define log_info(area, ...)  log_write(LOG_LEVEL_INFO, area, __VA_ARGS__)
#define log_debug(area, ...)                                           \
	do {                                                           \
		if (log_is_on(LOG_LEVEL_DEBUG))                        \
			log_write(LOG_LEVEL_DEBUG, area, __VA_ARGS__); \
	} while (0)

#endif
