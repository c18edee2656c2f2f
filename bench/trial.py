# SPDX-License-Identifier: ISC
"""One trial: open the streams, watch them in their steady middle, count."""
import json
import os
import queue
import subprocess
import threading
import time

import measure
from stack import Failure

SETTLE_S = 0.3   # after the last stream has begun
MEMORY_S = 1.2   # kept free before the first stream ends, to read memory


class Load:
    """A run of the load generator, its lines of JSON as they come."""

    def __init__(self, stack, target, plan, quiet=False):
        self.command = [
            str(stack.tools / "load"), "--url", target.url,
            "--body", target.body(plan.model), "--dialect", target.dialect,
            "--streams", str(plan.streams), "--frames", str(plan.frames),
            "--arrivals", str(plan.arrivals),
            "--timeout", str(int(plan.seconds + 30)), *plan.flags]
        self.child = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, start_new_session=True,
            stderr=subprocess.DEVNULL if quiet else None)
        self.lines = queue.Queue()
        self.failed = []  # streams, with Plan.flags = ("--tell",)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for text in self.child.stdout:
            line = json.loads(text)
            if line["event"] == "failed":
                self.failed.append(line)
            else:
                self.lines.put(line)
        self.lines.put(None)

    def wait(self, event, timeout_s):
        """The next line of that kind; None when it does not come in time."""
        end = time.monotonic() + timeout_s
        while True:
            try:
                line = self.lines.get(timeout=max(0, end - time.monotonic()))
            except queue.Empty:
                return None
            if line is None:
                raise Failure("the load generator has failed")
            if line["event"] in (event, "result"):
                return line

    def snapshot(self):
        self.child.stdin.write("\n")
        self.child.stdin.flush()
        line = self.wait("snapshot", 5)
        if line is None:
            raise Failure("the load generator does not answer")
        return line

    def stop(self):
        self.child.kill()
        self.child.wait()


class Plan:
    """How many streams, how long, how fast."""

    flags = ()  # more words for the load generator

    def __init__(self, streams, frames, every_ms, arrivals):
        self.streams = streams
        self.frames = frames
        self.every_ms = every_ms
        self.arrivals = arrivals

    @property
    def model(self):
        return f"pace-{self.frames}x{self.every_ms}"

    @property
    def seconds(self):
        return self.frames * self.every_ms / 1000 + self.opening_s

    @property
    def opening_s(self):
        return self.streams / self.arrivals

    @property
    def first_end_s(self):
        """The first stream's end, counted from the first arrival."""
        return (self.frames - 1) * self.every_ms / 1000


class Account:
    """CPU time and frames at one moment."""

    def __init__(self, load, target, groups):
        self.at = load.snapshot()
        self.busy = measure.machine_busy_ns()
        self.cpu = {name: measure.cpu_ns(pids)
                    for name, pids in groups.items()}


def groups_of(target):
    groups = {"nginx": measure.family([target.nginx.pid]),
              "bench": [os.getpid(), target.stack.upstream.pid]}
    app = target.app_pids()
    groups["app"] = measure.family(app) if app else []
    return groups


def until_ready(stack, target):
    """One short stream through the whole road, tried until it works."""
    for _ in range(100):
        target.check()
        load = Load(stack, target, Plan(1, 1, 1, 1000), quiet=True)
        result = load.wait("result", 20)
        load.stop()
        if result and result["completed"] == 1:
            return
        time.sleep(0.1)
    raise Failure(f"{target.name} does not answer: {json.dumps(result)}\n"
                  + stack_log(target))


def stack_log(target):
    logs = [process.log.read_text(errors="replace")[-1500:]
            for process in (target.app, target.nginx) if process]
    return "\n".join(logs)


def warm_up(stack, target):
    """Compilers that work while the program runs get their chance."""
    streams = min(300, target.streams_max)
    load = Load(stack, target, Plan(streams, 20, 50, 1500))
    load.wait("result", 60)
    load.stop()
    time.sleep(0.3)


