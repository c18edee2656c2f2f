# SPDX-License-Identifier: ISC
"""What is measured: who stands behind nginx, and how it is asked."""
import glob
import json
import os
import shutil
import stat
import time

from measure import available_kib
from stack import HERE, SHIPPED_NGINX, Failure, find_command, free_port

PROXY = """
		location {path} {{
			proxy_pass {url};
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_buffering off;
			proxy_read_timeout 150s;
		}}
"""
PHP = """
		location /chat {{
			include /etc/nginx/fastcgi_params;
			fastcgi_param SCRIPT_FILENAME {script};
			fastcgi_param UPSTREAM {url};
			fastcgi_buffering off;
			fastcgi_read_timeout 150s;
			fastcgi_pass unix:{socket};
		}}
"""
FPM = """
[global]
daemonize = no
error_log = {folder}/php-fpm.log
[bench]
{user}
listen = {socket}
listen.mode = 0666
listen.backlog = 65535
pm = static
pm.max_children = {children}
php_admin_value[memory_limit] = 128M
"""
LEAT = """
listen = {{"unix:{socket}"}}
workers = {workers}
provider "up" {{
	kind = openai
	base_url = "{url}"
	model = "pace-60x150"
	models = {{"*"}}
}}
chat {{ providers = {{"up"}} }}
limits {{ streams_per_address = 0 }}
"""


def question(model):
    return {"query": "hi", "streaming": True, "context": False,
            "model": model}


class Target:
    """One application: started behind its own nginx, asked, stopped."""
    name = ""
    path = "/chat"
    dialect = "native"
    location = ""
    upstreams = ""

    def __init__(self, stack, options):
        self.stack = stack
        self.options = options
        self.app = None
        self.nginx = None
        self.port = 0
        self.streams_max = options.streams

    def body(self, model):
        return json.dumps(question(model))

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}{self.path}"

    def start_app(self):
        """Starts the application and sets `location`."""

    def __enter__(self):
        self.start_app()
        self.nginx, self.port = self.stack.start_nginx(
            self.location, self.upstreams)
        return self

    def __exit__(self, *_):
        for process in (self.nginx, self.app):
            if process:
                self.stack.stop(process)

    def app_pids(self):
        return [self.app.pid] if self.app else []

    def check(self):
        for process in (self.nginx, self.app):
            if process:
                process.check()

    def wait_for_socket(self, path):
        for _ in range(500):
            self.check()
            if os.path.exists(path) and stat.S_ISSOCK(os.stat(path).st_mode):
                return
            time.sleep(0.02)
        raise Failure(f"{self.name} does not listen on {path}")


class ProxyPass(Target):
    """No application: nginx passes the model API's stream on."""
    name = "proxy_pass"
    path = "/v1/chat/completions"
    dialect = "openai"

    def body(self, model):
        return json.dumps({
            "model": model, "stream": True,
            "stream_options": {"include_usage": True},
            "messages": [{"role": "user", "content": "hi"}]})

    def start_app(self):
        self.location = PROXY.format(path=self.path,
                                     url=self.stack.upstream_url())


class Node(Target):
    """peers/node.mjs: one process, its own http module."""
    name = "node"

    def start_app(self):
        port = free_port()
        self.app = self.stack.start(
            "node", [find_command("node"), HERE / "peers/node.mjs"],
            {"PORT": str(port), "UPSTREAM": self.stack.upstream_url()})
        self.location = PROXY.format(path=self.path,
                                     url=f"http://127.0.0.1:{port}")


class Php(Target):
    """peers/stream.php: a stream holds a process, so that the number of
    processes is the number of streams."""
    name = "php-fpm"
    dialect = "openai"

    def start_app(self):
        fits = available_kib() // 2 // 2048
        self.streams_max = min(self.options.streams, fits,
                               self.options.php_children)
        folder = self.stack.folder
        socket = folder / "php.sock"
        user = "user = www-data\ngroup = www-data" if os.geteuid() == 0 else ""
        (folder / "fpm.conf").write_text(FPM.format(
            folder=folder, socket=socket, user=user,
            children=self.streams_max))
        script = folder / "stream.php"
        shutil.copy(HERE / "peers/stream.php", script)
        script.chmod(0o644)
        self.app = self.stack.start("php-fpm", [
            sorted(glob.glob("/usr/sbin/php-fpm*"))[-1], "-y",
            folder / "fpm.conf"])
        self.wait_for_socket(socket)
        self.location = PHP.format(script=script, socket=socket,
                                   url=self.stack.upstream_url())


class Leat(Target):
    """The pool itself, behind the files that are shipped for nginx."""
    name = "leat"
    path = "/ask/chat"
    workers = 1

    def __init__(self, stack, options):
        super().__init__(stack, options)
        self.program = options.leat

    def start_app(self):
        if not self.options.leat:
            raise Failure("no leat to measure: build it, or give --leat PATH")
        folder = self.stack.folder
        socket = folder / "leat.sock"
        (folder / "leat.conf").write_text(LEAT.format(
            socket=socket, workers=self.workers,
            url=self.stack.upstream_url("/v1")))
        self.app = self.stack.start(
            "leat", [self.program, "serve", "-c", folder / "leat.conf"],
            {"OPENAI_API_KEY": "x"})
        self.wait_for_socket(socket)
        shutil.copy("/etc/nginx/fastcgi_params", folder)
        self.upstreams = f"upstream leat {{ server unix:{socket}; }}"
        self.location = f"include {SHIPPED_NGINX}/leat.conf;"


TARGETS = {"proxy_pass": ProxyPass, "php": Php, "node": Node, "leat": Leat}
