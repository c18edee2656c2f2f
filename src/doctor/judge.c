/* SPDX-License-Identifier: ISC */
#include "doctor/judge.h"

#include <stdio.h>
#include <string.h>

void judge_init(struct judge *judge, const struct measures *measures,
		struct findings *findings)
{
	const struct server_signs signs = {
	    .software = measures->selftest.software,
	    .process = measures->selftest.process,
	    .protocol = measures->selftest.protocol,
	    .server = measures->signs.server,
	    .via = measures->signs.via,
	    .cf_ray = measures->signs.cf_ray,
	    .x_varnish = measures->signs.x_varnish,
	    .was_forwarded = measures->selftest.was_forwarded,
	    .is_https = measures->is_https,
	    /* Nothing is known about an inner one that did not answer. */
	    .inner_https = measures->selftest.is_https || !measures->is_leat,
	};

	judge->measures = measures;
	judge->findings = findings;
	judge->kind = server_kind_of(&signs);
	judge->front = server_kind_front(&signs);
}

void judge_mend(struct judge *judge, struct finding *finding,
		enum remedy_problem problem)
{
	finding->remedy_count =
	    remedy_find(finding->remedies, problem, judge->kind, judge->front);
}

static const char *failure_words(enum http_failure failure)
{
	switch (failure) {
	case HTTP_NAME_UNKNOWN:
		return "the name is not known";
	case HTTP_CONNECT_FAILED:
		return "no connection";
	case HTTP_CONNECT_TIMEOUT:
		return "no connection in time";
	case HTTP_TLS_FAILED:
		return "TLS failed";
	case HTTP_BROKEN:
		return "the connection broke";
	case HTTP_INVALID:
		return "what came is not HTTP";
	default:
		return "it could not be asked";
	}
}

void judge_describe(const struct measure_answer *answer, char *out, size_t size)
{
	if (answer->is_late)
		snprintf(out, size, "no answer in time");
	else if (answer->status)
		snprintf(out, size, "status %d", answer->status);
	else
		snprintf(out, size, "%s%s%s", failure_words(answer->failure),
			 answer->detail[0] ? ": " : "", answer->detail);
}

void judge_all(const struct measures *measures, struct findings *findings)
{
	struct judge judge;

	judge_init(&judge, measures, findings);
	judge_reach(&judge);
	judge_stream(&judge);
	judge_lifetime(&judge);
	judge_request(&judge);
	judge_secrets(&judge);
}

void judge_downloads(const struct measures *measures, struct findings *findings)
{
	struct judge judge;

	judge_init(&judge, measures, findings);
	judge_secrets(&judge);
}
