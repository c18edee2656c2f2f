/* SPDX-License-Identifier: ISC */
#include "chat/chat.h"

#include "base/log.h"
#include "base/memory.h"
#include "chat/model.h"
#include "chat/registry.h"
#include "chat/turn.h"

/* What ended turns may hold for readers that come back. */
struct retriever *chat_retriever(struct chat *chat)
{
	return chat->parts.retriever;
}

const char *chat_not_ready(struct chat *chat)
{
	return chat->parts.provider ? NULL : "no provider is configured";
}
