/* SPDX-License-Identifier: ISC */
/*
 * Is the site there, is leat behind it, and through which servers.
 */
#include <string.h>

#include "doctor/judge.h"

static const char *http_name(unsigned http)
{
	switch (http) {
	case 10:
		return "HTTP/1.0";
	case 11:
		return "HTTP/1.1";
	case 20:
		return "HTTP/2";
	default:
		return "HTTP/3";
	}
}

static void add_unreachable(struct judge *judge)
{
	const struct measure_answer *reach = &judge->measures->reach;
	const char *advice;
	char words[2 * MEASURE_TEXT_SIZE];

	judge_describe(reach, words, sizeof(words));
	switch (reach->failure) {
	case HTTP_NAME_UNKNOWN:
		advice = "Is the name spelled right, and has it a DNS record?";
		break;
	case HTTP_CONNECT_FAILED:
	case HTTP_CONNECT_TIMEOUT:
		advice = "Does the web server run, on this port, and does the "
			 "firewall let others in?";
		break;
	case HTTP_TLS_FAILED:
		advice = "Browsers will refuse it, too: is the certificate for "
			 "this name, valid today, and sent with its chain?";
		break;
	default:
		advice =
		    "Is this the address of a web server (and its port for "
		    "http or https)?";
	}
	finding_add(judge->findings, "reach", FINDING_FAIL,
		    "%s cannot be reached: %s. %s", judge->measures->url, words,
		    advice);
}

static void add_reached(struct judge *judge)
{
	const struct measures *measures = judge->measures;
	struct finding *finding =
	    finding_add(judge->findings, "reach", FINDING_OK,
			"%s answers by %s%s in %.0f ms", measures->site,
			http_name(measures->reach.http),
			measures->is_https ? " with a valid certificate" : "",
			measures->reach.head_ms);

	finding_number(finding, "answer_ms", measures->reach.head_ms);
	if (measures->is_https)
		return;
	if (strstr(measures->site, "//127.") ||
	    strstr(measures->site, "//localhost") ||
	    strstr(measures->site, "//[::1]"))
		return;
	finding_add(judge->findings, "https", FINDING_WARN,
		    "questions and answers go unencrypted: use https");
}

static struct finding *add_absent(struct judge *judge, const char *text)
{
	return finding_add(judge->findings, "leat", FINDING_FAIL, "%s/: %s",
			   judge->measures->base, text);
}

static void explain_status(struct judge *judge)
{
	const struct measure_answer *reach = &judge->measures->reach;

	if (reach->status == 502 || reach->status == 503 ||
	    reach->status == 504 || reach->status == 500)
		judge_mend(judge,
			   finding_add(judge->findings, "leat", FINDING_FAIL,
				       "%s/: the web server is there, but does "
				       "not reach leat (status %d)",
				       judge->measures->base, reach->status),
			   PROBLEM_AWAY);
	else if (reach->status == 401)
		add_absent(judge, "a password is asked for (status 401); "
				  "visitors need it, too");
	else if (reach->status == 403)
		judge_mend(
		    judge,
		    add_absent(judge,
			       "the web server refuses (status 403): may "
			       "everybody come in here, and may this "
			       "program be run?"),
		    PROBLEM_MOUNT);
	else
		judge_mend(judge,
			   finding_add(judge->findings, "leat", FINDING_FAIL,
				       "there is no leat at %s/ (status %d)",
				       judge->measures->base, reach->status),
			   PROBLEM_MOUNT);
}

static void explain_absence(struct judge *judge)
{
	const struct measures *measures = judge->measures;
	const struct measure_answer *reach = &measures->reach;

	if (reach->is_program)
		judge_mend(judge,
			   add_absent(judge, "the program itself is sent, "
					     "instead of being run"),
			   PROBLEM_PROGRAM);
	else if (reach->location[0])
		finding_add(judge->findings, "leat", FINDING_FAIL,
			    "%s/ sends everybody on to %s (status %d): give "
			    "that address",
			    measures->base, reach->location, reach->status);
	else if (measures->healthz.status == 200)
		add_absent(judge,
			   "leat answers, but not selftest, by which all "
			   "this is found out: take \"selftest\" out of "
			   "routes_off in leat.conf, or update leat");
	else if (reach->status == 503 && reach->code[0] &&
		 strcmp(reach->code, "upstream_unavailable") != 0)
		add_absent(judge, "leat is there, but has too much to do; try "
				  "again later");
	else
		explain_status(judge);
}

static const char *process_words(const char *process)
{
	if (!strcmp(process, "pool"))
		return "a pool";
	if (!strcmp(process, "cgi"))
		return "one process for each request (CGI)";
	return "processes that the web server starts";
}

static void add_leat(struct judge *judge)
{
	const struct measures *measures = judge->measures;
	const struct measure_selftest *selftest = &measures->selftest;

	if (judge->front == FRONT_NONE)
		finding_add(judge->findings, "leat", FINDING_OK,
			    "leat %s at %s/, behind %s; %s", selftest->version,
			    measures->base, server_kind_name(judge->kind),
			    process_words(selftest->process));
	else
		finding_add(judge->findings, "leat", FINDING_OK,
			    "leat %s at %s/, behind %s, with %s in front; %s",
			    selftest->version, measures->base,
			    server_kind_name(judge->kind),
			    server_kind_front_name(judge->front),
			    process_words(selftest->process));
}

void judge_reach(struct judge *judge)
{
	const struct measures *measures = judge->measures;

	if (!measures->reach.is_done)
		return;
	if (!measures->reach.status) {
		add_unreachable(judge);
		return;
	}
	add_reached(judge);
	if (measures->is_leat)
		add_leat(judge);
	else
		explain_absence(judge);
}
