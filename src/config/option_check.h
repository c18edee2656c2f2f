/* SPDX-License-Identifier: ISC */
/*
 * What texts in the configuration may look like. Each returns NULL when the
 * text is good, else words for what is allowed.
 */
#ifndef LEAT_CONFIG_OPTION_CHECK_H
#define LEAT_CONFIG_OPTION_CHECK_H

#include <stdbool.h>

const char *option_check_listen(const char *text);
const char *option_check_log(const char *text);
const char *option_check_mount(const char *text);
const char *option_check_network(const char *text); /* address or CIDR */
const char *option_check_origin(const char *text);
const char *option_check_route(const char *text);
const char *option_check_url(const char *text);
const char *option_check_header(const char *text);
const char *option_check_word(const char *text); /* no space, no control */
/* A provider's name: it stands in URLs and before the slash of a model. */
const char *option_check_name(const char *text);

/* True when the host (of "host:port", "[v6]:port", …) is this machine:
 * localhost, 127.0.0.0/8, ::1. */
bool option_check_is_loopback(const char *authority);
bool option_check_is_loopback_url(const char *url);

#endif
