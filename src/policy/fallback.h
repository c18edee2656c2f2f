/* SPDX-License-Identifier: ISC */
/*
 * A provider that tries others in order until one has begun to answer.
 *
 * Begun is: content, reasoning or a tool call came. Before that, whatever
 * ends a call (a refusal too: the next upstream may know the model, or have
 * a key that works) brings the next one's turn, and two status events that
 * say so. After that, an error is the answer's end: a second model cannot go
 * on where the first one stopped. When all have failed, the last one's error
 * counts.
 *
 * A model that the client chose is asked of one provider only: the first
 * that allows it.
 */
#ifndef LEAT_POLICY_FALLBACK_H
#define LEAT_POLICY_FALLBACK_H

#include "core/provider.h"

/* At least one. The list is copied; the providers are not owned and outlive
 * this one. */
struct provider *fallback_new(struct provider *const *providers, size_t count);

#endif
