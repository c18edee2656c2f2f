/* SPDX-License-Identifier: ISC */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

bool fault_retryable(const struct fault *fault)
{
	if (fault->retry == FAULT_RETRY_DEFAULT)
		return error_retryable(fault->code);
	return fault->retry == FAULT_RETRY_YES;
}

static void print_cut(char *out, size_t size, const char *format, va_list args)
{
	int len = vsnprintf(out, size, format, args);

	if (len >= 0 && (size_t)len >= size)
		out[text_utf8_floor(out, size - 1)] = '\0';
}

bool fault_set(struct fault *fault, enum error_code code, const char *detail,
	       ...)
{
	va_list args;

	if (!fault)
		return false;
	memset(fault, 0, sizeof *fault);
	fault->code = code;
	va_start(args, detail);
	print_cut(fault->detail, sizeof fault->detail, detail, args);
	va_end(args);
	return false;
}

bool fault_set_hint(struct fault *fault, enum error_code code, const char *hint,
		    ...)
{
	va_list args;

	if (!fault)
		return false;
	memset(fault, 0, sizeof *fault);
	fault->code = code;
	va_start(args, hint);
	print_cut(fault->hint, sizeof fault->hint, hint, args);
	va_end(args);
	return false;
}
