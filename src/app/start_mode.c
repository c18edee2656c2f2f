/* SPDX-License-Identifier: ISC */
#include "app/start_mode.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

const char start_mode_mistake[] =
    "leat: this is a web server's program (CGI or FastCGI), started without\n"
    "one: descriptor 0 is no listening socket, and the environment holds no\n"
    "request (GATEWAY_INTERFACE, REQUEST_METHOD).\n"
    "\n"
    "To try it from here, call it by its own name:\n"
    "  leat ask \"How do I reload nginx?\"   asks as a visitor would\n"
    "  leat check                          looks at the configuration\n"
    "  leat --help                         all commands\n"
    "How web servers start it stands in leat(1), STARTED BY A WEB SERVER.\n";

/* Only that says it for sure: a connected socket, a pipe, or a file can be
 * standard input anywhere. */
static bool is_listening(int fd)
{
	int value = 0;
	socklen_t len = sizeof value;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len) == 0 &&
	       value != 0;
}

static bool has_sockets(void)
{
	const char *pid = getenv("LISTEN_PID");
	const char *count = getenv("LISTEN_FDS");
	uint64_t value;

	return pid && text_parse_uint(slice_of(pid), &value) &&
	       value == (uint64_t)getpid() && count &&
	       text_parse_uint(slice_of(count), &value) && value > 0;
}

bool start_mode_has_socket(void)
{
	return is_listening(STDIN_FILENO) && !has_sockets();
}

void start_mode_look(struct start_facts *facts, int argc, char **argv)
{
	*facts = (struct start_facts){
	    .listens = is_listening(STDIN_FILENO),
	    .has_cgi_request =
		getenv("GATEWAY_INTERFACE") && getenv("REQUEST_METHOD"),
	    .has_sockets = has_sockets(),
	    .name = argc > 0 ? argv[0] : NULL,
	    .command = argc > 1 ? argv[1] : NULL,
	};
}

static bool has_ending(const char *name, const char *ending)
{
	size_t len = strlen(name);
	size_t ending_len = strlen(ending);

	return len > ending_len && !strcmp(name + len - ending_len, ending);
}

static bool is_serve(const struct start_facts *facts)
{
	return facts->command && !strcmp(facts->command, "serve");
}

enum start_mode start_mode_of(const struct start_facts *facts)
{
	if (facts->listens && !(is_serve(facts) && facts->has_sockets) &&
	    (!facts->command || is_serve(facts)))
		return START_ALONE;
	/* No argument is looked at before this. */
	if (facts->has_cgi_request)
		return START_CGI;
	if (facts->name && (has_ending(facts->name, ".cgi") ||
			    has_ending(facts->name, ".fcgi")))
		return START_MISTAKE;
	return START_COMMAND;
}
