/* SPDX-License-Identifier: ISC */
#include "master/master_exchange.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "master/master_exchange_private.h"

/* Messages read from one port before the others have their turn. */
enum { BATCH = 64 };

static void flush_port(struct port *port);
static void bounce(struct master_exchange *exchange, struct transfer *transfer,
		   enum channel_why why);

struct master_exchange *master_exchange_new(
    unsigned slots, const struct master_exchange_listener *listener)
{
	struct master_exchange *exchange =
	    memory_zalloc(sizeof *exchange + slots * sizeof(struct port));

	exchange->listener = *listener;
	exchange->buffer = memory_alloc(sizeof *exchange->buffer);
	exchange->count = slots;
	for (unsigned i = 0; i < slots; i++) {
		exchange->ports[i].fd = -1;
		list_init(&exchange->ports[i].queue);
		list_init(&exchange->ports[i].untaken);
	}
	return exchange;
}

static void discard(struct transfer *transfer)
{
	channel_close(&transfer->message);
	memory_free(transfer);
}

void master_exchange_free(struct master_exchange *exchange)
{
	struct list *node;

	if (!exchange)
		return;
	for (unsigned i = 0; i < exchange->count; i++) {
		struct port *port = &exchange->ports[i];

		list_splice(&port->queue, &port->untaken);
		while ((node = list_shift(&port->queue)))
			discard(LIST_ENTRY(node, struct transfer, node));
		if (port->fd >= 0)
			close(port->fd);
	}
	memory_free(exchange->buffer);
	memory_free(exchange);
}

void master_exchange_join(struct master_exchange *exchange,
			  struct turn_place place, int fd)
{
	struct port *port = &exchange->ports[place.slot];

	master_exchange_part(exchange, place.slot);
	port->fd = fd;
	port->incarnation = place.incarnation;
}

static bool is_joined(const struct port *port)
{
	return port->fd >= 0 && !port->is_closed;
}

static struct port *find_port(struct master_exchange *exchange,
			      struct turn_place place)
{
	struct port *port;

	if (place.slot >= exchange->count)
		return NULL;
	port = &exchange->ports[place.slot];
	return is_joined(port) && port->incarnation == place.incarnation ? port
									 : NULL;
}

/* False: it could not be sent now. */
static bool send_word(struct port *port, const struct channel_message *word)
{
	switch (channel_send(port->fd, word)) {
	case CHANNEL_AGAIN:
		port->is_full = true;
		return false;
	case CHANNEL_LATER:
		port->is_paused = true;
		return false;
	default:
		return true; /* its death is noticed by reading */
	}
}

static void send_drain(struct port *port)
{
	struct channel_message drain = channel_message(CHANNEL_DRAIN);

	drain.id = port->drain_ms;
	port->owes_drain = !send_word(port, &drain);
}

/* Sent after everything else that this port gets. */
static void send_bye(struct port *port)
{
	const struct channel_message bye = channel_message(CHANNEL_BYE);

	port->owes_bye = !send_word(port, &bye);
}

static void on_sent(struct port *port, struct transfer *transfer)
{
	list_remove(&transfer->node);
	port->queue_count--;
	if (transfer->message.why == CHANNEL_WHY_OWN)
		list_append(&port->untaken, &transfer->node);
	else
		discard(transfer);
}

static void flush_port(struct port *port)
{
	port->is_full = false;
	port->is_paused = false;
	if (port->owes_drain)
		send_drain(port);
	while (!port->owes_drain && !list_is_empty(&port->queue)) {
		struct transfer *first =
		    LIST_ENTRY(port->queue.next, struct transfer, node);

		switch (channel_send(port->fd, &first->message)) {
		case CHANNEL_DONE:
			on_sent(port, first);
			break;
		case CHANNEL_AGAIN:
			port->is_full = true;
			return;
		case CHANNEL_LATER:
			port->is_paused = true;
			return;
		default:
			return; /* its death is noticed by reading */
		}
	}
	if (!port->owes_drain && port->owes_bye)
		send_bye(port);
}

