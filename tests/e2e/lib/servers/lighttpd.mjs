// SPDX-License-Identifier: ISC
// lighttpd with the files of lighttpd/: before a pool, starting leat itself,
// and with CGI. Only leat-listen.conf and leat-vars.conf differ.
import fs from 'node:fs';
import path from 'node:path';
import { cleanEnvironment } from '../leat.mjs';
import { TOP, freePort } from '../place.mjs';
import { DECODES_SLASHES } from './nginx.mjs';
import { CELLS_OF_PROCESSES, errorLog, face, leakingRoot, listens, mistaken, poolFor, started } from './pool.mjs';

const LIGHTTPD = process.env.LIGHTTPD ?? '/usr/sbin/lighttpd';

/** Misconfigurations that owners make: what is replaced in the fragment. */
const MISTAKES = {
	buffers: [[/server\.stream-response-body = 2\n/, '']],
	'ignores leaving': [[/"tcp-fin-propagate" => "\w+",\n/, '']],
	'short timeout': [['"read-timeout" => 150', '"read-timeout" => 3']],
	'small bodies': [['server.max-request-size = 16384', 'server.max-request-size = 1024']],
	'gives secrets away': [],
};

/**
 * options.way: leat.conf, leat-start.conf or leat-cgi.conf; options.vars:
 * variables beside the usual; options.edit: [from, to] in that fragment;
 * options.site: further settings, as text.
 */
export async function startLighttpd(place, options) {
	const dir = place.path(`lighttpd-${place.processes.length}`);
	const port = await freePort();
	for (const name of ['site.d', 'public']) fs.mkdirSync(path.join(dir, name), { recursive: true });
	const put = (name, text) => fs.writeFileSync(path.join(dir, name), text);
	for (const name of fs.readdirSync(path.join(TOP, 'lighttpd')).filter((n) => n.endsWith('.conf')))
		put(name, mistaken(fs.readFileSync(path.join(TOP, 'lighttpd', name), 'utf8'), name === options.way ? options.edit : []));
	put('leat-listen.conf', `server.bind = "127.0.0.1"\nserver.port = ${port}\nvar.leat_way = "${options.way}"\n`);
	const vars = { leat_mount: '/ask', leat_socket: place.path('leat.sock'), leat_program: place.path('bin/leat'), leat_config: place.path('leat.conf'), leat_start_socket: path.join(dir, 'leat.sock'), leat_errors: path.join(TOP, 'lighttpd/errors/'), ...options.vars };
	put('leat-vars.conf', Object.entries(vars).map(([name, v]) => `var.${name} = "${v}"\n`).join(''));
	put('site.d/site.conf', options.site ?? '');
	const process = place.spawn('lighttpd', LIGHTTPD, ['-D', '-f', 'lighttpd.conf'], { cwd: dir, env: cleanEnvironment() });
	const errors = () => process.log() + errorLog(dir);
	await listens(process, port, errors);
	return { process, port, dir, url: `http://127.0.0.1:${port}`, errors };
}

function entry(way, about, leatOf) {
	return {
		leaving: 'at once',
		cells: {
			...(about.process === 'cgi' ? CELLS_OF_PROCESSES : {}),
			encoded: { is: 'a slash', note: DECODES_SLASHES },
			length: { is: '411', note: 'lighttpd demands a length itself, before it looks at the address: its error is HTML.' },
		},
		mistakes: Object.keys(MISTAKES),
		...about,
		async start(place, options = {}) {
			const leat = await leatOf(place, options);
			const idle = options.idle ? [['"read-timeout" => 150', `"read-timeout" => ${options.idle}`], ['max-write-idle = 60', `max-write-idle = ${options.idle}`]] : [];
			const server = await startLighttpd(place, {
				way,
				edit: [...MISTAKES[options.mistake] ?? [], ...idle],
				site: options.site,
			});
			if (options.mistake === 'gives secrets away') leakingRoot(place, path.join(server.dir, 'public'));
			return face(server, leat);
		},
	};
}

export const lighttpd = entry('leat.conf', {
	name: 'lighttpd `mod_fastcgi`',
	slug: 'lighttpd',
	process: 'pool',
	streams: 4000,
}, poolFor);

export const lighttpdStart = entry('leat-start.conf', {
	name: 'lighttpd `mod_fastcgi`, which starts leat',
	slug: 'lighttpd-start',
	process: 'alone',
	streams: 4000,
}, started);

export const lighttpdCgi = entry('leat-cgi.conf', {
	name: 'lighttpd `mod_cgi`',
	slug: 'lighttpd-cgi',
	process: 'cgi',
	streams: 200,
	leaving: 'signal',
}, started);