def steady(load, target, plan, profile=None):
    """The middle, when all streams are open: two accounts and the memory."""
    began = time.monotonic()
    seen = {}
    line = load.wait("open", plan.first_end_s - MEMORY_S - 1)
    seen["all_open"] = bool(line and line["event"] == "open")
    time.sleep(SETTLE_S)
    groups = groups_of(target)
    groups["bench"].append(load.child.pid)
    first = Account(load, target, groups)
    left = plan.first_end_s - MEMORY_S - (time.monotonic() - began)
    if profile:
        profile(groups["app"] or groups["nginx"], left, load)
    else:
        time.sleep(max(0.5, left))
    last = Account(load, target, groups)
    seen["open"] = last.at["open"]
    seen["pss"] = {name: measure.pss_kib(pids)
                   for name, pids in groups.items()}
    frames = last.at["frames"] - first.at["frames"]
    seconds = (last.at["now_ns"] - first.at["now_ns"]) / 1e9
    seen["window_s"] = seconds
    seen["frames_per_s"] = frames / seconds
    mine = sum(last.cpu.values()) - sum(first.cpu.values())
    seen["others"] = (last.busy - first.busy - mine) / 1e9 / seconds
    seen["cpu_us_per_frame"] = {
        name: (last.cpu[name] - first.cpu[name]) / 1000 / max(1, frames)
        for name in groups}
    return seen


def run(stack, target, plan, profile=None):
    """A whole trial of a target that has been started."""
    until_ready(stack, target)
    time.sleep(0.3)
    groups = groups_of(target)
    idle = {name: measure.pss_kib(pids) for name, pids in groups.items()}
    warm_up(stack, target)
    before = {name: measure.cpu_ns(pids) for name, pids in groups.items()}
    load = Load(stack, target, plan)
    try:
        seen = steady(load, target, plan, profile)
        result = load.wait("result", plan.seconds + 40)
        if result is None:
            raise Failure(f"{target.name}: the streams do not end")
        after = {name: measure.cpu_ns(pids) for name, pids in groups.items()}
        return summary(target, plan, {
            "idle": idle, "seen": seen, "result": result,
            "turn_us": {name: (after[name] - before[name]) / 1000 /
                        plan.streams for name in groups}})
    finally:
        load.stop()


def summary(target, plan, parts):
    """The figures of one trial under the names that the report uses."""
    seen, result, idle = parts["seen"], parts["result"], parts["idle"]
    row = {
        "target": target.name, "streams": plan.streams,
        "completed": result["completed"], "failed": result["failed"],
        "open_max": result["open_max"], "all_open": seen["all_open"],
        "open_when_measured": seen["open"],
        "frames_per_s": seen["frames_per_s"], "window_s": seen["window_s"],
        "events_per_frame": result["events"] / max(1, result["frames"]),
        "failures": {name: count for name, count in
                     result["failures"].items() if count},
        "first_failure": result["first_failure"],
        "others_cores": max(0.0, seen["others"]),
    }
    first = "first_status_ms"
    if not result[first]["count"]:
        first = "first_body_ms"
    for name, source in (("delay", "delay_ms"), ("status", first),
                         ("content", "first_content_ms")):
        for percent in ("p50", "p99"):
            row[f"{name}_{percent}_ms"] = result[source][percent]
    for group in ("app", "nginx"):
        full = sum(seen["pss"][group].values())
        empty = sum(idle[group].values())
        if group == "app" and target.name == "php-fpm":
            # Its processes exist before their streams, and for them.
            empty = 0
        row[f"{group}_cpu_us"] = seen["cpu_us_per_frame"][group]
        row[f"{group}_turn_us"] = parts["turn_us"][group]
        row[f"{group}_kib"] = (full - empty) / max(1, seen["open"])
        row[f"{group}_idle_kib"] = sum(idle[group].values())
        row[f"{group}_idle_largest_kib"] = max(idle[group].values(),
                                               default=0)
    return row
