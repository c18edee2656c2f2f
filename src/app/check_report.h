/* SPDX-License-Identifier: ISC */
/*
 * What `leat check` finds, one line each: ok, a warning, or a failure that
 * would keep leat from working or gives a secret away.
 */
#ifndef LEAT_APP_CHECK_REPORT_H
#define LEAT_APP_CHECK_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "app/terminal.h"
#include "base/buffer.h"

enum check_level { CHECK_OK, CHECK_WARN, CHECK_FAIL };

enum { CHECK_LINES_MAX = 200, CHECK_SUBJECT_SIZE = 80, CHECK_TEXT_SIZE = 1000 };

struct check_line {
	enum check_level level;
	char subject[CHECK_SUBJECT_SIZE]; /* "provider openai" */
	char text[CHECK_TEXT_SIZE];
	char *details; /* further lines, LF between; NULL: none */
};

struct check_report {
	struct check_line *lines;
	size_t count;
	unsigned failures;
	unsigned warnings;
};

void check_report_init(struct check_report *report);
void check_report_fini(struct check_report *report);

void check_report_add(struct check_report *report, enum check_level level,
		      const char *subject, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A line more about what was added last, printed below it. */
void check_report_add_detail(struct check_report *report, const char *format,
			     ...) __attribute__((format(printf, 2, 3)));

/* One line each; on a terminal, wrapped. */
void check_report_print(const struct check_report *report,
			struct terminal *terminal);
/* {"ok":true,"failures":0,"warnings":0,"checks":[{"level":"ok",…}]} */
void check_report_print_json(const struct check_report *report,
			     struct buffer *out);

#endif
