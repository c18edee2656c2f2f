/* SPDX-License-Identifier: ISC */
/*
 * What was found, one line each, with the numbers that were measured and what
 * mends it. Neither printing nor judging is here.
 */
#ifndef LEAT_DOCTOR_FINDING_H
#define LEAT_DOCTOR_FINDING_H

#include <stddef.h>

#include "doctor/remedy.h"

enum finding_level { FINDING_OK, FINDING_WARN, FINDING_FAIL };

enum { FINDINGS_MAX = 64, FINDING_NUMBERS_MAX = 8, FINDING_TEXT_SIZE = 700 };

struct finding_number {
	const char *name; /* literal; with its unit: "median_ms" */
	double value;
};

struct finding {
	const char *id; /* literal: "stream", "gzip"; docs/doctor.md */
	enum finding_level level;
	char text[FINDING_TEXT_SIZE];
	struct finding_number numbers[FINDING_NUMBERS_MAX];
	size_t number_count;
	struct remedy remedies[REMEDIES_MAX];
	size_t remedy_count;
};

struct findings {
	struct finding items[FINDINGS_MAX]; /* large: lives on the heap */
	size_t count;
	unsigned failures;
	unsigned warnings;
};

struct findings *finding_list_new(void);
void finding_list_free(struct findings *findings);

/* The new finding, never NULL (when there are too many, the last one is
 * written over). */
struct finding *finding_add(struct findings *findings, const char *id,
			    enum finding_level level, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void finding_number(struct finding *finding, const char *name, double value);

#endif
