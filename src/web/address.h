/* SPDX-License-Identifier: ISC */
/*
 * Network addresses: who asks, and lists of who may.
 */
#ifndef LEAT_WEB_ADDRESS_H
#define LEAT_WEB_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* Is the address in the list of addresses and CIDR blocks (NULL ends)? IPv4
 * mapped into IPv6 counts as IPv4. */
bool address_is_listed(struct slice address, const char *const *list);

/* The client's address: `remote`, or the last hop of X-Forwarded-For that no
 * trusted proxy wrote. */
struct slice address_of_client(struct slice remote, struct slice forwarded,
			       const char *const *trusted_proxies);

/* Loopback, link-local and private networks, as such a list. */
extern const char *const address_near[];

/* A key for counting: the address, IPv6 by its /64. 0: not an address. */
uint64_t address_key(struct slice address);

#endif
