/* SPDX-License-Identifier: ISC */
/*
 * Which provider answers, and with which model (INTERFACE, section 2,
 * "Which model").
 */
#ifndef LEAT_CHAT_MODEL_H
#define LEAT_CHAT_MODEL_H

#include "chat/chat.h"

/* False: model_not_found. *model is empty for the provider's own; it borrows
 * from `wanted`. */
bool model_choose(const struct chat_parts *parts, struct slice wanted,
		  struct provider **provider, struct slice *model,
		  struct fault *fault);

#endif
