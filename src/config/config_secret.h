/* SPDX-License-Identifier: ISC */
/*
 * What a configuration takes from other places: keys of providers (a file
 * that only its owner may read, or the environment) and the system prompt.
 * No key ever enters a message.
 */
#ifndef LEAT_CONFIG_CONFIG_SECRET_H
#define LEAT_CONFIG_CONFIG_SECRET_H

#include <stdbool.h>

#include "config/config.h"

#define CONFIG_SECRET_VARIABLE "OPENAI_API_KEY"

/* Fills in key of each provider and chat.system. False: problems say which
 * file and what to do. */
bool config_secret_load(struct config *config, struct buffer *problems);

/* The bytes of a regular file up to the buffer's cap. False: errno. */
bool config_secret_read_text(const char *path, struct buffer *out);

#endif
