/* SPDX-License-Identifier: ISC */
#include "doctor/remedy.h"

#include <stdbool.h>

#define NGINX_FILE "leat's location (Debian: /etc/nginx/snippets/leat.conf)"
#define FRONT_FILE \
	"the location with proxy_pass (nginx/leat-front.conf as shipped)"
#define WRAP_FILE "leat's location (nginx/leat-fcgiwrap.conf as shipped)"
#define PROXY_FILE \
	"the <VirtualHost> of the site (apache/leat-proxy.conf as shipped)"
#define FCGID_FILE \
	"the <VirtualHost> of the site (apache/leat-fcgid.conf as shipped)"
#define FCGID_SERVER                                             \
	"the server's configuration, outside any <VirtualHost> " \
	"(apache/leat-fcgid-limits.conf as shipped)"
#define CGI_FILE                                                              \
	"the <VirtualHost> of the site (apache/leat-cgi.conf as shipped) or " \
	".htaccess beside the program"
#define COMMON_FILE \
	"leat's <Location> or <Directory>, or .htaccess beside the program"
#define LIGHTTPD_FILE	  "lighttpd.conf (Debian: /etc/lighttpd/conf-enabled/)"
#define APACHE_FRONT_FILE "the <VirtualHost> of the Apache in front"

/* One bit for each kind, so that a row can serve several. */
enum {
	NGINX = 1 << SERVER_NGINX,
	FCGIWRAP = 1 << SERVER_FCGIWRAP,
	PROXY = 1 << SERVER_APACHE_PROXY,
	FCGID = 1 << SERVER_APACHE_FCGID,
	CGI = 1 << SERVER_APACHE_CGI,
	LIGHTTPD = 1 << SERVER_LIGHTTPD,
	LIGHTTPD_CGI = 1 << SERVER_LIGHTTPD_CGI,
	UNKNOWN = 1 << SERVER_UNKNOWN,
	ANY_NGINX = NGINX | FCGIWRAP,
	ANY_APACHE = PROXY | FCGID | CGI,
	ANY_LIGHTTPD = LIGHTTPD | LIGHTTPD_CGI,
	ANY = ANY_NGINX | ANY_APACHE | ANY_LIGHTTPD | UNKNOWN
};

