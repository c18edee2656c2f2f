/* SPDX-License-Identifier: ISC */
/*
 * Values of options: from the text of a file or a command line into the
 * struct that holds them, and away again.
 *
 * `base` is the struct that the option's offset counts from: struct config,
 * or struct config_provider for the options of a provider.
 */
#ifndef LEAT_CONFIG_OPTION_VALUE_H
#define LEAT_CONFIG_OPTION_VALUE_H

#include "config/options.h"

struct config_list;

/* Sets a scalar; what was there before is wiped and freed. False, and base as
 * it was: the text does not fit, and `allowed` has what would. */
bool option_value_set(const struct option_spec *spec, void *base,
		      const char *text, struct buffer *allowed);
/* The same for a list; items are copied. *bad is the index of the first item
 * that is wrong, or items->count when it is their number. */
bool option_value_set_list(const struct option_spec *spec, void *base,
			   const struct config_list *items, size_t *bad,
			   struct buffer *allowed);

/* Every default of a section, into the zeroed struct at base. */
void option_value_set_defaults(enum option_section section, void *base);
/* Wipes and frees every string and list of a section. */
void option_value_free(enum option_section section, void *base);

/* `30`, `30s`, `500ms`, `5m`, `1h`: a number alone is seconds. */
bool option_value_parse_duration(const char *text, unsigned long long *ms);
/* `65536`, `64K`, `8M`, `1G`. */
bool option_value_parse_size(const char *text, unsigned long long *bytes);

#endif
