/* SPDX-License-Identifier: ISC */
/*
 * Accepting, handing over, draining: what a worker does besides answering.
 */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "web_world.h"

#define ID  "my-own-turn-0001"
#define ASK "{\"query\":\"q\",\"turn\":\"" ID "\"}"

static struct sockaddr_un address;
static socklen_t address_len;

/* A listening socket without a name in any folder. */
static int listen_somewhere(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un any = {.sun_family = AF_UNIX};

	assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(sa_family_t)),
			 0);
	assert_int_equal(listen(fd, 16), 0);
	address_len = sizeof address;
	getsockname(fd, (struct sockaddr *)&address, &address_len);
	return fd;
}

static int dial(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, address_len),
			 0);
	return fd;
}

static void connections_are_accepted_and_served(void **state)
{
	int listener = listen_somewhere();
	struct fake_peer peers[3];
	struct buffer bytes;

	(void)state;
	buffer_init(&bytes, BUFFER_UNLIMITED);
	web_world_put(&bytes, &(struct web_request){.path = "/healthz"});
	assert_true(server_listen(web_world.server, listener));
	for (int i = 0; i < 3; i++) {
		fake_peer_init(&peers[i], dial());
		fake_peer_send(&peers[i], buffer_slice(&bytes));
	}
	web_world_settle();
	for (int i = 0; i < 3; i++) {
		fake_peer_receive(&peers[i], SIZE_MAX);
		assert_int_equal(fake_peer_status(&peers[i]), 200);
		fake_peer_fini(&peers[i]);
	}
	buffer_fini(&bytes);
	web_world_reopen();
	close(listener);
}

static bool wants_more;
static unsigned asked;

static bool may_accept(void *state)
{
	(void)state;
	asked++;
	return wants_more;
}

static void a_worker_with_more_than_its_share_waits_a_moment(void **state)
{
	int listener = listen_somewhere();
	int fd;

	(void)state;
	web_world.hooks.may_accept = may_accept;
	wants_more = false;
	asked = 0;
	web_world_reopen();
	server_listen(web_world.server, listener);
	fd = dial();
	web_world_settle();
	assert_int_equal(asked, 1);
	assert_int_equal(server_open_peers(web_world.server), 0);
	/* Nobody else has taken it: so it does, and asks again after that. */
	web_world_advance(1);
	assert_int_equal(server_open_peers(web_world.server), 1);
	close(fd);
	web_world_reopen();
	close(listener);
}

static void without_descriptors_a_connection_is_closed_at_once(void **state)
{
	int listener = listen_somewhere();
	struct fake_peer refused;
	struct fake_peer served;
	struct rlimit saved;
	struct rlimit none;
	int first_free;

	(void)state;
	server_listen(web_world.server, listener);
	fake_peer_init(&refused, dial());
	first_free = dup(listener);
	close(first_free);
	getrlimit(RLIMIT_NOFILE, &saved);
	none = saved;
	none.rlim_cur = (rlim_t)first_free;
	setrlimit(RLIMIT_NOFILE, &none);
	fake_loop_settle(web_world.loop);
	setrlimit(RLIMIT_NOFILE, &saved);
	fake_peer_receive(&refused, SIZE_MAX);
	assert_true(refused.is_closed);
	assert_int_equal(server_open_peers(web_world.server), 0);
	/* A moment later it accepts again. */
	fake_peer_init(&served, dial());
	web_world_settle();
	assert_int_equal(server_open_peers(web_world.server), 0);
	web_world_advance(100);
	assert_int_equal(server_open_peers(web_world.server), 1);
	fake_peer_fini(&refused);
	fake_peer_fini(&served);
	web_world_reopen();
	close(listener);
}

static struct fake_peer accepted(void)
{
	struct fake_peer peer;

	fake_peer_init(&peer, dial());
	web_world_settle();
	web_world_advance(1);
	return peer;
}

static void send_to(struct fake_peer *peer, const struct web_request *request)
{
	struct buffer bytes;

	buffer_init(&bytes, BUFFER_UNLIMITED);
	web_world_put(&bytes, request);
	fake_peer_send(peer, buffer_slice(&bytes));
	buffer_fini(&bytes);
	web_world_settle();
	fake_peer_receive(peer, SIZE_MAX);
}

/* One descriptor is free: the accept after it finds none. */
static void without_descriptors_the_silent_make_way(void **state)
{
	int listener = listen_somewhere();
	struct fake_peer silent, next;
	struct rlimit saved, none;

	(void)state;
	server_listen(web_world.server, listener);
	silent = accepted();
	fake_peer_init(&next, dial());
	getrlimit(RLIMIT_NOFILE, &saved);
	none = saved;
	none.rlim_cur = (rlim_t)dup(listener);
	close((int)none.rlim_cur);
	setrlimit(RLIMIT_NOFILE, &none);
	fake_loop_settle(web_world.loop);
	setrlimit(RLIMIT_NOFILE, &saved);
	fake_peer_receive(&silent, SIZE_MAX);
	assert_true(silent.is_closed);
	send_to(&next, &(struct web_request){.path = "/healthz"});
	assert_int_equal(fake_peer_status(&next), 200);
	fake_peer_fini(&silent);
	fake_peer_fini(&next);
	web_world_reopen();
	close(listener);
}

