/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <signal.h>

#include "pool/worker_link.h"
#include "serve/worker_private.h"
#include "web/server.h"

static bool may_accept(void *state)
{
	struct worker *worker = state;

	return slots_is_balanced(worker->slots, worker->args.place.slot);
}

/* Before the first generation is ready a turn is as well here as anywhere. */
static struct turn_place owner_of(void *state, uint64_t hash)
{
	struct worker *worker = state;
	struct turn_place owner;

	return slots_owner_of(worker->slots, hash, &owner) ? owner
							   : worker->args.place;
}

/* Without a master nobody clears the slots of the dead. */
static bool is_dead(struct worker *worker, struct turn_place owner)
{
	pid_t pid;

	if (!slots_is_alive(worker->slots, owner))
		return true;
	pid = atomic_load(&slots_at(worker->slots, owner.slot)->pid);
	return !worker_link_is_up(worker->link) && pid > 0 &&
	       kill(pid, 0) != 0 && errno == ESRCH;
}

static enum hand_over_result hand_over(void *state, struct turn_place owner,
				       int fd, struct slice bytes)
{
	struct worker *worker = state;

	if (!owner.incarnation)
		return HAND_OVER_BUSY; /* it is being started again */
	if (is_dead(worker, owner))
		return HAND_OVER_GONE;
	return worker_link_forward(worker->link, owner, fd, bytes)
		   ? HAND_OVER_SENT
		   : HAND_OVER_BUSY;
}

static void taken(void *state, uint64_t hand_over_id)
{
	struct worker *worker = state;

	worker_link_say(worker->link, CHANNEL_TAKEN, hand_over_id);
}

static void sum_metrics(void *state, struct metrics *out)
{
	struct worker *worker = state;

	slots_sum(worker->slots, out);
}

static bool address_acquire(void *state, uint64_t key, unsigned limit)
{
	struct worker *worker = state;

	return slots_address_acquire(worker->slots, worker->args.place.slot,
				     key, limit);
}

static void address_release(void *state, uint64_t key)
{
	struct worker *worker = state;

	slots_address_release(worker->slots, worker->args.place.slot, key);
}

static void on_open_count(void *state, unsigned open)
{
	struct worker *worker = state;

	atomic_store_explicit(&worker->slot->open_peers, open,
			      memory_order_relaxed);
	atomic_store_explicit(&worker->slot->open_streams,
			      server_open_streams(worker->server),
			      memory_order_relaxed);
}

struct server_hooks worker_hooks(struct worker *worker)
{
	return (struct server_hooks){
	    .state = worker,
	    .may_accept = may_accept,
	    .owner_of = owner_of,
	    .hand_over = hand_over,
	    .taken = taken,
	    .sum_metrics = sum_metrics,
	    .address_acquire = address_acquire,
	    .address_release = address_release,
	    .on_open_count = on_open_count,
	};
}
