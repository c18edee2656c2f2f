// SPDX-License-Identifier: ISC
// nginx before a leat that somebody else starts: fcgiwrap for each request,
// spawn-fcgi and systemd once, with a listening socket.
import fs from 'node:fs';
import { LEAT, childrenOf, cleanEnvironment, configText, leatConfig } from '../leat.mjs';
import { startNginx, shippedText } from '../nginx.mjs';
import { connects, eventually, freePort } from '../place.mjs';
import { HARMLESS, NGINX_CELLS, idleEdits } from './nginx.mjs';
import { CELLS_OF_PROCESSES, face, mistaken, programFor } from './pool.mjs';

/** More than the tests of one server hold open at once. */
const FCGIWRAP_CHILDREN = 32;

/** One line each of leat-fcgiwrap.conf, and why it is there. */
const FCGIWRAP_MISTAKES = {
	buffers: [['fastcgi_param NO_BUFFERING 1;', '']],
	'short timeout': [['fastcgi_read_timeout 150s;', 'fastcgi_read_timeout 3s;']],
	'small bodies': [['client_max_body_size 8m;', '']],
};

export const fcgiwrap = {
	name: 'nginx with `fcgiwrap`',
	slug: 'fcgiwrap',
	process: 'cgi',
	streams: FCGIWRAP_CHILDREN,
	leaving: 'heartbeat',
	cells: { ...NGINX_CELLS, ...CELLS_OF_PROCESSES },
	harmless: HARMLESS,
	mistakes: Object.keys(FCGIWRAP_MISTAKES),
	async start(place, options = {}) {
		const { program, conf } = programFor(place, options);
		const socket = place.path(`fcgiwrap-${place.processes.length}.sock`);
		const starter = place.spawn('fcgiwrap', '/usr/sbin/fcgiwrap', ['-c', FCGIWRAP_CHILDREN, '-s', `unix:${socket}`], { env: cleanEnvironment(), detached: true });
		// Its children outlive it: all of them are one group.
		const end = () => {
			try { process.kill(-starter.pid, 'SIGKILL'); } catch { /* gone */ }
		};
		process.once('exit', end);
		place.onClose(() => {
			process.off('exit', end);
			end();
		});
		starter.expectedToDie = true;
		await eventually(() => connects(socket), 'fcgiwrap listens');
		const server = await startNginx(place, { complete: 'nginx-fcgiwrap.conf', site: options.site, files: {
			'leat-fcgiwrap.conf': mistaken(shippedText('leat-fcgiwrap.conf'), [...FCGIWRAP_MISTAKES[options.mistake] ?? [], ...idleEdits(options)]),
			'leat-fcgiwrap-upstream.conf': `upstream leat_fcgiwrap { server unix:${socket}; }
map "" $leat_program { default ${program}; }
map "" $leat_config { default ${conf}; }
`,
		} });
		return face(server, null);
	},
};

/** A leat that was handed its socket, with the face of startLeat()'s. */
async function handed(place, options, start) {
	fs.mkdirSync(place.path('run'), { recursive: true });
	const config = leatConfig(place, { ...options.leat, upstream: options.upstream });
	const file = place.write('leat.conf', configText({ ...config, log: place.path('leat-handed.log') }));
	const { address, starter } = await start(place, file);
	return {
		process: starter,
		pid: starter.pid,
		file,
		address,
		workers: () => childrenOf(starter.pid),
		log: () => fs.readFileSync(place.path('leat-handed.log'), 'utf8'),
	};
}

function handedEntry(about, start) {
	return {
		streams: 4000,
		leaving: 'at once',
		mistakes: [],
		cells: NGINX_CELLS,
		harmless: HARMLESS,
		...about,
		async start(place, options = {}) {
			const leat = options.pool ?? await handed(place, options, start);
			const server = await startNginx(place, { socket: leat.address, site: options.site, conf: mistaken(shippedText('leat.conf'), idleEdits(options)) });
			return face(server, leat);
		},
	};
}

export const spawnFcgi = handedEntry({
	name: 'nginx with `spawn-fcgi`, a unix socket',
	slug: 'spawn-fcgi',
	process: 'alone',
}, async (place, conf) => {
	const socket = place.path('leat.sock');
	const starter = place.spawn('spawn-fcgi', '/usr/bin/spawn-fcgi', ['-s', socket, '-M', '0600', '-n', '--', LEAT, 'serve', '-c', conf], { env: cleanEnvironment() });
	await eventually(() => connects(socket), 'spawn-fcgi listens');
	return { address: `unix:${socket}`, starter };
});

export const spawnFcgiTcp = handedEntry({
	name: 'nginx with `spawn-fcgi`, a port',
	slug: 'spawn-fcgi-tcp',
	process: 'alone',
}, async (place, conf) => {
	const port = await freePort();
	const starter = place.spawn('spawn-fcgi', '/usr/bin/spawn-fcgi', ['-a', '127.0.0.1', '-p', port, '-n', '--', LEAT], { env: { ...cleanEnvironment(), LEAT_CONFIG: conf } });
	await eventually(() => connects(port), 'spawn-fcgi listens');
	return { address: `127.0.0.1:${port}`, starter };
});

export const systemdSocket = handedEntry({
	name: 'nginx with systemd socket activation',
	slug: 'systemd',
	process: 'pool',
}, async (place, conf) => {
	const socket = place.path('leat.sock');
	const env = Object.entries(cleanEnvironment()).flatMap(([name, v]) => ['-E', `${name}=${v}`]);
	const starter = place.spawn('systemd-socket-activate', 'systemd-socket-activate', ['-l', socket, ...env, LEAT, 'serve', '-c', conf]);
	await eventually(() => connects(socket), 'systemd-socket-activate listens');
	return { address: `unix:${socket}`, starter };
});
