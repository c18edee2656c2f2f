/* SPDX-License-Identifier: ISC */
#include "config/option_check.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "base/slice.h"
#include "base/text.h"

/* The socket is bound under "<path>.<pid>" first, so its longest path leaves
 * room for that. */
enum { SOCKET_PATH_MAX = sizeof(((struct sockaddr_un *)0)->sun_path) - 12 };

static bool is_port(const char *text)
{
	uint64_t port;

	return text_parse_uint(slice_of(text), &port) && port > 0 &&
	       port < 65536;
}

static bool is_clean(const char *text, bool space_allowed)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f || (c == ' ' && !space_allowed))
			return false;
	}
	return true;
}

/* A number, not a name: what is listened on must not hang on a resolver. */
static bool is_numeric_host(const char *text, size_t len)
{
	unsigned char address[16];
	char host[64];
	bool is_v6 = len > 2 && text[0] == '[' && text[len - 1] == ']';

	if (is_v6) {
		text++;
		len -= 2;
	}
	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	return inet_pton(is_v6 ? AF_INET6 : AF_INET, host, address) == 1;
}

const char *option_check_listen(const char *text)
{
	static const char allowed[] =
	    "\"unix:/absolute/path\" (at most 96 bytes), "
	    "\"tcp:127.0.0.1:9000\" or \"tcp:[::1]:9000\"";
	const char *colon;

	_Static_assert(SOCKET_PATH_MAX == 96, "the sentence says 96");
	if (!is_clean(text, true))
		return allowed;
	if (!strncmp(text, "unix:", 5)) {
		const char *path = text + 5;

		return path[0] == '/' && path[1] && strlen(path) <= 96
			   ? NULL
			   : allowed;
	}
	if (strncmp(text, "tcp:", 4) != 0)
		return allowed;
	text += 4;
	colon = strrchr(text, ':');
	if (!colon || !is_port(colon + 1) ||
	    !is_numeric_host(text, (size_t)(colon - text)))
		return allowed;
	return NULL;
}

const char *option_check_log(const char *text)
{
	if (!strcmp(text, "stderr") || !strcmp(text, "syslog"))
		return NULL;
	if (text[0] == '/' && text[1] && is_clean(text, true))
		return NULL;
	return "\"stderr\", \"syslog\" or the absolute path of a file";
}

const char *option_check_mount(const char *text)
{
	static const char allowed[] =
	    "a path such as \"/ask\": with a slash in front, none at the end, "
	    "no \"//\", \"..\", \"?\", \"#\" or space";
	size_t len = strlen(text);

	if (len == 0)
		return NULL;
	if (text[0] != '/' || (len > 1 && text[len - 1] == '/') || len > 255 ||
	    !is_clean(text, false) || strpbrk(text, "?#\\") ||
	    strstr(text, "//") || strstr(text, "/.."))
		return allowed;
	return NULL;
}

const char *option_check_network(const char *text)
{
	static const char allowed[] =
	    "an address (\"192.0.2.7\", \"2001:db8::7\") or a network "
	    "(\"192.0.2.0/24\", \"2001:db8::/32\")";
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	unsigned char address[16];
	char host[64];
	uint64_t bits = 0;
	bool is_v6;

	if (len == 0 || len >= sizeof(host))
		return allowed;
	memcpy(host, text, len);
	host[len] = '\0';
	is_v6 = strchr(host, ':') != NULL;
	if (inet_pton(is_v6 ? AF_INET6 : AF_INET, host, address) != 1)
		return allowed;
	if (slash && (!text_parse_uint(slice_of(slash + 1), &bits) ||
		      bits > (is_v6 ? 128u : 32u)))
		return allowed;
	return NULL;
}

/* The length of "http://" or "https://" at the start; 0 when neither is. */
static size_t scheme_len(const char *url)
{
	if (!strncasecmp(url, "https://", 8))
		return 8;
	if (!strncasecmp(url, "http://", 7))
		return 7;
	return 0;
}

