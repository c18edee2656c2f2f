/* SPDX-License-Identifier: ISC */
#include "config/config_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/option_check.h"
#include "config/problems.h"

enum { KEY_MAX = 8192, SYSTEM_MAX = 256 * 1024 };

static int open_regular(const char *path, struct stat *status)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return -1;
	if (fstat(fd, status) == 0 && S_ISREG(status->st_mode))
		return fd;
	close(fd);
	errno = S_ISDIR(status->st_mode) ? EISDIR : EINVAL;
	return -1;
}

static bool read_all(int fd, struct buffer *out)
{
	for (;;) {
		char chunk[4096];
		ssize_t len = read(fd, chunk, sizeof(chunk));

		if (len == 0)
			return true;
		if (len < 0 && errno == EINTR)
			continue;
		if (len > 0 && buffer_append(out, chunk, (size_t)len))
			explicit_bzero(chunk, sizeof(chunk));
		else if (len > 0)
			errno = EFBIG;
		if (len < 0 || out->overflowed)
			return false;
	}
}

bool config_secret_read_text(const char *path, struct buffer *out)
{
	struct stat status;
	int fd = open_regular(path, &status);
	bool is_read;

	if (fd < 0)
		return false;
	is_read = read_all(fd, out);
	close(fd);
	return is_read;
}

/* Owner only; or root's, for a group that may read and not write it. */
static bool mode_is_private(const struct stat *status)
{
	unsigned open_bits = status->st_mode & 077;

	if (open_bits == 0)
		return true;
	return open_bits == 040 && status->st_uid == 0;
}

/* The key itself, or NULL: then the sentence says what is wrong. */
static char *read_key(int fd, const char **sentence)
{
	struct buffer text;
	struct slice key;
	char *copy = NULL;

	buffer_init(&text, KEY_MAX);
	if (!read_all(fd, &text)) {
		*sentence = text.overflowed ? "is too long for a key"
					    : "cannot be read";
	} else {
		key = text_trim(buffer_slice(&text));
		*sentence = key.len == 0 ? "is empty" : NULL;
		for (size_t i = 0; i < key.len; i++)
			if (key.data[i] <= ' ' || key.data[i] > '~')
				*sentence = "does not hold one key: found "
					    "more than one line, a space or "
					    "a byte outside ASCII";
		if (!*sentence)
			copy = memory_strndup(key.data, key.len);
	}
	if (text.data)
		explicit_bzero(text.data, text.len);
	buffer_fini(&text);
	return copy;
}

static void load_key_file(struct config_provider *provider,
			  struct problems *problems)
{
	struct stat status;
	const char *sentence = NULL;
	int fd = open_regular(provider->key_file, &status);

	if (fd < 0) {
		problems_add(problems, provider->line,
			     "provider \"%s\": key_file %s cannot be read: %s",
			     provider->name, provider->key_file,
			     errno == EINVAL ? "not a regular file"
					     : strerror(errno));
		return;
	}
	if (!mode_is_private(&status))
		problems_add(
		    problems, provider->line,
		    "provider \"%s\": key_file %s has mode %04o, so others "
		    "than its owner can read or change it: chmod 600 it (or "
		    "640, when it is root's and its group may read it)",
		    provider->name, provider->key_file,
		    (unsigned)status.st_mode & 07777);
	else
		provider->key = read_key(fd, &sentence);
	if (sentence)
		problems_add(problems, provider->line,
			     "provider \"%s\": key_file %s %s", provider->name,
			     provider->key_file, sentence);
	close(fd);
}

static bool has_authorization(const struct config_provider *provider)
{
	for (size_t i = 0; i < provider->headers.count; i++) {
		struct slice header = slice_of(provider->headers.items[i]);

		header.len = strcspn(header.data, ":");
		if (text_equal_nocase(header, "authorization") ||
		    text_equal_nocase(header, "api-key") ||
		    text_equal_nocase(header, "x-api-key"))
			return true;
	}
	return false;
}

static void load_key(struct config_provider *provider,
		     struct problems *problems)
{
	const char *key = getenv(CONFIG_SECRET_VARIABLE);

	if (provider->kind != KIND_OPENAI)
		return;
	if (provider->key_file[0]) {
		load_key_file(provider, problems);
		return;
	}
	if (has_authorization(provider))
		return;
	if (key && *key && strlen(key) < KEY_MAX && !option_check_word(key))
		provider->key = memory_strdup(key);
	else if (key && *key)
		problems_add(
		    problems, provider->line,
		    "provider \"%s\": the variable %s does not hold one key",
		    provider->name, CONFIG_SECRET_VARIABLE);
	else if (!option_check_is_loopback_url(provider->base_url))
		problems_add(
		    problems, provider->line,
		    "provider \"%s\" needs a key for %s: set key_file to a "
		    "file that holds it, or the variable %s",
		    provider->name, provider->base_url, CONFIG_SECRET_VARIABLE);
}

static void load_system(struct config *config, struct problems *problems)
{
	const char *path = config->chat.system_file;
	struct buffer text;

	if (!path[0])
		return;
	buffer_init(&text, SYSTEM_MAX);
	if (!config_secret_read_text(path, &text))
		problems_add(problems, 0, "system_file %s cannot be read: %s",
			     path, strerror(errno));
	else if (!text_is_utf8(text.data ? text.data : "", text.len) ||
		 (text.len && memchr(text.data, '\0', text.len)))
		problems_add(problems, 0, "system_file %s is not UTF-8 text",
			     path);
	else if (text.len)
		config->chat.system = memory_strndup(text.data, text.len);
	buffer_fini(&text);
}

bool config_secret_load(struct config *config, struct buffer *out)
{
	struct problems problems = {
	    .out = out, .name = config->path ? config->path : "leat"};

	for (size_t i = 0; i < config->provider_count; i++)
		load_key(&config->providers[i], &problems);
	load_system(config, &problems);
	return problems.count == 0;
}
