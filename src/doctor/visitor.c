/* SPDX-License-Identifier: ISC */
#include "doctor/visitor.h"

#include <config.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "doctor/visit.h"
#include "io/http.h"

uint64_t visitor_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void on_signal(void *state, int number)
{
	struct visitor *visitor = state;

	visitor->signal_number = number;
	for (struct list *node = visitor->open.next; node != &visitor->open;
	     node = node->next)
		visit_cancel(LIST_ENTRY(node, struct visit, node));
	loop_stop(visitor->loop);
}

void visitor_init(struct visitor *visitor, const char *ca_file)
{
	struct http_client_options options = {
	    .user_agent = "leat-doctor/" PACKAGE_VERSION,
	    .is_short_lived = true};

	memset(visitor, 0, sizeof(*visitor));
	visitor->ca_file = ca_file;
	list_init(&visitor->open);
	visitor->loop = options.loop = loop_new();
	visitor->client = http_client_new(&options);
	signal(SIGPIPE, SIG_IGN);
	loop_on_signal(visitor->loop, SIGINT, on_signal, visitor);
	loop_on_signal(visitor->loop, SIGTERM, on_signal, visitor);
	loop_on_signal(visitor->loop, SIGHUP, on_signal, visitor);
}

void visitor_fini(struct visitor *visitor)
{
	http_client_free(visitor->client);
	/* A name that nobody answers for is not waited for: the process ends
	 * soon, and this memory with it. */
	if (loop_lookups(visitor->loop) == 0)
		loop_free(visitor->loop);
}

static void on_pause_over(void *state)
{
	loop_stop(state);
}

void visitor_pause(struct visitor *visitor, unsigned ms)
{
	struct timer timer;

	if (visitor->signal_number)
		return;
	timer_init(&timer, visitor->loop, on_pause_over, visitor->loop);
	timer_start(&timer, ms);
	while (timer_is_running(&timer) && !visitor->signal_number)
		loop_run(visitor->loop);
	timer_stop(&timer);
}
