/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "context/html_entity.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "context/xml_private.h"

enum { NAME_MAX_LEN = 40 };

/* What is left without libxml2. */
static uint32_t usual_value(const char *name)
{
	static const struct {
		const char *name;
		uint32_t value;
	} entities[] = {
	    {"amp", '&'},	{"lt", '<'},	   {"gt", '>'},
	    {"quot", '"'},	{"apos", '\''},	   {"nbsp", 0xA0},
	    {"copy", 0xA9},	{"mdash", 0x2014}, {"ndash", 0x2013},
	    {"hellip", 0x2026}, {"rarr", 0x2192},  {"larr", 0x2190},
	    {"times", 0xD7}};

	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
		if (!strcmp(entities[i].name, name))
			return entities[i].value;
	return 0;
}

static uint32_t named_value(const char *name)
{
#ifdef HAVE_LIBXML2
	if (xml_library_open()) {
		const htmlEntityDesc *entity = htmlEntityLookup(BAD_CAST name);

		return entity ? entity->value : 0;
	}
#endif
	return usual_value(name);
}

static uint32_t numbered_value(const char *digits)
{
	bool is_hex = digits[0] == 'x' || digits[0] == 'X';
	unsigned long value = strtoul(digits + is_hex, NULL, is_hex ? 16 : 10);

	return value > 0 && value <= 0x10FFFF ? (uint32_t)value : 0xFFFD;
}

void html_entity_append(struct buffer *out, struct slice reference)
{
	char name[NAME_MAX_LEN + 1];
	uint32_t value = 0;

	if (reference.len >= 3 && reference.len - 2 <= NAME_MAX_LEN) {
		memcpy(name, reference.data + 1, reference.len - 2);
		name[reference.len - 2] = '\0';
		value = name[0] == '#' ? numbered_value(name + 1)
				       : named_value(name);
	}
	if (value)
		text_utf8_append(out, value);
	else
		buffer_append_slice(out, reference);
}
