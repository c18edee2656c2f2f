/* SPDX-License-Identifier: ISC */
#include "config/problems.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/slice.h"
#include "base/text.h"

void problems_add(struct problems *problems, unsigned line, const char *format,
		  ...)
{
	struct buffer *out = problems->out;
	char sentence[1024];
	va_list arguments;
	int len;

	if (++problems->count > PROBLEMS_MAX) {
		if (problems->count == PROBLEMS_MAX + 1)
			buffer_printf(out, "%s: and more\n", problems->name);
		return;
	}
	va_start(arguments, format);
	len = vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof(sentence))
		len = (int)text_utf8_floor(sentence, sizeof(sentence) - 1);
	buffer_printf(out, "%s:", problems->name);
	if (line)
		buffer_printf(out, "%u:", line);
	buffer_append_char(out, ' ');
	/* What was found is quoted from the file and goes to a terminal. */
	for (int i = 0; i < len; i++) {
		unsigned char c = (unsigned char)sentence[i];

		buffer_append_char(out, c < 0x20 || c == 0x7f ? '?' : (char)c);
	}
	buffer_append_char(out, '\n');
}