static void enqueue(struct port *port, struct transfer *transfer)
{
	list_append(&port->queue, &transfer->node);
	port->queue_count++;
	port->owned_count += transfer->message.why == CHANNEL_WHY_OWN;
	if (!port->is_full && !port->is_paused)
		flush_port(port);
}

/* Who answers "gone" or "busy": the worker that read the request, or when it
 * has died any other. */
static struct port *find_answerer(struct master_exchange *exchange,
				  struct turn_place sender)
{
	struct port *best = find_port(exchange, sender);

	if (best && !best->is_leaving)
		return best;
	best = NULL;
	for (unsigned i = 0; i < exchange->count; i++) {
		struct port *port = &exchange->ports[i];

		if (is_joined(port) && !port->is_leaving && !port->is_stuck &&
		    (!best || port->queue_count < best->queue_count))
			best = port;
	}
	return best;
}

static void bounce(struct master_exchange *exchange, struct transfer *transfer,
		   enum channel_why why)
{
	struct port *port = find_answerer(exchange, transfer->sender);

	transfer->message.why = why;
	if (port && port->queue_count < MASTER_EXCHANGE_QUEUED) {
		enqueue(port, transfer);
		return;
	}
	log_warn("exchange", "a request could not be handed back; its "
			     "connection is closed");
	discard(transfer);
}

static void forward(struct master_exchange *exchange, struct turn_place sender,
		    struct channel_message *message)
{
	struct port *port = find_port(exchange, message->owner);
	struct slice bytes = message->bytes;
	struct transfer *transfer = memory_alloc(sizeof *transfer + bytes.len);

	memcpy(transfer->bytes, bytes.data, bytes.len);
	list_init(&transfer->node);
	transfer->sender = sender;
	transfer->message = *message;
	transfer->message.type = CHANNEL_ADOPT;
	transfer->message.why = CHANNEL_WHY_OWN;
	transfer->message.id = ++exchange->last_id;
	transfer->message.bytes = slice_make(transfer->bytes, bytes.len);
	if (!port || port->is_leaving)
		bounce(exchange, transfer, CHANNEL_WHY_GONE);
	else if (port->is_stuck || port->owned_count >= CHANNEL_UNTAKEN_MAX)
		bounce(exchange, transfer, CHANNEL_WHY_BUSY);
	else
		enqueue(port, transfer);
}

/* Only what was sent can be answered, so the queue need not be looked at. */
static struct transfer *find_untaken(struct port *port, uint64_t id)
{
	for (struct list *node = port->untaken.next; node != &port->untaken;
	     node = node->next) {
		struct transfer *transfer =
		    LIST_ENTRY(node, struct transfer, node);

		if (transfer->message.id == id) {
			list_remove(&transfer->node);
			port->owned_count--;
			return transfer;
		}
	}
	return NULL;
}

static void on_message(struct master_exchange *exchange, unsigned slot,
		       struct channel_message *message)
{
	const struct master_exchange_listener *listener = &exchange->listener;
	struct port *port = &exchange->ports[slot];
	struct turn_place place = {(uint16_t)slot, port->incarnation};
	struct transfer *transfer = NULL;

	switch (message->type) {
	case CHANNEL_READY:
		listener->on_ready(listener->state, slot);
		break;
	case CHANNEL_FAILED:
		listener->on_failed(listener->state, slot, message->bytes);
		break;
	case CHANNEL_FORWARD:
		/* Without its descriptor the peer is closed already. */
		if (message->lost_fds || message->peer_fd < 0)
			break;
		forward(exchange, place, message);
		return; /* the descriptors are the transfer's */
	case CHANNEL_TAKEN:
		transfer = find_untaken(port, message->id);
		if (transfer)
			discard(transfer);
		break;
	case CHANNEL_REFUSED:
		transfer = find_untaken(port, message->id);
		if (transfer)
			bounce(exchange, transfer, CHANNEL_WHY_BUSY);
		break;
	case CHANNEL_LEAVE:
		port->is_leaving = true;
		port->owes_bye = true;
		if (!port->is_full && !port->is_paused)
			flush_port(port);
		break;
	default:
		log_warn("exchange", "worker %u sent a message of kind %d",
			 slot, (int)message->type);
	}
	channel_close(message);
}

