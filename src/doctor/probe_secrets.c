/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/memory.h"
#include "doctor/probe.h"

/* Few: where processes answer, each at once may be a new one. */
enum { AT_ONCE = 4, BEGINNING = 4096, RANDOM_LEN = 16 };

struct search {
	struct probe *probe;
	struct secret_names *names;
	struct visit visits[AT_ONCE];
	const struct secret_name *asked[AT_ONCE]; /* NULL: free */
};

static void ask(struct visit *visit, struct probe *probe, const char *url)
{
	struct visit_options options = {.url = url,
					.headers = {"Range: bytes=0-4095"},
					.deadline_ms = PROBE_DEADLINE_MS / 2,
					.body_max = BEGINNING};

	visit_start(visit, &probe->visitor, &options);
}

/* Is this what the file begins with? Who may not read it cannot say. */
static bool is_this_file(const struct visit *visit,
			 const struct secret_file *file)
{
	char beginning[BEGINNING];
	int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t len = fd < 0 ? -1 : read(fd, beginning, sizeof(beginning));
	bool is_same;

	if (fd >= 0)
		close(fd);
	if (len <= 0)
		return false;
	is_same = secret_proof_is_same(buffer_slice(&visit->body),
				       slice_make(beginning, (size_t)len));
	explicit_bzero(beginning, sizeof(beginning));
	return is_same;
}

/* A site that answers every address alike has not given a file away. */
static bool is_the_same_elsewhere(struct search *search, const char *url,
				  enum secret_kind kind)
{
	const char *name = strrchr(url, '/') + 1;
	const char *ending = strrchr(name, '.');
	char word[RANDOM_LEN + 1];
	char other[MEASURE_URL_SIZE];
	struct visit visit;
	bool is_same;

	ids_random(word, RANDOM_LEN);
	word[RANDOM_LEN] = '\0';
	snprintf(other, sizeof(other), "%.*s%s%s", (int)(name - url), url, word,
		 ending ? ending : "");
	ask(&visit, search->probe, other);
	visit_wait(&visit);
	is_same = visit.answer.status / 100 == 2 &&
		  secret_proof_of(buffer_slice(&visit.body), kind) == kind;
	visit_fini(&visit);
	return is_same;
}

static void note(struct search *search, const struct secret_name *name,
		 enum secret_kind kind)
{
	struct measure_secrets *out = &search->probe->measures->secrets;
	struct measure_secret *secret;

	if (out->count == MEASURE_SECRETS_MAX)
		return;
	secret = &out->found[out->count++];
	secret->what = name->file ? name->file->what : secret_proof_name(kind);
	snprintf(secret->url, sizeof(secret->url), "%s", name->url);
	snprintf(secret->path, sizeof(secret->path), "%s",
		 name->file ? name->file->path : "");
}

static void examine(struct search *search, const struct visit *visit,
		    const struct secret_name *name)
{
	struct measure_secrets *out = &search->probe->measures->secrets;
	enum secret_kind kind;

	out->tried++;
	out->unanswered += visit->answer.status == 0;
	if (visit->answer.status != 200 && visit->answer.status != 206)
		return;
	if (name->file && is_this_file(visit, name->file)) {
		note(search, name, SECRET_FILE);
		return;
	}
	kind = secret_proof_of(buffer_slice(&visit->body), name->expected);
	if (kind == SECRET_NONE)
		return;
	if (secret_proof_is_weak(kind) &&
	    is_the_same_elsewhere(search, name->url, kind))
		return;
	note(search, name, kind);
}

static void settle(struct search *search, size_t i)
{
	struct visit *visit = &search->visits[i];

	if (!search->asked[i])
		return;
	visit_wait(visit);
	if (!search->probe->visitor.signal_number)
		examine(search, visit, search->asked[i]);
	visit_fini(visit);
	search->asked[i] = NULL;
}

static void run(struct search *search)
{
	for (size_t i = 0; i < search->names->count; i++) {
		size_t place = i % AT_ONCE;

		settle(search, place);
		if (search->probe->visitor.signal_number)
			break;
		search->asked[place] = &search->names->items[i];
		ask(&search->visits[place], search->probe,
		    search->asked[place]->url);
	}
	for (size_t i = 0; i < AT_ONCE; i++)
		settle(search, i);
}

void probe_secrets(struct probe *probe)
{
	struct measures *measures = probe->measures;
	const struct doctor_options *options = probe->options;
	struct search *search = memory_zalloc(sizeof(*search));

	search->probe = probe;
	search->names = secret_names_new(
	    measures->site, measures->base + strlen(measures->site));
	for (size_t i = 0; i < options->file_count; i++)
		secret_names_add_file(search->names, &options->files[i]);
	secret_names_add_usual(search->names);
	run(search);
	measures->secrets.is_done = probe->visitor.signal_number == 0;
	secret_names_free(search->names);
	memory_free(search);
}
