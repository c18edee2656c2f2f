/* SPDX-License-Identifier: ISC */
#include "pool/listen.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "pool/listen_socket.h"

static char folder[64];
static char path[96];
static char address[104];
static struct listen_set set;
static struct listen_options options;

static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/test-listen-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/leat.sock", folder);
	snprintf(address, sizeof address, "unix:%s", path);
	memset(&set, 0, sizeof set);
	options = (struct listen_options){
	    .addresses = {address}, .mode = 0660, .runtime_dir = folder};
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	listen_stop(&set);
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

static bool connects(const char *to)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	bool connected;

	snprintf(name.sun_path, sizeof name.sun_path, "%s", to);
	connected = !connect(fd, (struct sockaddr *)&name, sizeof name);
	close(fd);
	return connected;
}

static int bind_socket(const char *to)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(name.sun_path, sizeof name.sun_path, "%s", to);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
	return fd;
}

static unsigned files_in_folder(void)
{
	char command[128];
	unsigned count = 0;
	FILE *list;

	snprintf(command, sizeof command, "ls -A %s", folder);
	list = popen(command, "r");
	for (int c = fgetc(list); c != EOF; c = fgetc(list))
		count += c == '\n';
	pclose(list);
	return count;
}

/* A master that is killed: its socket and lock stay, as a process that was
 * not asked leaves them. */
static void leave_a_killed_masters_files(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		bool opened = listen_open(&set, &options);

		_exit(opened ? 0 : 1);
	}
	waitpid(pid, NULL, 0);
	assert_int_equal(access(path, F_OK), 0);
}

static void a_socket_has_the_mode_and_accepts(void **state)
{
	struct stat status;
	mode_t mask = umask(022);

	(void)state;
	options.mode = 0606;
	assert_true(listen_open(&set, &options));
	assert_int_equal(umask(mask), 022); /* as it was */
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0606);
	assert_true(connects(path));
	assert_true(fcntl(set.sockets[0].fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(set.sockets[0].fd, F_GETFL) & O_NONBLOCK);
}

static void stopping_leaves_nothing_behind(void **state)
{
	(void)state;
	assert_true(listen_open(&set, &options));
	assert_int_equal(files_in_folder(), 2);
	listen_stop(&set);
	assert_int_equal(files_in_folder(), 0);
	listen_stop(&set);
}

static void a_second_instance_is_refused_with_the_firsts_number(void **state)
{
	struct listen_set second;
	char pid[32];

	(void)state;
	snprintf(pid, sizeof pid, "process %d)", (int)getpid());
	assert_true(listen_open(&set, &options));
	assert_false(listen_open(&second, &options));
	assert_non_null(strstr(second.error, pid));
	assert_non_null(strstr(second.error, address));
	assert_true(connects(path)); /* the first one's is untouched */
}

