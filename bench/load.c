/* SPDX-License-Identifier: ISC */
/*
 * Opens thousands of streams at a given rate, reads each to its end, checks
 * that it is complete, and prints what it saw as lines of JSON:
 *
 *   {"event":"open",...}      every stream has had its first content
 *   {"event":"snapshot",...}  asked for by a line on standard input
 *   {"event":"ended",...}     the first stream has ended
 *   {"event":"failed",...}    a stream that is not complete (with --tell)
 *   {"event":"result",...}    once, at the end
 *
 * One thread: every stream is one descriptor in one epoll.
 */
#include "hist.h"
#include "reader.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define READ_BYTES 65536

struct options {
	const char *url;
	const char *body;
	unsigned streams;
	unsigned arrivals;
	unsigned frames;
	unsigned sources;
	unsigned timeout_s;
	bool is_native;
	bool is_steady; /* delays count while all streams are open */
	bool tells;	/* each stream that fails */
};

struct stream {
	int fd;
	bool is_sent;
	uint64_t started_ns;
	struct reader reader;
};

struct load {
	struct options options;
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_un un;
	} address;
	socklen_t address_len;
	char *request;
	size_t request_len;
	int epoll;
	uint64_t started_ns;
	struct stream *streams;
	unsigned launched, begun, open, open_max, completed, failed;
	unsigned refused; /* could not connect or send */
	unsigned timed_out;
	unsigned failures[READER_FAILURES];
	struct reader_tally tally;
	struct hist first_body, first_status, first_content;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void print_state(const struct load *load, const char *event)
{
	printf("{\"event\":\"%s\",\"now_ns\":%llu,\"since_ms\":%.3f,\"open\":"
	       "%u,\"completed\":%u,\"failed\":%u,\"frames\":%llu}\n",
	       event, (unsigned long long)now_ns(),
	       (double)(now_ns() - load->started_ns) / 1e6, load->open,
	       load->completed, load->failed,
	       (unsigned long long)load->tally.marks);
	fflush(stdout);
}

static void note_times(struct load *load, const struct stream *stream)
{
	const struct reader *reader = &stream->reader;
	uint64_t since = stream->started_ns;

	if (reader->first_body_ns)
		hist_add(&load->first_body, reader->first_body_ns - since);
	if (reader->first_status_ns)
		hist_add(&load->first_status, reader->first_status_ns - since);
	if (reader->first_content_ns)
		hist_add(&load->first_content,
			 reader->first_content_ns - since);
}

static void tell_failure(const struct load *load, const struct stream *stream)
{
	if (!load->options.tells)
		return;
	printf("{\"event\":\"failed\",\"now_ns\":%llu,\"number\":%td,"
	       "\"turn\":\"%s\",\"why\":\"%s\",\"status\":%u,\"marks\":%u}\n",
	       (unsigned long long)now_ns(), stream - load->streams,
	       stream->reader.turn,
	       stream->is_sent ? reader_failure_name(stream->reader.failure)
			       : "connect",
	       stream->reader.status, stream->reader.marks);
	fflush(stdout);
}

/* The stream is over; why it failed is in its reader. */
static void stream_finish(struct load *load, struct stream *stream)
{
	bool is_first = !load->completed && !load->failed;

	close(stream->fd);
	stream->fd = -1;
	load->open--;
	note_times(load, stream);
	if (stream->reader.failure) {
		load->failed++;
		load->failures[stream->reader.failure]++;
		tell_failure(load, stream);
	} else {
		load->completed++;
	}
	reader_fini(&stream->reader);
	if (is_first)
		print_state(load, "ended");
}

static void stream_refuse(struct load *load, struct stream *stream)
{
	if (!load->refused++)
		fprintf(stderr, "load: cannot connect: %s\n", strerror(errno));
	close(stream->fd);
	stream->fd = -1;
	load->open--;
	load->failed++;
	tell_failure(load, stream);
}

static bool bind_source(const struct load *load, int fd, unsigned number)
{
	struct sockaddr_in source = {.sin_family = AF_INET};
	int one = 1;

	if (load->address.any.sa_family != AF_INET)
		return true;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (load->options.sources < 2)
		return true;
	/* 127.0.0.2 and on; the port is chosen at connect(), when the whole
	 * quadruple is known. */
	source.sin_addr.s_addr =
	    htonl(INADDR_LOOPBACK + 1 + number % load->options.sources);
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	return !bind(fd, (struct sockaddr *)&source, sizeof(source));
}

