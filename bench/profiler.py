# SPDX-License-Identifier: ISC
"""Records with perf where the time goes while the streams are open."""
import os
import re
import subprocess

from stack import Failure, find_command


# Counting all of the several hundred would take perf longer than the run.
CALLS = ("recvfrom sendto recvmsg sendmsg read write readv writev poll ppoll "
         "epoll_wait epoll_pwait epoll_ctl accept4 close futex madvise brk "
         "mmap munmap timerfd_settime clock_gettime").split()


class Profiler:
    """Called in the steady middle of a trial: samples first, then counts
    system calls and the frames that they belong to."""

    def __init__(self, folder):
        if not find_command("perf"):
            raise Failure("perf is missing (Debian: linux-perf)")
        self.folder = folder
        self.data = folder / "perf.data"
        self.calls = {}
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, pids, seconds, load):
        busiest = [str(pid) for pid in pids]
        half = max(1.0, (seconds - 4) / 2)
        subprocess.run(
            ["perf", "record", "-q", "-F", "4999", "-e", "cpu-clock", "-g",
             "-p", ",".join(busiest), "-o", self.data, "--", "sleep",
             f"{half:.1f}"], check=True, stderr=subprocess.DEVNULL)
        before = load.snapshot()["frames"]
        counted = subprocess.run(
            ["perf", "stat", "-x", ",", "-e",
             ",".join(f"syscalls:sys_enter_{name}" for name in CALLS), "-p",
             ",".join(busiest), "--", "sleep", f"{half:.1f}"],
            capture_output=True, text=True, check=False)
        frames = load.snapshot()["frames"] - before
        for line in counted.stderr.splitlines():
            fields = line.split(",")
            match = re.search(r"sys_enter_(\w+)", line)
            if match and fields[0].isdigit() and int(fields[0]):
                self.calls[match.group(1)] = int(fields[0]) / max(1, frames)

    def _report(self, *arguments):
        out = subprocess.run(
            ["perf", "report", "-i", self.data, "--stdio", "-g", "none",
             *arguments], capture_output=True, text=True, check=False).stdout
        return [line.rstrip() for line in out.splitlines()
                if line.strip() and not line.startswith("#")]

    def text(self):
        """Shares by place and by function; system calls per frame."""
        lines = ["", "where the worker's samples fell, by object:"]
        lines += self._report("--no-children", "-s", "dso")[:10]
        lines += ["", "by function (alone):"]
        lines += self._report("--no-children", "-s", "symbol,dso")[:40]
        lines += ["", "by function (with what it calls):"]
        lines += self._report("--children", "-s", "symbol")[:60]
        if self.calls:
            lines += ["", "system calls per frame:"]
            lines += [f"  {count:7.3f}  {name}" for name, count in
                      sorted(self.calls.items(), key=lambda c: -c[1])
                      if count >= 0.0005]
        text = "\n".join(lines)
        (self.folder / "profile.txt").write_text(text + os.linesep)
        return text
