// SPDX-License-Identifier: ISC
// nginx with the files of nginx/ before a pool: plain, with TLS and HTTP/2,
// and behind another nginx that has nothing but a proxy_pass.
import { shippedText, startNginx } from '../nginx.mjs';
import { face, leakingRoot, mistaken, poolFor } from './pool.mjs';

export const DECODES_SLASHES = 'This server decodes `%2F` before it chooses the location: its own access rules see the same address as leat.';

export const NGINX_CELLS = { encoded: { is: 'a slash', note: DECODES_SLASHES } };

const SWALLOWED = { is: 'all but one', note: '`X-Accel-Buffering` ends at the outer nginx, which has obeyed it; a third proxy would not see it.' };

const OWN_PAGE = { is: '413 in HTML', note: 'The server\'s own page; the chat page shows its status.' };

/** What the suite provokes, and what containers forbid. */
export const HARMLESS = [/setrlimit/, /open\(\) ".*\/html\//, /client intended to send too large body/];

const PASS = 'fastcgi_pass leat;';

/** Misconfigurations that owners make: what is replaced in leat.conf. */
const MISTAKES = {
	'ignores our header': [[PASS, `${PASS} fastcgi_ignore_headers X-Accel-Buffering;`]],
	/** Alone it holds nothing back: nginx flushes each frame. */
	compresses: [['gzip off;', 'gzip on; gzip_min_length 0; gzip_types text/event-stream;']],
	'compresses and buffers': [
		[PASS, `${PASS} fastcgi_ignore_headers X-Accel-Buffering;`],
		['gzip off;', 'gzip on; gzip_min_length 0; gzip_types text/event-stream;'],
	],
	'short timeout': [['fastcgi_read_timeout 150s;', 'fastcgi_read_timeout 3s;']],
	'small bodies': [['client_max_body_size 8m;', '']],
	'ignores leaving': [['fastcgi_ignore_client_abort off;', 'fastcgi_ignore_client_abort on;']],
	'hides Authorization': [[PASS, `${PASS} fastcgi_param HTTP_AUTHORIZATION "";`]],
	'gives secrets away': [],
};

/** options.idle: nginx's own patience, in seconds, instead of the file's. */
export function idleEdits(options) {
	return options.idle ? [['read_timeout 150s', `read_timeout ${options.idle}s`], ['send_timeout 60s', `send_timeout ${options.idle}s`]] : [];
}

function confFor(options) {
	return mistaken(shippedText('leat.conf'), [...MISTAKES[options.mistake] ?? [], ...idleEdits(options)]);
}

function siteFor(place, options) {
	if (options.mistake !== 'gives secrets away') return options.site;
	return `location / { root ${leakingRoot(place)}; }\n`;
}

function entry(about, more) {
	return {
		process: 'pool',
		streams: 10000,
		leaving: 'at once',
		mistakes: Object.keys(MISTAKES),
		cells: NGINX_CELLS,
		harmless: HARMLESS,
		...about,
		async start(place, options = {}) {
			const leat = await poolFor(place, options);
			const server = await startNginx(place, { socket: leat.address, conf: confFor(options), site: siteFor(place, options), ...more });
			return face(server, leat);
		},
	};
}

export const nginx = entry({ name: 'nginx `fastcgi_pass`', slug: 'nginx' });

/** `tls`: HTTP/2, so nothing can be written to its port by hand. */
export const nginxTls = entry({ name: 'nginx, TLS and HTTP/2', slug: 'nginx-tls', tls: true }, { complete: 'nginx-tls.conf', tls: true });

/** What the outer nginx gets wrong, or the inner one (`conf`) for it. */
const FRONT_MISTAKES = {
	'header swallowed': { conf: [['fastcgi_pass_header X-Accel-Buffering;', '']] },
	'front ignores our header': { front: 'proxy_ignore_headers X-Accel-Buffering;' },
	'front with a short timeout': { front: 'proxy_read_timeout 3s;' },
};

function frontEntry(about, files) {
	return {
		process: 'pool',
		streams: 200,
		leaving: 'at once',
		mistakes: Object.keys(FRONT_MISTAKES),
		harmless: HARMLESS,
		...about,
		cells: { ...NGINX_CELLS, ...about.cells },
		async start(place, options = {}) {
			const leat = await poolFor(place, options);
			const wrong = FRONT_MISTAKES[options.mistake] ?? {};
			const inner = await startNginx(place, { socket: leat.address, conf: mistaken(confFor({ idle: options.idle }), wrong.conf) });
			const more = `${options.idle ? `proxy_read_timeout ${options.idle}s;` : ''} ${wrong.front ?? ''}`;
			const server = await startNginx(place, {
				complete: 'front.conf', inner: `127.0.0.1:${inner.port}`, site: options.site, files: files(inner, more),
			});
			return face(server, leat, { inner: [inner] });
		},
	};
}

/** Its default client_max_body_size, 1 MB, is an owner's to raise. */
export const nginxFront = frontEntry({
	name: 'a default nginx before nginx',
	slug: 'nginx-front',
	cells: {
		headers: SWALLOWED,
		origin: { is: 'own page refused', note: 'A bare `proxy_pass` changes `Host`, so that leat takes the page\'s own origin for a foreign one: `proxy_set_header Host $http_host`, or `cors_origins`. `leat-front.conf` has it.' },
		largest: { is: '413', note: '`client_max_body_size` is 1 MB unless set.' },
		'too-large': OWN_PAGE,
	},
}, (inner, more) => ({ 'front.conf': plainFront(`location / { proxy_pass ${inner.url}; ${more} }`) }));

/** As few lines as an nginx can do with: everything else is its default. */
export function plainFront(site) {
	return `pid nginx.pid; error_log error.log;
events {}
http {
	access_log off;
	client_body_temp_path temp-body; proxy_temp_path temp-proxy; fastcgi_temp_path temp-f; uwsgi_temp_path temp-u; scgi_temp_path temp-s;
	include leat-front-upstream.conf;
	server { include leat-listen.conf; ${site} include site.d/*.conf; }
}
`;
}

/** The same with the shipped fragment instead. */
export const nginxFrontConf = frontEntry({
	name: 'nginx with `leat-front.conf` before nginx',
	slug: 'nginx-front-conf',
}, (inner, more) => ({
	'front.conf': plainFront('include leat-front.conf;'),
	'leat-front.conf': mistaken(shippedText('leat-front.conf'), more.trim() ? [['proxy_read_timeout 150s;', more.includes('read_timeout') ? more : `proxy_read_timeout 150s; ${more}`]] : []),
}));