static const struct kind_row {
	enum remedy_problem problem;
	unsigned kinds;
	struct remedy remedy;
} kind_rows[] = {
    {PROBLEM_BUFFERING,
     NGINX,
     {"nginx", NGINX_FILE, "fastcgi_buffering off;",
      "nginx collects frames, which X-Accel-Buffering: no from leat forbids "
      "unless fastcgi_ignore_headers X-Accel-Buffering stands somewhere: take "
      "that out"}},
    {PROBLEM_BUFFERING,
     FCGIWRAP,
     {"nginx", WRAP_FILE, "fastcgi_param NO_BUFFERING 1;",
      "fcgiwrap itself collects 4 KiB before it passes anything on"}},
    {PROBLEM_BUFFERING,
     FCGIWRAP,
     {"nginx", WRAP_FILE, "fastcgi_buffering off;",
      "nginx must not collect either"}},
    {PROBLEM_BUFFERING,
     PROXY,
     {"Apache", PROXY_FILE, "ProxyPass … flushpackets=on",
      "mod_proxy_fcgi collects frames unless this stands at the end of the "
      "ProxyPass line (with SetHandler: ProxySet flushpackets=on in the "
      "<Proxy> block that it names)"}},
    {PROBLEM_BUFFERING,
     FCGID,
     {"Apache", FCGID_FILE, "FcgidOutputBufferSize 0",
      "mod_fcgid collects 64 KiB by default before it passes anything on"}},
    {PROBLEM_BUFFERING,
     CGI,
     {"Apache", CGI_FILE, "SetEnv no-gzip 1",
      "CGI streams by itself: a filter (mod_deflate, mod_brotli, "
      "mod_ext_filter, mod_substitute) collects the frames"}},
    {PROBLEM_BUFFERING,
     ANY_LIGHTTPD,
     {"lighttpd", LIGHTTPD_FILE, "server.stream-response-body = 2",
      "lighttpd keeps a whole response by default before it sends it"}},
    {PROBLEM_BUFFERING,
     UNKNOWN,
     {"the web server", "its configuration of leat's address",
      "switch response buffering off", "frames are collected on their way"}},

    {PROBLEM_COMPRESSION,
     ANY_NGINX,
     {"nginx", NGINX_FILE, "gzip off;",
      "the compressor waits for more to compress; take text/event-stream out "
      "of gzip_types and brotli_types, too"}},
    {PROBLEM_COMPRESSION,
     ANY_APACHE,
     {"Apache", COMMON_FILE, "SetEnv no-gzip 1",
      "mod_deflate waits for more to compress (AddOutputFilterByType DEFLATE "
      "text/event-stream, or SetOutputFilter DEFLATE); for mod_brotli add "
      "SetEnv no-brotli 1"}},
    {PROBLEM_COMPRESSION,
     ANY_LIGHTTPD,
     {"lighttpd", LIGHTTPD_FILE, "deflate.mimetypes",
      "take text/event-stream (and \"text/\") out of this list: the "
      "compressor waits for more"}},
    {PROBLEM_COMPRESSION,
     UNKNOWN,
     {"the web server", "its configuration of leat's address",
      "do not compress text/event-stream",
      "the compressor waits for more to compress"}},

    {PROBLEM_HEAD,
     CGI,
     {"Apache", CGI_FILE, "SetEnv no-gzip 1",
      "a compressing filter keeps the first frame until the second one "
      "comes"}},
    {PROBLEM_HEAD,
     NGINX,
     {"nginx", NGINX_FILE, "fastcgi_buffering off;",
      "the beginning waits for more"}},
    {PROBLEM_HEAD,
     FCGIWRAP,
     {"nginx", WRAP_FILE, "fastcgi_param NO_BUFFERING 1;",
      "the beginning waits for more"}},
    {PROBLEM_HEAD,
     PROXY,
     {"Apache", PROXY_FILE, "ProxyPass … flushpackets=on",
      "the beginning waits for more"}},
    {PROBLEM_HEAD,
     FCGID,
     {"Apache", FCGID_FILE, "FcgidOutputBufferSize 0",
      "the beginning waits for more"}},
    {PROBLEM_HEAD,
     ANY_LIGHTTPD,
     {"lighttpd", LIGHTTPD_FILE, "server.stream-response-body = 2",
      "the beginning waits for more"}},

    {PROBLEM_IDLE,
     ANY_NGINX,
     {"nginx", NGINX_FILE, "fastcgi_read_timeout 150s;",
      "nginx ends a stream that is silent for longer than this (60 s by "
      "default); leat's heartbeat comes more rarely than the value that is "
      "set"}},
    {PROBLEM_IDLE,
     PROXY,
     {"Apache", PROXY_FILE, "ProxyPass … timeout=150",
      "Apache ends a stream that is silent for longer than timeout=, else "
      "ProxyTimeout, else Timeout"}},
    {PROBLEM_IDLE,
     FCGID,
     {"Apache", FCGID_FILE, "FcgidIOTimeout 150",
      "mod_fcgid ends a stream that is silent for longer than this, and its "
      "process (40 s by default)"}},
    {PROBLEM_IDLE,
     CGI,
     {"Apache", CGI_FILE, "CGIDScriptTimeout 150",
      "mod_cgid ends a stream that is silent for longer than this (mod_cgi, "
      "and mod_cgid without it: Timeout)"}},
    {PROBLEM_IDLE,
     LIGHTTPD,
     {"lighttpd", LIGHTTPD_FILE, "\"read-timeout\" => 150",
      "in fastcgi.server, beside \"socket\": lighttpd ends a stream that is "
      "silent for longer"}},
    {PROBLEM_IDLE,
     LIGHTTPD_CGI,
     {"lighttpd", LIGHTTPD_FILE, "cgi.limits = (\"read-timeout\" => 150)",
      "lighttpd ends a stream that is silent for longer"}},
    {PROBLEM_IDLE,
     UNKNOWN,
     {"the web server", "its configuration of leat's address",
      "an idle timeout of 150 s", "a silent stream is ended too early"}},

    {PROBLEM_BODY,
     ANY_NGINX,
     {"nginx", NGINX_FILE, "client_max_body_size 8m;",
      "1 MiB by default; larger requests never reach leat"}},
    {PROBLEM_BODY,
     FCGID,
     {"Apache", FCGID_FILE, "FcgidMaxRequestLen 16777216",
      "128 KiB by default; larger requests get status 500 and never reach "
      "leat"}},
    {PROBLEM_BODY,
     PROXY | CGI,
     {"Apache", COMMON_FILE, "LimitRequestBody 0",
      "larger requests never reach leat (.htaccess files and mod_security's "
      "SecRequestBodyLimit may have limits, too)"}},
    {PROBLEM_BODY,
     ANY_LIGHTTPD,
     {"lighttpd", LIGHTTPD_FILE, "server.max-request-size = 16384",
      "in KiB; larger requests never reach leat"}},
    {PROBLEM_BODY,
     UNKNOWN,
     {"the web server", "its configuration of leat's address",
      "a request size of 8 MiB", "larger requests never reach leat"}},

    {PROBLEM_REFUSAL,
     ANY_NGINX,
     {"nginx", NGINX_FILE, "error_page 413 @leat_too_large;",
      "the shipped file answers in leat's words what nginx itself refuses"}},
    {PROBLEM_REFUSAL,
     FCGID,
     {"Apache", FCGID_FILE, "FcgidMaxRequestLen 16777216",
      "mod_fcgid answers with 500 what is larger; at leat's own limit leat "
      "says it better"}},
    {PROBLEM_REFUSAL,
     PROXY | CGI,
     {"Apache", COMMON_FILE,
      "ErrorDocument 413 '{\"type\":\"error\",\"code\":\"too_large\",…}'",
      "the shipped file answers in leat's words what Apache itself refuses"}},

    {PROBLEM_CHUNKED,
     ANY_APACHE,
     {"Apache", COMMON_FILE, "SetEnv proxy-sendcl 1",
      "with SetInputFilter BUFFER: a request whose length was not said is "
      "counted before leat gets it"}},
    {PROBLEM_CHUNKED,
     ANY_NGINX,
     {"nginx", NGINX_FILE, "fastcgi_request_buffering on;",
      "a request whose length was not said is counted before leat gets "
      "it"}},
    {PROBLEM_CHUNKED,
     ANY_LIGHTTPD,
     {"lighttpd", LIGHTTPD_FILE, "server.stream-request-body = 0",
      "a request whose length was not said is counted before leat gets "
      "it"}},

    {PROBLEM_AUTHORIZATION,
     ANY_APACHE,
     {"Apache", COMMON_FILE, "CGIPassAuth On",
      "Apache hides the Authorization header from programs unless told; keys "
      "for leat cannot work without it"}},
    {PROBLEM_AUTHORIZATION,
     ANY_NGINX,
     {"nginx", NGINX_FILE,
      "fastcgi_param HTTP_AUTHORIZATION $http_authorization;",
      "something takes this header away: look for fastcgi_pass_request_headers "
      "off, or a fastcgi_param HTTP_AUTHORIZATION with another value"}},
    {PROBLEM_AUTHORIZATION,
     ANY_LIGHTTPD | UNKNOWN,
     {"the web server", "its configuration of leat's address",
      "pass the Authorization header on",
      "look for a rule that unsets request headers"}},

    {PROBLEM_LAST_EVENT_ID,
     ANY_APACHE,
     {"Apache", COMMON_FILE, "RequestHeader unset Last-Event-ID",
      "take such a line out: without this header a broken answer cannot be "
      "continued"}},
    {PROBLEM_LAST_EVENT_ID,
     ANY_NGINX,
     {"nginx", NGINX_FILE, "fastcgi_pass_request_headers on;",
      "and no fastcgi_param HTTP_LAST_EVENT_ID: without this header a broken "
      "answer cannot be continued"}},
    {PROBLEM_LAST_EVENT_ID,
     ANY_LIGHTTPD | UNKNOWN,
     {"the web server", "its configuration of leat's address",
      "pass the Last-Event-ID header on",
      "without it a broken answer cannot be continued"}},

    {PROBLEM_ORIGIN,
     ANY_NGINX,
     {"nginx", NGINX_FILE, "fastcgi_param HTTP_HOST $http_host;",
      "leat compares the page's origin with the Host that visitors asked "
      "for; or name the page in cors_origins in leat.conf"}},
    {PROBLEM_ORIGIN,
     ANY & ~ANY_NGINX,
     {"leat", "leat.conf", "cors_origins = {\"https://…\"}",
      "leat compares the page's origin with the Host header, which is "
      "changed on its way"}},
    {PROBLEM_LEAVING,
     ANY_NGINX,
     {"nginx", NGINX_FILE, "fastcgi_ignore_client_abort off;",
      "nginx goes on reading an answer that nobody takes any more"}},
    {PROBLEM_LEAVING,
     ANY_APACHE,
     {"Apache", "leat.conf", "limits { heartbeat = 5s }",
      "Apache notices only while leat writes: a shorter heartbeat is sooner"}},
    {PROBLEM_LEAVING,
     LIGHTTPD,
     {"lighttpd", LIGHTTPD_FILE, "\"tcp-fin-propagate\" => \"enable\"",
      "in fastcgi.server, beside \"socket\": without it lighttpd notices only "
      "while leat writes"}},
    {PROBLEM_LEAVING,
     LIGHTTPD_CGI,
     {"lighttpd", LIGHTTPD_FILE,
      "cgi.limits = (\"tcp-fin-propagate\" => \"SIGTERM\")",
      "without it lighttpd notices only while leat writes"}},

    {PROBLEM_STREAMS,
     FCGID,
     {"Apache", FCGID_SERVER, "FcgidSpawnScore 0",
      "with FcgidTerminationScore 0: mod_fcgid has one process for each "
      "stream and starts new ones slowly (see FcgidMaxProcesses and "
      "FcgidMaxProcessesPerClass, too)"}},
    {PROBLEM_STREAMS,
     FCGIWRAP,
     {"fcgiwrap", "its service (Debian: systemctl edit fcgiwrap)",
      "fcgiwrap -c 20",
      "fcgiwrap answers only as many requests at once as it has processes"}},
    {PROBLEM_STREAMS,
     PROXY | CGI,
     {"Apache", "mpm_event.conf (Debian: /etc/apache2/mods-enabled/)",
      "MaxRequestWorkers 1280",
      "each open stream needs a thread (with ServerLimit 20 and "
      "ThreadsPerChild 64); over HTTP/2 Apache runs only 6 requests of a "
      "connection at once"}},
    {PROBLEM_STREAMS,
     ANY_NGINX | ANY_LIGHTTPD | UNKNOWN,
     {"leat", "leat.conf", "workers = 0",
      "several streams at once wait for each other: is it one process that "
      "answers, or a slow machine?"}},

    {PROBLEM_LONG,
     FCGID,
     {"Apache", FCGID_FILE, "FcgidBusyTimeout 600",
      "mod_fcgid ends every answer after this time, streaming or not (300 s "
      "by default)"}},
    {PROBLEM_LONG,
     ANY & ~FCGID,
     {"the web server", "whatever stands between visitors and leat",
      "a limit on the duration of a response",
      "nothing in a default nginx, Apache or lighttpd ends a stream that "
      "flows: look at load balancers and firewalls"}},

    {PROBLEM_HEADERS,
     ANY_APACHE,
     {"Apache", COMMON_FILE, "ExpiresActive Off",
      "mod_expires or a Header line changes what leat sent: leave leat's "
      "address out of it"}},
    {PROBLEM_HEADERS,
     ANY_NGINX,
     {"nginx", NGINX_FILE, "expires off;",
      "expires, add_header or fastcgi_hide_header changes what leat sent"}},
    {PROBLEM_HEADERS,
     ANY_LIGHTTPD | UNKNOWN,
     {"the web server", "its configuration of leat's address",
      "leave the headers of responses alone", "a rule changes what leat sent"}},

    {PROBLEM_AWAY,
     ANY_NGINX | UNKNOWN,
     {"nginx", "nginx's error log (Debian: /var/log/nginx/error.log)",
      "connect() to unix:… failed",
      "\"No such file\": start leat (systemctl start leat), or `listen` in "
      "leat.conf and leat-upstream.conf name different sockets; \"Permission "
      "denied\": listen_group = \"www-data\" in leat.conf; \"Connection "
      "refused\": leat has ended"}},
    {PROBLEM_AWAY,
     ANY_APACHE,
     {"Apache", "Apache's error log (Debian: /var/log/apache2/error.log)",
      "AH02454 or AH01079: failed to make connection to backend",
      "\"No such file\": start leat, or `listen` in leat.conf and ProxyPass "
      "name different sockets; \"Permission denied\": listen_group = "
      "\"www-data\" in leat.conf. With mod_fcgid and CGI the log has what "
      "leat itself said"}},
    {PROBLEM_AWAY,
     ANY_LIGHTTPD,
     {"lighttpd", "lighttpd's error log (Debian: /var/log/lighttpd/error.log)",
      "establishing connection failed",
      "start leat; \"socket\" in fastcgi.server must be what `listen` in "
      "leat.conf names, and lighttpd's user must be allowed to write there"}},

    {PROBLEM_MOUNT,
     ANY_NGINX,
     {"nginx",
      "the server block of the site (Debian: "
      "/etc/nginx/sites-enabled/)",
      "include snippets/leat.conf;",
      "nothing of this site leads to leat, or it is mounted elsewhere: give "
      "that address"}},
    {PROBLEM_MOUNT,
     ANY_APACHE,
     {"Apache",
      "the <VirtualHost> of the site (Debian: "
      "/etc/apache2/sites-enabled/)",
      "Include /usr/local/share/leat/apache/leat-proxy.conf",
      "nothing of this site leads to leat, or it is mounted elsewhere: give "
      "that address"}},
    {PROBLEM_MOUNT,
     ANY_LIGHTTPD,
     {"lighttpd", LIGHTTPD_FILE, "fastcgi.server += (\"/ask\" => …)",
      "nothing of this site leads to leat, or it is mounted elsewhere: give "
      "that address"}},
    {PROBLEM_MOUNT,
     UNKNOWN,
     {"the web server", "its configuration", "a location for leat",
      "nothing of this site leads to leat, or it is mounted elsewhere: give "
      "that address"}},

    {PROBLEM_PROGRAM,
     ANY_APACHE,
     {"Apache", COMMON_FILE, "SetHandler cgi-script",
      "with Options +ExecCGI: Apache shows the program instead of running "
      "it"}},
    {PROBLEM_PROGRAM,
     ANY & ~ANY_APACHE,
     {"the web server", "its configuration of leat's address",
      "run the program", "its bytes are shown instead"}},

    {PROBLEM_SECRET,
     ANY_APACHE,
     {"Apache", ".htaccess beside the file", "Require all denied",
      "better: move it out of the web root, and change the key, which "
      "strangers may have"}},
    {PROBLEM_SECRET,
     ANY_NGINX,
     {"nginx",
      "the server block of the site (Debian: "
      "/etc/nginx/sites-enabled/)",
      "location ~* \\.(conf|db|key|env|log|pid)$ { return 404; }",
      "better: move it out of the web root, and change the key, which "
      "strangers may have"}},
    {PROBLEM_SECRET,
     ANY_LIGHTTPD,
     {"lighttpd", LIGHTTPD_FILE,
      "url.access-deny = (\".conf\", \".db\", \".key\", \".env\", \".log\")",
      "better: move it out of the web root, and change the key, which "
      "strangers may have"}},
    {PROBLEM_SECRET,
     UNKNOWN,
     {"the web server", "the folder that it shows", "move the file out of it",
      "and change the key, which strangers may have"}},
};

