# SPDX-License-Identifier: ISC
"""Every web server that we ship files for, measured in the same way: how late
frames are, how long a reader that left goes unnoticed, and what slow uploads
of strangers cost the others."""
import contextlib
import json
import select
import socket
import statistics
import threading
import time

import measure as busy
import report
from trial import Load, Plan
from webserver import HEARTBEAT_S, Site

DELAY_P50_MS, DELAY_P99_MS = 0.5, 5.0
SIGNAL_MS = 300
# From a reader's leaving until the request to the model is closed.
LEAVING_MS = {
    "at once": 100,
    "heartbeat": HEARTBEAT_S * 1000 + 200,
    # It is signalled at once, or at the second comment of a heartbeat.
    "signal": HEARTBEAT_S * 1000 + 200 + SIGNAL_MS,
}
UPLOADS, UPLOAD_BYTES_PER_S, UPLOAD_EVERY_S = 64, 100, 0.2
GROWTH, GROWTH_MS = 0.20, 1.0


def _load_result(stack, site, plan, wait_s):
    """The result of a whole load; None when it does not come in time."""
    load = Load(stack, site, plan)
    try:
        while True:
            line = load.wait("result", wait_s)
            if line is None or line["event"] == "result":
                return line
    finally:
        load.stop()


class DelayPlan(Plan):
    flags = ("--steady",)


def measure_delay(stack, site, options):
    """50 streams (or as many as it holds), a frame each 25 ms."""
    streams = min(options.server_streams, site.about["streams"])
    # A process for each: their start is not what is measured here.
    arrivals = 1500 if site.about["process"] == "pool" else 25
    plan = DelayPlan(streams, options.server_frames, 25, arrivals)
    _load_result(stack, site, Plan(min(10, streams), 10, 25, 25), 30)
    before = busy.machine_busy_ns()
    result = _load_result(stack, site, plan, plan.seconds + 40)
    if not result:
        return {"streams": streams, "completed": 0, "failed": streams}
    return {
        "streams": streams, "completed": result["completed"],
        "failed": result["failed"], "failures": {
            k: v for k, v in result["failures"].items() if v},
        "first_failure": result["first_failure"],
        "frames": result["delay_ms"]["count"],
        "delay_p50_ms": result["delay_ms"]["p50"],
        "delay_p99_ms": result["delay_ms"]["p99"],
        "delay_max_ms": result["delay_ms"]["max"],
        "busy_cores": (busy.machine_busy_ns() - before) / 1e9 /
        result["seconds"],
    }


def _post(site, body, length=None):
    """A connection that has sent a question, or the head of one."""
    host, port = site.address
    path = "/" + site.url.split("/", 3)[3]
    head = (f"POST {path} HTTP/1.1\r\nHost: bench\r\n"
            "Content-Type: application/json\r\nAccept: text/event-stream\r\n"
            f"Content-Length: {length or len(body)}\r\n\r\n")
    connection = socket.create_connection((host, port), timeout=20)
    connection.sendall(head.encode() + body)
    return connection


def _read_until(connection, what):
    seen = b""
    while what not in seen:
        got = connection.recv(65536)
        if not got:
            raise OSError("ended: " + seen[-300:].decode(errors="replace"))
        seen += got


def _leave_once(stack, site, silent_s):
    """Leaves when the model has been silent for so long; milliseconds until
    the request to the model is closed."""
    known = len(stack.aborts())
    connection = _post(site, site.body("pace-2x60000").encode())
    _read_until(connection, b'"type":"content"')
    time.sleep(silent_s)
    left_ns = time.monotonic_ns()
    connection.close()
    end = time.monotonic() + 2 * HEARTBEAT_S + 10
    while time.monotonic() < end:
        found = stack.aborts()
        if len(found) > known:
            return (found[-1] - left_ns) / 1e6
        time.sleep(0.02)
    return None


def measure_leaving(stack, site, options):
    # At every time between two heartbeats.
    times = [_leave_once(stack, site,
                         0.05 + HEARTBEAT_S * number / options.leavings)
             for number in range(options.leavings)]
    told = [value for value in times if value is not None]
    return {
        "leaving_ms": statistics.median(told) if told else None,
        "leaving_max_ms": max(told) if told else None,
        "never_noticed": len(times) - len(told),
        "leaving_allowed_ms": LEAVING_MS[site.about["leaving"]],
    }


