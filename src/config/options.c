/* SPDX-License-Identifier: ISC */
#include "config/options.h"

#include <stdint.h>
#include <string.h>

static const char *const section_names[SECTION_COUNT] = {
    [SECTION_TOP] = "",		 [SECTION_PROVIDER] = "provider",
    [SECTION_CHAT] = "chat",	 [SECTION_CONTEXT] = "context",
    [SECTION_LIMITS] = "limits",
};

const char *options_section_name(enum option_section section)
{
	return section_names[section];
}

enum option_section options_section_find(const char *name)
{
	for (int i = SECTION_TOP + 1; i < SECTION_COUNT; i++)
		if (!strcmp(section_names[i], name))
			return (enum option_section)i;
	return SECTION_COUNT;
}

const struct option_spec *options_find(enum option_section section,
				       const char *name)
{
	for (size_t i = 0; i < options_table_count; i++)
		if (options_table[i].section == section &&
		    !strcmp(options_table[i].name, name))
			return &options_table[i];
	return NULL;
}

enum { WORD_MAX = 40 };

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

/* Letters to insert, delete or replace to make one of the other. */
static unsigned edit_distance(const char *a, const char *b)
{
	size_t a_len = strlen(a);
	size_t b_len = strlen(b);
	unsigned row[WORD_MAX + 1];

	if (a_len > WORD_MAX || b_len > WORD_MAX)
		return UINT32_MAX;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned above = row[j];

			row[j] = smallest(above + 1, row[j - 1] + 1,
					  diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[b_len];
}

struct nearest {
	const char *name;
	unsigned distance;
};

static void consider(struct nearest *nearest, const char *name,
		     const char *candidate)
{
	unsigned distance = edit_distance(name, candidate);

	/* "timeout" for "idle_timeout": a part of some length counts too. */
	if (distance > 3 && strlen(name) >= 5 && strstr(candidate, name))
		distance = 3;
	if (distance < nearest->distance) {
		nearest->distance = distance;
		nearest->name = candidate;
	}
}

const char *options_nearest(enum option_section section, const char *name)
{
	unsigned most = strlen(name) < 5 ? 1 : 3;
	struct nearest nearest = {NULL, most + 1};

	for (size_t i = 0; i < options_table_count; i++)
		if (options_table[i].section == section)
			consider(&nearest, name, options_table[i].name);
	if (section == SECTION_TOP)
		for (int i = SECTION_TOP + 1; i < SECTION_COUNT; i++)
			consider(&nearest, name, section_names[i]);
	return nearest.name;
}

void options_describe_place(struct buffer *out, enum option_section section)
{
	if (section == SECTION_TOP)
		buffer_append_string(out, "at the top level");
	else
		buffer_printf(out, "in %s {}", section_names[section]);
}

const char *options_type_name(enum option_type type)
{
	static const char *const names[] = {
	    [OPTION_STRING] = "text",	    [OPTION_PATH] = "path",
	    [OPTION_INT] = "number",	    [OPTION_SIZE] = "size",
	    [OPTION_DURATION] = "duration", [OPTION_BOOL] = "yes or no",
	    [OPTION_ENUM] = "one of",	    [OPTION_MODE] = "permissions",
	    [OPTION_LIST] = "list",
	};

	return names[type];
}

static void put_number(struct buffer *out, unsigned long long number)
{
	buffer_append_uint(out, number);
}

static void put_size(struct buffer *out, unsigned long long bytes)
{
	static const char units[] = {'G', 'M', 'K'};

	for (unsigned i = 0; i < sizeof(units); i++) {
		unsigned shift = 30 - 10 * i;

		if (bytes >> shift && bytes % (1ull << shift) == 0) {
			buffer_printf(out, "%llu%c", bytes >> shift, units[i]);
			return;
		}
	}
	buffer_printf(out, "%llu", bytes);
}

static void put_duration(struct buffer *out, unsigned long long ms)
{
	if (ms == 0)
		buffer_append_string(out, "0");
	else if (ms % 3600000 == 0)
		buffer_printf(out, "%lluh", ms / 3600000);
	else if (ms % 60000 == 0)
		buffer_printf(out, "%llum", ms / 60000);
	else if (ms % 1000 == 0)
		buffer_printf(out, "%llus", ms / 1000);
	else
		buffer_printf(out, "%llums", ms);
}

void options_describe_range(struct buffer *out, const struct option_spec *spec)
{
	void (*put)(struct buffer *, unsigned long long) = put_number;

	if (spec->type == OPTION_SIZE)
		put = put_size;
	else if (spec->type == OPTION_DURATION)
		put = put_duration;
	else if (spec->type != OPTION_INT)
		return;
	buffer_append_string(out, "from ");
	put(out, spec->min);
	buffer_append_string(out, " to ");
	put(out, spec->max);
}

static void describe_enum(struct buffer *out, const struct option_spec *spec)
{
	for (size_t i = 0; spec->names[i]; i++)
		buffer_printf(out, "%s%s", i ? ", " : "", spec->names[i]);
}

void options_describe(struct buffer *out, const struct option_spec *spec)
{
	switch (spec->type) {
	case OPTION_STRING:
		buffer_append_string(out, "a text");
		break;
	case OPTION_PATH:
		buffer_append_string(out, "a path");
		break;
	case OPTION_INT:
		buffer_append_string(out, "a whole number ");
		options_describe_range(out, spec);
		break;
	case OPTION_SIZE:
		buffer_append_string(out, "a size ");
		options_describe_range(out, spec);
		buffer_append_string(out, ", such as 65536, \"64K\" or \"8M\"");
		break;
	case OPTION_DURATION:
		buffer_append_string(out, "a duration ");
		options_describe_range(out, spec);
		buffer_append_string(
		    out,
		    ", such as 30 (seconds), \"500ms\", \"30s\" or \"5m\"");
		break;
	case OPTION_BOOL:
		buffer_append_string(out, "yes or no");
		break;
	case OPTION_ENUM:
		describe_enum(out, spec);
		break;
	case OPTION_MODE:
		buffer_append_string(
		    out, "octal permissions such as 0660, at most 0777");
		break;
	case OPTION_LIST:
		buffer_append_string(out, "a list such as {\"one\", \"two\"}");
		break;
	}
}