/* host, host:port, [v6] or [v6]:port, up to a slash or the end. */
static bool is_authority(const char *text, size_t len)
{
	const char *end = text + len;
	const char *port = NULL;
	const char *at = text;

	if (len == 0 || len > 260)
		return false;
	if (*at == '[') {
		at = memchr(at, ']', len);
		if (!at || at == text + 1)
			return false;
		at++;
		if (at == end)
			return true;
		if (*at != ':')
			return false;
		port = at + 1;
	} else {
		for (; at < end && *at != ':'; at++)
			if (!strchr("abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789.-_",
				    *at))
				return false;
		if (at == text)
			return false;
		if (at == end)
			return true;
		port = at + 1;
	}
	uint64_t number;

	return text_parse_uint(slice_make(port, (size_t)(end - port)),
			       &number) &&
	       number > 0 && number < 65536;
}

const char *option_check_origin(const char *text)
{
	static const char allowed[] =
	    "an origin such as \"https://www.example.org\" (no path, no slash "
	    "at the end), or \"*\"";
	size_t skip = scheme_len(text);

	if (!strcmp(text, "*"))
		return NULL;
	if (skip == 0 || !is_authority(text + skip, strlen(text + skip)))
		return allowed;
	return NULL;
}

const char *option_check_route(const char *text)
{
	static const char *const names[] = {"chat",   "search",	 "healthz",
					    "readyz", "metrics", "selftest",
					    "page"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(text, names[i]))
			return NULL;
	return "chat, search, healthz, readyz, metrics, selftest, page";
}

const char *option_check_url(const char *text)
{
	static const char allowed[] =
	    "an address such as \"https://api.openai.com/v1\": http or https, "
	    "no user name, no \"?\" or \"#\"";
	size_t skip = scheme_len(text);

	if (skip == 0 || !is_clean(text, false) || strpbrk(text, "?#@\\") ||
	    strlen(text) > 2000)
		return allowed;
	return is_authority(text + skip, strcspn(text + skip, "/")) ? NULL
								    : allowed;
}

bool option_check_is_loopback(const char *authority)
{
	size_t len = strcspn(authority, ":/");
	unsigned char address[4];
	char name[64];

	if (!strncmp(authority, "[::1]", 5))
		return true;
	if (len >= sizeof(name))
		return false;
	memcpy(name, authority, len);
	name[len] = '\0';
	if (!strcasecmp(name, "localhost"))
		return true;
	return inet_pton(AF_INET, name, address) == 1 && address[0] == 127;
}

bool option_check_is_loopback_url(const char *url)
{
	return option_check_is_loopback(url + scheme_len(url));
}

const char *option_check_header(const char *text)
{
	static const char allowed[] =
	    "\"Name: value\", and not Host, Content-Length, Content-Type, "
	    "Transfer-Encoding or Connection";
	static const char *const reserved[] = {
	    "host", "content-length", "content-type", "transfer-encoding",
	    "connection"};
	size_t len = strcspn(text, ":");

	if (len == 0 || text[len] != ':' || !is_clean(text, true))
		return allowed;
	for (size_t i = 0; i < len; i++)
		if (!strchr("!#$%&'*+-.^_`|~0123456789"
			    "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
			    text[i]))
			return allowed;
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (text_equal_nocase(slice_make(text, len), reserved[i]))
			return allowed;
	return NULL;
}

const char *option_check_word(const char *text)
{
	if (*text && strlen(text) <= 256 && is_clean(text, false))
		return NULL;
	return "1 to 256 characters without spaces";
}

const char *option_check_name(const char *text)
{
	size_t len = strlen(text);

	if (len > 0 && len <= 64 && text[0] != '.' &&
	    strspn(text, "abcdefghijklmnopqrstuvwxyz"
			 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len)
		return NULL;
	return "1 to 64 of A-Z, a-z, 0-9, \".\", \"_\" and \"-\", not "
	       "beginning with a dot";
}
