/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <signal.h>

#include "pool/worker_link.h"
#include "serve/worker_private.h"
#include "web/server.h"

static struct worker *of_service(void *state)
{
	return ((struct service *)state)->owner;
}

static bool may_accept(void *state)
{
	struct worker *worker = of_service(state);

	return slots_is_balanced(worker->service.slots,
				 worker->args.place.slot);
}

/* Without a generation that serves, a turn is as well here as anywhere. */
static struct turn_place owner_of(void *state, uint64_t hash)
{
	struct worker *worker = of_service(state);
	struct turn_place owner;

	return slots_owner_of(worker->service.slots, hash, &owner)
		   ? owner
		   : worker->args.place;
}

/* Without a master nobody clears the slots of the dead. */
static bool is_dead(struct worker *worker, struct turn_place owner)
{
	pid_t pid;

	if (!slots_is_alive(worker->service.slots, owner))
		return true;
	pid = atomic_load(&slots_at(worker->service.slots, owner.slot)->pid);
	return !worker_link_is_up(worker->link) && pid > 0 &&
	       kill(pid, 0) != 0 && errno == ESRCH;
}

static enum hand_over_result hand_over(void *state, struct turn_place owner,
				       int fd, struct slice bytes)
{
	struct worker *worker = of_service(state);

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
	struct worker *worker = of_service(state);

	worker_link_say(worker->link, CHANNEL_TAKEN, hand_over_id);
}

struct server_hooks worker_hooks(struct worker *worker)
{
	struct server_hooks hooks = service_hooks(&worker->service);

	hooks.may_accept = may_accept;
	hooks.owner_of = owner_of;
	hooks.hand_over = hand_over;
	hooks.taken = taken;
	return hooks;
}
