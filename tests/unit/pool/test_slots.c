/* SPDX-License-Identifier: ISC */
#include "pool/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { WORKERS = 4, ASKS = 600, LIMIT = 20 };

static int set_up(void **state)
{
	*state = slots_new(NULL, WORKERS);
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	slots_free(*state);
	return 0;
}

static void make_ready(struct slots *slots, unsigned index)
{
	slots_claim(slots, index, 1);
	atomic_store(&slots_at(slots, index)->state, SLOT_READY);
}

struct asker {
	struct slots *slots;
	unsigned index;
	unsigned held;
};

static atomic_int admitted, worst;

/* Takes and gives back as fast as it can; counts what is held by all. */
static void *ask_often(void *state)
{
	struct asker *asker = state;

	for (int i = 0; i < ASKS; i++) {
		int now;

		if (asker->held > 4 || (asker->held && i % 3 == 0)) {
			atomic_fetch_sub(&admitted, 1);
			slots_address_release(asker->slots, asker->index, 7);
			asker->held--;
			continue;
		}
		if (!slots_address_acquire(asker->slots, asker->index, 7,
					   LIMIT / 2))
			continue;
		asker->held++;
		now = atomic_fetch_add(&admitted, 1) + 1;
		if (now > atomic_load(&worst))
			atomic_store(&worst, now);
	}
	return NULL;
}

static void an_address_limit_is_never_exceeded(void **state)
{
	struct asker askers[WORKERS] = {{0}};
	pthread_t threads[WORKERS];
	unsigned held = 0;

	for (unsigned i = 0; i < WORKERS; i++) {
		askers[i].slots = *state;
		askers[i].index = i;
		pthread_create(&threads[i], NULL, ask_often, &askers[i]);
	}
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	assert_true(atomic_load(&worst) <= LIMIT / 2);
	for (unsigned i = 0; i < WORKERS; i++) {
		held += askers[i].held;
		while (askers[i].held-- > 0)
			slots_address_release(*state, i, 7);
	}
	/* Nothing is left over: as many as the limit fit again. */
	assert_true(held <= LIMIT / 2);
	for (int i = 0; i < LIMIT; i++)
		assert_true(slots_address_acquire(*state, 0, 7, LIMIT));
	assert_false(slots_address_acquire(*state, 1, 7, LIMIT));
}

static void a_limit_counts_the_streams_of_all_workers(void **state)
{
	assert_true(slots_address_acquire(*state, 0, 99, 3));
	assert_true(slots_address_acquire(*state, 1, 99, 3));
	assert_true(slots_address_acquire(*state, 2, 99, 3));
	assert_false(slots_address_acquire(*state, 3, 99, 3));
	slots_address_release(*state, 1, 99);
	assert_true(slots_address_acquire(*state, 3, 99, 3));
	/* Another address has a limit of its own. */
	assert_true(slots_address_acquire(*state, 3, 100, 3));
}

static void streams_of_all_workers_have_one_limit(void **state)
{
	assert_true(slots_stream_acquire(*state, 0, 3));
	assert_true(slots_stream_acquire(*state, 1, 3));
	assert_true(slots_stream_acquire(*state, 1, 3));
	assert_false(slots_stream_acquire(*state, 2, 3));
	assert_false(slots_stream_acquire(*state, 0, 3));
	assert_int_equal(slots_open_streams(*state), 3);
	/* No limit still counts. */
	assert_true(slots_stream_acquire(*state, 2, 0));
	assert_int_equal(slots_open_streams(*state), 4);
	slots_stream_release(*state, 1);
	slots_stream_release(*state, 2);
	assert_true(slots_stream_acquire(*state, 2, 3));
	/* What a dead worker held is free. */
	slots_clear(*state, 1);
	assert_true(slots_stream_acquire(*state, 2, 3));
	assert_false(slots_stream_acquire(*state, 2, 3));
}

static void clearing_a_dead_worker_frees_what_it_held(void **state)
{
	slots_claim(*state, 1, 1);
	atomic_store(&slots_at(*state, 1)->open_streams, 17);
	for (int i = 0; i < 5; i++)
		assert_true(slots_address_acquire(*state, 1, 1234, 5));
	assert_false(slots_address_acquire(*state, 0, 1234, 5));
	slots_clear(*state, 1);
	assert_int_equal(slots_open_streams(*state), 0);
	for (int i = 0; i < 5; i++)
		assert_true(slots_address_acquire(*state, 0, 1234, 5));
	assert_false(slots_address_acquire(*state, 1, 1234, 5));
}

