/* SPDX-License-Identifier: ISC */
/*
 * A model API that is not one: it answers POST /v1/chat/completions with
 * OpenAI's chunks, as many and as far apart as the model's name says, and
 * writes into each when it was sent, so that whoever reads it can tell how
 * long it took.
 *
 *   pace-60x150      60 chunks, 150 ms apart, the first one at once
 *   pace-60x150+400  the same, the first one after 400 ms
 *   cut-60x150       breaks off half way, without finish_reason and [DONE]
 *   skip-60x150      leaves out one chunk (the load generator must notice)
 *
 * With --tell-aborts it prints when a client has left a running answer, as
 * {"aborted_ns":N}.
 *
 * Each thread has its own listener (SO_REUSEPORT), loop and timers; nothing is
 * shared but the options.
 */
#include "hist.h"
#include "mark.h"
#include "scripted.h"
#include "wheel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX  8192
#define THREADS_MAX 64
#define SIZE_LEN    5 /* "1f4\r\n", always three digits */

struct options {
	struct sockaddr_in address;
	unsigned threads;
	uint64_t tick_ns;
	bool tells_aborts;
	struct scripted_pace pace; /* of a model whose name says nothing */
};

struct loop {
	const struct options *options;
	int listener;
	int epoll;
	int spare; /* descriptor kept for the moment when there is none left */
	struct wheel wheel;
	uint64_t started, completed, aborted, refused, frames;
	unsigned long next_id;
	struct hist late;
	pthread_t thread;
};

/* One connection; timer is its first member, so that one is the other. */
struct conn {
	struct wheel_timer timer;
	struct loop *loop;
	int fd;
	char *request; /* NULL while nothing is buffered */
	size_t request_len;
	bool is_streaming;
	struct scripted ask;
	unsigned seq;
	unsigned long id;
	char *unsent; /* what the socket did not take */
	size_t unsent_len;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void count_abort(struct loop *loop)
{
	loop->aborted++;
	if (!loop->options->tells_aborts)
		return;
	printf("{\"aborted_ns\":%llu}\n", (unsigned long long)now_ns());
	fflush(stdout);
}

static void conn_free(struct conn *conn)
{
	if (conn->is_streaming)
		count_abort(conn->loop);
	wheel_cancel(&conn->loop->wheel, &conn->timer);
	close(conn->fd);
	free(conn->request);
	free(conn->unsent);
	free(conn);
}

static void conn_watch(struct conn *conn, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = conn};

	epoll_ctl(conn->loop->epoll, EPOLL_CTL_MOD, conn->fd, &event);
}

/* Sends now or keeps for later; false when the connection is broken. */
static bool conn_send(struct conn *conn, const char *bytes, size_t len)
{
	ssize_t sent = 0;
	char *grown;

	if (!conn->unsent_len) {
		sent = send(conn->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (sent == (ssize_t)len)
			return true;
		if (sent < 0)
			sent = 0;
		conn_watch(conn, EPOLLIN | EPOLLRDHUP | EPOLLOUT);
	}
	if (conn->unsent_len > 1024 * 1024)
		return false;
	len -= (size_t)sent;
	grown = realloc(conn->unsent, conn->unsent_len + len);
	if (!grown)
		return false;
	memcpy(grown + conn->unsent_len, bytes + sent, len);
	conn->unsent = grown;
	conn->unsent_len += len;
	return true;
}

static bool conn_flush(struct conn *conn)
{
	ssize_t sent = send(conn->fd, conn->unsent, conn->unsent_len,
			    MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent < 0)
		return errno == EAGAIN || errno == EINTR;
	conn->unsent_len -= (size_t)sent;
	memmove(conn->unsent, conn->unsent + sent, conn->unsent_len);
	if (!conn->unsent_len)
		conn_watch(conn, EPOLLIN | EPOLLRDHUP);
	return true;
}

/* Appends one HTTP chunk that holds one event; returns its length. */
static size_t put_event(char *at, size_t room, const struct conn *conn,
			const char *choices)
{
	int len = snprintf(
	    at + SIZE_LEN, room - SIZE_LEN - 2,
	    "data: {\"id\":\"chatcmpl-%024lx\",\"object\":"
	    "\"chat.completion.chunk\",\"created\":1735689600,\"model\":\"%s\","
	    "\"system_fingerprint\":\"fp_44709d6fcb\",%s}\n\n",
	    conn->id, conn->ask.model, choices);
	char size[SIZE_LEN + 1];

	snprintf(size, sizeof(size), "%03x\r\n", (unsigned)len & 0xfff);
	memcpy(at, size, SIZE_LEN);
	memcpy(at + SIZE_LEN + len, "\r\n", 2);
	return SIZE_LEN + (size_t)len + 2;
}

static size_t put_content(char *at, size_t room, const struct conn *conn,
			  unsigned seq)
{
	char choices[160];
	char mark[MARK_LEN + 2];

	mark_write(mark, seq, now_ns());
	snprintf(choices, sizeof(choices),
		 "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"},"
		 "\"logprobs\":null,\"finish_reason\":null}]",
		 mark);
	return put_event(at, room, conn, choices);
}

