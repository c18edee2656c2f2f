/* SPDX-License-Identifier: ISC */
#include "app/check_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

static const char *const level_names[] = {
    [CHECK_OK] = "ok",
    [CHECK_WARN] = "warn",
    [CHECK_FAIL] = "fail",
};

enum { LEVEL_WIDTH = 5, DETAIL_INDENT = 7 };

void check_report_init(struct check_report *report)
{
	memset(report, 0, sizeof(*report));
	report->lines = memory_zalloc(CHECK_LINES_MAX * sizeof(*report->lines));
}

void check_report_fini(struct check_report *report)
{
	for (size_t i = 0; i < report->count; i++)
		memory_free(report->lines[i].details);
	memory_free(report->lines);
	report->lines = NULL;
}

void check_report_add(struct check_report *report, enum check_level level,
		      const char *subject, const char *format, ...)
{
	struct check_line *line;
	va_list arguments;

	report->failures += level == CHECK_FAIL;
	report->warnings += level == CHECK_WARN;
	if (report->count == CHECK_LINES_MAX)
		return;
	line = &report->lines[report->count++];
	line->level = level;
	snprintf(line->subject, sizeof(line->subject), "%s", subject);
	va_start(arguments, format);
	vsnprintf(line->text, sizeof(line->text), format, arguments);
	va_end(arguments);
	line->text[text_utf8_floor(line->text, strlen(line->text))] = '\0';
}

void check_report_add_detail(struct check_report *report, const char *format,
			     ...)
{
	struct check_line *line;
	struct buffer details;
	va_list arguments;
	char text[CHECK_TEXT_SIZE];

	if (report->count == 0)
		return;
	line = &report->lines[report->count - 1];
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	text[text_utf8_floor(text, strlen(text))] = '\0';
	buffer_init(&details, BUFFER_UNLIMITED);
	if (line->details) {
		buffer_append_string(&details, line->details);
		buffer_append_char(&details, '\n');
	}
	buffer_append_string(&details, text);
	memory_free(line->details);
	line->details = buffer_detach(&details);
	buffer_fini(&details);
}

/* What begins with an arrow is to be typed. */
static void print_detail(struct terminal *terminal, struct slice text)
{
	if (!text_starts_with(text, "-> ")) {
		terminal_put_wrapped(terminal, DETAIL_INDENT + 3, text);
		return;
	}
	fprintf(terminal->file, "%*s", DETAIL_INDENT, "");
	terminal_put_styled(terminal, STYLE_BOLD, text);
	terminal_put(terminal, SLICE_LITERAL("\n"));
}

static void print_details(const struct check_line *line,
			  struct terminal *terminal)
{
	const char *at = line->details;

	while (at && *at) {
		size_t len = strcspn(at, "\n");

		print_detail(terminal, slice_make(at, len));
		at += len + (at[len] == '\n');
	}
}

/* Where a person reads, lines are wrapped; a program gets one line each. */
static void print_text(const struct check_line *line, struct terminal *terminal)
{
	size_t used = LEVEL_WIDTH + strlen(line->subject) + 1;

	terminal_put(terminal, SLICE_LITERAL(":"));
	if (terminal->is_terminal) {
		terminal_put_hanging(terminal, used, LEVEL_WIDTH,
				     slice_of(line->text));
		return;
	}
	terminal_put(terminal, SLICE_LITERAL(" "));
	terminal_put(terminal, slice_of(line->text));
	terminal_put(terminal, SLICE_LITERAL("\n"));
}

void check_report_print(const struct check_report *report,
			struct terminal *terminal)
{
	static const enum terminal_style styles[] = {STYLE_GREEN, STYLE_YELLOW,
						     STYLE_RED};

	for (size_t i = 0; i < report->count; i++) {
		const struct check_line *line = &report->lines[i];
		char level[16];

		snprintf(level, sizeof(level), "%-*s", LEVEL_WIDTH,
			 level_names[line->level]);
		terminal_put_styled(terminal, styles[line->level],
				    slice_of(level));
		terminal_put_styled(terminal, STYLE_BOLD,
				    slice_of(line->subject));
		print_text(line, terminal);
		print_details(line, terminal);
	}
	fprintf(terminal->file, "%u failed, %u warnings\n", report->failures,
		report->warnings);
}

void check_report_print_json(const struct check_report *report,
			     struct buffer *out)
{
	buffer_append_char(out, '{');
	json_put_bool_member(out, "ok", report->failures == 0);
	json_put_int_member(out, "failures", report->failures);
	json_put_int_member(out, "warnings", report->warnings);
	json_put_name(out, "checks");
	buffer_append_char(out, '[');
	for (size_t i = 0; i < report->count; i++) {
		const struct check_line *line = &report->lines[i];

		json_put_comma(out);
		buffer_append_char(out, '{');
		json_put_string_member(out, "level",
				       slice_of(level_names[line->level]));
		json_put_string_member(out, "subject", slice_of(line->subject));
		json_put_string_member(out, "text", slice_of(line->text));
		if (line->details)
			json_put_string_member(out, "details",
					       slice_of(line->details));
		buffer_append_char(out, '}');
	}
	buffer_append_string(out, "]}");
}
