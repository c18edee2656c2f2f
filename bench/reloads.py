# SPDX-License-Identifier: ISC
"""A thousand streams through nginx while the pool is reloaded three times, gets
a new binary, and loses a worker: what becomes of each stream, and of quick
questions meanwhile."""
import os
import pathlib
import shutil
import signal
import threading
import time

import measure as busy
import report
import trial
from stack import Failure
from targets import Leat

RELOADS_AT_S, UPGRADE_AT_S, KILL_AT_S = (2, 4, 6), 8, 14
ARRIVALS, FRAMES, EVERY_MS = 80, 120, 200
QUICK_PER_S = 50
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def place_of(turn):
    """(slot, incarnation) of the worker that a turn's id names."""
    def number(text):
        value = 0
        for digit in text:
            value = value * 62 + DIGITS.index(digit)
        return value
    if not turn.startswith("t_"):
        return None
    return number(turn[2:4]), number(turn[4:10])


class Pool(Leat):
    """Two workers, from a copy of the binary that can be replaced."""
    workers = 2

    def __init__(self, stack, options):
        super().__init__(stack, options)
        self.binary = stack.folder / "bin" / "leat"
        self.binary.parent.mkdir(exist_ok=True)
        shutil.copy(options.leat, self.binary)
        self.program = self.binary

    def workers_now(self):
        """pid -> (slot, incarnation)"""
        found = {}
        for pid in busy.family([self.app.pid])[1:]:
            try:
                words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            words = words.decode().split("\0")
            if "--slot" in words and "--incarnation" in words:
                found[pid] = tuple(int(words[words.index(name) + 1])
                                   for name in ("--slot", "--incarnation"))
        return found

    def runs_the_new_binary(self):
        try:
            return os.readlink(f"/proc/{self.app.pid}/exe") == \
                str(self.binary)
        except OSError:
            return False


class Plan(trial.Plan):
    flags = ("--tell",)


class Drama(threading.Thread):
    """What happens to the pool, at its times; what it saw of it."""

    def __init__(self, pool):
        super().__init__(daemon=True)
        self.pool = pool
        self.places = {}  # when each was first seen
        self.killed = None
        self.killed_ns = 0
        self.upgraded = False
        self.began = time.monotonic()

    def _until(self, seconds):
        while time.monotonic() - self.began < seconds:
            time.sleep(0.1)
            for place in self.pool.workers_now().values():
                self.places.setdefault(place, time.monotonic() - self.began)

    def _reload(self):
        os.kill(self.pool.app.pid, signal.SIGHUP)

    def _upgrade(self):
        new = self.pool.binary.with_name("leat.new")
        shutil.copy(self.pool.options.leat, new)
        os.rename(new, self.pool.binary)
        self._reload()

    def _kill(self):
        """The youngest worker: it serves and holds streams."""
        workers = self.pool.workers_now()
        pid = max(workers, key=lambda pid: workers[pid][1])
        self.killed = workers[pid]
        self.killed_ns = time.monotonic_ns()
        os.kill(pid, signal.SIGKILL)

    def run(self):
        for at in RELOADS_AT_S:
            self._until(at)
            self._reload()
        self._until(UPGRADE_AT_S)
        self._upgrade()
        self._until(KILL_AT_S)
        self._kill()
        self._until(KILL_AT_S + 20)
        self.upgraded = self.pool.runs_the_new_binary()


def _result(load, wait_s):
    end = time.monotonic() + wait_s
    while time.monotonic() < end:
        line = load.wait("result", end - time.monotonic())
        if line and line["event"] == "result":
            return line
    raise Failure("the streams do not end")


def _sort(failures, drama):
    """Those of the killed worker, and the others."""
    theirs, others = [], []
    for line in failures:
        place = place_of(line["turn"])
        if place is None and line["why"] != "connect":
            # No turn yet: the killed worker had it if it broke right then.
            since_ms = (line["now_ns"] - drama.killed_ns) / 1e6
            is_theirs = 0 <= since_ms <= 50
        else:
            is_theirs = place == drama.killed
        (theirs if is_theirs else others).append(line)
    return theirs, others


def measure(stack, options):
    with Pool(stack, options) as pool:
        trial.until_ready(stack, pool)
        streams = Plan(options.reload_streams, FRAMES, EVERY_MS, ARRIVALS)
        quick = Plan(int((streams.seconds - 1) * QUICK_PER_S), 1, 1,
                     QUICK_PER_S)
        drama = Drama(pool)
        long_load = trial.Load(stack, pool, streams)
        short_load = trial.Load(stack, pool, quick)
        drama.start()
        try:
            result = _result(long_load, streams.seconds + 40)
            short = _result(short_load, 40)
            drama.join()
        finally:
            long_load.stop()
            short_load.stop()
        cut, others = _sort(long_load.failed, drama)
        short_cut, short_others = _sort(short_load.failed, drama)
        row = {
            "target": "leat", "streams": streams.streams,
            "open_max": result["open_max"],
            "completed": result["completed"], "cut_on_killed": len(cut),
            "cut_elsewhere": len(others), "elsewhere": others[:20],
            "timed_out": result["failures"].get("timeout", 0),
            "quick": quick.streams, "quick_completed": short["completed"],
            "quick_on_killed": len(short_cut),
            "quick_failed": len(short_others),
            "quick_elsewhere": short_others[:20],
            "quick_status_p50_ms": short["first_status_ms"]["p50"],
            "quick_status_p99_ms": short["first_status_ms"]["p99"],
            "delay_p50_ms": result["delay_ms"]["p50"],
            "delay_p99_ms": result["delay_ms"]["p99"],
            "workers_seen": len(drama.places),
            "workers_seen_at_s": sorted(drama.places.values()),
            "killed": drama.killed, "upgraded": drama.upgraded,
        }
    row["missed"] = _verdicts(row)
    return row


def _verdicts(row):
    missed = []
    # Five generations of two workers and the one that replaced the killed.
    if row["workers_seen"] < 11:
        missed.append(f"only {row['workers_seen']} workers in all")
    if not row["upgraded"]:
        missed.append("the old binary still runs")
    if row["cut_elsewhere"] or row["timed_out"]:
        missed.append("streams")
    if row["quick_failed"]:
        missed.append("quick requests")
    if row["completed"] + row["cut_on_killed"] != row["streams"]:
        missed.append("the sum")
    return missed


HEADS = ["streams", "at once", "complete", "cut with their worker",
         "cut elsewhere", "frame delay ms p50 / p99", "quick questions",
         "failed with the worker", "failed elsewhere",
         "first status ms p50 / p99", "missed"]


def table(row):
    return report.lines_of_table(HEADS, [[
        str(row["streams"]), str(row["open_max"]), str(row["completed"]),
        str(row["cut_on_killed"]), str(row["cut_elsewhere"]),
        f"{row['delay_p50_ms']:.2f} / {row['delay_p99_ms']:.2f}",
        str(row["quick"]), str(row["quick_on_killed"]),
        str(row["quick_failed"]),
        f"{row['quick_status_p50_ms']:.2f} / "
        f"{row['quick_status_p99_ms']:.2f}",
        ", ".join(row["missed"]) or "-"]])


def remarks(row):
    return [f"{line['why']} {line['status']} {line['turn']}"
            for line in row["elsewhere"] + row["quick_elsewhere"]]