static bool send_head(struct conn *conn)
{
	static const char head[] = "HTTP/1.1 200 OK\r\n"
				   "Content-Type: text/event-stream\r\n"
				   "Cache-Control: no-cache\r\n"
				   "Transfer-Encoding: chunked\r\n\r\n";
	char answer[ANSWER_MAX];
	size_t len = sizeof(head) - 1;

	memcpy(answer, head, len);
	len += put_event(answer + len, sizeof(answer) - len, conn,
			 "\"choices\":[{\"index\":0,\"delta\":{\"role\":"
			 "\"assistant\",\"content\":\"\"},\"logprobs\":null,"
			 "\"finish_reason\":null}]");
	return conn_send(conn, answer, len);
}

static bool send_tail(struct conn *conn)
{
	static const char last[] = "00e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n";
	char answer[ANSWER_MAX];
	char usage[160];
	size_t len;

	len = put_event(answer, sizeof(answer), conn,
			"\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":"
			"null,\"finish_reason\":\"stop\"}]");
	if (conn->ask.wants_usage) {
		snprintf(usage, sizeof(usage),
			 "\"choices\":[],\"usage\":{\"prompt_tokens\":9,"
			 "\"completion_tokens\":%u,\"total_tokens\":%u}",
			 conn->ask.pace.frames, conn->ask.pace.frames + 9);
		len +=
		    put_event(answer + len, sizeof(answer) - len, conn, usage);
	}
	memcpy(answer + len, last, sizeof(last) - 1);
	len += sizeof(last) - 1;
	conn->is_streaming = false;
	conn->loop->completed++;
	return conn_send(conn, answer, len);
}

/* A timer has come: the next frame, and the end right after the last one. */
static bool conn_step(struct conn *conn, uint64_t now)
{
	struct scripted_pace *pace = &conn->ask.pace;
	char answer[ANSWER_MAX];
	size_t len;

	hist_add(&conn->loop->late, now - conn->timer.due_ns);
	if (conn->seq < pace->frames) {
		if (pace->script == SCRIPT_SKIP && conn->seq == 1)
			conn->seq++;
		len = put_content(answer, sizeof(answer), conn, conn->seq++);
		conn->loop->frames++;
		if (!conn_send(conn, answer, len))
			return false;
	}
	if (pace->script == SCRIPT_CUT && conn->seq >= (pace->frames + 1) / 2)
		return false;
	if (conn->seq >= pace->frames)
		return send_tail(conn);
	wheel_add(&conn->loop->wheel, &conn->timer,
		  conn->timer.due_ns + pace->every_ns);
	return true;
}

static bool refuse(struct conn *conn, const char *status, const char *why)
{
	char answer[512];
	char body[256];
	int body_len = snprintf(body, sizeof(body),
				"{\"error\":{\"message\":\"%s\",\"type\":"
				"\"invalid_request_error\",\"code\":null}}",
				why);
	int len = snprintf(answer, sizeof(answer),
			   "HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
			   "Content-Length: %d\r\n\r\n%s",
			   status, body_len, body);

	conn->loop->refused++;
	return conn_send(conn, answer, (size_t)len);
}

static bool answer_request(struct conn *conn)
{
	struct loop *loop = conn->loop;

	if (!conn->ask.is_known)
		return refuse(conn, "404 Not Found",
			      "only POST /v1/chat/completions, HTTP/1.1");
	if (!conn->ask.is_stream)
		return refuse(conn, "400 Bad Request", "stream must be true");
	conn->seq = 0;
	conn->id = loop->next_id++;
	conn->is_streaming = true;
	loop->started++;
	if (!send_head(conn))
		return false;
	wheel_add(&loop->wheel, &conn->timer,
		  now_ns() + conn->ask.pace.first_ns);
	return true;
}