static void counters_outlive_their_worker_and_gauges_do_not(void **state)
{
	struct metrics sum;
	struct slot *slot = slots_at(*state, 2);

	slots_claim(*state, 2, 1);
	metrics_add(&slot->metrics, METRIC_TURNS_COMPLETE, 40);
	metrics_add(&slot->metrics, METRIC_TURNS_OPEN, 3);
	metrics_add(&slots_at(*state, 0)->metrics, METRIC_TURNS_COMPLETE, 2);
	slots_sum(*state, &sum);
	assert_int_equal(sum.values[METRIC_TURNS_COMPLETE], 42);
	assert_int_equal(sum.values[METRIC_TURNS_OPEN], 3);
	slots_clear(*state, 2);
	slots_sum(*state, &sum);
	assert_int_equal(sum.values[METRIC_TURNS_COMPLETE], 42);
	assert_int_equal(sum.values[METRIC_TURNS_OPEN], 0);
	slots_clear(*state, 2);
	slots_sum(*state, &sum);
	assert_int_equal(sum.values[METRIC_TURNS_COMPLETE], 42);
}

static void an_incarnation_is_never_used_twice(void **state)
{
	uint32_t first = slots_claim(*state, 0, 1);
	uint32_t other = slots_claim(*state, 1, 1);
	struct turn_place place = {0, first};

	assert_true(first != 0);
	assert_true(slots_is_alive(*state, place));
	slots_clear(*state, 0);
	assert_false(slots_is_alive(*state, place));
	assert_int_equal(slots_claim(*state, 0, 1), other + 1);
	assert_false(slots_is_alive(*state, place));
}

static void a_place_outside_the_file_is_dead(void **state)
{
	uint32_t incarnation = slots_claim(*state, 0, 1);

	assert_false(
	    slots_is_alive(*state, (struct turn_place){WORKERS, incarnation}));
	assert_false(slots_is_alive(*state, (struct turn_place){1, 0}));
}

static void two_files_do_not_share_incarnations(void **state)
{
	struct slots *other = slots_new(NULL, 1);

	assert_int_not_equal(slots_claim(*state, 0, 1),
			     slots_claim(other, 0, 1));
	slots_free(other);
}

static void a_worker_sees_what_the_master_wrote(void **state)
{
	struct slots *worker = slots_attach(slots_fd(*state));

	assert_non_null(worker);
	assert_int_equal(slots_count(worker), WORKERS);
	slots_claim(*state, 3, 1);
	assert_int_equal(atomic_load(&slots_at(worker, 3)->state),
			 SLOT_STARTING);
	atomic_store(&slots_at(worker, 3)->tick, 5);
	assert_int_equal(atomic_load(&slots_at(*state, 3)->tick), 5);
	slots_free(worker);
}

static void a_file_of_another_kind_is_refused(void **state)
{
	int fd = open("/dev/null", O_RDWR);
	FILE *file = tmpfile();
	char zeros[512] = "leatslot";

	(void)state;
	errno = 0;
	assert_null(slots_attach(fd));
	assert_int_equal(errno, EPROTO);
	for (int i = 0; i < 3000; i++)
		fwrite(zeros, 1, sizeof zeros, file);
	fflush(file);
	assert_null(slots_attach(fileno(file)));
	assert_int_equal(errno, EPROTO);
	fclose(file);
	close(fd);
}

static void set_generation(struct slots *slots, uint32_t generation)
{
	struct slots_about about = {.kind = SLOTS_POOL,
				    .generation = generation};

	slots_set_about(slots, &about);
}

static struct turn_place owner_of(struct slots *slots, uint64_t hash)
{
	struct turn_place owner = {0, 0};

	assert_true(slots_owner_of(slots, hash, &owner));
	return owner;
}

