/* SPDX-License-Identifier: ISC */
#include "doctor/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

struct findings *finding_list_new(void)
{
	return memory_zalloc(sizeof(struct findings));
}

void finding_list_free(struct findings *findings)
{
	memory_free(findings);
}

struct finding *finding_add(struct findings *findings, const char *id,
			    enum finding_level level, const char *format, ...)
{
	struct finding *finding;
	va_list arguments;

	findings->failures += level == FINDING_FAIL;
	findings->warnings += level == FINDING_WARN;
	if (findings->count < FINDINGS_MAX)
		findings->count++;
	finding = &findings->items[findings->count - 1];
	memset(finding, 0, sizeof(*finding));
	finding->id = id;
	finding->level = level;
	va_start(arguments, format);
	vsnprintf(finding->text, sizeof(finding->text), format, arguments);
	va_end(arguments);
	finding->text[text_utf8_floor(finding->text, strlen(finding->text))] =
	    '\0';
	return finding;
}

void finding_number(struct finding *finding, const char *name, double value)
{
	if (finding->number_count < FINDING_NUMBERS_MAX)
		finding->numbers[finding->number_count++] =
		    (struct finding_number){name, value};
}