/* Looks whether a whole request is there, and answers it. */
static bool take_request(struct conn *conn)
{
	enum scripted_result result;

	conn->ask.pace = conn->loop->options->pace;
	result = scripted_read(&conn->ask, conn->request, conn->request_len);
	if (result == SCRIPTED_MORE)
		return conn->request_len < SCRIPTED_REQUEST_MAX;
	free(conn->request);
	conn->request = NULL;
	conn->request_len = 0;
	return result == SCRIPTED_READY && answer_request(conn);
}

static bool conn_read(struct conn *conn)
{
	ssize_t got;

	if (!conn->request)
		conn->request = malloc(SCRIPTED_REQUEST_MAX + 1);
	if (!conn->request)
		return false;
	got = recv(conn->fd, conn->request + conn->request_len,
		   SCRIPTED_REQUEST_MAX - conn->request_len, MSG_DONTWAIT);
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		return false;
	/* Nobody here sends a second request into a running answer. */
	if (got > 0 && conn->is_streaming)
		return false;
	if (got > 0)
		conn->request_len += (size_t)got;
	conn->request[conn->request_len] = '\0';
	if (conn->request_len)
		return take_request(conn);
	free(conn->request);
	conn->request = NULL;
	return true;
}

static void accept_all(struct loop *loop)
{
	for (;;) {
		struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP};
		struct conn *conn;
		int one = 1;
		int fd = accept4(loop->listener, NULL, NULL,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 && errno == EMFILE && loop->spare >= 0) {
			/* Turn it away rather than spin on it. */
			close(loop->spare);
			close(accept(loop->listener, NULL, NULL));
			loop->spare = dup(loop->epoll);
			loop->refused++;
			continue;
		}
		if (fd < 0)
			return;
		conn = calloc(1, sizeof(*conn));
		if (!conn) {
			close(fd);
			continue;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		conn->loop = loop;
		conn->fd = fd;
		event.data.ptr = conn;
		epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event);
	}
}

static void on_event(struct loop *loop, const struct epoll_event *event)
{
	struct conn *conn = event->data.ptr;

	if (!conn) {
		accept_all(loop);
		return;
	}
	if ((event->events & EPOLLOUT) && !conn_flush(conn)) {
		conn_free(conn);
		return;
	}
	if ((event->events & ~(uint32_t)EPOLLOUT) && !conn_read(conn))
		conn_free(conn);
}

static void *loop_run(void *arg)
{
	struct loop *loop = arg;
	struct epoll_event events[256];

	/* Timers of the kernel are 50 us late by default. */
	prctl(PR_SET_TIMERSLACK, 1UL);
	for (;;) {
		struct wheel_timer *timer;
		struct timespec wait = {.tv_sec = 3600};
		uint64_t next = wheel_next_ns(&loop->wheel);
		uint64_t now = now_ns();
		int count;

		if (next != UINT64_MAX) {
			uint64_t left = next > now ? next - now : 0;

			wait.tv_sec = (time_t)(left / 1000000000);
			wait.tv_nsec = (long)(left % 1000000000);
		}
		count = epoll_pwait2(loop->epoll, events, 256, &wait, NULL);
		for (int i = 0; i < count; i++)
			on_event(loop, &events[i]);
		now = now_ns();
		while ((timer = wheel_pop(&loop->wheel, now))) {
			struct conn *conn = (struct conn *)timer;

			if (!conn_step(conn, now))
				conn_free(conn);
		}
	}
	return NULL;
}

static int listener_open(struct options *options)
{
	socklen_t len = sizeof(options->address);
	struct sockaddr *address = (struct sockaddr *)&options->address;
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, address, len) || listen(fd, 65535) ||
	    getsockname(fd, address, &len)) {
		perror("upstream: cannot listen");
		exit(1);
	}
	return fd;
}

static struct loop *loop_new(struct options *options)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		exit(1);
	loop->options = options;
	loop->listener = listener_open(options);
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	loop->spare = dup(loop->epoll);
	wheel_init(&loop->wheel, options->tick_ns, now_ns());
	epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->listener, &event);
	return loop;
}

