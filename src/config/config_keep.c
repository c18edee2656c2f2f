/* SPDX-License-Identifier: ISC */
#include "config/config_keep.h"

#include <string.h>

#include "config/options.h"

static size_t size_of(enum option_type type)
{
	switch (type) {
	case OPTION_STRING:
	case OPTION_PATH:
		return sizeof(char *);
	case OPTION_SIZE:
		return sizeof(size_t);
	case OPTION_BOOL:
		return sizeof(bool);
	case OPTION_LIST:
		return sizeof(struct config_list);
	default:
		return sizeof(unsigned);
	}
}

static bool is_same_list(const struct config_list *a,
			 const struct config_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]))
			return false;
	return true;
}

static bool is_same(enum option_type type, const void *a, const void *b)
{
	const char *a_text, *b_text;

	switch (type) {
	case OPTION_STRING:
	case OPTION_PATH:
		memcpy(&a_text, a, sizeof a_text);
		memcpy(&b_text, b, sizeof b_text);
		return !strcmp(a_text, b_text);
	case OPTION_LIST:
		return is_same_list(a, b);
	default:
		return !memcmp(a, b, size_of(type));
	}
}

static void print(struct buffer *out, enum option_type type, const void *value)
{
	const struct config_list *list = value;
	const char *text;
	unsigned number;

	switch (type) {
	case OPTION_STRING:
	case OPTION_PATH:
		memcpy(&text, value, sizeof text);
		buffer_printf(out, "\"%s\"", text);
		break;
	case OPTION_LIST:
		buffer_append_char(out, '{');
		for (size_t i = 0; i < list->count; i++)
			buffer_printf(out, "%s\"%s\"", i ? ", " : "",
				      list->items[i]);
		buffer_append_char(out, '}');
		break;
	case OPTION_BOOL:
		buffer_append_string(out, *(const bool *)value ? "yes" : "no");
		break;
	case OPTION_SIZE:
		buffer_append_uint(out, *(const size_t *)value);
		break;
	default:
		memcpy(&number, value, sizeof number);
		buffer_printf(out, type == OPTION_MODE ? "0%o" : "%u", number);
	}
}

static void swap(void *a, void *b, size_t size)
{
	char room[sizeof(struct config_list)];

	memcpy(room, a, size);
	memcpy(a, b, size);
	memcpy(b, room, size);
}

void config_keep(struct config *config, struct config *first,
		 struct buffer *told)
{
	for (size_t i = 0; i < options_table_count; i++) {
		const struct option_spec *spec = &options_table[i];
		char *to = (char *)config + spec->offset;
		char *from = (char *)first + spec->offset;

		if (spec->reload || spec->section == SECTION_PROVIDER ||
		    is_same(spec->type, to, from))
			continue;
		swap(to, from, size_of(spec->type));
		if (!told)
			continue;
		buffer_printf(told, "%s%s%s: only a restart changes it; ",
			      options_section_name(spec->section),
			      spec->section == SECTION_TOP ? "" : ".",
			      spec->name);
		print(told, spec->type, to);
		buffer_append_string(told, " stays in force\n");
	}
}
