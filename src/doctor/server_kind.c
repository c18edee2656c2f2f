/* SPDX-License-Identifier: ISC */
#include "doctor/server_kind.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	const char *slug;
} kinds[] = {
    [SERVER_UNKNOWN] = {"the web server", "unknown"},
    [SERVER_NGINX] = {"nginx with fastcgi_pass", "nginx"},
    [SERVER_FCGIWRAP] = {"nginx with fcgiwrap", "nginx-fcgiwrap"},
    [SERVER_APACHE_PROXY] = {"Apache with mod_proxy_fcgi", "apache-proxy"},
    [SERVER_APACHE_FCGID] = {"Apache with mod_fcgid", "apache-fcgid"},
    [SERVER_APACHE_CGI] = {"Apache with CGI", "apache-cgi"},
    [SERVER_LIGHTTPD] = {"lighttpd with mod_fastcgi", "lighttpd"},
    [SERVER_LIGHTTPD_CGI] = {"lighttpd with mod_cgi", "lighttpd-cgi"},
};

static const struct {
	const char *name;
	const char *slug;
} fronts[] = {
    [FRONT_NONE] = {"nothing", "none"},
    [FRONT_NGINX] = {"nginx", "nginx"},
    [FRONT_APACHE] = {"Apache", "apache"},
    [FRONT_CLOUDFLARE] = {"Cloudflare", "cloudflare"},
    [FRONT_CLOUDFRONT] = {"CloudFront", "cloudfront"},
    [FRONT_VARNISH] = {"Varnish", "varnish"},
    [FRONT_OTHER] = {"a proxy", "proxy"},
};

static bool begins(const char *text, const char *with)
{
	return !strncasecmp(text, with, strlen(with));
}

static bool holds(const char *text, const char *part)
{
	return strcasestr(text, part) != NULL;
}

enum server_kind server_kind_of(const struct server_signs *signs)
{
	bool is_cgi = !strcmp(signs->process, "cgi");
	/* Without SERVER_SOFTWARE the header has to do. */
	const char *name = signs->software[0] ? signs->software : signs->server;

	if (begins(name, "nginx") || begins(name, "openresty"))
		return is_cgi ? SERVER_FCGIWRAP : SERVER_NGINX;
	if (begins(name, "lighttpd"))
		return is_cgi ? SERVER_LIGHTTPD_CGI : SERVER_LIGHTTPD;
	if (!begins(name, "Apache"))
		return SERVER_UNKNOWN;
	if (is_cgi)
		return SERVER_APACHE_CGI;
	/* mod_fcgid starts single processes; a pool is beyond its means. */
	return !strcmp(signs->process, "alone") ? SERVER_APACHE_FCGID
						: SERVER_APACHE_PROXY;
}

/* The first word, up to its version: "nginx" of "nginx/1.22.1". */
static bool same_product(const char *a, const char *b)
{
	size_t len = strcspn(a, "/ (");

	return len == strcspn(b, "/ (") && !strncasecmp(a, b, len);
}

static enum server_front named_front(const char *server)
{
	if (begins(server, "nginx") || begins(server, "openresty"))
		return FRONT_NGINX;
	return begins(server, "Apache") ? FRONT_APACHE : FRONT_OTHER;
}

/* By what only it sends. */
static enum server_front known_front(const struct server_signs *signs)
{
	if (signs->cf_ray[0] || begins(signs->server, "cloudflare"))
		return FRONT_CLOUDFLARE;
	if (begins(signs->server, "CloudFront") ||
	    holds(signs->via, "CloudFront"))
		return FRONT_CLOUDFRONT;
	if (signs->x_varnish[0] || holds(signs->via, "varnish"))
		return FRONT_VARNISH;
	return FRONT_NONE;
}

/* Something stands between us and the server that leat sees. */
static bool has_front(const struct server_signs *signs)
{
	if (signs->server[0] && signs->software[0] &&
	    !same_product(signs->server, signs->software))
		return true;
	/* We never speak HTTP/1.0; a default nginx does. */
	return !strcmp(signs->protocol, "HTTP/1.0") || signs->was_forwarded ||
	       signs->via[0] || (signs->is_https && !signs->inner_https);
}

enum server_front server_kind_front(const struct server_signs *signs)
{
	enum server_front known = known_front(signs);

	if (known != FRONT_NONE)
		return known;
	return has_front(signs) ? named_front(signs->server) : FRONT_NONE;
}

const char *server_kind_name(enum server_kind kind)
{
	return kinds[kind].name;
}

const char *server_kind_front_name(enum server_front front)
{
	return fronts[front].name;
}

const char *server_kind_slug(enum server_kind kind)
{
	return kinds[kind].slug;
}

const char *server_kind_front_slug(enum server_front front)
{
	return fronts[front].slug;
}