/* False: nothing more comes from this port now. */
static bool read_one(struct master_exchange *exchange, unsigned slot)
{
	struct port *port = &exchange->ports[slot];
	struct channel_message message;

	switch (channel_receive(port->fd, &message, exchange->buffer)) {
	case CHANNEL_DONE:
		on_message(exchange, slot, &message);
		return true;
	case CHANNEL_BROKEN:
		log_warn("exchange", "worker %u sent what cannot be read",
			 slot);
		return true;
	case CHANNEL_GONE:
		port->is_closed = true;
		return false;
	default:
		return false;
	}
}

void master_exchange_part(struct master_exchange *exchange, unsigned slot)
{
	struct port *port = &exchange->ports[slot];
	struct list left;
	struct list *node;

	if (port->fd < 0)
		return;
	while (read_one(exchange, slot))
		continue;
	/* Empty first: nothing may be bounced to the port itself. */
	close(port->fd);
	list_init(&left);
	list_splice(&left, &port->untaken);
	list_splice(&left, &port->queue);
	memset(port, 0, sizeof *port);
	port->fd = -1;
	list_init(&port->queue);
	list_init(&port->untaken);
	while ((node = list_shift(&left))) {
		struct transfer *transfer =
		    LIST_ENTRY(node, struct transfer, node);
		enum channel_why why = transfer->message.why;

		bounce(exchange, transfer,
		       why == CHANNEL_WHY_OWN ? CHANNEL_WHY_GONE : why);
	}
}

void master_exchange_set_stuck(struct master_exchange *exchange, unsigned slot,
			       bool is_stuck)
{
	exchange->ports[slot].is_stuck = is_stuck;
}

void master_exchange_drain(struct master_exchange *exchange, unsigned slot,
			   unsigned timeout_ms)
{
	struct port *port = &exchange->ports[slot];

	if (!is_joined(port))
		return;
	port->owes_drain = true;
	port->drain_ms = timeout_ms;
	if (!port->is_full && !port->is_paused)
		flush_port(port);
}

int master_exchange_fd(const struct master_exchange *exchange, unsigned slot)
{
	const struct port *port = &exchange->ports[slot];

	return is_joined(port) ? port->fd : -1;
}

short master_exchange_events(const struct master_exchange *exchange,
			     unsigned slot)
{
	return exchange->ports[slot].is_full ? POLLIN | POLLOUT : POLLIN;
}

void master_exchange_on_poll(struct master_exchange *exchange, unsigned slot,
			     short events)
{
	struct port *port = &exchange->ports[slot];

	if (!is_joined(port) || !events)
		return;
	if (events & POLLOUT)
		flush_port(port);
	for (int i = 0; i < BATCH && read_one(exchange, slot); i++)
		continue;
	if (port->is_closed)
		exchange->listener.on_lost(exchange->listener.state, slot);
}

bool master_exchange_retries(const struct master_exchange *exchange)
{
	for (unsigned i = 0; i < exchange->count; i++)
		if (exchange->ports[i].is_paused)
			return true;
	return false;
}

void master_exchange_retry(struct master_exchange *exchange)
{
	for (unsigned i = 0; i < exchange->count; i++)
		if (exchange->ports[i].is_paused)
			flush_port(&exchange->ports[i]);
}

unsigned master_exchange_held(const struct master_exchange *exchange,
			      unsigned slot)
{
	const struct port *port = &exchange->ports[slot];
	unsigned count = port->queue_count;

	for (struct list *node = port->untaken.next; node != &port->untaken;
	     node = node->next)
		count++;
	return count;
}