/* The counters are read while their threads run: they may be one frame old. */
static void print_counts(struct loop **loops, unsigned count)
{
	struct loop *sum = calloc(1, sizeof(*sum));

	if (!sum)
		return;
	for (unsigned i = 0; i < count; i++) {
		sum->started += loops[i]->started;
		sum->completed += loops[i]->completed;
		sum->aborted += loops[i]->aborted;
		sum->refused += loops[i]->refused;
		sum->frames += loops[i]->frames;
		hist_merge(&sum->late, &loops[i]->late);
	}
	printf("{\"started\":%llu,\"completed\":%llu,\"aborted\":%llu,"
	       "\"refused\":%llu,\"frames\":%llu,\"late_us\":{\"p50\":%.1f,"
	       "\"p99\":%.1f,\"max\":%.1f}}\n",
	       (unsigned long long)sum->started,
	       (unsigned long long)sum->completed,
	       (unsigned long long)sum->aborted,
	       (unsigned long long)sum->refused,
	       (unsigned long long)sum->frames,
	       (double)hist_percentile(&sum->late, 50) / 1000,
	       (double)hist_percentile(&sum->late, 99) / 1000,
	       (double)sum->late.max_ns / 1000);
	fflush(stdout);
	free(sum);
}

static void usage(int status)
{
	fprintf(
	    status ? stderr : stdout,
	    "usage: upstream [options]\n"
	    "  --listen ADDRESS:PORT  default 127.0.0.1:0, a free port\n"
	    "  --threads N            default 1\n"
	    "  --frames N             default 60 } for a model whose\n"
	    "  --every-ms N           default 150 } name says nothing\n"
	    "  --tick-us N            how exact timers are, default 100\n"
	    "  --tell-aborts          print when a client leaves an answer\n"
	    "SIGUSR1 prints the counters; SIGINT and SIGTERM end it.\n");
	exit(status);
}

static void parse_listen(struct options *options, const char *text)
{
	const char *colon = strrchr(text, ':');
	char host[64];

	if (!colon || (size_t)(colon - text) >= sizeof(host))
		usage(2);
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	if (inet_pton(AF_INET, host, &options->address.sin_addr) != 1)
		usage(2);
	options->address.sin_port = htons((uint16_t)atoi(colon + 1));
}

static void parse_options(struct options *options, int argc, char **argv)
{
	static const struct option longs[] = {
	    {"listen", required_argument, NULL, 'l'},
	    {"threads", required_argument, NULL, 't'},
	    {"frames", required_argument, NULL, 'f'},
	    {"every-ms", required_argument, NULL, 'e'},
	    {"tick-us", required_argument, NULL, 'k'},
	    {"tell-aborts", no_argument, NULL, 'a'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0}};
	int key;

	while ((key = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		unsigned long number = optarg ? strtoul(optarg, NULL, 10) : 0;

		if (key == 'h' || key == '?')
			usage(key == 'h' ? 0 : 2);
		else if (key == 'a')
			options->tells_aborts = true;
		else if (key == 'l')
			parse_listen(options, optarg);
		else if (!number)
			usage(2);
		else if (key == 't' && number <= THREADS_MAX)
			options->threads = (unsigned)number;
		else if (key == 'f' && number <= SCRIPTED_FRAMES_MAX)
			options->pace.frames = (unsigned)number;
		else if (key == 'e')
			options->pace.every_ns = number * 1000000;
		else if (key == 'k')
			options->tick_ns = number * 1000;
		else
			usage(2);
	}
}

int main(int argc, char **argv)
{
	struct options options = {
	    .address = {.sin_family = AF_INET,
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
	    .threads = 1,
	    .tick_ns = 100000,
	    .pace = {.frames = 60, .every_ns = 150000000}};
	struct loop *loops[THREADS_MAX];
	struct rlimit files;
	sigset_t signals;
	int signal_number;

	parse_options(&options, argc, argv);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	for (unsigned i = 0; i < options.threads; i++) {
		loops[i] = loop_new(&options);
		loops[i]->next_id = (unsigned long)i << 40;
	}
	for (unsigned i = 0; i < options.threads; i++)
		if (pthread_create(&loops[i]->thread, NULL, loop_run, loops[i]))
			return 1;
	printf("{\"port\":%u}\n", ntohs(options.address.sin_port));
	fflush(stdout);
	while (!sigwait(&signals, &signal_number)) {
		print_counts(loops, options.threads);
		if (signal_number != SIGUSR1)
			return 0;
	}
	return 1;
}