class SlowUploads:
    """Strangers whose questions come at 100 bytes/s; one that is turned away
    begins again."""

    def __init__(self, site):
        self.site = site
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.begun = 0

    def __enter__(self):
        self.thread.start()
        time.sleep(1)
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()

    def _open(self):
        self.begun += 1
        connection = _post(self.site, b'{"query":"', 60000)
        connection.setblocking(False)
        return connection

    @staticmethod
    def _goes_on(connection, piece):
        try:
            connection.send(piece)
            return True
        except BlockingIOError:
            return True
        except OSError:
            return False

    def _run(self):
        piece = b"x" * int(UPLOAD_BYTES_PER_S * UPLOAD_EVERY_S)
        open_now = []
        while not self.is_over.wait(UPLOAD_EVERY_S):
            with contextlib.suppress(OSError):
                while len(open_now) < UPLOADS:
                    open_now.append(self._open())
            answered = select.select(open_now, [], [], 0)[0]
            for connection in list(open_now):
                if connection in answered or \
                        not self._goes_on(connection, piece):
                    connection.close()
                    open_now.remove(connection)
        for connection in open_now:
            connection.close()


def _first_status(stack, site, options):
    plan = Plan(options.quick, 1, 1, 25)
    result = _load_result(stack, site, plan, plan.seconds + 30)
    if not result:
        return None, options.quick
    return result["first_status_ms"]["p50"], result["failed"]


def measure_uploads(stack, site, options):
    """Pairs with and without, in turns, within one run."""
    without, during, failed, begun = [], [], 0, 0
    for pair in range(options.pairs):
        for is_slow in (pair % 2 == 0, pair % 2 != 0):
            if is_slow:
                with SlowUploads(site) as uploads:
                    median, bad = _first_status(stack, site, options)
                    begun += uploads.begun
                during.append(median)
            else:
                median, bad = _first_status(stack, site, options)
                without.append(median)
            failed += bad
    if None in without or None in during:
        return {"uploads_failed": failed}
    growth = [after - before for before, after in zip(without, during)]
    return {
        "status_ms": statistics.median(without),
        "status_uploads_ms": statistics.median(during),
        "status_growth_ms": statistics.median(growth),
        "uploads_failed": failed, "uploads_begun": begun,
    }


def _verdicts(row):
    """What was missed, in words."""
    missed = []
    if row["failed"]:
        missed.append(f"{row['failed']} streams failed")
    elif row["delay_p50_ms"] > DELAY_P50_MS or \
            row["delay_p99_ms"] > DELAY_P99_MS:
        missed.append("delay")
    if row["never_noticed"] or \
            row["leaving_max_ms"] > row["leaving_allowed_ms"]:
        missed.append("leaving")
    if row["uploads_failed"]:
        missed.append(f"{row['uploads_failed']} requests failed")
    elif row["status_growth_ms"] > max(GROWTH_MS,
                                       GROWTH * row["status_ms"]):
        missed.append("slow uploads")
    return missed


def measure_server(stack, about, options):
    with Site(stack, about["slug"]) as site:
        row = {**about, **measure_delay(stack, site, options),
               **measure_leaving(stack, site, options),
               **measure_uploads(stack, site, options)}
    row["missed"] = _verdicts(row)
    print("  " + "  ".join(_cells(row)), flush=True)
    return row


HEADS = ["server", "process", "streams", "delay ms p50 / p99",
         "leaving ms median / max (allowed)", "first status ms",
         "with slow uploads", "missed"]


def _number(value, digits):
    return "-" if value is None else f"{value:.{digits}f}"


def _cells(row):
    return [
        row["slug"], row["process"],
        f"{row['completed']}" + (f" ({row['failed']} failed)"
                                 if row["failed"] else ""),
        f"{_number(row.get('delay_p50_ms'), 3)} / "
        f"{_number(row.get('delay_p99_ms'), 2)}",
        f"{_number(row['leaving_ms'], 1)} / "
        f"{_number(row['leaving_max_ms'], 1)} "
        f"({row['leaving_allowed_ms']:.0f})",
        _number(row.get("status_ms"), 2),
        _number(row.get("status_uploads_ms"), 2),
        ", ".join(row["missed"]) or "-",
    ]


def table(rows):
    return report.lines_of_table(HEADS, [_cells(row) for row in rows])


def remarks(rows):
    lines = []
    for row in rows:
        if row.get("failures"):
            lines.append(f"{row['slug']}: {row['failures']} "
                         f"{row['first_failure'][:160]}")
        if row["streams"] < 50:
            lines.append(f"{row['slug']}: {row['streams']} streams, for that "
                         "is what it holds")
    return lines
