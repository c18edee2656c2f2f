/* SPDX-License-Identifier: ISC */
#include "app/start_mode.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static int saved_stdin;
static char socket_path[64];

static int set_up(void **state)
{
	(void)state;
	saved_stdin = dup(STDIN_FILENO);
	unsetenv("GATEWAY_INTERFACE");
	unsetenv("REQUEST_METHOD");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (saved_stdin >= 0) {
		dup2(saved_stdin, STDIN_FILENO);
		close(saved_stdin);
	}
	return 0;
}

static void use_stdin(int fd)
{
	assert_true(fd >= 0);
	if (fd == STDIN_FILENO) /* it was closed */
		return;
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	close(fd);
}

static int listen_on(const void *address, socklen_t len, int family)
{
	int fd = socket(family, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, address, len), 0);
	assert_int_equal(listen(fd, 5), 0);
	return fd;
}

static int listen_unix(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd;

	snprintf(socket_path, sizeof socket_path, "/tmp/leat-start-%d.sock",
		 (int)getpid());
	strcpy(name.sun_path, socket_path);
	unlink(socket_path);
	fd = listen_on(&name, sizeof name, AF_UNIX);
	unlink(socket_path);
	return fd;
}

static int listen_tcp(void)
{
	struct sockaddr_in name = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	return listen_on(&name, sizeof name, AF_INET);
}

static enum start_mode mode_with(const char *name, const char *command)
{
	char words[2][32];
	char *argv[3] = {words[0], command ? words[1] : NULL, NULL};
	struct start_facts facts;

	snprintf(words[0], sizeof words[0], "%s", name);
	snprintf(words[1], sizeof words[1], "%s", command ? command : "");
	start_mode_look(&facts, command ? 2 : 1, argv);
	return start_mode_of(&facts);
}

static void be_a_cgi_program(void)
{
	setenv("GATEWAY_INTERFACE", "CGI/1.1", 1);
	setenv("REQUEST_METHOD", "GET", 1);
}

static void a_terminal_is_a_command_line(void **state)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY);

	(void)state;
	use_stdin(terminal >= 0 ? terminal : open("/dev/null", O_RDONLY));
	assert_int_equal(mode_with("leat", NULL), START_COMMAND);
}

static void nothing_a_pipe_or_a_closed_input_are_a_command_line(void **state)
{
	int ends[2];

	(void)state;
	use_stdin(open("/dev/null", O_RDONLY));
	assert_int_equal(mode_with("leat", "serve"), START_COMMAND);
	assert_int_equal(pipe(ends), 0);
	use_stdin(ends[0]);
	close(ends[1]);
	assert_int_equal(mode_with("leat", "ask"), START_COMMAND);
	close(STDIN_FILENO);
	assert_int_equal(mode_with("leat", NULL), START_COMMAND);
}

static void a_listening_socket_is_served_alone(void **state)
{
	(void)state;
	use_stdin(listen_unix());
	assert_int_equal(mode_with("leat", NULL), START_ALONE);
	assert_int_equal(mode_with("/usr/lib/cgi-bin/chat.fcgi", NULL),
			 START_ALONE);
	use_stdin(listen_tcp());
	assert_int_equal(mode_with("leat", "serve"), START_ALONE);
	assert_true(start_mode_has_socket());
}

static void another_command_is_not_held_up_by_a_socket(void **state)
{
	(void)state;
	use_stdin(listen_unix());
	assert_int_equal(mode_with("leat", "check"), START_COMMAND);
	assert_int_equal(mode_with("leat", "worker"), START_COMMAND);
}

static void a_listening_socket_comes_before_a_cgi_environment(void **state)
{
	(void)state;
	be_a_cgi_program();
	use_stdin(listen_unix());
	assert_int_equal(mode_with("leat", NULL), START_ALONE);
}

static void sockets_that_systemd_passed_are_the_pools(void **state)
{
	char pid[16];

	(void)state;
	use_stdin(listen_unix());
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	assert_int_equal(mode_with("leat", "serve"), START_COMMAND);
	assert_false(start_mode_has_socket());
	setenv("LISTEN_PID", "1", 1);
	assert_int_equal(mode_with("leat", "serve"), START_ALONE);
}

static void connected_and_unconnected_sockets_are_not_listening(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	use_stdin(ends[0]);
	assert_int_equal(mode_with("leat", NULL), START_COMMAND);
	be_a_cgi_program();
	assert_int_equal(mode_with("leat", NULL), START_CGI);
	close(ends[1]);
	assert_int_equal(mode_with("leat", NULL), START_CGI);
	use_stdin(socket(AF_UNIX, SOCK_STREAM, 0));
	assert_int_equal(mode_with("leat", NULL), START_CGI);
	use_stdin(socket(AF_INET, SOCK_DGRAM, 0));
	assert_int_equal(mode_with("leat", NULL), START_CGI);
}

static void a_cgi_programs_arguments_mean_nothing(void **state)
{
	(void)state;
	be_a_cgi_program();
	use_stdin(open("/dev/null", O_RDONLY));
	assert_int_equal(mode_with("leat", "serve"), START_CGI);
	assert_int_equal(mode_with("leat", "worker"), START_CGI);
	assert_int_equal(mode_with("leat", "--help"), START_CGI);
	assert_int_equal(mode_with("leat", "-c/tmp/x"), START_CGI);
	assert_int_equal(mode_with("chat.cgi", "serve"), START_CGI);
}

static void half_a_cgi_environment_is_none(void **state)
{
	(void)state;
	use_stdin(open("/dev/null", O_RDONLY));
	setenv("GATEWAY_INTERFACE", "CGI/1.1", 1);
	assert_int_equal(mode_with("leat", NULL), START_COMMAND);
}

static void a_cgi_programs_name_without_a_web_server_is_a_mistake(void **state)
{
	(void)state;
	use_stdin(open("/dev/null", O_RDONLY));
	assert_int_equal(mode_with("./chat.cgi", NULL), START_MISTAKE);
	assert_int_equal(mode_with("chat.fcgi", "serve"), START_MISTAKE);
	assert_int_equal(mode_with(".cgi", NULL), START_COMMAND);
	assert_int_equal(mode_with("/opt/leat.cgi.d/leat", NULL),
			 START_COMMAND);
}

static void a_program_without_a_name_starts(void **state)
{
	const struct start_facts facts = {0};

	(void)state;
	assert_int_equal(start_mode_of(&facts), START_COMMAND);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_terminal_is_a_command_line),
	    CASE(nothing_a_pipe_or_a_closed_input_are_a_command_line),
	    CASE(a_listening_socket_is_served_alone),
	    CASE(another_command_is_not_held_up_by_a_socket),
	    CASE(a_listening_socket_comes_before_a_cgi_environment),
	    CASE(sockets_that_systemd_passed_are_the_pools),
	    CASE(connected_and_unconnected_sockets_are_not_listening),
	    CASE(a_cgi_programs_arguments_mean_nothing),
	    CASE(half_a_cgi_environment_is_none),
	    CASE(a_cgi_programs_name_without_a_web_server_is_a_mistake),
	    CASE(a_program_without_a_name_starts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