static const struct front_row {
	enum remedy_problem problem;
	enum server_front front;
	struct remedy remedy;
} front_rows[] = {
    {PROBLEM_BUFFERING,
     FRONT_NGINX,
     {"the nginx in front", FRONT_FILE, "proxy_buffering off;",
      "it collects frames, because leat's X-Accel-Buffering: no did not come "
      "through to it"}},
    {PROBLEM_COMPRESSION,
     FRONT_NGINX,
     {"the nginx in front", FRONT_FILE, "gzip off;",
      "the compressor waits for more to compress"}},
    {PROBLEM_HEAD,
     FRONT_NGINX,
     {"the nginx in front", FRONT_FILE, "proxy_buffering off;",
      "the beginning waits for more"}},
    {PROBLEM_IDLE,
     FRONT_NGINX,
     {"the nginx in front", FRONT_FILE, "proxy_read_timeout 150s;",
      "it ends a stream that is silent for longer (60 s by default)"}},
    {PROBLEM_BODY,
     FRONT_NGINX,
     {"the nginx in front", FRONT_FILE, "client_max_body_size 8m;",
      "1 MiB by default; larger requests never reach leat"}},
    {PROBLEM_ORIGIN,
     FRONT_NGINX,
     {"the nginx in front", FRONT_FILE, "proxy_set_header Host $http_host;",
      "without it leat learns another name than visitors asked for"}},
    {PROBLEM_ORIGIN,
     FRONT_APACHE,
     {"the Apache in front", APACHE_FRONT_FILE, "ProxyPreserveHost On",
      "without it leat learns another name than visitors asked for"}},
    {PROBLEM_ORIGIN,
     FRONT_OTHER,
     {"the proxy in front", "its configuration of leat's address",
      "pass the Host header on as it came",
      "without it leat learns another name than visitors asked for"}},
    {PROBLEM_LEAVING,
     FRONT_NGINX,
     {"the nginx in front", FRONT_FILE, "proxy_ignore_client_abort off;",
      "it goes on reading an answer that nobody takes any more"}},
    {PROBLEM_BUFFERING,
     FRONT_APACHE,
     {"the Apache in front", APACHE_FRONT_FILE, "ProxyPass … flushpackets=on",
      "mod_proxy collects frames"}},
    {PROBLEM_COMPRESSION,
     FRONT_APACHE,
     {"the Apache in front", APACHE_FRONT_FILE, "SetEnv no-gzip 1",
      "mod_deflate waits for more to compress"}},
    {PROBLEM_IDLE,
     FRONT_APACHE,
     {"the Apache in front", APACHE_FRONT_FILE, "ProxyPass … timeout=150",
      "it ends a stream that is silent for longer"}},
    {PROBLEM_BODY,
     FRONT_APACHE,
     {"the Apache in front", APACHE_FRONT_FILE, "LimitRequestBody 0",
      "larger requests never reach leat"}},
    {PROBLEM_BUFFERING,
     FRONT_CLOUDFLARE,
     {"Cloudflare", "Rules > Configuration Rules, for leat's address",
      "switch Rocket Loader, Auto Minify and Polish off",
      "it streams text/event-stream by itself, unless a feature that changes "
      "pages reads it first"}},
    {PROBLEM_IDLE,
     FRONT_CLOUDFLARE,
     {"Cloudflare", "leat.conf", "limits { heartbeat = 5s }",
      "it ends what is silent for 100 s"}},
    {PROBLEM_BUFFERING,
     FRONT_VARNISH,
     {"Varnish", "vcl_recv", "if (req.url ~ \"^/ask/\") { return (pipe); }",
      "or, in vcl_backend_response, set beresp.do_stream = true"}},
    {PROBLEM_IDLE,
     FRONT_VARNISH,
     {"Varnish", "the backend in the VCL", ".between_bytes_timeout = 150s;",
      "it ends a stream that is silent for longer (60 s by default)"}},
    {PROBLEM_IDLE,
     FRONT_CLOUDFRONT,
     {"CloudFront", "the origin's settings", "Origin response timeout",
      "it ends what is silent for 30 s by default"}},
    {PROBLEM_BUFFERING,
     FRONT_OTHER,
     {"the proxy in front", "its configuration of leat's address",
      "switch response buffering off",
      "it, or the server behind it, collects frames"}},
    {PROBLEM_COMPRESSION,
     FRONT_OTHER,
     {"the proxy in front", "its configuration of leat's address",
      "do not compress text/event-stream",
      "it, or the server behind it, waits for more to compress"}},
    {PROBLEM_IDLE,
     FRONT_OTHER,
     {"the proxy in front", "its configuration of leat's address",
      "an idle timeout of 150 s",
      "it, or the server behind it, ends a silent stream"}},
    {PROBLEM_BODY,
     FRONT_OTHER,
     {"the proxy in front", "its configuration of leat's address",
      "a request size of 8 MiB",
      "it, or the server behind it, refuses larger ones"}},
};

