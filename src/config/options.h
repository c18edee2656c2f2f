/* SPDX-License-Identifier: ISC */
/*
 * The one table of everything that the configuration file can say: section,
 * name, type, range, default, help, whether a reload can change it, and where
 * in struct config the value goes. Reading the file, the manual page and
 * `leat check --print-options` all follow it.
 *
 * The table knows nothing of files and of libconfuse; config/option_value.h
 * turns one text into one value, or says what would have been allowed.
 */
#ifndef LEAT_CONFIG_OPTIONS_H
#define LEAT_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

enum option_type {
	OPTION_STRING,	 /* char * */
	OPTION_PATH,	 /* char *; relative to the file's folder */
	OPTION_INT,	 /* unsigned */
	OPTION_SIZE,	 /* size_t, bytes */
	OPTION_DURATION, /* unsigned, milliseconds */
	OPTION_BOOL,	 /* bool */
	OPTION_ENUM,	 /* int: index of the name in `names` */
	OPTION_MODE,	 /* unsigned, octal permissions */
	OPTION_LIST	 /* struct config_list */
};

enum option_section {
	SECTION_TOP,
	SECTION_PROVIDER, /* has a name; offsets into struct config_provider */
	SECTION_CHAT,
	SECTION_CONTEXT,
	SECTION_LIMITS,
	SECTION_COUNT
};

struct option_spec {
	enum option_section section;
	const char *name;
	enum option_type type;
	size_t offset;
	const char *fallback;	/* the default, as the file would say it; items
				 * of a list with ", " between */
	unsigned long long min; /* of numbers; of a list: how many items */
	unsigned long long max;
	const char *const *names; /* of an enum, NULL ends */
	/* NULL when the text (of a list: each item) is good, else what is
	 * allowed, to go after "allowed: ". NULL: any text. */
	const char *(*check)(const char *text);
	const char *unit; /* for the help: "bytes", "passages"; may be NULL */
	const char *help;
	bool reload; /* false: only a start from scratch changes it */
};

extern const struct option_spec options_table[];
extern const size_t options_table_count;

/* "" for the top level. */
const char *options_section_name(enum option_section section);
/* SECTION_COUNT when there is none of that name. */
enum option_section options_section_find(const char *name);
const struct option_spec *options_find(enum option_section section,
				       const char *name);
/* The name in the section (or a section, at the top) that looks most like
 * this one; NULL when nothing does. */
const char *options_nearest(enum option_section section, const char *name);
/* "", "context", "provider" in words: `at the top level`, `in context {}`. */
void options_describe_place(struct buffer *out, enum option_section section);

/* What may stand there, in words: "a whole number from 0 to 256". */
void options_describe(struct buffer *out, const struct option_spec *spec);
/* "from 0 to 256" for numbers, sizes and durations; nothing for the rest. */
void options_describe_range(struct buffer *out, const struct option_spec *spec);
enum { OPTIONS_ALLOWED_SIZE = 256 };

const char *options_type_name(enum option_type type);

#endif
