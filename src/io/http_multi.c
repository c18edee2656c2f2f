/* SPDX-License-Identifier: ISC */
#include "base/memory.h"
#include "io/curl_private.h"
#include "io/http_private.h"

enum { IDLE_CONNECTIONS_MAX = 256 };

/* One socket of libcurl's. It exists from the first time libcurl asks for
 * events until it says CURL_POLL_REMOVE, which comes before the close. */
struct http_socket {
	struct http_client *client;
	struct watch *watch;
	int fd;
	unsigned wanted;
};

static void reap(struct http_client *client)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(client->multi, &left))) {
		if (message->msg == CURLMSG_DONE)
			http_transfer_end(message->easy_handle,
					  (int)message->data.result);
	}
}

static void act(struct http_client *client, curl_socket_t fd, int events)
{
	int running;

	client->depth++;
	curl_multi_socket_action(client->multi, fd, events, &running);
	client->depth--;
	reap(client);
	http_client_settle(client);
}

static void on_ready(void *state, unsigned events)
{
	struct http_socket *socket = state;
	int bits = 0;

	/* What went wrong is for libcurl to find out by reading or writing:
	 * CURL_CSELECT_ERR alone would only be "select/poll error". */
	if (events & WATCH_GONE) {
		events |= socket->wanted;
		/* An error ends the watching, but what came before it may
		 * take more than one read. */
		watch_set(socket->watch, socket->wanted);
	}
	if (events & WATCH_READ)
		bits |= CURL_CSELECT_IN;
	if (events & WATCH_WRITE) {
		bits |= CURL_CSELECT_OUT;
		/* It is connecting, or sends the request. */
		loop_hurry(socket->client->loop);
	}
	act(socket->client, socket->fd, bits);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *state,
		     void *socket_state)
{
	struct http_client *client = state;
	struct http_socket *socket = socket_state;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (socket) {
			watch_close(socket->watch);
			curl_multi_assign(client->multi, fd, NULL);
			memory_free(socket);
		}
		return 0;
	}
	if (!socket) {
		socket = memory_zalloc(sizeof *socket);
		socket->client = client;
		socket->fd = fd;
		socket->watch = watch_open(client->loop, fd, on_ready, socket);
		curl_multi_assign(client->multi, fd, socket);
	}
	socket->wanted = (what & CURL_POLL_IN ? WATCH_READ : 0) |
			 (what & CURL_POLL_OUT ? WATCH_WRITE : 0);
	watch_set(socket->watch, socket->wanted);
	return 0;
}

static int on_timeout_change(CURLM *multi, long timeout_ms, void *state)
{
	struct http_client *client = state;

	(void)multi;
	if (timeout_ms < 0)
		timer_stop(&client->curl_timer);
	else
		timer_start(&client->curl_timer, (uint64_t)timeout_ms);
	return 0;
}

static void on_curl_timer(void *state)
{
	http_multi_run(state);
}

void http_multi_run(struct http_client *client)
{
	act(client, CURL_SOCKET_TIMEOUT, 0);
}

bool http_multi_open(struct http_client *client)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return false;
	timer_init(&client->curl_timer, client->loop, on_curl_timer, client);
	client->multi = curl_multi_init();
	client->share = curl_share_init();
	if (!client->multi || !client->share)
		return false;
	curl_share_setopt(client->share, CURLSHOPT_SHARE,
			  CURL_LOCK_DATA_SSL_SESSION);
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION,
			  on_timeout_change);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
	curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS,
			  (long)IDLE_CONNECTIONS_MAX);
	return true;
}

void http_multi_close(struct http_client *client)
{
	curl_multi_cleanup(client->multi);
	curl_share_cleanup(client->share);
	timer_stop(&client->curl_timer);
	curl_global_cleanup();
}
