# SPDX-License-Identifier: ISC
"""What processes have cost so far, from /proc: CPU time and memory."""
import os
import pathlib

PROC = pathlib.Path("/proc")


def _parents():
    """Every process's parent, from one walk over /proc."""
    parents = {}
    for entry in os.listdir(PROC):
        if not entry.isdigit():
            continue
        try:
            stat = (PROC / entry / "stat").read_text()
        except OSError:
            continue
        # The name stands in brackets and may hold anything.
        parents[int(entry)] = int(stat.rpartition(")")[2].split()[1])
    return parents


def family(pids):
    """These processes and all that they have started."""
    parents = _parents()
    found = [pid for pid in pids if pid in parents]
    for pid in found:  # grows while it is walked
        found += [child for child, parent in parents.items()
                  if parent == pid and child not in found]
    return found


def cpu_ns(pids):
    """CPU time of all threads; what has exited is not counted."""
    total = 0
    for pid in pids:
        try:
            for task in os.listdir(PROC / str(pid) / "task"):
                path = PROC / str(pid) / "task" / task / "schedstat"
                total += int(path.read_text().split()[0])
        except OSError:
            continue
    return total


def pss_kib(pids):
    """Proportional set size of each process that may be read."""
    sizes = {}
    for pid in pids:
        try:
            text = (PROC / str(pid) / "smaps_rollup").read_text()
        except OSError:
            continue
        for line in text.splitlines():
            if line.startswith("Pss:"):
                sizes[pid] = int(line.split()[1])
    return sizes


def private_dirty_kib(pid):
    """What a process has written itself and shares with nobody."""
    for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
        if line.startswith("Private_Dirty:"):
            return int(line.split()[1])
    return 0


def machine_busy_ns():
    """What all processors have worked so far, for whomever."""
    fields = (PROC / "stat").read_text().split("\n", 1)[0].split()[1:]
    ticks = [int(field) for field in fields]
    user, nice, system, _, _, irq, softirq = ticks[:7]
    return ((user + nice + system + irq + softirq) * 1_000_000_000 //
            os.sysconf("SC_CLK_TCK"))


def available_kib():
    for line in (PROC / "meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1])
    return 0
