/* SPDX-License-Identifier: ISC */
#include "doctor/secret_proof.h"

#include <string.h>

#include "base/text.h"

enum { KEY_MIN = 16, KEY_MAX = 512, SAME_MIN = 8 };

static bool begins(struct slice text, const char *with)
{
	return text_starts_with(text, with);
}

/* The next line, without its end and the white space around it. */
static bool next_line(struct slice *rest, struct slice *line)
{
	const char *end;
	size_t len;

	if (rest->len == 0)
		return false;
	end = memchr(rest->data, '\n', rest->len);
	len = end ? (size_t)(end - rest->data) : rest->len;
	*line = text_trim(slice_make(rest->data, len));
	len += end != NULL;
	rest->data += len;
	rest->len -= len;
	return true;
}

static bool is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

/* `name` as a whole word, then (after blanks and a title in quotes) one of
 * `after`. */
static bool assigns(struct slice line, const char *name, const char *after)
{
	size_t at = strlen(name);

	if (!begins(line, name) ||
	    (at < line.len && is_word_char(line.data[at])))
		return false;
	while (at < line.len && strchr(" \t\"'-", line.data[at]))
		at++;
	while (at < line.len && is_word_char(line.data[at]))
		at++;
	while (at < line.len && strchr(" \t\"'", line.data[at]))
		at++;
	return at < line.len && strchr(after, line.data[at]);
}

/* Names that no other program has in this combination. */
static bool is_config(struct slice text)
{
	static const char *const sections[] = {"provider", "chat", "context",
					       "limits", "store"};
	static const char *const options[] = {
	    "listen",	  "workers", "runtime_dir",   "kind",
	    "base_url",	  "model",   "key_file",      "providers",
	    "index",	  "mount",   "drain_timeout", "routes_off",
	    "passages",	  "models",  "log_level",     "trusted_proxies",
	    "system_file"};
	struct slice line;
	unsigned found = 0;

	while (next_line(&text, &line)) {
		if (begins(line, "<"))
			return false;
		for (size_t i = 0; i < sizeof(sections) / sizeof(*sections);
		     i++)
			found += assigns(line, sections[i], "{");
		for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
			found += assigns(line, options[i], "=");
	}
	return found >= 2;
}

/* One long word alone. */
static bool is_key(struct slice text)
{
	text = text_trim(text);
	if (text.len < KEY_MIN || text.len > KEY_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] <= ' ' || text.data[i] > '~' ||
		    strchr("<>{}", text.data[i]))
			return false;
	return true;
}

static bool holds(struct slice line, const char *part)
{
	return memmem(line.data, line.len, part, strlen(part)) != NULL;
}

/* NAME=value, of a name that promises a secret. */
static bool is_environment(struct slice text)
{
	struct slice line;

	while (next_line(&text, &line)) {
		size_t len = 0;
		struct slice name;

		if (begins(line, "export "))
			line = slice_make(line.data + 7, line.len - 7);
		while (len < line.len && is_word_char(line.data[len]))
			len++;
		name = slice_make(line.data, len);
		if (len + 1 < line.len && line.data[len] == '=' &&
		    (holds(name, "KEY") || holds(name, "SECRET") ||
		     holds(name, "TOKEN") || holds(name, "PASSWORD")))
			return true;
	}
	return false;
}

static bool is_passwords(struct slice text)
{
	struct slice line;
	const char *colon;

	if (!next_line(&text, &line))
		return false;
	colon = memchr(line.data, ':', line.len);
	if (!colon || colon == line.data)
		return false;
	line = slice_make(colon + 1, (size_t)(slice_end(line) - colon - 1));
	return begins(line, "$apr1$") || begins(line, "$2") ||
	       begins(line, "{SHA}") || begins(line, "$6$") ||
	       begins(line, "$5$");
}

/* 2026-11-21T09:00:00.123Z info worker 2 web: … */
static bool is_log(struct slice text)
{
	static const char form[] = "0000-00-00T00:00:00.000Z ";

	if (text.len < sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < sizeof(form) - 1; i++) {
		char c = text.data[i];

		if (form[i] == '0' ? c < '0' || c > '9' : c != form[i])
			return false;
	}
	return true;
}

static bool is_pid(struct slice text)
{
	uint64_t number;

	text = text_trim(text);
	return text.len <= 8 && text_parse_uint(text, &number) && number > 1;
}

/* What the bytes prove whatever the name was. */
static enum secret_kind certain_kind(struct slice text)
{
	if (text.len >= 16 && !memcmp(text.data, "SQLite format 3", 16))
		return SECRET_INDEX;
	if (begins(text, "\177ELF"))
		return SECRET_PROGRAM;
	if (begins(text, "leatslot"))
		return SECRET_SLOTS;
	if (begins(text, "-----BEGIN ") && holds(text, "PRIVATE KEY"))
		return SECRET_KEY;
	if (begins(text, "sk-") && is_key(text))
		return SECRET_KEY;
	if (begins(text, "ref: refs/"))
		return SECRET_REPOSITORY;
	if (is_log(text))
		return SECRET_LOG;
	if (is_config(text))
		return SECRET_CONFIG;
	return SECRET_NONE;
}

enum secret_kind secret_proof_of(struct slice beginning,
				 enum secret_kind expected)
{
	enum secret_kind kind = certain_kind(beginning);

	if (kind != SECRET_NONE)
		return kind;
	switch (expected) {
	case SECRET_KEY:
		return is_key(beginning) ? expected : SECRET_NONE;
	case SECRET_PID:
		return is_pid(beginning) ? expected : SECRET_NONE;
	case SECRET_ENVIRONMENT:
		return is_environment(beginning) ? expected : SECRET_NONE;
	case SECRET_PASSWORDS:
		return is_passwords(beginning) ? expected : SECRET_NONE;
	default:
		return SECRET_NONE;
	}
}

bool secret_proof_is_weak(enum secret_kind kind)
{
	return kind == SECRET_KEY || kind == SECRET_PID;
}

bool secret_proof_is_same(struct slice beginning, struct slice file)
{
	return file.len >= SAME_MIN && beginning.len >= file.len &&
	       !memcmp(beginning.data, file.data, file.len);
}

const char *secret_proof_name(enum secret_kind kind)
{
	static const char *const names[] = {
	    [SECRET_NONE] = "nothing",
	    [SECRET_CONFIG] = "a configuration of leat",
	    [SECRET_INDEX] = "an SQLite database (leat's index is one)",
	    [SECRET_KEY] = "a key",
	    [SECRET_ENVIRONMENT] = "a file with secrets for the environment",
	    [SECRET_PASSWORDS] = "a file of passwords",
	    [SECRET_LOG] = "a log of leat",
	    [SECRET_PID] = "a pid file",
	    [SECRET_SLOTS] = "the shared memory of leat's pool",
	    [SECRET_PROGRAM] = "a program",
	    [SECRET_REPOSITORY] = "a git repository",
	    [SECRET_FILE] = "a file of leat's",
	};

	return names[kind];
}
