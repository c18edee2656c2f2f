/* SPDX-License-Identifier: ISC */
#include "pool/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

enum { TEXT_SIZE = NOTIFY_STATUS_SIZE + 100 };

/* A path, or @ and an abstract name. Others (vsock:) are for machines. */
static void read_socket(struct notify *notify, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (len < 2 || len >= sizeof notify->name.sun_path ||
	    (text[0] != '/' && text[0] != '@'))
		return;
	notify->name.sun_family = AF_UNIX;
	memcpy(notify->name.sun_path, text, len + 1);
	if (text[0] == '@')
		notify->name.sun_path[0] = '\0';
	/* Of an abstract name every byte counts, a path ends with NUL. */
	notify->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len +
				  (text[0] == '/'));
}

static bool wants_watchdog(void)
{
	const char *interval = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	uint64_t number;

	if (!interval || !text_parse_uint(slice_of(interval), &number) ||
	    number == 0)
		return false;
	return !pid || (text_parse_uint(slice_of(pid), &number) &&
			number == (uint64_t)getpid());
}

void notify_init(struct notify *notify)
{
	memset(notify, 0, sizeof *notify);
	read_socket(notify, getenv("NOTIFY_SOCKET"));
	notify->has_watchdog = notify->len > 0 && wants_watchdog();
}

void notify_forget(void)
{
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

static bool send_text(const struct notify *notify, const char *text)
{
	const struct sockaddr *name = (const struct sockaddr *)&notify->name;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ssize_t sent;

	if (fd < 0)
		return false;
	sent = sendto(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL, name,
		      notify->len);
	close(fd);
	return sent >= 0;
}

static void remember(struct notify *notify, uint64_t now_ms, const char *status)
{
	notify->status_ms = now_ms;
	snprintf(notify->status, sizeof notify->status, "%s", status);
}

/* words: "READY=1\n", or "" for the status alone. */
static bool tell(struct notify *notify, uint64_t now_ms, const char *words,
		 const char *status)
{
	char text[TEXT_SIZE];

	remember(notify, now_ms, status);
	snprintf(text, sizeof text, "%sSTATUS=%s", words, notify->status);
	return send_text(notify, text);
}

void notify_ready(struct notify *notify, uint64_t now_ms, const char *status)
{
	if (notify->len)
		notify->owes_ready = !tell(notify, now_ms, "READY=1\n", status);
}

void notify_reloading(struct notify *notify)
{
	struct timespec now;
	char text[TEXT_SIZE];

	if (!notify->len)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof text,
		 "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=Reloading",
		 (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
	send_text(notify, text);
}

void notify_stopping(struct notify *notify, uint64_t now_ms, const char *status)
{
	if (!notify->len)
		return;
	notify->owes_ready = false;
	tell(notify, now_ms, "STOPPING=1\n", status);
}

void notify_tick(struct notify *notify, uint64_t now_ms, const char *status)
{
	if (!notify->len)
		return;
	if (notify->has_watchdog)
		send_text(notify, "WATCHDOG=1");
	if (notify->owes_ready)
		notify_ready(notify, now_ms, status);
	else if (now_ms - notify->status_ms >= NOTIFY_STATUS_MS &&
		 strcmp(status, notify->status) != 0)
		tell(notify, now_ms, "", status);
}
