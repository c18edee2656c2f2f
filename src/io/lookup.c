/* SPDX-License-Identifier: ISC */
#include "io/loop_private.h"

#include <netdb.h>
#include <string.h>

#include "base/memory.h"

struct lookup {
	uv_getaddrinfo_t request;
	struct loop *loop;
	lookup_done *on_done; /* NULL: cancelled */
	void *state;
};

static void on_answer(uv_getaddrinfo_t *request, int status,
		      struct addrinfo *found)
{
	struct lookup *lookup = request->data;
	char addresses[LOOKUP_MAX][LOOKUP_ADDRESS_SIZE];
	int count = 0;

	lookup->loop->lookup_count--;
	for (struct addrinfo *at = found; at && count < LOOKUP_MAX;
	     at = at->ai_next)
		if (getnameinfo(at->ai_addr, at->ai_addrlen, addresses[count],
				LOOKUP_ADDRESS_SIZE, NULL, 0,
				NI_NUMERICHOST) == 0)
			count++;
	uv_freeaddrinfo(found);
	if (status == 0 && count == 0)
		status = UV_EAI_NODATA;
	if (lookup->on_done)
		lookup->on_done(lookup->state, status, addresses, count);
	memory_free(lookup);
}

struct lookup *lookup_start(struct loop *loop, const char *host,
			    lookup_done *on_done, void *state)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC,
				 .ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_ADDRCONFIG};
	struct lookup *lookup;

	if (!job_can_run(loop))
		return NULL;
	lookup = memory_zalloc(sizeof *lookup);
	lookup->request.data = lookup;
	lookup->loop = loop;
	lookup->on_done = on_done;
	lookup->state = state;
	if (uv_getaddrinfo(&loop->uv, &lookup->request, on_answer, host, NULL,
			   &hints) != 0) {
		memory_free(lookup);
		return NULL;
	}
	loop->lookup_count++;
	return lookup;
}

void lookup_cancel(struct lookup *lookup)
{
	if (!lookup)
		return;
	lookup->on_done = NULL;
	/* One that waits for a thread is taken back; one that runs ends by
	 * itself, unheard. */
	uv_cancel((uv_req_t *)&lookup->request);
}
