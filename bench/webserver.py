# SPDX-License-Identifier: ISC
"""A web server of the end-to-end tests, started for a measurement."""
import contextlib
import json
import os
import socket
import subprocess
import time

from stack import HERE, Failure, find_command
from targets import question

# What stands in leat.conf beside what the tests need.
LEAT = {
    "workers": 2,
    "provider": {"model": "pace-60x150"},
    "limits": {"streams_per_address": 0, "heartbeat": "2s"},
    "more": {"log_level": "warn"},
}
HEARTBEAT_S = 2.0
# The load generator speaks no TLS: this nginx does it, and its time counts.
TLS_CLIENT = """
		location / {{
			proxy_pass {url};
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_buffering off;
			proxy_request_buffering off;
		}}
"""


def _node(options, arguments, **more):
    environment = {**os.environ, "LEAT": str(options.leat)}
    return subprocess.Popen(
        [find_command("node"), HERE / "starter.mjs", json.dumps(arguments)],
        stdout=subprocess.PIPE, text=True, env=environment,
        start_new_session=True, **more)


def known(options):
    """What there is: slug, name, process, streams, leaving of each."""
    child = _node(options, {"list": True})
    line = child.communicate()[0]
    if child.returncode:
        raise Failure("Node cannot read tests/e2e/lib/servers.mjs")
    return json.loads(line)


class Site:
    """One server with leat behind it, fed by the scripted upstream."""

    def __init__(self, stack, slug, leat=None):
        self.stack = stack
        self.slug = slug
        self.leat = {**LEAT, **(leat or {})}
        self.child = None
        self.client = None
        self.about = {}

    def __enter__(self):
        self.child = _node(self.stack.options, {
            "slug": self.slug, "upstream": self.stack.upstream_url("/v1"),
            "leat": self.leat}, stdin=subprocess.PIPE)
        line = self.child.stdout.readline()
        self.about = json.loads(line) if line else {}
        if "base" not in self.about:
            raise Failure(f"{self.slug} does not start: {self.about}")
        if self.about["base"].startswith("https:"):
            self._speak_tls()
        return self

    def _speak_tls(self):
        words = self.about["base"].split("/", 3)
        self.client, port = self.stack.start_nginx(
            TLS_CLIENT.format(url="/".join(words[:3])))
        self.about["base"] = f"http://127.0.0.1:{port}/{words[3]}"
        for _ in range(100):
            with contextlib.suppress(OSError), \
                    socket.create_connection(self.address):
                return
            time.sleep(0.02)

    def __exit__(self, *_):
        if self.client:
            self.stack.stop(self.client)
        self.child.stdin.close()
        rest = [json.loads(line) for line in self.child.stdout]
        self.child.wait()
        for line in rest:
            for fault in line.get("faults", []):
                print(f"  {self.slug}: {fault}", flush=True)

    dialect = "native"

    def body(self, model):
        return json.dumps(question(model))

    @property
    def url(self):
        return self.about["base"] + "/chat"

    @property
    def address(self):
        host, _, port = self.about["base"].split("/")[2].partition(":")
        return host, int(port)