/* Behind another nginx the inner one swallows the header that would have
 * told the front. */
static const struct remedy pass_header = {
    "nginx", NGINX_FILE, "fastcgi_pass_header X-Accel-Buffering;",
    "nginx obeys leat's X-Accel-Buffering: no, but keeps it to itself, so that "
    "the nginx in front never hears of it"};

static size_t add(struct remedy out[REMEDIES_MAX], size_t count,
		  const struct remedy *remedy)
{
	if (count == REMEDIES_MAX)
		return count;
	out[count] = *remedy;
	return count + 1;
}

size_t remedy_find(struct remedy out[REMEDIES_MAX], enum remedy_problem problem,
		   enum server_kind kind, enum server_front front)
{
	bool is_nginx = kind == SERVER_NGINX || kind == SERVER_FCGIWRAP;
	size_t count = 0;

	if (problem == PROBLEM_BUFFERING && front == FRONT_NGINX && is_nginx)
		count = add(out, count, &pass_header);
	for (size_t i = 0; i < sizeof(front_rows) / sizeof(front_rows[0]); i++)
		if (front_rows[i].problem == problem &&
		    front_rows[i].front == front)
			count = add(out, count, &front_rows[i].remedy);
	for (size_t i = 0; i < sizeof(kind_rows) / sizeof(kind_rows[0]); i++)
		if (kind_rows[i].problem == problem &&
		    kind_rows[i].kinds & 1u << kind)
			count = add(out, count, &kind_rows[i].remedy);
	return count;
}
