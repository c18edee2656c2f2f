/* SPDX-License-Identifier: ISC */
/*
 * The provider that needs no model, no key and no network: it answers by
 * quoting the ask's passages through the injected quoter, with [n] marks,
 * and says plainly that it quotes.
 *
 * One content event per sentence, all in one pass of the loop: it has its
 * answer at once and does not pretend to type.
 */
#ifndef LEAT_PROVIDER_EXTRACTIVE_H
#define LEAT_PROVIDER_EXTRACTIVE_H

#include "core/provider.h"

struct loop;
struct quoter;

/* The name is copied; quoter and loop outlive the provider. */
struct provider *extractive_new(struct loop *loop, struct quoter *quoter,
				const char *name);

#endif