static void workers_share_hashes_and_keep_them_when_one_restarts(void **state)
{
	unsigned counts[WORKERS] = {0}, waiting = 0;
	struct turn_place before[400];

	set_generation(*state, 1);
	for (unsigned i = 0; i < WORKERS; i++)
		make_ready(*state, i);
	for (unsigned i = 0; i < 400; i++) {
		before[i] = owner_of(*state, i * 77777777ull);
		assert_int_not_equal(before[i].incarnation, 0);
		counts[before[i].slot]++;
	}
	for (unsigned i = 0; i < WORKERS; i++)
		assert_true(counts[i] > 50);
	slots_clear(*state, 2);
	for (unsigned i = 0; i < 400; i++) {
		struct turn_place now = owner_of(*state, i * 77777777ull);

		assert_int_equal(now.slot, before[i].slot);
		waiting += now.incarnation == 0;
	}
	assert_int_equal(waiting, counts[2]);
	slots_claim(*state, 2, 1); /* starts, and is not ready yet */
	for (unsigned i = 0; i < 400; i++)
		if (before[i].slot == 2)
			assert_int_equal(
			    owner_of(*state, i * 77777777ull).incarnation, 0);
}

static void a_hash_belongs_to_the_generation_that_is_said_to_be_ready(
    void **state)
{
	struct turn_place owner;

	make_ready(*state, 0);
	make_ready(*state, 1);
	slots_claim(*state, 2, 2);
	atomic_store(&slots_at(*state, 2)->state, SLOT_READY);
	/* Nobody has said yet that all of the first one are ready. */
	for (uint64_t i = 0; i < 100; i++)
		assert_true(owner_of(*state, i).slot < 2);
	set_generation(*state, 1);
	for (uint64_t i = 0; i < 100; i++)
		assert_true(owner_of(*state, i).slot < 2);
	set_generation(*state, 2);
	for (uint64_t i = 0; i < 100; i++)
		assert_int_equal(owner_of(*state, i).slot, 2);
	slots_release(*state, 2);
	assert_false(slots_owner_of(*state, 5, &owner));
}

static void who_drains_still_owns_what_was_its_own(void **state)
{
	set_generation(*state, 1);
	make_ready(*state, 0);
	atomic_store(&slots_at(*state, 0)->state, SLOT_DRAINING);
	assert_int_not_equal(owner_of(*state, 5).incarnation, 0);
}

static void who_drains_after_a_reload_keeps_the_names_of_its_turns(void **state)
{
	make_ready(*state, 0);
	slots_claim(*state, 1, 2);
	atomic_store(&slots_at(*state, 1)->state, SLOT_READY);
	set_generation(*state, 2);
	assert_true(slots_keep_name(*state, 0, 77));
	/* Not before it drains, and only what it kept. */
	assert_int_equal(owner_of(*state, 77).slot, 1);
	atomic_store(&slots_at(*state, 0)->state, SLOT_DRAINING);
	assert_int_equal(owner_of(*state, 77).slot, 0);
	assert_int_equal(owner_of(*state, 78).slot, 1);
	slots_clear(*state, 0);
	assert_int_equal(owner_of(*state, 77).slot, 1);
	slots_claim(*state, 0, 3);
	atomic_store(&slots_at(*state, 0)->state, SLOT_DRAINING);
	assert_int_equal(owner_of(*state, 77).slot, 1);
}

static void names_beyond_the_room_are_refused(void **state)
{
	for (uint64_t i = 0; i < SLOTS_NAMES; i++)
		assert_true(slots_keep_name(*state, 0, i));
	assert_false(slots_keep_name(*state, 0, 5000));
}

static void there_is_room_for_three_generations(void **state)
{
	(void)state;
	assert_true(slots_room(1, 1) >= 3 * 4);
	assert_int_equal(slots_room(64, 8), 3 * 64);
	assert_int_equal(slots_room(2, 64), 3 * 64);
	assert_int_equal(slots_room(1000, 1), SLOTS_MAX);
}

