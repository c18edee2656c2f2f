/* SPDX-License-Identifier: ISC */
/*
 * What of a request arrives: headers, bodies; and what is sent to whom it
 * must not be.
 */
#include <stdio.h>
#include <string.h>

#include "doctor/judge.h"

static void put_size(char *out, size_t size, uint64_t bytes)
{
	if (bytes >= 10 * 1048576 || bytes % 1048576 == 0)
		snprintf(out, size, "%.0f MiB", (double)bytes / 1048576);
	else if (bytes >= 1048576)
		snprintf(out, size, "%.2f MiB", (double)bytes / 1048576);
	else
		snprintf(out, size, "%.4g KiB", (double)bytes / 1024);
}

static void judge_header(struct judge *judge, const char *id, const char *name,
			 bool has_come, enum remedy_problem problem)
{
	if (has_come)
		finding_add(judge->findings, id, FINDING_OK, "%s arrives",
			    name);
	else
		judge_mend(judge,
			   finding_add(judge->findings, id, FINDING_FAIL,
				       "%s does not arrive at leat", name),
			   problem);
}

static void judge_headers(struct judge *judge)
{
	const struct measure_request *request = &judge->measures->request;
	char words[2 * MEASURE_TEXT_SIZE];

	if (!request->answer.is_done)
		return;
	if (request->answer.status != 200) {
		judge_describe(&request->answer, words, sizeof(words));
		finding_add(judge->findings, "post", FINDING_FAIL,
			    "a POST does not arrive at leat: %s", words);
		return;
	}
	if (!request->is_body_whole)
		finding_add(judge->findings, "post", FINDING_FAIL,
			    "the body of a POST arrives changed: what stands "
			    "between rewrites it");
	if (request->has_other_authorization)
		finding_add(judge->findings, "authorization", FINDING_WARN,
			    "another Authorization arrives than was sent: a "
			    "proxy in between logs in itself, so keys for leat "
			    "cannot be used");
	else
		judge_header(judge, "authorization", "Authorization",
			     request->has_authorization, PROBLEM_AUTHORIZATION);
	judge_header(judge, "last-event-id", "Last-Event-ID",
		     request->has_last_event_id, PROBLEM_LAST_EVENT_ID);
}

static void judge_origin(struct judge *judge)
{
	const struct measure_answer *answer = &judge->measures->origin;

	if (!answer->is_done || !answer->status)
		return;
	if (answer->status != 403) {
		finding_add(judge->findings, "origin", FINDING_OK,
			    "pages of this site may ask");
		return;
	}
	judge_mend(judge,
		   finding_add(judge->findings, "origin", FINDING_FAIL,
			       "pages of this site are refused as if they were "
			       "another's (status 403), because the Host "
			       "header is changed on its way"),
		   PROBLEM_ORIGIN);
}

static void judge_chunked(struct judge *judge)
{
	const struct measure_answer *answer = &judge->measures->chunked;
	char words[2 * MEASURE_TEXT_SIZE];

	if (!answer->is_done)
		return;
	if (judge->measures->is_chunked_whole) {
		finding_add(judge->findings, "chunked", FINDING_OK,
			    "an upload whose length is not said arrives whole");
		return;
	}
	judge_describe(answer, words, sizeof(words));
	judge_mend(judge,
		   finding_add(judge->findings, "chunked", FINDING_WARN,
			       "an upload whose length is not said (chunked) "
			       "does not arrive whole: %s. Browsers send none "
			       "like this",
			       words),
		   PROBLEM_CHUNKED);
}

static void judge_largest(struct judge *judge)
{
	const struct measure_body *body = &judge->measures->body;
	uint64_t max = judge->measures->selftest.body_max;
	struct finding *finding;
	char largest[40];
	char limit[40];
	char words[2 * MEASURE_TEXT_SIZE];

	put_size(largest, sizeof(largest), body->largest);
	put_size(limit, sizeof(limit), max);
	if (body->largest >= max) {
		finding = finding_add(judge->findings, "body", FINDING_OK,
				      "requests up to leat's own limit (%s) "
				      "arrive whole",
				      limit);
	} else if (body->smallest == 0) {
		finding = finding_add(
		    judge->findings, "body", FINDING_OK,
		    "requests of %s arrive whole; larger ones would have taken "
		    "too long to try (leat takes %s)",
		    largest, limit);
	} else {
		judge_describe(&body->refused, words, sizeof(words));
		finding = finding_add(judge->findings, "body", FINDING_FAIL,
				      "requests larger than %s%s are refused "
				      "(%s) before leat sees them; it takes %s",
				      body->is_cut_short ? "about " : "",
				      largest, words, limit);
		judge_mend(judge, finding, PROBLEM_BODY);
	}
	finding_number(finding, "largest_bytes", (double)body->largest);
	finding_number(finding, "limit_bytes", (double)max);
}

static void judge_beyond(struct judge *judge)
{
	const struct measure_answer *beyond = &judge->measures->body.beyond;
	char words[2 * MEASURE_TEXT_SIZE];

	if (!judge->measures->body.beyond.is_done)
		return;
	if (beyond->status == 413 && beyond->code[0]) {
		finding_add(judge->findings, "too-large", FINDING_OK,
			    "a larger one is refused in words that programs "
			    "understand (status 413)");
		return;
	}
	judge_describe(beyond, words, sizeof(words));
	judge_mend(judge,
		   finding_add(judge->findings, "too-large", FINDING_WARN,
			       "a larger one is refused with %s instead of "
			       "leat's own words (413, too_large)",
			       words),
		   PROBLEM_REFUSAL);
}

void judge_request(struct judge *judge)
{
	judge_headers(judge);
	judge_origin(judge);
	judge_chunked(judge);
	if (!judge->measures->body.is_done)
		return;
	judge_largest(judge);
	judge_beyond(judge);
}

void judge_secrets(struct judge *judge)
{
	const struct measure_secrets *secrets = &judge->measures->secrets;
	struct finding *finding;

	if (!secrets->is_done)
		return;
	for (unsigned i = 0; i < secrets->count; i++) {
		const struct measure_secret *secret = &secrets->found[i];

		finding = finding_add(judge->findings, "secret", FINDING_FAIL,
				      "everybody can download %s from %s%s%s%s",
				      secret->what, secret->url,
				      secret->path[0] ? " (" : "", secret->path,
				      secret->path[0] ? ")" : "");
		judge_mend(judge, finding, PROBLEM_SECRET);
	}
	if (secrets->unanswered * 4 > secrets->tried)
		finding =
		    finding_add(judge->findings, "secret", FINDING_WARN,
				"%u of %u addresses where files of leat's "
				"might lie did not answer",
				secrets->unanswered, secrets->tried);
	else if (secrets->count == 0)
		finding = finding_add(judge->findings, "secret", FINDING_OK,
				      "no configuration, index, key or log at "
				      "%u addresses that were tried",
				      secrets->tried);
	else
		return;
	finding_number(finding, "tried", secrets->tried);
	finding_number(finding, "unanswered", secrets->unanswered);
}
