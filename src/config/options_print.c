/* SPDX-License-Identifier: ISC */
#include "config/options_print.h"

#include <string.h>

#include "base/json.h"
#include "config/options.h"

static void put_items(struct buffer *out, const char *items)
{
	buffer_append_char(out, '{');
	while (*items) {
		const char *comma = strstr(items, ", ");
		size_t len = comma ? (size_t)(comma - items) : strlen(items);

		buffer_printf(out, "\"%.*s\"%s", (int)len, items,
			      comma ? ", " : "");
		items += len + (comma ? 2 : 0);
	}
	buffer_append_char(out, '}');
}

void options_print_default(struct buffer *out, const struct option_spec *spec)
{
	switch (spec->type) {
	case OPTION_LIST:
		put_items(out, spec->fallback);
		break;
	case OPTION_STRING:
	case OPTION_PATH:
		buffer_printf(out, "\"%s\"", spec->fallback);
		break;
	default:
		buffer_append_string(out, spec->fallback);
	}
}

static void put_option(struct buffer *out, const struct option_spec *spec)
{
	const char *indent = spec->section == SECTION_TOP ? "" : "\t";

	buffer_printf(out, "%s# %s\n%s# %s = ", indent, spec->help, indent,
		      spec->name);
	options_print_default(out, spec);
	buffer_append_char(out, '\n');
}

void options_print_file(struct buffer *out)
{
	for (int i = 0; i < SECTION_COUNT; i++) {
		enum option_section section = (enum option_section)i;

		if (section == SECTION_PROVIDER)
			buffer_append_string(out, "\n# provider \"name\" {\n");
		else if (section != SECTION_TOP)
			buffer_printf(out, "\n%s {\n",
				      options_section_name(section));
		for (size_t j = 0; j < options_table_count; j++)
			if (options_table[j].section == section)
				put_option(out, &options_table[j]);
		if (section == SECTION_PROVIDER)
			buffer_append_string(out, "# }\n");
		else if (section != SECTION_TOP)
			buffer_append_string(out, "}\n");
	}
}

void options_print_json(struct buffer *out)
{
	struct buffer text;

	buffer_init(&text, 1024);
	buffer_append_char(out, '[');
	for (size_t i = 0; i < options_table_count; i++) {
		const struct option_spec *spec = &options_table[i];
		struct slice section =
		    slice_of(options_section_name(spec->section));

		json_put_comma(out);
		buffer_append_char(out, '{');
		json_put_string_member(out, "section", section);
		json_put_string_member(out, "name", slice_of(spec->name));
		json_put_string_member(out, "type",
				       slice_of(options_type_name(spec->type)));
		buffer_clear(&text);
		options_print_default(&text, spec);
		json_put_string_member(out, "default", buffer_slice(&text));
		buffer_clear(&text);
		options_describe(&text, spec);
		json_put_string_member(out, "allowed", buffer_slice(&text));
		if (spec->unit)
			json_put_string_member(out, "unit",
					       slice_of(spec->unit));
		json_put_bool_member(out, "reload", spec->reload);
		json_put_string_member(out, "help", slice_of(spec->help));
		buffer_append_char(out, '}');
	}
	buffer_append_char(out, ']');
	buffer_fini(&text);
}
