#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes what each web server hands over for some requests that matter, one
file a set-up, beside itself: tests/unit/web/test_environments.c reads them.

Needs nginx, apache2-bin, libapache2-mod-fcgid, lighttpd, fcgiwrap, spawn-fcgi;
root, for Apache gives its rights up to www-data. Run it again when a new
release of one of them is to be supported."""
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PORT = 8977
MODULES = "/usr/lib/apache2/modules"
# What leat looks at; the rest is of this machine.
KEPT = """REQUEST_METHOD QUERY_STRING SCRIPT_NAME PATH_INFO REQUEST_URI
LEAT_MOUNT REDIRECT_LEAT_MOUNT REDIRECT_URL HTTP_AUTHORIZATION
REDIRECT_HTTP_AUTHORIZATION HTTP_LAST_EVENT_ID CONTENT_LENGTH CONTENT_TYPE
SERVER_PROTOCOL SERVER_SOFTWARE HTTPS REQUEST_SCHEME HTTP_HOST
GATEWAY_INTERFACE DOCUMENT_URI HTTP_PROXY""".split()

HEAD = ("Host: site.example\r\nConnection: close\r\nProxy: evil\r\n"
        "Authorization: Bearer t\r\nLast-Event-ID: turn.1\r\n")
REQUESTS = {
    "plain": f"GET /api/chat/x?y=z HTTP/1.1\r\n{HEAD}\r\n",
    "page": f"GET /api/ HTTP/1.1\r\n{HEAD}\r\n",
    "absolute": f"GET http://evil.example/api/chat/x?y=z HTTP/1.1\r\n{HEAD}"
                "\r\n",
    "slashes": f"GET //api//chat//x HTTP/1.1\r\n{HEAD}\r\n",
    "dots": f"GET /api/search/../chat/x HTTP/1.1\r\n{HEAD}\r\n",
    "escaped dots": f"GET /api/search/%2e%2E/chat/x HTTP/1.1\r\n{HEAD}\r\n",
    "escaped letter": f"GET /api/ch%61t/a%20b HTTP/1.1\r\n{HEAD}\r\n",
    "escaped slash": f"GET /api/chat%2Fx HTTP/1.1\r\n{HEAD}\r\n",
    "escaped NUL": f"GET /api/chat/x%00 HTTP/1.1\r\n{HEAD}\r\n",
    "small method": f"get /api/chat/x HTTP/1.1\r\n{HEAD}\r\n",
    "odd method": f"PROPFIND /api/chat/x HTTP/1.1\r\n{HEAD}\r\n",
    "upload": f"POST /api/chat HTTP/1.1\r\n{HEAD}Content-Type: text/x\r\n"
              "Content-Length: 3\r\n\r\nabc",
    "chunked": f"POST /api/chat HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked"
               "\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "HTTP/1.0": "GET /api/chat/x?y=z HTTP/1.0\r\nHost: site.example\r\n"
                "Authorization: Bearer t\r\nLast-Event-ID: turn.1\r\n\r\n",
}

NGINX = """daemon off; pid {dir}/nginx.pid; error_log {dir}/error.log; user root;
events {{}} http {{ access_log off; merge_slashes on;
server {{ listen 127.0.0.1:{port}; root {dir}/htdocs; {site} }} }}"""
PARAMS = "include /etc/nginx/fastcgi_params;"
FCGI = "fastcgi_pass unix:{dir}/fcgi.sock;"
WRAP = ("fastcgi_param SCRIPT_FILENAME {dir}/cgi-bin/leat.cgi; "
        "fastcgi_pass unix:{dir}/wrap.sock;")

APACHE = """ServerRoot {dir}
PidFile {dir}/apache.pid
ErrorLog {dir}/error.log
Listen 127.0.0.1:{port}
ServerName site.example
User www-data
Group www-data
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule alias_module {modules}/mod_alias.so
LoadModule env_module {modules}/mod_env.so
LoadModule rewrite_module {modules}/mod_rewrite.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_fcgi_module {modules}/mod_proxy_fcgi.so
LoadModule fcgid_module {modules}/mod_fcgid.so
LoadModule {cgi}_module {modules}/mod_{cgi}.so
FcgidIPCDir {dir}/fcgid
FcgidProcessTableFile {dir}/fcgid/shm
{socket}
DocumentRoot {dir}/htdocs
<Directory {dir}>
Require all granted
AllowOverride All
Options +ExecCGI +FollowSymLinks
</Directory>
{site}
"""
FCGID = "<Directory {dir}/fcgid-bin>\nSetHandler fcgid-script\n" \
    "CGIPassAuth On\n</Directory>\n"
CGI = "<Directory {dir}/cgi-bin>\nSetHandler cgi-script\n" \
    "CGIPassAuth On\n</Directory>\n"
PASS = "<Location />\nCGIPassAuth On\n</Location>\n"
RULES = "RewriteEngine On\nSetEnv LEAT_MOUNT /api\n"

LIGHTTPD = """server.modules = ( "mod_fastcgi", "mod_alias", "mod_cgi" )
server.port = {port}
server.bind = "127.0.0.1"
server.document-root = "{dir}/htdocs"
server.errorlog = "{dir}/error.log"
{site}
"""


def nginx(site):
    return "nginx", NGINX, site, {}


def apache(site, cgi="cgid", htaccess=None):
    return "apache", APACHE, site, {"cgi": cgi, "htaccess": htaccess}


def lighttpd(site):
    return "lighttpd", LIGHTTPD, site, {}


SETUPS = {
    "nginx_params": nginx(f"location /api/ {{ {PARAMS} {FCGI} }}"),
    "nginx_split": nginx(
        "location /api/ { fastcgi_split_path_info ^(/api)(/.*)$; " + PARAMS
        + " fastcgi_param PATH_INFO $fastcgi_path_info; " + FCGI + " }"),
    "nginx_rewrite": nginx(
        "rewrite ^/api/ /leat.fcgi last; location = /leat.fcgi { " + PARAMS
        + FCGI + " }"),
    "nginx_try_files": nginx(
        "location /api/ { try_files $uri @leat; } location @leat { " + PARAMS
        + FCGI + " }"),
    "nginx_fcgiwrap": nginx(f"location /api/ {{ {PARAMS} {WRAP} }}"),
    "mod_fcgid": apache("ScriptAlias /api/ {dir}/fcgid-bin/leat.fcgi/\n"
                        + FCGID),
    "mod_fcgid_rewrite": apache(
        "ScriptAlias /fcgid/ {dir}/fcgid-bin/\nRewriteEngine On\n"
        "RewriteRule ^/api/ /fcgid/leat.fcgi [PT]\n" + FCGID),
    "mod_cgid": apache("ScriptAlias /api/ {dir}/cgi-bin/leat.cgi/\n" + CGI),
    "mod_cgi": apache("ScriptAlias /api/ {dir}/cgi-bin/leat.cgi/\n" + CGI,
                      cgi="cgi"),
    "mod_proxy_fcgi": apache(
        'ProxyPass /api/ "unix:{dir}/fcgi.sock|fcgi://leat/api/"\n' + PASS),
    "mod_proxy_fcgi_handler": apache(
        '<Location /api>\nSetHandler "proxy:unix:{dir}/fcgi.sock|fcgi://leat"'
        "\nCGIPassAuth On\n</Location>\n"),
    "htaccess_path": apache(
        "ScriptAlias /cgi-bin/ {dir}/cgi-bin/\n" + CGI,
        htaccess=RULES + "RewriteRule ^api/(.*)$ /cgi-bin/leat.cgi/$1 [L]\n"),
    "htaccess_plain": apache(
        "ScriptAlias /cgi-bin/ {dir}/cgi-bin/\n<Directory {dir}/cgi-bin>\n"
        "SetHandler cgi-script\n</Directory>\n",
        htaccess=RULES + "RewriteRule ^api/ /cgi-bin/leat.cgi "
        "[E=HTTP_AUTHORIZATION:%{HTTP:Authorization},L]\n"),
    "lighttpd": lighttpd(
        'fastcgi.server = ( "/api" => (( "socket" => "{dir}/fcgi.sock", '
        '"check-local" => "disable" )) )'),
    "lighttpd_cgi": lighttpd(
        'alias.url = ( "/api" => "{dir}/cgi-bin/leat.cgi" )\n'
        '$HTTP["url"] =~ "^/api" { cgi.assign = ( "" => "" ) }'),
}


def prepare(top):
    for name in ("htdocs", "cgi-bin", "fcgid-bin", "fcgid"):
        os.makedirs(os.path.join(top, name))
    os.chmod(top, 0o755)
    shutil.chown(os.path.join(top, "fcgid"), "www-data")
    for name in ("cgi-bin/leat.cgi", "fcgid-bin/leat.fcgi"):
        shutil.copy(os.path.join(HERE, "show.py"), os.path.join(top, name))
        os.chmod(os.path.join(top, name), 0o755)
    return [
        subprocess.Popen(["spawn-fcgi", "-n", "-s", top + "/fcgi.sock", "-M",
                          "0666", "--", HERE + "/show.py"]),
        subprocess.Popen(["spawn-fcgi", "-n", "-s", top + "/wrap.sock", "-M",
                          "0666", "--", "/usr/sbin/fcgiwrap"]),
    ]


def start(top, setup):
    kind, template, site, more = setup
    words = {"dir": top, "port": PORT, "modules": MODULES,
             "cgi": more.get("cgi"), "socket": ""}
    if more.get("cgi") == "cgid":
        words["socket"] = f"ScriptSock {top}/cgisock"
    for word, value in words.items():
        site = site.replace("{" + word + "}", str(value))
    conf = os.path.join(top, "server.conf")
    with open(conf, "w") as file:
        file.write(template.format(site=site, **words))
    access = os.path.join(top, "htdocs", ".htaccess")
    if os.path.exists(access):
        os.unlink(access)
    if more.get("htaccess"):
        with open(access, "w") as file:
            file.write(more["htaccess"])
    command = {"nginx": ["nginx", "-c", conf, "-p", top],
               "apache": ["apache2", "-f", conf, "-D", "FOREGROUND"],
               "lighttpd": ["lighttpd", "-D", "-f", conf]}[kind]
    return subprocess.Popen(command, start_new_session=True)


def connect():
    for _ in range(100):
        try:
            return socket.create_connection(("127.0.0.1", PORT), timeout=10)
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise TimeoutError("the server does not listen")


def ask(request):
    with connect() as peer:
        peer.sendall(request.encode())
        data = b""
        while part := peer.recv(65536):
            data += part
    head, _, body = data.partition(b"\r\n\r\n")
    status = head.split(b" ", 2)[1].decode() if b" " in head else "nothing"
    if b"chunked" in head.lower():
        out, rest = b"", body
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            count = int(size, 16)
            out, rest = out + rest[:count], rest[count + 2:]
        body = out
    return status, body


def capture(name, setup, top):
    server = start(top, setup)
    out = []
    try:
        for what, request in REQUESTS.items():
            status, body = ask(request)
            out.append(f"# {what}")
            lines = sorted(line for line in body.decode().splitlines()
                           if line.partition("=")[0] in KEPT)
            if status == "200" and lines:
                out += lines
            else:
                out.append(f"! {status}")
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()
    with open(os.path.join(HERE, name + ".txt"), "w") as file:
        file.write("\n".join(out) + "\n")


def main():
    with tempfile.TemporaryDirectory() as top:
        programs = prepare(top)
        try:
            for name, setup in SETUPS.items():
                capture(name, setup, top)
        finally:
            for program in programs:
                program.terminate()
                program.wait()


if __name__ == "__main__":
    main()