static void who_asks_nothing_is_bounded_and_who_streams_is_not(void **state)
{
	struct fake_peer stream, kept, silent, half, last;
	int listener = listen_somewhere();

	(void)state;
	web_world.options.max_unanswered = 3;
	web_world_reopen();
	server_listen(web_world.server, listener);
	stream = accepted();
	send_to(&stream, &(struct web_request){.body = ASK,
					       .accept = "text/event-stream"});
	silent = accepted();
	kept = accepted();
	send_to(&kept,
		&(struct web_request){.path = "/healthz", .keeps = true});
	half = accepted();
	assert_int_equal(server_open_peers(web_world.server), 4);
	/* First a connection that is only kept, then the oldest. */
	last = accepted();
	fake_peer_receive(&kept, SIZE_MAX);
	assert_true(kept.is_closed);
	fake_peer_fini(&kept);
	kept = accepted();
	fake_peer_receive(&silent, SIZE_MAX);
	assert_true(silent.is_closed);
	assert_int_equal(server_open_peers(web_world.server), 4);
	fake_peer_receive(&stream, SIZE_MAX);
	assert_false(stream.is_closed);
	send_to(&half, &(struct web_request){.path = "/healthz"});
	assert_int_equal(fake_peer_status(&half), 200);
	fake_peer_fini(&stream);
	fake_peer_fini(&silent);
	fake_peer_fini(&kept);
	fake_peer_fini(&half);
	fake_peer_fini(&last);
	web_world_settle();
	scripted_provider_fail(&web_world.first, ERROR_CANCELLED);
	web_world_reopen();
	close(listener);
}

/* A memfd is needed to decode a request. */
static void without_descriptors_a_request_is_told_so(void **state)
{
	struct web_client *client = web_world_connect();
	struct buffer bytes;
	struct rlimit saved;
	struct rlimit none;
	int first_free = dup(client->peer.fd);

	(void)state;
	close(first_free);
	buffer_init(&bytes, BUFFER_UNLIMITED);
	web_world_put(&bytes, &(struct web_request){.path = "/healthz"});
	fake_peer_send(&client->peer, buffer_slice(&bytes));
	buffer_fini(&bytes);
	getrlimit(RLIMIT_NOFILE, &saved);
	none = saved;
	none.rlim_cur = (rlim_t)first_free;
	setrlimit(RLIMIT_NOFILE, &none);
	fake_loop_settle(web_world.loop);
	setrlimit(RLIMIT_NOFILE, &saved);
	web_world_settle();
	web_world_expect_status(client, 503);
	assert_true(client->peer.has_ended);
}

static int drained;

static void on_drained(void *state)
{
	(void)state;
	drained++;
}

static void draining_an_idle_server_ends_at_once(void **state)
{
	(void)state;
	drained = 0;
	server_drain(web_world.server, 5000, on_drained, NULL);
	assert_int_equal(drained, 0);
	web_world_settle();
	assert_int_equal(drained, 1);
	web_world_advance(10000);
	assert_int_equal(drained, 1);
}

static void draining_lets_streams_end(void **state)
{
	struct web_client *idle = web_world_request(
	    &(struct web_request){.path = "/healthz", .keeps = true});
	struct web_client *client = web_world_request(&(struct web_request){
	    .body = ASK, .accept = "text/event-stream", .keeps = true});

	(void)state;
	drained = 0;
	server_drain(web_world.server, 5000, on_drained, NULL);
	web_world_settle();
	/* Kept for nothing, it is closed; the stream goes on. */
	assert_true(idle->peer.is_closed);
	web_world_say("Hi");
	assert_false(client->peer.is_closed);
	assert_int_equal(drained, 0);
	web_world_end();
	assert_true(client->peer.has_ended);
	assert_true(client->peer.is_closed);
	assert_int_equal(drained, 1);
}

static void draining_serves_what_waits_to_be_accepted(void **state)
{
	int listener = listen_somewhere();
	struct fake_peer peer;
	struct buffer bytes;

	(void)state;
	drained = 0;
	server_listen(web_world.server, listener);
	fake_peer_init(&peer, dial());
	server_drain(web_world.server, 5000, on_drained, NULL);
	buffer_init(&bytes, BUFFER_UNLIMITED);
	web_world_put(&bytes, &(struct web_request){.path = "/healthz"});
	fake_peer_send(&peer, buffer_slice(&bytes));
	buffer_fini(&bytes);
	web_world_settle();
	fake_peer_receive(&peer, SIZE_MAX);
	assert_int_equal(fake_peer_status(&peer), 200);
	assert_int_equal(drained, 1);
	fake_peer_fini(&peer);
	close(listener);
}