static void stream_start(struct load *load)
{
	unsigned number = load->launched++;
	struct stream *stream = &load->streams[number];
	struct epoll_event event = {.events = EPOLLOUT, .data.ptr = stream};

	stream->reader.tally = &load->tally;
	stream->reader.marks_wanted = load->options.frames;
	stream->reader.is_native = load->options.is_native;
	stream->started_ns = now_ns();
	stream->fd = socket(load->address.any.sa_family,
			    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	load->open++;
	if (load->open > load->open_max)
		load->open_max = load->open;
	if (stream->fd < 0 || !bind_source(load, stream->fd, number) ||
	    (connect(stream->fd, &load->address.any, load->address_len) &&
	     errno != EINPROGRESS) ||
	    epoll_ctl(load->epoll, EPOLL_CTL_ADD, stream->fd, &event))
		stream_refuse(load, stream);
}

static void stream_send(struct load *load, struct stream *stream)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = stream};
	ssize_t sent =
	    send(stream->fd, load->request, load->request_len, MSG_NOSIGNAL);

	/* It is a few hundred bytes into an empty socket: all or nothing. */
	if (sent != (ssize_t)load->request_len) {
		stream_refuse(load, stream);
		return;
	}
	stream->is_sent = true;
	epoll_ctl(load->epoll, EPOLL_CTL_MOD, stream->fd, &event);
}

static void on_all_open(struct load *load)
{
	print_state(load, "open");
	if (load->options.is_steady)
		memset(&load->tally.delay, 0, sizeof(load->tally.delay));
}

static void stream_receive(struct load *load, struct stream *stream)
{
	static char bytes[READ_BYTES];
	bool had_content = stream->reader.first_content_ns;
	bool goes_on = true;
	ssize_t got = recv(stream->fd, bytes, sizeof(bytes), 0);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0) {
		goes_on =
		    reader_feed(&stream->reader, bytes, (size_t)got, now_ns());
	} else {
		reader_end(&stream->reader);
		goes_on = false;
	}
	if (!had_content && stream->reader.first_content_ns) {
		load->begun++;
		if (load->begun == load->options.streams)
			on_all_open(load);
	}
	if (!goes_on)
		stream_finish(load, stream);
}

