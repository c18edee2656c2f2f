# SPDX-License-Identifier: ISC
"""leat as a CGI program: how long it takes from its start to what the reader
sees, what memory it needs, how fast it obeys SIGTERM; PHP-CGI beside it."""
import json
import os
import signal
import shutil
import statistics
import subprocess
import time
import urllib.parse

import measure as busy
import report
from stack import HERE, Failure, find_command, free_port

FIRST_BYTE_MS, DIRTY_KIB, SIGTERM_MS = 6.0, 3 * 1024, 100
LIVE = 20
LEAT = """
provider "up" {{
	base_url = "{url}"
	model = "m"
	models = {{"*"}}
}}
chat {{ providers = {{"up"}} }}
runtime_dir = "{folder}"
log_level = error
"""
TLS = """
		listen 127.0.0.1:{port} ssl;
		ssl_certificate {folder}/tls.pem;
		ssl_certificate_key {folder}/tls.key;
		location / {{
			proxy_pass {url};
			proxy_http_version 1.1;
			proxy_buffering off;
			proxy_read_timeout 150s;
		}}
"""
# What a web server hands on; nothing else stands in the environment.
GATEWAY = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "GATEWAY_INTERFACE": "CGI/1.1",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "SERVER_SOFTWARE": "bench",
    "SERVER_NAME": "bench",
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "/ask",
    "PATH_INFO": "/chat",
    "HTTP_HOST": "bench",
    "HTTP_ACCEPT": "text/event-stream",
    "REMOTE_ADDR": "127.0.0.1",
    "REDIRECT_STATUS": "200",
    "OPENAI_API_KEY": "x",
}


def gateway(model):
    query = urllib.parse.urlencode(
        {"query": "hi", "streaming": "true", "context": "false",
         "model": model})
    return {**GATEWAY, "QUERY_STRING": query,
            "REQUEST_URI": f"/ask/chat?{query}"}


class Program:
    """One CGI program with what it needs beside the request."""

    def __init__(self, name, command, environment):
        self.name = name
        self.command = [str(word) for word in command]
        self.environment = {k: str(v) for k, v in environment.items()}

    def words(self):
        return [f"{k}={v}" for k, v in self.environment.items()] + self.command


def leat_program(stack, name, url, before=()):
    conf = stack.folder / f"{name}.conf"
    conf.write_text(LEAT.format(url=url, folder=stack.folder))
    return Program(name, [*before, stack.options.leat], {"LEAT_CONFIG": conf})


def php_program(stack, url):
    script = stack.folder / "stream.php"
    shutil.copy(HERE / "peers/stream.php", script)
    return Program("php-cgi", [find_command("php-cgi")],
                   {"SCRIPT_FILENAME": script, "UPSTREAM": url})


def measure_times(stack, programs, options):
    """They take turns within one run."""
    command = [stack.tools / "exec", "--runs", str(options.cgi_runs)]
    for program in programs:
        command += ["--", *program.words()]
    done = subprocess.run([str(word) for word in command], text=True,
                          stdout=subprocess.PIPE, env=gateway("pace-3x1"))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if len(lines) != len(programs):
        raise Failure("the programs cannot be started")
    return lines


class Live:
    """Processes in the middle of an answer."""

    def __init__(self, program, count):
        environment = {**gateway("pace-2x60000"), **program.environment}
        self.children = [subprocess.Popen(
            program.command, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE) for _ in range(count)]
        self.program = program

    def __enter__(self):
        for child in self.children:
            seen = b""
            while b"@" not in seen:
                got = os.read(child.stdout.fileno(), 65536)
                if not got:
                    raise Failure(f"{self.program.name}: "
                                  + seen.decode(errors="replace")[-500:])
                seen += got
        return self

    def __exit__(self, *_):
        for child in self.children:
            child.terminate()
            child.wait()
            child.stdout.close()

    def dirty_kib(self):
        return statistics.median(busy.private_dirty_kib(child.pid)
                                 for child in self.children)