static void draining_has_an_end(void **state)
{
	struct web_client *client = web_world_ask(ASK);
	struct web_client *late;

	(void)state;
	drained = 0;
	web_world_say("Half");
	server_drain(web_world.server, 5000, on_drained, NULL);
	late = web_world_connect();
	web_world_advance(1500);
	web_world_advance(3499);
	assert_false(client->peer.has_ended);
	web_world_advance(1);
	/* Told, with what there is, and not cut. */
	assert_non_null(strstr(fake_peer_body(&client->peer),
			       "\"code\":\"interrupted\",\"retryable\":true,"
			       "\"partial\":\"Half\""));
	assert_true(client->peer.has_ended);
	assert_int_equal(web_world.first.cancels, 1);
	assert_true(late->peer.is_closed);
	web_world_advance(1000);
	assert_int_equal(drained, 1);
}

static void who_takes_nothing_does_not_hold_the_end_up(void **state)
{
	struct web_client *client = web_world_ask(ASK);
	char text[4001];

	(void)state;
	drained = 0;
	memset(text, 'x', 4000);
	text[4000] = '\0';
	client->is_slow = true;
	for (int i = 0; i < 100; i++)
		web_world_say(text);
	server_drain(web_world.server, 500, on_drained, NULL);
	web_world_advance(500);
	assert_int_equal(drained, 0);
	web_world_advance(1000);
	assert_int_equal(drained, 1);
	assert_int_equal(server_open_peers(web_world.server), 0);
}

static struct {
	enum hand_over_result result;
	int calls;
	int fd;
	struct turn_place owner;
	struct buffer bytes;
	uint64_t taken;
} handed;

static enum hand_over_result hand_over(void *state, struct turn_place owner,
				       int fd, struct slice bytes)
{
	(void)state;
	handed.calls++;
	handed.owner = owner;
	buffer_append_slice(&handed.bytes, bytes);
	if (handed.result == HAND_OVER_SENT)
		handed.fd = dup(fd);
	return handed.result;
}

static struct turn_place owner_of(void *state, uint64_t hash)
{
	(void)state;
	(void)hash;
	return (struct turn_place){2, 9};
}

static void taken(void *state, uint64_t hand_over_id)
{
	(void)state;
	handed.taken = hand_over_id;
}

static int set_up_pool(void **state)
{
	web_world_set_up(state);
	memset(&handed, 0, sizeof handed);
	buffer_init(&handed.bytes, BUFFER_UNLIMITED);
	web_world.hooks.hand_over = hand_over;
	web_world.hooks.owner_of = owner_of;
	web_world.hooks.taken = taken;
	web_world_reopen();
	return 0;
}

static int tear_down_pool(void **state)
{
	buffer_fini(&handed.bytes);
	return web_world_tear_down(state);
}

static void anothers_turn_is_handed_over_whole(void **state)
{
	struct web_request request = {
	    .body = ASK, .accept = "text/event-stream", .keeps = true};
	struct web_client *client = web_world_request(&request);
	struct buffer bytes;

	(void)state;
	buffer_init(&bytes, BUFFER_UNLIMITED);
	web_world_put(&bytes, &request);
	assert_int_equal(handed.calls, 1);
	assert_int_equal(handed.owner.slot, 2);
	assert_int_equal(handed.bytes.len, bytes.len);
	assert_memory_equal(handed.bytes.data, bytes.data, bytes.len);
	/* Not a byte was said, and the connection lives on elsewhere. */
	assert_int_equal(client->peer.reply.len, 0);
	assert_false(client->peer.is_closed);
	assert_int_equal(server_open_peers(web_world.server), 0);
	/* Here is elsewhere. */
	server_adopt(web_world.server, handed.fd, buffer_slice(&handed.bytes),
		     77, ADOPT_OWN);
	web_world_settle();
	assert_int_equal(handed.taken, 77);
	web_world_say("Hi");
	web_world_end();
	assert_non_null(
	    strstr(fake_peer_body(&client->peer), "\"answer\":\"Hi\""));
	assert_int_equal(web_world_count(METRIC_HANDOVERS_OUT), 1);
	assert_int_equal(web_world_count(METRIC_HANDOVERS_IN), 1);
	/* Kept alive, its next request is one like any other. */
	handed.taken = 0;
	fake_peer_clear(&client->peer);
	request.body = "{\"query\":\"q\",\"turn\":\"my-own-turn-0002\"}";
	web_world_send(client, &request);
	assert_int_equal(handed.taken, 0);
	assert_int_equal(handed.calls, 2);
	close(handed.fd);
	buffer_fini(&bytes);
}

