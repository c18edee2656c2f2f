/* SPDX-License-Identifier: ISC */
/*
 * The table of options for people and programs: a configuration file in which
 * everything is commented out, or JSON.
 */
#ifndef LEAT_CONFIG_OPTIONS_PRINT_H
#define LEAT_CONFIG_OPTIONS_PRINT_H

#include "base/buffer.h"

struct option_spec;

void options_print_file(struct buffer *out);
void options_print_json(struct buffer *out);
/* The default as the file would say it: 0, "text", {"a", "b"}. */
void options_print_default(struct buffer *out, const struct option_spec *spec);

#endif
