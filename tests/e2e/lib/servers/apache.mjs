// SPDX-License-Identifier: ISC
// Apache with the files of apache/: httpd.conf and what it includes as they
// are shipped; only leat-listen.conf and leat-settings.conf differ.
import fs from 'node:fs';
import path from 'node:path';
import { IS_ROOT, TOP, eventually, freePort } from '../place.mjs';
import { connects } from '../nginx.mjs';
import { SERVER_USER, poolFor, programFor } from './pool.mjs';

const APACHE = process.env.APACHE ?? '/usr/sbin/apache2';
const MODULES = process.env.APACHE_MODULES ?? '/usr/lib/apache2/modules';

/** Misconfigurations that owners make: [what, instead] in every file. */
const MISTAKES = {
	buffers: [[/ ?flushpackets=on/g, ''], [/^FcgidOutputBufferSize 0$/gm, 'FcgidOutputBufferSize 65536']],
	compresses: [[/^\tSetEnv no-gzip 1$/gm, '\tAddOutputFilterByType DEFLATE text/event-stream']],
	'hides Authorization': [[/^\tCGIPassAuth On$/gm, '']],
	'short timeout': [[/timeout=150/g, 'timeout=3'], [/^FcgidIOTimeout 150$/gm, 'FcgidIOTimeout 3'], [/Timeout 150$/gm, 'Timeout 3']],
};

function replaced(text, options) {
	for (const [from, to] of MISTAKES[options.mistake] ?? []) text = text.replace(from, to);
	if (options.idle)
		text = text.replace(/timeout=150/g, `timeout=${options.idle}`).replace(/Timeout 150$/gm, `Timeout ${options.idle}`);
	return text;
}

/**
 * options.define: a word for -D; options.settings: Defines beside the usual;
 * options.site: further configuration, as text; options.modules: names.
 */
export async function startApache(place, options) {
	const dir = place.path(`apache-${place.processes.length}`);
	const port = await freePort();
	for (const name of ['site.d', 'htdocs']) fs.mkdirSync(path.join(dir, name), { recursive: true });
	fs.chmodSync(dir, 0o755);
	const put = (name, text) => fs.writeFileSync(path.join(dir, name), text);
	for (const name of fs.readdirSync(path.join(TOP, 'apache')).filter((n) => n.endsWith('.conf')))
		put(name, replaced(fs.readFileSync(path.join(TOP, 'apache', name), 'utf8'), options));
	const settings = { LEAT_APACHE: dir, LEAT_MOUNT: '/ask', LEAT_SOCKET: place.path('leat.sock'), LEAT_PROGRAM: place.path('bin/leat'), LEAT_CONFIG: place.path('leat.conf'), ...options.settings };
	put('leat-settings.conf', Object.entries(settings).map(([name, v]) => `Define ${name} ${v}\n`).join(''));
	put('leat-listen.conf', `Listen 127.0.0.1:${port}\nDefine LEAT_MODULES ${MODULES}\n`
		+ (IS_ROOT ? `User ${SERVER_USER}\nGroup ${SERVER_USER}\n` : ''));
	const load = [...(options.modules ?? []), ...(options.mistake === 'compresses' ? ['filter', 'deflate'] : [])];
	put('site.d/site.conf', options.site ?? '');
	const before = load.flatMap((name) => ['-C', `LoadModule ${name}_module ${MODULES}/mod_${name}.so`]);
	const process = place.spawn('apache', APACHE,
		['-d', dir, ...before, '-f', 'httpd.conf', '-D', 'FOREGROUND', ...(options.define ? ['-D', options.define] : [])]);
	const errors = () => {
		const file = path.join(dir, 'error.log');
		return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
	};
	await eventually(() => {
		if (process.exit) throw new Error(`Apache ended: ${process.log()}${errors()}`);
		return connects(port);
	}, 'Apache listens');
	return { process, port, dir, url: `http://127.0.0.1:${port}`, errors };
}

function entry(word, about, leatOf) {
	return {
		leaving: 'heartbeat',
		mistakes: Object.keys(MISTAKES),
		// What the suite provokes.
		harmless: [/AH10244: invalid URI path/],
		...about,
		async start(place, options = {}) {
			const leat = await leatOf(place, options);
			const server = await startApache(place, { define: word, mistake: options.mistake, idle: options.idle, site: options.site, modules: options.modules });
			return {
				url: server.url,
				base: `${server.url}/ask`,
				port: server.port,
				server: server.process,
				leat,
				errors: server.errors,
				stop: () => server.process.stop(),
			};
		},
	};
}

export const apacheProxy = entry(undefined, {
	name: 'Apache `mod_proxy_fcgi`, `ProxyPass`',
	slug: 'apache-proxy',
	process: 'pool',
	streams: 1200,
}, poolFor);

export const apacheHandler = entry('HANDLER', {
	name: 'Apache `mod_proxy_fcgi`, `SetHandler`',
	slug: 'apache-handler',
	process: 'pool',
	streams: 1200,
}, poolFor);

function started(place, options) {
	programFor(place, options);
	return null;
}

export const apacheFcgid = entry('FCGID', {
	name: 'Apache `mod_fcgid`',
	slug: 'apache-fcgid',
	process: 'alone',
	streams: 100,
}, started);

export const apacheCgid = entry('CGID', {
	name: 'Apache `mod_cgid`',
	slug: 'apache-cgid',
	process: 'cgi',
	streams: 500,
}, started);

export const apacheCgi = entry('CGI', {
	name: 'Apache `mod_cgi`',
	slug: 'apache-cgi',
	process: 'cgi',
	streams: 150,
}, started);