static void only_the_owner_can_open_the_lock(void **state)
{
	struct stat status;

	(void)state;
	assert_true(listen_open(&set, &options));
	assert_int_equal(fstat(set.sockets[0].lock_fd, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void a_stale_socket_is_replaced(void **state)
{
	(void)state;
	close(bind_socket(path));
	assert_false(connects(path));
	assert_true(listen_open(&set, &options));
	assert_true(connects(path));
}

static void orphans_sockets_are_replaced_by_rename(void **state)
{
	struct listen_socket orphan;
	char text[LISTEN_TEXT_SIZE];
	struct listen_set old;
	int backlog;

	(void)state;
	assert_true(listen_open(&set, &options));
	old = set;
	listen_print(&set.sockets[0], text);
	assert_true(listen_parse(&orphan, text, folder));
	assert_int_equal(orphan.fd, set.sockets[0].fd);
	assert_string_equal(orphan.address, address);
	assert_false(listen_is_replaced(&orphan));
	/* The master is killed: its lock goes, its workers keep the socket. */
	close(old.sockets[0].lock_fd);
	assert_true(connects(path));
	assert_true(listen_open(&set, &options));
	assert_true(listen_is_replaced(&orphan));
	backlog = accept(orphan.fd, NULL, NULL);
	assert_true(backlog >= 0); /* what had connected is not lost */
	close(backlog);
	close(orphan.fd);
	listen_print(&set.sockets[0], text);
	assert_true(listen_parse(&orphan, text, folder));
	assert_false(listen_is_replaced(&orphan));
}

static void a_socket_that_was_removed_is_made_anew(void **state)
{
	struct listen_socket *socket = &set.sockets[0];
	struct listen_set second;
	struct stat status;

	(void)state;
	options.mode = 0606;
	assert_true(listen_open(&set, &options));
	assert_false(listen_is_lost(socket));
	unlink(path);
	unlink(socket->lock_path);
	assert_true(listen_is_lost(socket));
	assert_true(listen_renew(&set, socket, &options));
	assert_false(listen_is_lost(socket));
	assert_true(connects(path));
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0606);
	assert_false(listen_open(&second, &options)); /* locked, too */
	listen_stop(&set);
	assert_int_equal(files_in_folder(), 0);
}

static void what_took_a_sockets_place_is_left_alone(void **state)
{
	struct listen_socket *socket = &set.sockets[0];
	struct listen_socket before;
	int other;

	(void)state;
	assert_true(listen_open(&set, &options));
	unlink(path);
	other = bind_socket(path);
	assert_int_equal(listen(other, 1), 0);
	before = *socket;
	assert_false(listen_renew(&set, socket, &options));
	assert_non_null(strstr(set.error, "another program"));
	assert_memory_equal(socket, &before, sizeof before);
	listen_stop(&set);
	assert_true(connects(path));
	close(other);
}

static void another_leat_that_came_meanwhile_is_left_alone(void **state)
{
	struct listen_socket *socket = &set.sockets[0];
	struct listen_set second;

	(void)state;
	assert_true(listen_open(&set, &options));
	unlink(path);
	unlink(socket->lock_path);
	assert_true(listen_open(&second, &options));
	assert_false(listen_renew(&set, socket, &options));
	assert_non_null(strstr(set.error, "another leat"));
	listen_stop(&set);
	assert_false(listen_is_lost(&second.sockets[0]));
	assert_false(listen_open(&set, &options)); /* it still has its lock */
	listen_stop(&second);
}

static void a_socket_that_was_removed_counts_as_replaced(void **state)
{
	(void)state;
	assert_true(listen_open(&set, &options));
	unlink(path);
	assert_true(listen_is_replaced(&set.sockets[0]));
}

static void a_path_that_is_no_longer_ours_is_not_removed(void **state)
{
	int other;

	(void)state;
	assert_true(listen_open(&set, &options));
	unlink(path);
	other = bind_socket(path);
	listen_stop(&set);
	assert_int_equal(access(path, F_OK), 0);
	close(other);
}

static void another_programs_live_socket_is_left_alone(void **state)
{
	int other = bind_socket(path);

	(void)state;
	listen(other, 1);
	assert_false(listen_open(&set, &options));
	assert_non_null(strstr(set.error, "another program"));
	assert_int_equal(files_in_folder(), 1); /* no lock is left */
	close(other);
}

static void a_file_that_is_no_socket_is_left_alone(void **state)
{
	FILE *file = fopen(path, "w");

	(void)state;
	fclose(file);
	assert_false(listen_open(&set, &options));
	assert_non_null(strstr(set.error, "not a socket"));
	assert_int_equal(access(path, F_OK), 0);
}

static void what_a_killed_master_left_does_not_hinder(void **state)
{
	(void)state;
	leave_a_killed_masters_files();
	assert_true(listen_open(&set, &options));
	assert_true(connects(path));
}

static void a_missing_folder_is_named(void **state)
{
	(void)state;
	options.addresses[0] = "unix:/nonexistent/folder/leat.sock";
	assert_false(listen_open(&set, &options));
	assert_non_null(strstr(
	    set.error, "the directory /nonexistent/folder does not exist"));
}

static void an_unknown_group_is_named(void **state)
{
	(void)state;
	options.group = "no-such-group-here";
	assert_false(listen_open(&set, &options));
	assert_non_null(strstr(set.error, "no-such-group-here"));
	assert_int_equal(files_in_folder(), 0);
}

static void a_path_must_leave_room_for_the_temporary_name(void **state)
{
	char error[LISTEN_ERROR_SIZE], text[160] = "unix:/";

	(void)state;
	memset(text + 6, 'x', 94);
	assert_true(listen_socket_check(text, false, error)); /* 95 bytes */
	memset(text + 6, 'x', 95);
	assert_false(listen_socket_check(text, false, error));
	assert_non_null(strstr(error, "96 bytes"));
	assert_non_null(strstr(error, "95"));
}

static void the_longest_path_works(void **state)
{
	char text[160];
	int len = snprintf(text, sizeof text, "unix:%s/", folder);

	(void)state;
	memset(text + len, 'x', (size_t)(5 + 95 - len));
	text[5 + 95] = '\0';
	options.addresses[0] = text;
	assert_true(listen_open(&set, &options));
	assert_true(connects(text + 5));
}

static void addresses_are_checked(void **state)
{
	static const char *const good[] = {"tcp:127.0.0.1:9000",
					   "tcp:127.9.9.9:1", "tcp:[::1]:65535",
					   "unix:/run/leat.sock"};
	static const char *const bad[] = {"",
					  "9000",
					  "tcp:9000",
					  "tcp::9000",
					  "tcp:127.0.0.1:0",
					  "tcp:127.0.0.1:65536",
					  "unix:",
					  "tcp:localhost:9000",
					  "tcp:127.0.0.1:90a",
					  "tcp:::1:9",
					  "tcp:[::1:9000",
					  "tcp:[127.0.0.1]:9000",
					  "unix:/a/",
					  "udp:127.0.0.1:9000",
					  "tcp:127.0.0.1:+90"};
	static const char *const remote[] = {
	    "tcp:0.0.0.0:9000", "tcp:192.0.2.1:9000", "tcp:[::]:9000"};
	char error[LISTEN_ERROR_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(listen_socket_check(good[i], false, error));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(listen_socket_check(bad[i], true, error));
	for (size_t i = 0; i < sizeof remote / sizeof *remote; i++) {
		assert_false(listen_socket_check(remote[i], false, error));
		assert_non_null(strstr(error, "loopback"));
		assert_true(listen_socket_check(remote[i], true, error));
	}
}

static int occupy_port(unsigned *port)
{
	struct sockaddr_in name = {.sin_family = AF_INET};
	socklen_t len = sizeof name;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
	*port = ntohs(name.sin_port);
	return fd;
}

static void a_port_in_use_is_named(void **state)
{
	unsigned port;
	int other = occupy_port(&port);
	char text[64];

	(void)state;
	snprintf(text, sizeof text, "tcp:127.0.0.1:%u", port);
	options.addresses[0] = address;
	options.addresses[1] = text;
	assert_false(listen_open(&set, &options));
	assert_non_null(strstr(set.error, "in use"));
	assert_int_equal(files_in_folder(), 0); /* the first went as well */
	close(other);
}

static void a_tcp_orphan_lets_go_when_a_new_master_holds_the_lock(void **state)
{
	struct listen_socket orphan;
	char text[LISTEN_TEXT_SIZE];
	unsigned port;
	FILE *lock;

	(void)state;
	close(occupy_port(&port));
	snprintf(address, sizeof address, "tcp:127.0.0.1:%u", port);
	assert_true(listen_open(&set, &options));
	listen_print(&set.sockets[0], text);
	assert_true(listen_parse(&orphan, text, folder));
	assert_false(listen_is_replaced(&orphan));
	lock = fopen(orphan.lock_path, "w");
	fprintf(lock, "%d\n", (int)getpid() + 1);
	fclose(lock);
	assert_true(listen_is_replaced(&orphan));
}

static void a_tcp_port_without_a_runtime_folder_still_opens(void **state)
{
	unsigned port;

	(void)state;
	close(occupy_port(&port));
	snprintf(address, sizeof address, "tcp:127.0.0.1:%u", port);
	options.runtime_dir = "/nonexistent/folder";
	assert_true(listen_open(&set, &options));
	assert_string_equal(set.sockets[0].lock_path, "");
}

static void a_text_that_names_no_socket_is_refused(void **state)
{
	struct listen_socket socket;

	(void)state;
	assert_false(listen_parse(&socket, "", folder));
	assert_false(listen_parse(&socket, "3", folder));
	assert_false(listen_parse(&socket, "3,1,2,3,", folder));
	assert_false(listen_parse(&socket, "-1,1,2,3,unix:/x", folder));
	assert_false(listen_parse(&socket, "3,1,2,3,somewhere", folder));
	assert_true(listen_parse(&socket, "3,1,2,3,unix:/x y,z", folder));
	assert_string_equal(socket.path, "/x y,z");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_socket_has_the_mode_and_accepts),
	    TEST(stopping_leaves_nothing_behind),
	    TEST(a_second_instance_is_refused_with_the_firsts_number),
	    TEST(only_the_owner_can_open_the_lock),
	    TEST(a_stale_socket_is_replaced),
	    TEST(orphans_sockets_are_replaced_by_rename),
	    TEST(a_socket_that_was_removed_counts_as_replaced),
	    TEST(a_socket_that_was_removed_is_made_anew),
	    TEST(what_took_a_sockets_place_is_left_alone),
	    TEST(another_leat_that_came_meanwhile_is_left_alone),
	    TEST(a_path_that_is_no_longer_ours_is_not_removed),
	    TEST(another_programs_live_socket_is_left_alone),
	    TEST(a_file_that_is_no_socket_is_left_alone),
	    TEST(what_a_killed_master_left_does_not_hinder),
	    TEST(a_missing_folder_is_named),
	    TEST(an_unknown_group_is_named),
	    TEST(a_path_must_leave_room_for_the_temporary_name),
	    TEST(the_longest_path_works),
	    TEST(addresses_are_checked),
	    TEST(a_port_in_use_is_named),
	    TEST(a_tcp_orphan_lets_go_when_a_new_master_holds_the_lock),
	    TEST(a_tcp_port_without_a_runtime_folder_still_opens),
	    TEST(a_text_that_names_no_socket_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
