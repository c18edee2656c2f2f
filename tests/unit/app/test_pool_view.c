/* SPDX-License-Identifier: ISC */
#include "app/pool_view.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/pools.h"
#include "app/status_json.h"
#include "app/status_text.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "pool/slots.h"

static char folder[64];
static struct slots *slots;
static struct slots_about about;
static struct pools pools;
static struct pool_times now;
static char *text;

static void move_clock(unsigned ms)
{
	now.monotonic_ms += ms;
	now.wall_ms += ms;
}

static int set_up(void **state)
{
	char path[96];

	(void)state;
	snprintf(folder, sizeof folder, "/tmp/test-view-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/leat.sock.slots", folder);
	slots = slots_new(path, 6);
	now = (struct pool_times){1000, clock_wall_ms(&clock_system)};
	about = (struct slots_about){.kind = SLOTS_POOL,
				     .master_pid = (int32_t)getpid(),
				     .generation = 1,
				     .workers = 2,
				     .streams_per_worker = 100,
				     .streams_per_address = 20,
				     .started_ms = now.wall_ms,
				     .reloaded_ms = now.wall_ms,
				     .version = "1.2.3",
				     .listen = "unix:/run/leat/leat.sock",
				     .config_path = "/etc/leat/leat.conf"};
	slots_set_about(slots, &about);
	pools_init(&pools);
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	pools_fini(&pools);
	slots_free(slots);
	free(text);
	text = NULL;
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

/* This process plays every part that lives. */
static struct slot *add(unsigned index, uint32_t generation,
			enum slot_state slot_state)
{
	struct slot *slot = slots_at(slots, index);

	slots_claim(slots, index, generation);
	atomic_store(&slot->pid, (int32_t)getpid());
	atomic_store(&slot->state, slot_state);
	return slot;
}

/* A number that no process has: one that ended and was waited for. */
static pid_t dead_pid(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	return pid;
}

static const struct pool_view *look(void)
{
	pools_look(&pools, folder, now);
	assert_int_equal(pools.count, 1);
	assert_string_equal(pools.entries[0].problem, "");
	return &pools.entries[0].view;
}

static void tick(unsigned ms)
{
	move_clock(ms);
	for (unsigned i = 0; i < slots_count(slots); i++)
		atomic_fetch_add(&slots_at(slots, i)->tick, 1);
}

static const char *print(void)
{
	struct terminal terminal;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	terminal_init(&terminal, stdout);
	terminal.file = file;
	terminal.has_color = false;
	status_text_print(&terminal, &pools, folder);
	fclose(file);
	return text;
}

static void assert_says(const char *words)
{
	const char *said = print();

	if (!strstr(said, words))
		fail_msg("\"%s\" is not in:\n%s", words, said);
	free(text);
	text = NULL;
}

static void a_whole_pool_is_running(void **state)
{
	(void)state;
	add(0, 1, SLOT_READY);
	add(1, 1, SLOT_READY);
	assert_int_equal(look()->state, POOL_RUNNING);
	assert_int_equal(pools_status(&pools), 0);
	assert_says("leat on unix:/run/leat/leat.sock is running\n");
	assert_says("leat 1.2.3");
	assert_says("/etc/leat/leat.conf");
	assert_says("limits   100 streams per worker, 20 per client address\n");
}

static void rates_are_what_came_since_the_look_before(void **state)
{
	struct slot *slot = add(0, 1, SLOT_READY);

	(void)state;
	add(1, 1, SLOT_READY);
	metrics_add(&slot->metrics, METRIC_REQUESTS, 1000);
	assert_true(look()->request_rate < 0);
	metrics_add(&slot->metrics, METRIC_REQUESTS, 50);
	metrics_add(&slot->metrics, METRIC_FRAMES, 400);
	atomic_store(&slot->open_streams, 7);
	tick(2000);
	assert_true(look()->request_rate == 25.0);
	assert_true(pools.entries[0].view.frame_rate == 200.0);
	assert_true(pools.entries[0].view.workers[1].request_rate == 0);
	assert_says("now      25.0 requests/s, 200.0 frames/s");
	assert_says("open     7 streams, 0 connections");
	assert_says("total    1050 requests, 0 refused");
}

static void a_tick_that_stands_still_is_a_hung_worker(void **state)
{
	(void)state;
	add(0, 1, SLOT_READY);
	add(1, 1, SLOT_READY);
	look();
	move_clock(1200);
	atomic_fetch_add(&slots_at(slots, 1)->tick, 1);
	assert_int_equal(look()->state, POOL_RUNNING);
	assert_true(pools_is_unsure(&pools));
	move_clock(1400);
	atomic_fetch_add(&slots_at(slots, 1)->tick, 1);
	assert_int_equal(look()->state, POOL_DEGRADED);
	assert_int_equal(pools.entries[0].view.workers[0].state, WORKER_HUNG);
	assert_int_equal(pools.entries[0].view.workers[1].state, WORKER_READY);
	assert_int_equal(pools_status(&pools), 1);
	assert_says("is degraded: 1 of 2 workers serve");
	/* It has caught up. */
	tick(1000);
	assert_int_equal(look()->state, POOL_RUNNING);
}

static void one_that_waits_says_when_and_why(void **state)
{
	struct slot *slot = add(1, 1, SLOT_WAITING);

	(void)state;
	add(0, 1, SLOT_READY);
	atomic_store(&slot->pid, 0);
	atomic_store(&slot->deaths, 3);
	atomic_store(&slot->next_start_ms, now.wall_ms + 3500);
	assert_int_equal(look()->state, POOL_DEGRADED);
	assert_says("backing off");
	assert_says("died 3 times in a row, again in 4 s");
}

static void before_the_first_generation_is_ready_it_starts(void **state)
{
	(void)state;
	about.generation = 0;
	slots_set_about(slots, &about);
	add(0, 1, SLOT_STARTING);
	assert_int_equal(look()->state, POOL_STARTING);
	assert_int_equal(pools_status(&pools), 1);
	assert_says("is starting");
}

static void an_old_generation_drains_beside_the_new_one(void **state)
{
	(void)state;
	add(0, 1, SLOT_DRAINING);
	add(1, 1, SLOT_READY); /* not told yet */
	add(2, 2, SLOT_READY);
	add(3, 2, SLOT_READY);
	about.generation = 2;
	slots_set_about(slots, &about);
	assert_int_equal(look()->state, POOL_RUNNING);
	assert_int_equal(pools.entries[0].view.ready, 2);
	assert_says("(generation 2)");
	atomic_store(&slots_at(slots, 3)->state, SLOT_STARTING);
	assert_int_equal(look()->state, POOL_DEGRADED);
}

static void at_its_end_it_drains(void **state)
{
	(void)state;
	atomic_store(&add(0, 1, SLOT_DRAINING)->open_streams, 1);
	add(1, 1, SLOT_DRAINING);
	assert_int_equal(look()->state, POOL_DRAINING);
	assert_says("takes nothing new, and 1 stream runs to the end");
}

static void without_its_master_it_is_orphaned_and_then_dead(void **state)
{
	struct slot *slot = add(0, 1, SLOT_READY);

	(void)state;
	about.master_pid = (int32_t)dead_pid();
	slots_set_about(slots, &about);
	assert_int_equal(look()->state, POOL_ORPHANED);
	assert_says("start leat again, and it takes over");
	atomic_store(&slot->pid, about.master_pid);
	assert_int_equal(look()->state, POOL_DEAD);
	assert_int_equal(pools.entries[0].view.workers[0].state, WORKER_DEAD);
	assert_says("is not running");
}

static void a_process_that_took_the_number_is_another(void **state)
{
	struct slot *slot = add(0, 1, SLOT_READY);

	(void)state;
	/* Process 1 began long after that, and is no leat. */
	about.master_pid = 1;
	about.started_ms = 1000;
	slots_set_about(slots, &about);
	atomic_store(&slot->started_ms, 1000);
	atomic_store(&slot->pid, 1);
	assert_int_equal(look()->state, POOL_DEAD);
}

static void processes_alone_are_one_list_and_dead_ones_not_in_it(void **state)
{
	char path[96];
	struct slots *alone;

	(void)state;
	about.kind = SLOTS_ALONE;
	about.workers = 1;
	slots_set_about(slots, &about);
	add(0, 1, SLOT_READY);
	snprintf(path, sizeof path, "%s/alone-1.slots", folder);
	alone = slots_new(path, 1);
	about.master_pid = (int32_t)dead_pid();
	slots_set_about(alone, &about);
	assert_int_equal(look()->state, POOL_RUNNING);
	assert_says("1 process alone, ");
	assert_says("(each process for itself)");
	assert_says("mod_fcgid");
	slots_free(alone);
}

static void what_cannot_be_read_is_named(void **state)
{
	char path[96];
	FILE *file;

	(void)state;
	snprintf(path, sizeof path, "%s/leat.sock.slots", folder);
	file = fopen(path, "w");
	fputs("leatslot of another time", file);
	fclose(file);
	pools_look(&pools, folder, now);
	assert_int_equal(pools_status(&pools), 1);
	assert_says("another version of leat");
	unlink(path);
	pools_look(&pools, folder, now);
	assert_int_equal(pools.count, 0);
	assert_int_equal(pools_status(&pools), 1);
	assert_says("No pool is to be seen in /tmp/");
	pools_look(&pools, "/nonexistent", now);
	assert_says("it does not exist");
}

static void json_says_the_same(void **state)
{
	struct buffer out;
	struct fault fault = {0};
	struct json *root;
	const struct json *pool;
	int64_t number;

	(void)state;
	atomic_store(&add(0, 1, SLOT_READY)->open_streams, 3);
	add(1, 1, SLOT_READY);
	look();
	buffer_init(&out, BUFFER_UNLIMITED);
	status_json_print(&out, &pools, folder);
	root = json_parse(buffer_slice(&out), &json_limits_request, &fault);
	assert_non_null(root);
	pool = json_item(json_member(root, "pools"), 0);
	assert_true(json_integer(json_member(pool, "streams"), &number));
	assert_int_equal(number, 3);
	assert_int_equal(json_count(json_member(pool, "workers")), 2);
	assert_int_equal(json_kind(json_member(pool, "requests_per_second")),
			 JSON_NULL);
	json_free(root);
	buffer_fini(&out);
}

static void durations_are_two_units_at_most(void **state)
{
	char out[32];

	(void)state;
	status_text_duration(out, 45999);
	assert_string_equal(out, "45 s");
	status_text_duration(out, 3599999);
	assert_string_equal(out, "59 min");
	status_text_duration(out, 2 * 3600000 + 5 * 60000);
	assert_string_equal(out, "2 h 5 min");
	status_text_duration(out, 76 * 3600000ull);
	assert_string_equal(out, "3 d 4 h");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(a_whole_pool_is_running),
	    TEST(rates_are_what_came_since_the_look_before),
	    TEST(a_tick_that_stands_still_is_a_hung_worker),
	    TEST(one_that_waits_says_when_and_why),
	    TEST(before_the_first_generation_is_ready_it_starts),
	    TEST(an_old_generation_drains_beside_the_new_one),
	    TEST(at_its_end_it_drains),
	    TEST(without_its_master_it_is_orphaned_and_then_dead),
	    TEST(a_process_that_took_the_number_is_another),
	    TEST(processes_alone_are_one_list_and_dead_ones_not_in_it),
	    TEST(what_cannot_be_read_is_named),
	    TEST(json_says_the_same),
	    TEST(durations_are_two_units_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
