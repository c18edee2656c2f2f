/* SPDX-License-Identifier: ISC */
#include "config/option_value.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"

static void *field_of(const struct option_spec *spec, void *base)
{
	return (char *)base + spec->offset;
}

static void free_string(char **string)
{
	if (*string)
		explicit_bzero(*string, strlen(*string));
	memory_free(*string);
	*string = NULL;
}

static void free_list(struct config_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free_string(&list->items[i]);
	memory_free(list->items);
	list->items = NULL;
	list->count = 0;
}

/* Digits, then one of the units (or nothing). False when it is no number, has
 * another unit, or its product does not fit. */
struct unit {
	const char *name;
	unsigned long long factor;
};

static bool parse_with_unit(const char *text, const struct unit *units,
			    unsigned long long *value)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t number;

	if (!text_parse_uint(slice_make(text, digits), &number))
		return false;
	for (; units->name; units++) {
		if (!text_equal_nocase(slice_of(text + digits), units->name))
			continue;
		return !__builtin_mul_overflow(number, units->factor, value);
	}
	return false;
}

bool option_value_parse_duration(const char *text, unsigned long long *ms)
{
	static const struct unit units[] = {{"", 1000},	    {"ms", 1},
					    {"s", 1000},    {"m", 60000},
					    {"h", 3600000}, {NULL, 0}};

	return parse_with_unit(text, units, ms);
}

bool option_value_parse_size(const char *text, unsigned long long *bytes)
{
	static const struct unit units[] = {{"", 1},
					    {"K", 1024},
					    {"M", 1024 * 1024},
					    {"G", 1024 * 1024 * 1024},
					    {NULL, 0}};

	return parse_with_unit(text, units, bytes);
}

static bool parse_bool(const char *text, bool *value)
{
	static const char *const words[] = {"no",    "yes",  "off", "on",
					    "false", "true", "0",   "1"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (text_equal_nocase(slice_of(text), words[i])) {
			*value = i % 2 == 1;
			return true;
		}
	}
	return false;
}

static bool parse_mode(const char *text, unsigned long long *mode)
{
	size_t len = strlen(text);

	*mode = 0;
	if (len == 0 || len > 4 || strspn(text, "01234567") != len)
		return false;
	for (; *text; text++)
		*mode = *mode * 8 + (unsigned)(*text - '0');
	return true;
}

static bool parse_enum(const struct option_spec *spec, const char *text,
		       int *value)
{
	for (int i = 0; spec->names[i]; i++) {
		if (!strcmp(text, spec->names[i])) {
			*value = i;
			return true;
		}
	}
	return false;
}

static bool parse_number(const struct option_spec *spec, const char *text,
			 unsigned long long *number)
{
	uint64_t whole;
	bool is_one;

	switch (spec->type) {
	case OPTION_SIZE:
		is_one = option_value_parse_size(text, number);
		break;
	case OPTION_DURATION:
		is_one = option_value_parse_duration(text, number);
		break;
	case OPTION_MODE:
		is_one = parse_mode(text, number);
		break;
	default:
		is_one = text_parse_uint(slice_of(text), &whole);
		if (is_one)
			*number = whole;
	}
	return is_one && *number >= spec->min && *number <= spec->max;
}

static bool set_string(const struct option_spec *spec, char **field,
		       const char *text, struct buffer *allowed)
{
	const char *wanted = spec->check ? spec->check(text) : NULL;

	if (!wanted && strlen(text) > 4096)
		wanted = "at most 4096 bytes";
	if (wanted) {
		buffer_append_string(allowed, wanted);
		return false;
	}
	free_string(field);
	*field = memory_strdup(text);
	return true;
}

bool option_value_set(const struct option_spec *spec, void *base,
		      const char *text, struct buffer *allowed)
{
	void *field = field_of(spec, base);
	unsigned long long number = 0;
	bool is_good;

	switch (spec->type) {
	case OPTION_STRING:
	case OPTION_PATH:
		return set_string(spec, field, text, allowed);
	case OPTION_BOOL:
		is_good = parse_bool(text, field);
		break;
	case OPTION_ENUM:
		is_good = parse_enum(spec, text, field);
		break;
	default:
		is_good = parse_number(spec, text, &number);
		if (is_good && spec->type == OPTION_SIZE)
			*(size_t *)field = (size_t)number;
		else if (is_good)
			*(unsigned *)field = (unsigned)number;
	}
	if (!is_good)
		options_describe(allowed, spec);
	return is_good;
}

bool option_value_set_list(const struct option_spec *spec, void *base,
			   const struct config_list *items, size_t *bad,
			   struct buffer *allowed)
{
	struct config_list *list = field_of(spec, base);
	size_t count = items->count;

	*bad = count;
	if (count < spec->min || count > spec->max) {
		buffer_printf(allowed, "%llu to %llu items", spec->min,
			      spec->max);
		return false;
	}
	for (size_t i = 0; i < count && spec->check; i++) {
		const char *wanted = spec->check(items->items[i]);

		if (wanted) {
			*bad = i;
			buffer_append_string(allowed, wanted);
			return false;
		}
	}
	free_list(list);
	list->items = memory_zalloc((count + 1) * sizeof(*list->items));
	for (size_t i = 0; i < count; i++)
		list->items[i] = memory_strdup(items->items[i]);
	list->count = count;
	return true;
}

/* A default is a line of our own table: if it does not fit its own option,
 * the table is wrong, and the unit tests have seen it. */
static void set_default_list(const struct option_spec *spec, void *base,
			     struct buffer *allowed)
{
	char *text = memory_strdup(spec->fallback);
	char *items[16];
	struct config_list list = {items, 0};
	size_t bad;
	char *at = text;

	while (*at && list.count < sizeof(items) / sizeof(items[0])) {
		char *comma = strstr(at, ", ");

		items[list.count++] = at;
		if (!comma)
			break;
		*comma = '\0';
		at = comma + 2;
	}
	option_value_set_list(spec, base, &list, &bad, allowed);
	memory_free(text);
}

void option_value_set_defaults(enum option_section section, void *base)
{
	struct buffer allowed;

	buffer_init(&allowed, OPTIONS_ALLOWED_SIZE);
	for (size_t i = 0; i < options_table_count; i++) {
		const struct option_spec *spec = &options_table[i];

		if (spec->section != section)
			continue;
		if (spec->type == OPTION_LIST)
			set_default_list(spec, base, &allowed);
		else
			option_value_set(spec, base, spec->fallback, &allowed);
	}
	buffer_fini(&allowed);
}

void option_value_free(enum option_section section, void *base)
{
	for (size_t i = 0; i < options_table_count; i++) {
		const struct option_spec *spec = &options_table[i];

		if (spec->section != section)
			continue;
		if (spec->type == OPTION_LIST)
			free_list(field_of(spec, base));
		else if (spec->type == OPTION_STRING ||
			 spec->type == OPTION_PATH)
			free_string(field_of(spec, base));
	}
}