static void a_dead_owners_turn_is_gone(void **state)
{
	(void)state;
	handed.result = HAND_OVER_GONE;
	web_world_expect_status(
	    web_world_request(&(struct web_request){
		.path = "/chat/t_00100001AAAAAAAAAAAAAAAAAAAAAA/stream"}),
	    410);
	web_world_expect_status(
	    web_world_request(&(struct web_request){
		.query = "query=q",
		.accept = "text/event-stream",
		.last_event_id = "t_00100001AAAAAAAAAAAAAAAAAAAAAA.4"}),
	    204);
	assert_int_equal(handed.calls, 2);
}

static void a_turn_that_no_worker_can_have_made_is_asked_of_none(void **state)
{
	(void)state;
	handed.result = HAND_OVER_BUSY;
	web_world_expect_status(
	    web_world_request(&(struct web_request){
		.path = "/chat/t_00000000AAAAAAAAAAAAAAAAAAAAAA/stream"}),
	    410);
	assert_int_equal(handed.calls, 0);
}

static void a_busy_owner_is_waited_for(void **state)
{
	struct web_client *client;

	(void)state;
	handed.result = HAND_OVER_BUSY;
	client = web_world_request(
	    &(struct web_request){.path = "/chat/" ID "/stream"});
	web_world_expect_status(client, 503);
	assert_string_equal(fake_peer_header(&client->peer, "Retry-After"),
			    "1");
}

static void what_comes_back_is_answered_here(void **state)
{
	char id[IDS_TURN_LEN + 1], path[80];
	struct buffer bytes;
	struct fake_peer peer;
	int fds[2];

	(void)state;
	ids_make_turn(id, (struct turn_place){7, 8});
	snprintf(path, sizeof path, "/chat/%s/stream", id);
	buffer_init(&bytes, BUFFER_UNLIMITED);
	web_world_put(&bytes, &(struct web_request){.path = path});
	for (int i = 0; i < 2; i++) {
		socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
		fake_peer_init(&peer, fds[0]);
		server_adopt(web_world.server, fds[1], buffer_slice(&bytes), 3,
			     i ? ADOPT_OWNER_BUSY : ADOPT_OWNER_GONE);
		web_world_settle();
		fake_peer_receive(&peer, SIZE_MAX);
		assert_int_equal(fake_peer_status(&peer), i ? 503 : 410);
		fake_peer_fini(&peer);
	}
	/* One hop and no more. */
	assert_int_equal(handed.calls, 0);
	buffer_fini(&bytes);
}

/* Its owner is started again, and might begin the same turn. */
static void a_turn_that_a_client_named_is_not_begun_by_who_does_not_own_it(
    void **state)
{
	struct buffer bytes;
	struct fake_peer peer;
	int fds[2];

	(void)state;
	buffer_init(&bytes, BUFFER_UNLIMITED);
	web_world_put(&bytes, &(struct web_request){
				  .path = "/chat/a-name-of-the-client/stream"});
	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	fake_peer_init(&peer, fds[0]);
	server_adopt(web_world.server, fds[1], buffer_slice(&bytes), 3,
		     ADOPT_OWNER_GONE);
	web_world_settle();
	fake_peer_receive(&peer, SIZE_MAX);
	assert_int_equal(fake_peer_status(&peer), 503);
	fake_peer_fini(&peer);
	buffer_fini(&bytes);
}

#define EACH(test)                                              \
	cmocka_unit_test_setup_teardown(test, web_world_set_up, \
					web_world_tear_down)
#define POOL(test) \
	cmocka_unit_test_setup_teardown(test, set_up_pool, tear_down_pool)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(connections_are_accepted_and_served),
	    EACH(a_worker_with_more_than_its_share_waits_a_moment),
	    EACH(without_descriptors_a_connection_is_closed_at_once),
	    EACH(without_descriptors_the_silent_make_way),
	    EACH(who_asks_nothing_is_bounded_and_who_streams_is_not),
	    EACH(without_descriptors_a_request_is_told_so),
	    EACH(draining_an_idle_server_ends_at_once),
	    EACH(draining_lets_streams_end),
	    EACH(draining_serves_what_waits_to_be_accepted),
	    EACH(draining_has_an_end),
	    EACH(who_takes_nothing_does_not_hold_the_end_up),
	    POOL(anothers_turn_is_handed_over_whole),
	    POOL(a_dead_owners_turn_is_gone),
	    POOL(a_turn_that_no_worker_can_have_made_is_asked_of_none),
	    POOL(a_busy_owner_is_waited_for),
	    POOL(what_comes_back_is_answered_here),
	    POOL(
		a_turn_that_a_client_named_is_not_begun_by_who_does_not_own_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