def measure_sigterm(stack, program):
    """Milliseconds from the signal until the upstream is let go."""
    times = []
    for _ in range(5):
        known = len(stack.aborts())
        with Live(program, 1) as live:
            told_ns = time.monotonic_ns()
            live.children[0].send_signal(signal.SIGTERM)
            for _ in range(150):
                found = stack.aborts()
                if len(found) > known:
                    times.append((found[-1] - told_ns) / 1e6)
                    break
                time.sleep(0.02)
            else:
                times.append(3000.0)
    return max(times)


def start_tls(stack):
    """nginx with TLS before the upstream; a certificate that the system's
    folder of certificates knows, where we may give it one of its own."""
    folder = stack.folder
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
         "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost", "-keyout", folder / "tls.key",
         "-out", folder / "tls.pem"], check=True, stderr=subprocess.DEVNULL)
    port = free_port()
    stack.start_nginx(TLS.format(
        port=port, folder=folder,
        url=f"http://127.0.0.1:{stack.upstream_port}"))
    shutil.copytree("/etc/ssl/certs", folder / "certs")
    shutil.copy(folder / "tls.pem", folder / "certs/bench.pem")
    subprocess.run(["openssl", "rehash", folder / "certs"], check=False,
                   stderr=subprocess.DEVNULL)
    return f"https://localhost:{port}"


def with_certificates(stack):
    """Words before a program that give it our folder of certificates."""
    words = ["/usr/bin/unshare", "--mount", "/bin/sh", "-c",
             f'mount --bind {stack.folder}/certs /etc/ssl/certs && exec "$0"']
    probe = subprocess.run([*words, "/bin/true"], check=False,
                           stderr=subprocess.DEVNULL)
    return words if probe.returncode == 0 else None


def measure(stack, options):
    url = stack.upstream_url()
    leat = leat_program(stack, "leat", stack.upstream_url("/v1"))
    php = php_program(stack, url)
    rows = []
    for program, times in zip([leat, php],
                              measure_times(stack, [leat, php], options)):
        with Live(program, LIVE) as live:
            row = {"target": program.name, **times,
                   "dirty_kib": live.dirty_kib()}
        rows.append(row)
    rows[0]["sigterm_ms"] = measure_sigterm(stack, leat)
    tls = start_tls(stack)
    words = with_certificates(stack)
    if words:
        safe = leat_program(stack, "leat-tls", tls + "/v1", words)
        with Live(safe, LIVE) as live:
            rows[0]["tls_dirty_kib"] = live.dirty_kib()
    else:
        print("note: no folder of certificates of our own (that takes root): "
              "memory after TLS is not measured")
    for row in rows:
        row["missed"] = _verdicts(row) if row["target"] == "leat" else []
    return rows


def _verdicts(row):
    missed = []
    if row["failed"]:
        missed.append(f"{row['failed']} failed")
    if row["first_byte_ms"]["p50"] > FIRST_BYTE_MS:
        missed.append("first byte")
    if max(row["dirty_kib"], row.get("tls_dirty_kib", 0)) > DIRTY_KIB:
        missed.append("memory")
    if row["sigterm_ms"] > SIGTERM_MS:
        missed.append("SIGTERM")
    return missed


HEADS = ["CGI program", "runs", "first byte ms p50 / p99",
         "first event ms", "first content ms", "private dirty MiB",
         "after TLS", "SIGTERM ms", "missed"]


def _pair(times):
    return f"{times['p50']:.2f} / {times['p99']:.2f}"


def _mib(row, name):
    return f"{row[name] / 1024:.2f}" if name in row else "-"


def _cells(row):
    return [row["target"], str(row["runs"]), _pair(row["first_byte_ms"]),
            _pair(row["first_event_ms"]), _pair(row["first_content_ms"]),
            _mib(row, "dirty_kib"), _mib(row, "tls_dirty_kib"),
            f"{row['sigterm_ms']:.1f}" if "sigterm_ms" in row else "-",
            ", ".join(row["missed"]) or "-"]


def table(rows):
    return report.lines_of_table(HEADS, [_cells(row) for row in rows])
