/* SPDX-License-Identifier: ISC */
#include "config/config_scan.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "config/config_token.h"
#include "config/option_check.h"

enum { TITLE_SIZE = 80, FILE_MAX = 1024 * 1024 };

struct scanner {
	struct config_scan *scan;
	struct problems *problems;
	struct config_token token;
	char titles[CONFIG_PROVIDERS_MAX][TITLE_SIZE];
};

/* What an option is set to; the token before was "=". */
static bool read_value(struct scanner *scanner, const char *name, bool *is_list)
{
	unsigned line = scanner->token.line;

	if (!config_token_next(&scanner->token))
		return false;
	*is_list = config_token_is(&scanner->token, '{');
	if (scanner->token.kind == TOKEN_TEXT)
		return config_token_next(&scanner->token);
	if (!*is_list)
		return config_token_expected(&scanner->token, "a value", name);
	if (!config_token_next(&scanner->token))
		return false;
	while (!config_token_is(&scanner->token, '}')) {
		if (scanner->token.kind != TOKEN_TEXT) {
			if (scanner->token.kind != TOKEN_END)
				return config_token_expected(
				    &scanner->token, "a value or }", name);
			problems_add(
			    scanner->problems, line,
			    "the list of %s is never closed: a } is missing",
			    name);
			return false;
		}
		if (!config_token_next(&scanner->token))
			return false;
		if (config_token_is(&scanner->token, ',')) {
			if (!config_token_next(&scanner->token))
				return false;
		} else if (!config_token_is(&scanner->token, '}')) {
			return config_token_expected(&scanner->token, ", or }",
						     "a value of a list");
		}
	}
	return config_token_next(&scanner->token);
}

/* The section that has an option of this name; SECTION_COUNT: none. */
static enum option_section home_of(const char *name)
{
	int section = 0;

	while (section < SECTION_COUNT &&
	       !options_find((enum option_section)section, name))
		section++;
	return (enum option_section)section;
}

static void report_unknown(struct scanner *scanner, unsigned line,
			   enum option_section section, const char *name)
{
	enum option_section home = home_of(name);
	struct buffer text;

	buffer_init(&text, 512);
	buffer_printf(&text, "unknown option \"%s\" ", name);
	options_describe_place(&text, section);
	if (home != SECTION_COUNT) {
		buffer_append_string(&text, "; it belongs ");
		options_describe_place(&text, home);
	} else if (options_nearest(section, name)) {
		buffer_printf(&text, "; did you mean \"%s\"?",
			      options_nearest(section, name));
	}
	problems_add(scanner->problems, line, "%s", buffer_string(&text));
	buffer_fini(&text);
}

unsigned config_scan_line(const struct config_scan *scan,
			  const struct option_spec *spec, unsigned provider)
{
	for (size_t i = 0; i < scan->found_count; i++)
		if (scan->found[i].spec == spec &&
		    (spec->section != SECTION_PROVIDER ||
		     scan->found[i].provider == provider))
			return scan->found[i].line;
	return 0;
}

static bool read_option(struct scanner *scanner, enum option_section section,
			const char *name, unsigned line)
{
	struct config_scan *scan = scanner->scan;
	const struct option_spec *spec = options_find(section, name);
	unsigned provider =
	    scan->provider_count ? (unsigned)scan->provider_count - 1 : 0;
	unsigned before;
	bool is_list;

	if (!spec)
		report_unknown(scanner, line, section, name);
	if (!read_value(scanner, name, &is_list))
		return false;
	if (!spec)
		return true;
	before = config_scan_line(scan, spec, provider);
	if (before)
		problems_add(scanner->problems, line,
			     "\"%s\" is given twice; the first is in line %u",
			     name, before);
	else if (is_list && spec->type != OPTION_LIST)
		problems_add(scanner->problems, line,
			     "\"%s\" takes one value, found a list", name);
	else if (scan->found_count < CONFIG_FOUND_MAX)
		scan->found[scan->found_count++] =
		    (struct config_found){.spec = spec,
					  .provider = provider,
					  .line = line,
					  .is_list = is_list};
	return true;
}

