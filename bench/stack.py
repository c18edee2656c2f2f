# SPDX-License-Identifier: ISC
"""Starts and stops what a measurement needs, in one temporary folder and on
free ports: the scripted upstream, nginx, and the application behind it."""
import contextlib
import getpass
import glob
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SHIPPED_NGINX = HERE.parent / "nginx"
SOURCES = {
    "upstream": ["upstream.c", "scripted.c", "wheel.c", "hist.c", "mark.c"],
    "load": ["load.c", "reader.c", "hist.c", "mark.c"],
    "exec": ["exec.c", "hist.c", "mark.c"],
}
# What a target needs: a command (or a file) that shows it, and its packages.
NEEDS = {
    "all": [("nginx", "nginx-light")],
    "php": [("/usr/sbin/php-fpm*", "php-fpm"),
            ("/usr/share/php*/curl/curl.ini", "php-curl")],
    "node": [("node", "nodejs")],
    "cgi": [("php-cgi", "php-cgi"),
            ("/usr/share/php*/curl/curl.ini", "php-curl"),
            ("openssl", "openssl")],
}


class Failure(Exception):
    """Said to the user without a traceback."""


def find_command(name):
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return shutil.which(name, path=path)


def _is_there(what):
    return glob.glob(what) if what.startswith("/") else find_command(what)


def install(targets):
    """Installs the Debian packages that are missing."""
    needs = list(NEEDS["all"])
    for target in targets:
        needs += NEEDS.get(target, [])
    missing = [package for what, package in needs if not _is_there(what)]
    if not missing:
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if os.geteuid() != 0:
        command.insert(0, "sudo")
    print("installing", " ".join(missing), flush=True)
    if not find_command(command[0]) or subprocess.call(
            command, stdout=subprocess.DEVNULL) != 0:
        raise Failure(f"please install {' '.join(missing)}")


def raise_nofile(wanted):
    """Descriptors for everybody started from here; how many there are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted:
        return soft
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
        return wanted
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < wanted:
        print(f"note: {hard} descriptors per process, {wanted} wanted")
    return hard


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A child that is in its own session, so that Ctrl-C reaches only us."""

    def __init__(self, folder, name, command, env=None):
        self.name = name
        self.log = folder / f"{name}.log"
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True, cwd=folder,
                env={**os.environ, **(env or {})})

    @property
    def pid(self):
        return self.child.pid

    def check(self):
        if self.child.poll() is not None:
            raise Failure(f"{self.name} has ended ({self.child.returncode}):\n"
                          + self.log.read_text(errors="replace")[-2000:])

    def stop(self):
        """Asks, then insists; its whole process group goes."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(timeout=8)
                break
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
            self.child.wait()


class Stack:
    """All that runs; a context manager that leaves nothing behind."""

    def __init__(self, options):
        self.options = options
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="leat-bench-"))
        self.folder.chmod(0o755)  # PHP's own user reads its script here
        self.processes = []
        self.upstream_port = 0

    def __enter__(self):
        try:
            self.build()
            self.start_upstream()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.stop()
        self.processes.clear()
        if self.options.keep:
            print("kept:", self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, name, command, env=None):
        process = Process(self.folder, name, command, env)
        self.processes.append(process)
        return process

    def stop(self, process):
        process.stop()
        self.processes.remove(process)

    def build(self):
        """Compiles the two C programs unless they were given."""
        self.tools = self.folder
        if self.options.tools:
            self.tools = self.options.tools.resolve()
            return
        compiler = os.environ.get("CC", "cc").split()
        for name, sources in SOURCES.items():
            subprocess.run(
                [*compiler, "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-o",
                 self.folder / name, *[HERE / file for file in sources],
                 "-lpthread"], check=True)

    def aborts(self):
        """When clients left running answers, in monotonic nanoseconds."""
        lines = self.upstream.log.read_text().splitlines()
        return [json.loads(line)["aborted_ns"] for line in lines
                if line.startswith('{"aborted_ns"')]

    def start_upstream(self):
        self.upstream = self.start("upstream", [
            self.tools / "upstream", "--threads", self.options.threads,
            "--tell-aborts"])
        for _ in range(200):
            self.upstream.check()
            line = self.upstream.log.read_text().splitlines()
            if line:
                self.upstream_port = json.loads(line[0])["port"]
                return
            time.sleep(0.02)
        raise Failure("the upstream does not start")

    def upstream_url(self, path="/v1/chat/completions"):
        return f"http://127.0.0.1:{self.upstream_port}{path}"

    def start_nginx(self, location, upstreams=""):
        """nginx with one server that has this location; its port."""
        port = free_port()
        user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
        text = (HERE / "nginx.conf.in").read_text()
        for name, value in {
                "USER": user, "PORT": port, "LOCATION": location,
                "UPSTREAMS": upstreams, "FOLDER": self.folder,
                "WORKERS": self.options.nginx_workers,
        }.items():
            text = text.replace(f"@{name}@", str(value))
        (self.folder / "nginx.conf").write_text(text)
        (self.folder / "nginx").mkdir(exist_ok=True)
        nginx = self.start("nginx", [
            find_command("nginx"), "-p", self.folder / "nginx", "-e",
            self.folder / "nginx.log", "-c", self.folder / "nginx.conf"])
        return nginx, port