/* A line on standard input asks for the counters; its end asks for nothing. */
static void on_input(struct load *load)
{
	char line[256];
	ssize_t got = read(STDIN_FILENO, line, sizeof(line));

	if (got > 0)
		print_state(load, "snapshot");
	else
		epoll_ctl(load->epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
}

static uint64_t launch_due(struct load *load)
{
	uint64_t now = now_ns();
	uint64_t due = UINT64_MAX;

	while (load->launched < load->options.streams) {
		due = load->started_ns + (uint64_t)load->launched * 1000000000 /
					     load->options.arrivals;
		if (due > now)
			return due - now;
		stream_start(load);
	}
	return 100000000;
}

static void run(struct load *load)
{
	uint64_t end =
	    now_ns() + (uint64_t)load->options.timeout_s * 1000000000;
	struct epoll_event events[256];

	load->started_ns = now_ns();
	while (load->completed + load->failed < load->options.streams &&
	       now_ns() < end) {
		uint64_t left = launch_due(load);
		struct timespec wait = {.tv_nsec = (long)(left % 1000000000)};
		int count;

		count = epoll_pwait2(load->epoll, events, 256, &wait, NULL);
		for (int i = 0; i < count; i++) {
			struct stream *stream = events[i].data.ptr;

			if (!stream)
				on_input(load);
			else if (stream->is_sent)
				stream_receive(load, stream);
			else
				stream_send(load, stream);
		}
	}
	load->timed_out =
	    load->options.streams - load->completed - load->failed;
}

static void print_result(const struct load *load)
{
	const struct reader_tally *tally = &load->tally;
	double seconds = (double)(now_ns() - load->started_ns) / 1e9;

	printf("{\"event\":\"result\",\"streams\":%u,\"completed\":%u,"
	       "\"failed\":%u,\"open_max\":%u,\"seconds\":%.3f,\"frames\":%llu,"
	       "\"events\":%llu",
	       load->options.streams, load->completed,
	       load->failed + load->timed_out, load->open_max, seconds,
	       (unsigned long long)tally->marks,
	       (unsigned long long)tally->events);
	hist_print(&tally->delay, "delay_ms");
	hist_print(&load->first_body, "first_body_ms");
	hist_print(&load->first_status, "first_status_ms");
	hist_print(&load->first_content, "first_content_ms");
	printf(",\"failures\":{\"connect\":%u,\"timeout\":%u", load->refused,
	       load->timed_out);
	for (int i = READER_OK + 1; i < READER_FAILURES; i++)
		printf(",\"%s\":%u", reader_failure_name(i), load->failures[i]);
	printf("},\"first_failure\":\"");
	for (const char *at = tally->first_failure; *at; at++)
		printf(*at == '"' || *at == '\\' ? "\\%c" : "%c", *at);
	printf("\"}\n");
	fflush(stdout);
}

static void usage(int status)
{
	fprintf(
	    status ? stderr : stdout,
	    "usage: load --url URL [options]\n"
	    "  --url URL       http://127.0.0.1:PORT/PATH, or\n"
	    "                  unix:/SOCKET:/PATH\n"
	    "  --body JSON     what is posted\n"
	    "  --streams N     how many, default 100\n"
	    "  --arrivals N    how many begin per second, default 1500\n"
	    "  --frames N      marks that a complete answer has, default 60\n"
	    "  --dialect NAME  native (ends with `final`) or openai\n"
	    "  --sources N     addresses to come from, 127.0.0.2 and on\n"
	    "  --steady        count delays only when all streams are open\n"
	    "  --tell          print each stream that fails\n"
	    "  --timeout N     seconds, default 120\n");
	exit(status);
}

static bool parse_number(struct options *options, int key, const char *text)
{
	unsigned long number = strtoul(text, NULL, 10);
	unsigned value = (unsigned)number;

	if (!number || number > 1000000)
		return false;
	if (key == 's')
		options->streams = value;
	else if (key == 'a')
		options->arrivals = value;
	else if (key == 'f')
		options->frames = value;
	else if (key == 'o')
		options->sources = value;
	else
		options->timeout_s = value;
	return true;
}

static void parse_options(struct options *options, int argc, char **argv)
{
	static const struct option longs[] = {
	    {"url", required_argument, NULL, 'u'},
	    {"body", required_argument, NULL, 'b'},
	    {"dialect", required_argument, NULL, 'd'},
	    {"streams", required_argument, NULL, 's'},
	    {"arrivals", required_argument, NULL, 'a'},
	    {"frames", required_argument, NULL, 'f'},
	    {"sources", required_argument, NULL, 'o'},
	    {"timeout", required_argument, NULL, 't'},
	    {"steady", no_argument, NULL, 'y'},
	    {"tell", no_argument, NULL, 'l'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0}};
	int key;

	while ((key = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (key == 'h' || key == '?')
			usage(key == 'h' ? 0 : 2);
		else if (key == 'u')
			options->url = optarg;
		else if (key == 'b')
			options->body = optarg;
		else if (key == 'd')
			options->is_native = !strcmp(optarg, "native");
		else if (key == 'y')
			options->is_steady = true;
		else if (key == 'l')
			options->tells = true;
		else if (!parse_number(options, key, optarg))
			usage(2);
	}
	if (!options->url)
		usage(2);
}

/* Fills in the address; returns the path with its query. */
static const char *parse_url(struct load *load)
{
	char host[64], path[sizeof(load->address.un.sun_path)];
	const char *url = load->options.url;
	const char *slash;
	unsigned port;

	if (sscanf(url, "http://%63[0-9.]:%u", host, &port) == 2 &&
	    inet_pton(AF_INET, host, &load->address.in.sin_addr) == 1) {
		load->address.in.sin_family = AF_INET;
		load->address.in.sin_port = htons((uint16_t)port);
		load->address_len = sizeof(load->address.in);
		slash = strchr(url + 7, '/');
		return slash ? slash : "/";
	}
	if (sscanf(url, "unix:%107[^:]:", path) != 1)
		usage(2);
	load->address.un.sun_family = AF_UNIX;
	strcpy(load->address.un.sun_path, path);
	load->address_len = sizeof(load->address.un);
	slash = strchr(url + 5, ':');
	return slash ? slash + 1 : "/";
}

static void load_init(struct load *load)
{
	const char *path = parse_url(load);
	struct epoll_event event = {.events = EPOLLIN};
	struct rlimit files;
	int len;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_TIMERSLACK, 1UL);
	len = asprintf(&load->request,
		       "POST %s HTTP/1.1\r\nHost: bench\r\n"
		       "Content-Type: application/json\r\n"
		       "Accept: text/event-stream\r\n"
		       "Content-Length: %zu\r\n\r\n%s",
		       path, strlen(load->options.body), load->options.body);
	load->streams = calloc(load->options.streams, sizeof(*load->streams));
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (len < 0 || !load->streams || load->epoll < 0) {
		perror("load");
		exit(1);
	}
	load->request_len = (size_t)len;
	/* Fails for a file or /dev/null, which ask for nothing anyway. */
	epoll_ctl(load->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event);
}

int main(int argc, char **argv)
{
	static struct load load = {.options = {.body = "{}",
					       .streams = 100,
					       .arrivals = 1500,
					       .frames = 60,
					       .sources = 8,
					       .timeout_s = 120}};

	parse_options(&load.options, argc, argv);
	load_init(&load);
	run(&load);
	print_result(&load);
	return load.completed == load.options.streams ? 0 : 1;
}