static bool open_provider(struct scanner *scanner, struct slice title,
			  unsigned line)
{
	struct config_scan *scan = scanner->scan;
	char *name = scanner->titles[scan->provider_count];
	const char *allowed;

	if (scan->provider_count == CONFIG_PROVIDERS_MAX)
		return config_token_wrong(&scanner->token, line,
					  "too many providers; allowed: 32");
	snprintf(name, TITLE_SIZE, "%.*s",
		 title.len < TITLE_SIZE ? (int)title.len : TITLE_SIZE - 1,
		 title.data ? title.data : "");
	allowed = option_check_name(name);
	if (!title.data)
		problems_add(
		    scanner->problems, line,
		    "a provider needs a name: provider \"name\" { … }");
	else if (allowed)
		problems_add(scanner->problems, line,
			     "found provider \"%s\"; allowed in its name: %s",
			     name, allowed);
	for (size_t i = 0; i < scan->provider_count && title.data; i++)
		if (!strcmp(scanner->titles[i], name))
			problems_add(
			    scanner->problems, line,
			    "provider \"%s\" is given twice; the first is in "
			    "line %u",
			    name, scan->provider_lines[i]);
	scan->provider_lines[scan->provider_count++] = line;
	return true;
}

static bool open_section(struct scanner *scanner, enum option_section section,
			 struct slice title, unsigned line)
{
	struct config_scan *scan = scanner->scan;
	const char *name = options_section_name(section);

	if (section == SECTION_PROVIDER)
		return open_provider(scanner, title, line);
	if (title.data)
		problems_add(scanner->problems, line,
			     "%s {} has no name, found \"%.*s\"", name,
			     title.len > 60 ? 60 : (int)title.len, title.data);
	if (scan->section_lines[section])
		problems_add(scanner->problems, line,
			     "%s {} is given twice; the first is in line %u",
			     name, scan->section_lines[section]);
	else
		scan->section_lines[section] = line;
	return true;
}

/* The name of what begins here; "" when there is none. */
static const char *token_name(const struct scanner *scanner, char *name,
			      size_t size)
{
	struct slice text = scanner->token.text;

	snprintf(name, size, "%.*s",
		 text.len < size ? (int)text.len : (int)size - 1,
		 text.data ? text.data : "");
	return name;
}

/* The options of a section up to its brace, which is read too. */
static bool read_section_body(struct scanner *scanner,
			      enum option_section section, unsigned opened)
{
	const char *section_name = options_section_name(section);
	char name[64];

	while (!config_token_is(&scanner->token, '}')) {
		unsigned line = scanner->token.line;
		bool is_section;

		if (scanner->token.kind == TOKEN_END) {
			problems_add(scanner->problems, opened,
				     "%s { is never closed: a } is missing",
				     section_name);
			return false;
		}
		if (scanner->token.kind != TOKEN_TEXT)
			return config_token_expected(
			    &scanner->token, "an option or }", section_name);
		token_name(scanner, name, sizeof(name));
		is_section = options_section_find(name) != SECTION_COUNT &&
			     !options_find(section, name);
		if (!config_token_next(&scanner->token))
			return false;
		if (is_section && !config_token_is(&scanner->token, '=')) {
			problems_add(
			    scanner->problems, line,
			    "%s begins inside %s {}, which began in line %u: "
			    "a } is missing",
			    name, section_name, opened);
			return false;
		}
		if (!config_token_is(&scanner->token, '='))
			return config_token_expected(&scanner->token, "=",
						     name);
		if (!read_option(scanner, section, name, line))
			return false;
	}
	return config_token_next(&scanner->token);
}

