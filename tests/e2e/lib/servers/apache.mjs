// SPDX-License-Identifier: ISC
// Apache with the files of apache/: httpd.conf and what it includes as they
// are shipped; only leat-listen.conf and leat-settings.conf differ.
import fs from 'node:fs';
import path from 'node:path';
import { IS_ROOT, SLOWNESS, TOP, freePort } from '../place.mjs';
import { makeCertificate } from '../nginx.mjs';
import { CELLS_OF_PROCESSES, SERVER_USER, errorLog, face, leakingRoot, listens, mistaken, poolFor, started } from './pool.mjs';

export const APACHE_STOP_MS = 15000 * SLOWNESS;

export const APACHE = process.env.APACHE ?? '/usr/sbin/apache2';
export const APACHE_MODULES = process.env.APACHE_MODULES ?? '/usr/lib/apache2/modules';

/** What the suite provokes. */
export const APACHE_HARMLESS = [/AH10244: invalid URI path/, /AH01215: stderr from \S+: \S+ (debug|info|warn \S+ \d+ loop:) /];

/** Misconfigurations that owners make: [what, instead] in the files named. */
const MISTAKES = {
	buffers: {
		proxy: [[' flushpackets=on timeout', ' timeout']],
		handler: [['flushpackets=on ', '']],
		fcgid: [['FcgidOutputBufferSize 0', 'FcgidOutputBufferSize 65536']],
	},
	compresses: { common: [['SetEnv no-gzip 1', 'AddOutputFilterByType DEFLATE text/event-stream']] },
	'hides Authorization': { common: [['CGIPassAuth On', 'CGIPassAuth Off']] },
	'short timeout': {
		proxy: [['timeout=150', 'timeout=3']],
		handler: [['timeout=150', 'timeout=3']],
		fcgid: [['FcgidIOTimeout 150', 'FcgidIOTimeout 3']],
		cgi: [['CGIDScriptTimeout 150', 'CGIDScriptTimeout 3'], ['Timeout 150\n</IfModule>\n', 'Timeout 3\n</IfModule>\n']],
	},
	'small bodies': { fcgid: [['FcgidMaxRequestLen 16777216', '']] },
	'gives secrets away': {},
};

/** Which of them can be made in a file. */
function mistakesIn(file) {
	return Object.keys(MISTAKES).filter((name) => {
		const files = Object.keys(MISTAKES[name]);
		return files.length === 0 || files.includes(file) || files.includes('common');
	});
}

function idleEdits(seconds) {
	return {
		proxy: [['timeout=150', `timeout=${seconds}`]],
		handler: [['timeout=150', `timeout=${seconds}`]],
		fcgid: [['FcgidIOTimeout 150', `FcgidIOTimeout ${seconds}`]],
		cgi: [['CGIDScriptTimeout 150', `CGIDScriptTimeout ${seconds}`], [/Timeout 150$(?!\n<\/IfModule>\n<IfModule cgi_)/m, `Timeout ${seconds}`]],
	};
}

/** A file as it is shipped, but for what a test wants wrong. */
function fileText(name, options) {
	const part = name.match(/^leat-(\w+)\.conf$/)?.[1];
	const edits = [MISTAKES[options.mistake], options.idle ? idleEdits(options.idle) : undefined];
	return mistaken(fs.readFileSync(path.join(TOP, 'apache', name), 'utf8'), edits.flatMap((edit) => edit?.[part] ?? []));
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
		put(name, fileText(name, options));
	const settings = { LEAT_APACHE: dir, LEAT_MOUNT: '/ask', LEAT_SOCKET: place.path('leat.sock'), LEAT_PROGRAM: place.path('bin/leat'), LEAT_CONFIG: place.path('leat.conf'), ...options.settings };
	put('leat-settings.conf', Object.entries(settings).map(([name, v]) => `Define ${name} ${v}\n`).join(''));
	put('leat-listen.conf', `Listen 127.0.0.1:${port}\nDefine LEAT_MODULES ${APACHE_MODULES}\n`
		+ (IS_ROOT ? `User ${SERVER_USER}\nGroup ${SERVER_USER}\n` : ''));
	const load = [...(options.modules ?? []), ...(options.tls ? ['ssl', 'http2'] : []), ...(options.mistake === 'compresses' ? ['filter', 'deflate'] : [])];
	put('site.d/site.conf', (options.site ?? '') + (options.tls ? tlsSite(dir) : ''));
	const before = load.flatMap((name) => ['-C', `LoadModule ${name}_module ${APACHE_MODULES}/mod_${name}.so`]);
	// Apache's prefork ends its whole process group: it gets one of its own.
	const process = place.spawn('apache', APACHE,
		['-d', dir, ...before, '-f', 'httpd.conf', '-D', 'FOREGROUND', ...(options.define ? ['-D', options.define] : [])], { detached: true });
	// A thread in the middle of a stream holds it up, until it kills it.
	process.stopMs = APACHE_STOP_MS;
	const errors = () => errorLog(dir);
	await listens(process, port, errors);
	return { process, port, dir, url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`, errors };
}

function entry(word, about, leatOf) {
	const file = { FCGID: 'fcgid', CGID: 'cgi', CGI: 'cgi', HANDLER: 'handler' }[word] ?? 'proxy';

	return {
		leaving: 'heartbeat',
		mistakes: mistakesIn(file),
		harmless: APACHE_HARMLESS,
		...about,
		async start(place, options = {}) {
			const leat = await leatOf(place, options);
			const server = await startApache(place, { define: word, mistake: options.mistake, idle: options.idle, site: options.site, modules: options.modules, tls: about.tls });
			if (options.mistake === 'gives secrets away') leakingRoot(place, path.join(server.dir, 'htdocs'));
			return face(server, leat);
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

/** A certificate and HTTP/2 around the same files. */
function tlsSite(dir) {
	makeCertificate(dir);
	return 'Protocols h2 http/1.1\nSSLEngine on\nSSLCertificateFile leat.crt\nSSLCertificateKeyFile leat.key\nSSLSessionCache none\n';
}

export const apacheTls = entry(undefined, {
	name: 'Apache `mod_proxy_fcgi`, TLS and HTTP/2',
	slug: 'apache-tls',
	process: 'pool',
	streams: 1200,
	tls: true,
}, poolFor);

export const apacheFcgid = entry('FCGID', {
	name: 'Apache `mod_fcgid`',
	slug: 'apache-fcgid',
	process: 'alone',
	cells: CELLS_OF_PROCESSES,
	streams: 100,
}, started);

export const apacheCgid = entry('CGID', {
	name: 'Apache `mod_cgid`',
	slug: 'apache-cgid',
	cells: CELLS_OF_PROCESSES,
	process: 'cgi',
	streams: 500,
}, started);

export const apacheCgi = entry('CGI', {
	name: 'Apache `mod_cgi`',
	slug: 'apache-cgi',
	cells: CELLS_OF_PROCESSES,
	process: 'cgi',
	streams: 150,
}, started);
