/* SPDX-License-Identifier: ISC */
/*
 * How long a stream lives: through silence, for minutes, and after its reader
 * has left.
 */
#include <stdio.h>
#include <string.h>

#include "doctor/judge.h"

static void add_survived(struct judge *judge)
{
	const struct measure_idle *idle = &judge->measures->idle;
	struct finding *finding = finding_add(
	    judge->findings, "idle", FINDING_OK,
	    "%u s of silence are survived; leat's heartbeat comes every %.3g s",
	    idle->silent_s, judge->measures->selftest.heartbeat_ms / 1000.0);

	finding_number(finding, "silent_s", idle->silent_s);
}

static void judge_idle(struct judge *judge)
{
	const struct measure_idle *idle = &judge->measures->idle;
	double beat_ms = judge->measures->selftest.heartbeat_ms;
	struct finding *finding;

	if (!idle->is_done)
		return;
	if (idle->has_survived) {
		add_survived(judge);
		return;
	}
	if (idle->status != 200) {
		finding_add(judge->findings, "idle", FINDING_WARN,
			    "not tried how much silence is survived: status %d",
			    idle->status);
		return;
	}
	finding = finding_add(
	    judge->findings, "idle",
	    idle->cut_ms < beat_ms + 500 ? FINDING_FAIL : FINDING_WARN,
	    "a silent stream is cut after %.1f s, and leat's heartbeat comes "
	    "every %.3g s%s",
	    idle->cut_ms / 1000, beat_ms / 1000,
	    idle->cut_ms < beat_ms + 500
		? ": answers end while the model thinks"
		: ", just in time");
	finding_number(finding, "cut_s", idle->cut_ms / 1000);
	finding_number(finding, "heartbeat_s", beat_ms / 1000);
	judge_mend(judge, finding, PROBLEM_IDLE);
}

static void judge_lasting(struct judge *judge)
{
	const struct measures *measures = judge->measures;
	struct finding *finding;

	if (!measures->lasting.answer.is_done)
		return;
	if (measures->lasting.has_end) {
		finding = finding_add(judge->findings, "long", FINDING_OK,
				      "a stream of %u s came through whole%s",
				      measures->lasting_s,
				      judge->kind == SERVER_APACHE_FCGID
					  ? " (mod_fcgid ends all after "
					    "FcgidBusyTimeout, 300 s by "
					    "default; that is not tried)"
					  : "");
	} else {
		finding = finding_add(
		    judge->findings, "long", FINDING_FAIL,
		    "a stream that flows was cut after %.0f of %u s",
		    measures->lasting.answer.took_ms / 1000,
		    measures->lasting_s);
		judge_mend(judge, finding, PROBLEM_LONG);
	}
	finding_number(finding, "seconds",
		       measures->lasting.answer.took_ms / 1000);
}

/* How long after leaving the model may go on, by what the server can do. */
static double patience_ms(const struct judge *judge, bool is_silent)
{
	double beat_ms = judge->measures->selftest.heartbeat_ms;
	bool sees_only_writes = judge->kind == SERVER_APACHE_PROXY ||
				judge->kind == SERVER_APACHE_FCGID ||
				judge->kind == SERVER_APACHE_CGI ||
				judge->kind == SERVER_FCGIWRAP ||
				judge->kind == SERVER_UNKNOWN;

	return is_silent && sees_only_writes ? beat_ms + 1000 : 1000;
}

static void judge_leaving(struct judge *judge,
			  const struct measure_leaving *leaving, bool is_silent)
{
	const char *id = is_silent ? "leaving-silent" : "leaving";
	const char *when =
	    is_silent ? "while the model thinks" : "while the model speaks";
	double patience = patience_ms(judge, is_silent);
	struct finding *finding;

	if (!leaving->is_done)
		return;
	if (!leaving->is_known) {
		finding_add(judge->findings, id, FINDING_WARN,
			    "leat does not know whether a reader left %s: is "
			    "runtime_dir in leat.conf writable?",
			    when);
		return;
	}
	if (leaving->has_noticed && leaving->noticed_ms <= patience) {
		finding = finding_add(judge->findings, id, FINDING_OK,
				      "a reader who leaves %s is noticed after "
				      "%.0f ms",
				      when, leaving->noticed_ms);
		finding_number(finding, "noticed_ms", leaving->noticed_ms);
		return;
	}
	if (leaving->has_noticed)
		finding = finding_add(judge->findings, id, FINDING_WARN,
				      "a reader who leaves %s is noticed only "
				      "after %.1f s; until then the model goes "
				      "on, and costs money",
				      when, leaving->noticed_ms / 1000);
	else
		finding = finding_add(judge->findings, id, FINDING_FAIL,
				      "a reader who leaves %s is not noticed "
				      "within %.1f s: the model goes on for "
				      "nobody, and costs money",
				      when, leaving->waited_ms / 1000);
	finding_number(
	    finding, leaving->has_noticed ? "noticed_ms" : "waited_ms",
	    leaving->has_noticed ? leaving->noticed_ms : leaving->waited_ms);
	/* Where frames are held, nobody writes to the one who left. */
	judge_mend(judge, finding,
		   !is_silent &&
			   judge->measures->plain.delays.shape >= DELAY_HEAD
		       ? PROBLEM_BUFFERING
		       : PROBLEM_LEAVING);
}

void judge_lifetime(struct judge *judge)
{
	judge_leaving(judge, &judge->measures->leaving_writing, false);
	judge_leaving(judge, &judge->measures->leaving_silent, true);
	judge_idle(judge);
	judge_lasting(judge);
}