static bool read_section(struct scanner *scanner, enum option_section section,
			 unsigned line)
{
	const char *name = options_section_name(section);
	struct slice title = SLICE_NONE;

	if (scanner->token.kind == TOKEN_TEXT) {
		title = scanner->token.text;
		if (!config_token_next(&scanner->token))
			return false;
	}
	if (!config_token_is(&scanner->token, '{'))
		return config_token_expected(&scanner->token, "{", name);
	return open_section(scanner, section, title, line) &&
	       config_token_next(&scanner->token) &&
	       read_section_body(scanner, section, line);
}

static bool read_item(struct scanner *scanner)
{
	unsigned line = scanner->token.line;
	enum option_section section;
	char name[64];

	if (config_token_is(&scanner->token, '}'))
		return config_token_wrong(&scanner->token, line,
					  "found a } that closes nothing");
	if (scanner->token.kind != TOKEN_TEXT) {
		char found[80];

		problems_add(
		    scanner->problems, line,
		    "found %s, expected the name of an option or a section",
		    config_token_describe(&scanner->token, found,
					  sizeof(found)));
		return false;
	}
	token_name(scanner, name, sizeof(name));
	section = options_section_find(name);
	if (!config_token_next(&scanner->token))
		return false;
	if (section != SECTION_COUNT && !config_token_is(&scanner->token, '='))
		return read_section(scanner, section, line);
	if (section != SECTION_COUNT) {
		problems_add(scanner->problems, line,
			     "\"%s\" is a section: %s { … }", name, name);
		return false;
	}
	if (config_token_is(&scanner->token, '='))
		return read_option(scanner, SECTION_TOP, name, line);
	if (config_token_is(&scanner->token, '{') ||
	    !options_find(SECTION_TOP, name)) {
		report_unknown(scanner, line, SECTION_TOP, name);
		return false;
	}
	return config_token_expected(&scanner->token, "=", name);
}

static unsigned line_of(struct slice text, const char *place)
{
	unsigned line = 1;

	for (const char *at = text.data; at < place; at++)
		line += *at == '\n';
	return line;
}

/* What no line of a text file has. */
static bool check_bytes(struct slice text, struct problems *problems)
{
	const char *end = slice_end(text);
	const char *nul;

	if (text.len > FILE_MAX) {
		problems_add(problems, 0, "is larger than 1 MiB");
		return false;
	}
	nul = text.len ? memchr(text.data, '\0', text.len) : NULL;
	if (nul) {
		problems_add(problems, line_of(text, nul),
			     "found a NUL byte: this is not a text file");
		return false;
	}
	for (const char *at = text.data; at < end;) {
		const char *from = at;

		text_utf8_next(&at, end);
		if (!text_is_utf8(from, (size_t)(at - from))) {
			problems_add(
			    problems, line_of(text, from),
			    "found the byte 0x%02x, which is not UTF-8",
			    (unsigned char)*from);
			return false;
		}
	}
	return true;
}

bool config_scan(struct config_scan *scan, struct slice text,
		 struct problems *problems)
{
	struct scanner scanner = {.scan = scan, .problems = problems};
	bool is_good;

	memset(scan, 0, sizeof(*scan));
	buffer_init(&scan->plain, FILE_MAX);
	if (text.len >= 3 && !memcmp(text.data, "\xef\xbb\xbf", 3))
		text = slice_make(text.data + 3, text.len - 3);
	if (!check_bytes(text, problems))
		return false;
	buffer_append_slice(&scan->plain, text);
	scan->found = memory_zalloc(CONFIG_FOUND_MAX * sizeof(*scan->found));
	scanner.token = (struct config_token){.at = text.data,
					      .end = slice_end(text),
					      .start = text.data,
					      .next_line = 1,
					      .plain = scan->plain.data,
					      .problems = problems};
	is_good = config_token_next(&scanner.token);
	while (is_good && scanner.token.kind != TOKEN_END)
		is_good = read_item(&scanner);
	return problems->count == 0;
}

void config_scan_fini(struct config_scan *scan)
{
	memory_free(scan->found);
	scan->found = NULL;
	if (scan->plain.data)
		explicit_bzero(scan->plain.data, scan->plain.len);
	buffer_fini(&scan->plain);
}
