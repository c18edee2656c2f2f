/* SPDX-License-Identifier: ISC */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

bool fault_retryable(const struct fault *fault)
{
	if (fault->retry == FAULT_RETRY_DEFAULT)
		return error_retryable(fault->code);
	return fault->retry == FAULT_RETRY_YES;
}

static void print_cut(char *out, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

static void print_cut(char *out, size_t size, const char *format, va_list args)
{
	int len = vsnprintf(out, size, format, args);

	if (len >= 0 && (size_t)len >= size)
		out[text_utf8_floor(out, size - 1)] = '\0';
}

bool fault_set(struct fault *fault, enum error_code code, const char *detail,
	       ...)
{
	/* The arguments may be words of the fault itself. */
	struct fault made = {.code = code};
	va_list args;

	if (!fault)
		return false;
	va_start(args, detail);
	print_cut(made.detail, sizeof made.detail, detail, args);
	va_end(args);
	*fault = made;
	return false;
}

bool fault_set_hint(struct fault *fault, enum error_code code, const char *hint,
		    ...)
{
	struct fault made = {.code = code};
	va_list args;

	if (!fault)
		return false;
	va_start(args, hint);
	print_cut(made.hint, sizeof made.hint, hint, args);
	va_end(args);
	*fault = made;
	return false;
}
