/* SPDX-License-Identifier: ISC */
#include "web/stream_selftest.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "web/selftest_note.h"
#include "web/server_private.h"
#include "web/stream.h"

struct run {
	struct peer *peer;
	struct stream_selftest plan;
	struct selftest_note note;
	struct timer next; /* the next frame, or the end of the time */
	uint64_t due_ms;
	uint64_t end_ms; /* no longer than this */
	unsigned sent;
	bool has_ended;
	bool is_left;	      /* though the end could still be written */
	uint64_t address_key; /* 0: not counted */
};

static void put_frame(struct run *run, struct buffer *out, unsigned n)
{
	size_t start = out->len;
	size_t len;

	buffer_append_string(out, "data: {\"type\":\"selftest\"");
	json_put_int_member(out, "n", n);
	json_put_int_member(out, "at_us", (int64_t)clock_system_us());
	if (n == 0)
		json_put_string_member(out, "id", slice_of(run->note.id));
	json_put_name(out, "pad");
	buffer_append_char(out, '"');
	len = out->len - start + strlen("\"}\n\n");
	for (; n > 0 && len < run->plan.frame_bytes; len++)
		buffer_append_char(out, 'x');
	buffer_append_string(out, "\"}\n\n");
	metrics_inc(run->peer->server->metrics, METRIC_FRAMES);
}

static void put_begin(struct run *run, struct buffer *out)
{
	struct peer *peer = run->peer;
	struct reply_head head = {.status = 200,
				  .content_type = "text/event-stream",
				  .is_stream = true};

	reply_put_head(out, &head, peer->request,
		       peer->server->options.cors_origins);
	dialect_put_prelude(out, DIALECT_NATIVE);
	stream_head_sent(peer);
	put_frame(run, out, 0);
}

static void put_end(struct run *run, struct buffer *out)
{
	run->has_ended = true;
	buffer_append_string(out, "data: {\"type\":\"selftest_end\"");
	json_put_int_member(out, "frames", run->sent);
	buffer_append_string(out, "}\n\n");
}

/* A frame that came late moves those after it: a reader that was slow is not
 * flooded. */
static void plan_next(struct run *run, uint64_t now_ms)
{
	run->due_ms += run->plan.every_ms;
	if (run->due_ms < now_ms)
		run->due_ms = now_ms + run->plan.every_ms;
	if (run->due_ms > run->end_ms)
		run->due_ms = run->end_ms;
	timer_start(&run->next, run->due_ms - now_ms);
}

static void pump(struct peer *peer)
{
	struct run *run = peer->stream_state;
	struct server *server = peer->server;
	struct buffer *out = &server->scratch;
	uint64_t now_ms = loop_now_ms(server->loop);
	size_t start;

	buffer_clear(out);
	start = record_begin(out);
	if (!peer->head_sent)
		put_begin(run, out);
	if (now_ms >= run->end_ms || run->has_ended) {
		put_end(run, out);
	} else if (now_ms >= run->due_ms) {
		put_frame(run, out, ++run->sent);
		if (run->sent == run->plan.frames)
			put_end(run, out);
		else
			plan_next(run, now_ms);
	}
	record_end(out, start, peer->request_id);
	if (!run->has_ended) {
		peer_send(peer, out);
		return;
	}
	record_put_end(out, peer->request_id);
	peer_send(peer, out);
	stream_leave(peer);
	peer_finish(peer);
}

static void on_next(void *state)
{
	struct run *run = state;

	server_mark_pump(run->peer);
}

/* Until the first frame it may have to be silent. */
static void heartbeat(struct peer *peer)
{
	struct run *run = peer->stream_state;

	if (!peer->head_sent || (run->sent == 0 && run->plan.silent_ms > 0))
		peer_touch(peer, &peer->server->streaming);
	else
		stream_send_heartbeats(peer);
}

static void release(struct run *run)
{
	struct server *server = run->peer->server;

	server->selftest_count--;
	if (run->address_key)
		server->hooks.address_release(server->hooks.state,
					      run->address_key);
}

static void leave(struct peer *peer)
{
	struct run *run = peer->stream_state;

	peer->stream_state = NULL;
	timer_stop(&run->next);
	selftest_note_close(&run->note, run->is_left || !run->has_ended,
			    run->sent, loop_now_ms(peer->server->loop));
	release(run);
	memory_free(run);
}

static const struct stream_ops selftest_ops = {pump, heartbeat,
					       stream_send_heartbeat, leave};

/* The address counts under a key of its own, beside its other streams. */
static bool admit(struct peer *peer, uint64_t *address_key, struct fault *fault)
{
	struct server *server = peer->server;
	unsigned limit = server->options.max_selftests;
	uint64_t key = 0;

	*address_key = 0;
	if (server->selftest_count >= STREAM_SELFTEST_MAX || limit == 0)
		return fault_set(fault, ERROR_OVERLOADED, "%u selftests",
				 server->selftest_count);
	if (!stream_admit(peer, STREAM_SELFTEST_SHARE, fault))
		return false;
	if (server->hooks.address_acquire)
		key = stream_address_key(peer);
	if (key == 0)
		return true;
	key = ids_hash_from(key, SLICE_LITERAL("selftest"));
	key += key == 0;
	if (!server->hooks.address_acquire(server->hooks.state, key, limit)) {
		stream_leave(peer);
		return fault_set(fault, ERROR_OVERLOADED,
				 "%u selftests from one address", limit);
	}
	*address_key = key;
	return true;
}

void stream_selftest_start(struct peer *peer,
			   const struct stream_selftest *plan)
{
	struct server *server = peer->server;
	uint64_t now_ms = loop_now_ms(server->loop);
	uint64_t address_key;
	struct fault fault;
	struct run *run;

	if (!admit(peer, &address_key, &fault)) {
		peer_reply_fault(peer, &fault);
		return;
	}
	run = memory_zalloc(sizeof *run);
	run->peer = peer;
	run->plan = *plan;
	run->address_key = address_key;
	run->due_ms = now_ms + plan->silent_ms + plan->wait_ms;
	if (run->due_ms == now_ms)
		run->due_ms += plan->every_ms;
	run->end_ms = now_ms + server->options.selftest_timeout_ms;
	if (run->due_ms > run->end_ms)
		run->due_ms = run->end_ms;
	selftest_note_open(&run->note, server->options.notes_dir);
	timer_init(&run->next, server->loop, on_next, run);
	timer_start(&run->next, run->due_ms - now_ms);
	server->selftest_count++;
	stream_begin(peer, &selftest_ops, run);
}

void stream_selftest_end_all(struct server *server)
{
	struct list *node;

	for (node = server->peers.next; node != &server->peers;
	     node = node->next) {
		struct peer *peer = LIST_ENTRY(node, struct peer, node);
		struct run *run = peer->stream_state;

		if (peer->stream != &selftest_ops)
			continue;
		run->has_ended = true;
		/* Where no later request comes (CGI), being told to end is
		 * all that the web server can say of a reader that left. */
		run->is_left = server->options.ends_with_reply;
		server_mark_pump(peer);
	}
}
