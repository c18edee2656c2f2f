/* SPDX-License-Identifier: ISC */
/*
 * A reload takes a new configuration, but some options (`reload = false` in
 * the table) hold from the start of the pool to its end.
 */
#ifndef LEAT_CONFIG_CONFIG_KEEP_H
#define LEAT_CONFIG_CONFIG_KEEP_H

#include "base/buffer.h"
#include "config/config.h"

/* Puts the values of `first` (what the pool was started with) for such
 * options into `config`; `first` gets the others and is only good for
 * config_free() afterwards. Each option that differs is named in `told`
 * (NULL: nobody wants to know), one line each. */
void config_keep(struct config *config, struct config *first,
		 struct buffer *told);

#endif
