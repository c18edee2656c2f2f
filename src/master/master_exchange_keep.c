/* SPDX-License-Identifier: ISC */
#include "master/master_exchange_keep.h"

#include <fcntl.h>

#include "base/memory.h"
#include "master/master_exchange_private.h"
#include "master/master_state.h"

void master_exchange_keep_port(const struct master_exchange *exchange,
			       struct master_state_worker *worker)
{
	const struct port *port = &exchange->ports[worker->place.slot];

	worker->channel_fd = port->fd;
	worker->place.incarnation = port->incarnation;
	worker->is_leaving = port->is_leaving;
	worker->owes_bye = port->owes_bye;
	worker->owes_drain = port->owes_drain;
	worker->drain_ms = port->drain_ms;
}

/* The new process finds bytes only in memory that has a descriptor. */
static bool move_bytes(struct transfer *transfer)
{
	struct channel_message *message = &transfer->message;

	if (message->memory_fd >= 0)
		return true;
	message->memory_fd = channel_make_memory(message->bytes);
	if (message->memory_fd < 0)
		return false;
	message->memory_len = message->bytes.len;
	message->bytes = SLICE_NONE;
	return true;
}

static bool keep_list(struct list *list, unsigned slot,
		      struct master_state *state, bool is_sent)
{
	for (struct list *node = list->next; node != list; node = node->next) {
		struct transfer *transfer =
		    LIST_ENTRY(node, struct transfer, node);
		const struct channel_message *message = &transfer->message;
		struct master_state_transfer kept = {.slot = slot,
						     .sender = transfer->sender,
						     .id = message->id,
						     .why = message->why,
						     .is_sent = is_sent,
						     .peer_fd =
							 message->peer_fd};

		if (!move_bytes(transfer))
			return false;
		kept.memory_fd = message->memory_fd;
		kept.memory_len = message->memory_len;
		master_state_add_transfer(state, &kept);
	}
	return true;
}

bool master_exchange_keep_transfers(struct master_exchange *exchange,
				    struct master_state *state)
{
	for (unsigned i = 0; i < exchange->count; i++)
		if (!keep_list(&exchange->ports[i].untaken, i, state, true) ||
		    !keep_list(&exchange->ports[i].queue, i, state, false))
			return false;
	return true;
}

void master_exchange_keep_join(struct master_exchange *exchange,
			       const struct master_state_worker *worker)
{
	struct port *port = &exchange->ports[worker->place.slot];

	if (worker->channel_fd < 0)
		return;
	master_exchange_join(exchange, worker->place, worker->channel_fd);
	port->is_leaving = worker->is_leaving;
	port->owes_bye = worker->owes_bye;
	port->owes_drain = worker->owes_drain;
	port->drain_ms = worker->drain_ms;
	/* Whatever waited is tried at once; a full socket says so again. */
	port->is_paused = true;
}

static void restore(struct master_exchange *exchange,
		    const struct master_state_transfer *kept)
{
	struct port *port = &exchange->ports[kept->slot];
	struct transfer *transfer = memory_zalloc(sizeof *transfer);

	list_init(&transfer->node);
	transfer->sender = kept->sender;
	transfer->message = channel_message(CHANNEL_ADOPT);
	transfer->message.id = kept->id;
	transfer->message.why = kept->why;
	transfer->message.peer_fd = kept->peer_fd;
	transfer->message.memory_fd = kept->memory_fd;
	transfer->message.memory_len = kept->memory_len;
	port->owned_count += kept->why == CHANNEL_WHY_OWN;
	if (kept->is_sent) {
		list_append(&port->untaken, &transfer->node);
	} else {
		list_append(&port->queue, &transfer->node);
		port->queue_count++;
	}
	if (exchange->last_id < kept->id)
		exchange->last_id = kept->id;
}

void master_exchange_keep_restore(struct master_exchange *exchange,
				  const struct master_state *state)
{
	for (size_t i = 0; i < state->transfer_count; i++)
		if (state->transfers[i].slot < exchange->count)
			restore(exchange, &state->transfers[i]);
	master_exchange_retry(exchange);
}
