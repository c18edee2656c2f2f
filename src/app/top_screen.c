/* SPDX-License-Identifier: ISC */
#include "app/top_screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { CTRL_C = 3, ROWS_DEFAULT = 24, COLUMNS_DEFAULT = 80 };

#define ENTER "\033[?1049h\033[?25l\033[2J"
#define LEAVE "\033[?25h\033[?1049l"

static struct termios saved;
static volatile sig_atomic_t has_ended;
static volatile sig_atomic_t has_resized;

static void send_text(const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, data, len);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
}

static void on_signal(int number)
{
	if (number == SIGWINCH)
		has_resized = 1;
	else
		has_ended = 1;
}

bool top_screen_open(void)
{
	static const int numbers[] = {SIGWINCH, SIGTERM, SIGHUP, SIGINT};
	struct sigaction action = {.sa_handler = on_signal};
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &saved))
		return false;
	/* Without SA_RESTART: poll() shall end. */
	for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++)
		sigaction(numbers[i], &action, NULL);
	raw = saved;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw))
		return false;
	send_text(ENTER, strlen(ENTER));
	return true;
}

void top_screen_close(void)
{
	send_text(LEAVE, strlen(LEAVE));
	tcsetattr(STDIN_FILENO, TCSANOW, &saved);
}

/* One character or one escape sequence; *columns: what it takes. */
static size_t next_len(const char *at, const char *end, unsigned *columns)
{
	const char *next = at + 1;

	*columns = 1;
	if (*at == '\033' && next < end && *next == '[') {
		*columns = 0;
		for (next++; next < end && !(*next >= '@' && *next <= '~');)
			next++;
		return (size_t)(next - at) + (next < end);
	}
	while (next < end && ((unsigned char)*next & 0xc0) == 0x80)
		next++;
	return (size_t)(next - at);
}

static void fit_line(struct buffer *out, const char *at, const char *end,
		     unsigned room)
{
	while (at < end) {
		unsigned columns;
		size_t len = next_len(at, end, &columns);

		/* Sequences still go out: the last one ends the colour. */
		if (columns <= room) {
			buffer_append(out, at, len);
			room -= columns;
		} else {
			room = 0;
		}
		at += len;
	}
	buffer_append_string(out, "\033[K");
}

void top_screen_fit(struct buffer *out, struct slice text, unsigned columns,
		    unsigned rows)
{
	const char *end = slice_end(text);
	const char *at = text.data;

	buffer_append_string(out, "\033[H");
	for (unsigned row = 0; row < rows && at < end; row++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		if (!stop)
			stop = end;
		/* Not after the last row: that would scroll. */
		if (row)
			buffer_append_string(out, "\r\n");
		fit_line(out, at, stop, columns);
		at = stop + 1;
	}
	buffer_append_string(out, "\033[J");
}

void top_screen_draw(struct slice text)
{
	struct winsize size;
	struct buffer page;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row) {
		size.ws_row = ROWS_DEFAULT;
		size.ws_col = COLUMNS_DEFAULT;
	}
	buffer_init(&page, BUFFER_UNLIMITED);
	top_screen_fit(&page, text, size.ws_col, size.ws_row);
	send_text(page.data, page.len);
	buffer_fini(&page);
}

static enum top_key read_key(void)
{
	char keys[64];
	ssize_t len = read(STDIN_FILENO, keys, sizeof keys);

	if (len <= 0)
		return len == 0 || errno != EINTR ? TOP_KEY_QUIT : TOP_KEY_NONE;
	for (ssize_t i = 0; i < len; i++)
		if (keys[i] == 'q' || keys[i] == 'Q' || keys[i] == CTRL_C)
			return TOP_KEY_QUIT;
	return keys[0] == ' ' ? TOP_KEY_NOW : TOP_KEY_REDRAW;
}

enum top_key top_screen_wait(int ms)
{
	struct pollfd entry = {.fd = STDIN_FILENO, .events = POLLIN};
	int ready = has_ended || has_resized ? 0 : poll(&entry, 1, ms);

	if (has_ended)
		return TOP_KEY_QUIT;
	if (has_resized) {
		has_resized = 0;
		return TOP_KEY_REDRAW;
	}
	return ready > 0 ? read_key() : TOP_KEY_NONE;
}