static void what_the_master_says_is_read_by_another_program(void **state)
{
	struct slots_about about = {.kind = SLOTS_POOL,
				    .master_pid = 77,
				    .generation = 3,
				    .workers = 2,
				    .streams = 500,
				    .streams_per_worker = 100,
				    .streams_per_address = 20,
				    .started_ms = 1000,
				    .version = "1.2.3",
				    .listen = "unix:/run/x",
				    .config_path = "/etc/x"};
	char path[] = "/tmp/test-slots-XXXXXX";
	struct slots_about seen;
	struct slots *master, *reader;
	int fd = mkstemp(path);

	(void)state;
	close(fd);
	master = slots_new(path, WORKERS);
	slots_set_about(master, &about);
	slots_claim(master, 1, 3);
	reader = slots_open_readonly(path);
	assert_non_null(reader);
	slots_get_about(reader, &seen);
	assert_memory_equal(&seen, &about, sizeof seen);
	assert_int_equal(slots_count(reader), WORKERS);
	assert_int_equal(slots_at(reader, 1)->generation, 3);
	assert_true(slots_at(reader, 1)->started_ms > 1600000000000ull);
	slots_free(reader);
	slots_unlink(master);
	slots_free(master);
	errno = 0;
	assert_null(slots_open_readonly(path));
	assert_int_equal(errno, ENOENT);
}

static void a_file_of_another_version_is_refused_by_readers(void **state)
{
	char path[] = "/tmp/test-slots-XXXXXX";
	uint32_t version = SLOTS_VERSION + 1;
	int fd = mkstemp(path);
	struct slots *master;

	(void)state;
	close(fd);
	master = slots_new(path, 1);
	assert_int_equal(pwrite(slots_fd(master), &version, 4, 8), 4);
	errno = 0;
	assert_null(slots_open_readonly(path));
	assert_int_equal(errno, EPROTO);
	slots_unlink(master);
	slots_free(master);
}

static void a_worker_far_above_the_mean_pauses(void **state)
{
	for (unsigned i = 0; i < WORKERS; i++)
		make_ready(*state, i);
	atomic_store(&slots_at(*state, 0)->open_peers, 5);
	assert_true(slots_is_balanced(*state, 0)); /* the mean is 1.25 */
	atomic_store(&slots_at(*state, 0)->open_peers, 6);
	assert_false(slots_is_balanced(*state, 0)); /* 6 > 1.5 + 4 */
	assert_true(slots_is_balanced(*state, 1));
	/* Who does not accept does not count. */
	for (unsigned i = 1; i < WORKERS; i++)
		atomic_store(&slots_at(*state, i)->state, SLOT_DRAINING);
	assert_true(slots_is_balanced(*state, 0));
}

static void a_new_file_replaces_the_old_and_is_removed_by_its_owner(
    void **state)
{
	char path[] = "/tmp/test-slots-XXXXXX";
	struct slots *old, *new;
	int fd = mkstemp(path);

	(void)state;
	close(fd);
	old = slots_new(path, 1);
	assert_non_null(old);
	new = slots_new(path, 2);
	assert_non_null(new);
	slots_claim(old, 0, 1); /* still mapped */
	slots_unlink(old);	/* no longer its own */
	assert_int_equal(access(path, F_OK), 0);
	slots_unlink(new);
	assert_int_not_equal(access(path, F_OK), 0);
	slots_free(old);
	slots_free(new);
}

static void a_folder_that_is_missing_is_an_error(void **state)
{
	(void)state;
	errno = 0;
	assert_null(slots_new("/nonexistent/folder/slots", 1));
	assert_int_equal(errno, ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(an_address_limit_is_never_exceeded),
	    TEST(a_limit_counts_the_streams_of_all_workers),
	    TEST(streams_of_all_workers_have_one_limit),
	    TEST(clearing_a_dead_worker_frees_what_it_held),
	    TEST(counters_outlive_their_worker_and_gauges_do_not),
	    TEST(an_incarnation_is_never_used_twice),
	    TEST(a_place_outside_the_file_is_dead),
	    TEST(two_files_do_not_share_incarnations),
	    TEST(a_worker_sees_what_the_master_wrote),
	    TEST(a_file_of_another_kind_is_refused),
	    TEST(workers_share_hashes_and_keep_them_when_one_restarts),
	    TEST(a_hash_belongs_to_the_generation_that_is_said_to_be_ready),
	    TEST(who_drains_still_owns_what_was_its_own),
	    TEST(who_drains_after_a_reload_keeps_the_names_of_its_turns),
	    TEST(names_beyond_the_room_are_refused),
	    TEST(there_is_room_for_three_generations),
	    TEST(what_the_master_says_is_read_by_another_program),
	    TEST(a_file_of_another_version_is_refused_by_readers),
	    TEST(a_worker_far_above_the_mean_pauses),
	    TEST(a_new_file_replaces_the_old_and_is_removed_by_its_owner),
	    TEST(a_folder_that_is_missing_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
