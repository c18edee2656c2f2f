/* SPDX-License-Identifier: ISC */
/*
 * From measurements to findings: what they mean, in words that a site's owner
 * understands, and which line mends it. Pure functions.
 */
#ifndef LEAT_DOCTOR_JUDGE_H
#define LEAT_DOCTOR_JUDGE_H

#include "doctor/finding.h"
#include "doctor/measure.h"

struct judge {
	const struct measures *measures;
	struct findings *findings;
	enum server_kind kind;
	enum server_front front;
};

/* Finds out which servers these are. */
void judge_init(struct judge *judge, const struct measures *measures,
		struct findings *findings);
/* Appends a finding for each thing that was measured. */
void judge_all(const struct measures *measures, struct findings *findings);

/* Of the files that can be downloaded alone. */
void judge_downloads(const struct measures *measures,
		     struct findings *findings);

/* Its parts; judge_all() calls them in this order. */
void judge_reach(struct judge *judge);
void judge_stream(struct judge *judge);
void judge_lifetime(struct judge *judge);
void judge_request(struct judge *judge);
void judge_secrets(struct judge *judge);

/* Adds what mends it. */
void judge_mend(struct judge *judge, struct finding *finding,
		enum remedy_problem problem);
/* How a request ended, in words: "status 502", "the connection broke: …". */
void judge_describe(const struct measure_answer *answer, char *out,
		    size_t size);

#endif
