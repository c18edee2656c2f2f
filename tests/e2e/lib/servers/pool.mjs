// SPDX-License-Identifier: ISC
// What a web server of the tests needs of leat: a pool that it may write to,
// or a program and a configuration that it may start. A web server that root
// starts gives its rights up; everybody may then enter the test's folder.
import fs from 'node:fs';
import path from 'node:path';
import { IS_ROOT, connects, eventually } from '../place.mjs';
import { LEAT, configText, leatConfig, startLeat } from '../leat.mjs';

/** Where each answer has a process of its own, nobody else knows of it. */
export const CELLS_OF_PROCESSES = {
	resume: { is: 'no', note: 'The process that knows the answer cannot be reached by another request. `Last-Event-ID` is answered with 204, never with a second answer.' },
	stop: { is: 'no', note: 'Closing the connection stops it.' },
	'too-many': { is: 'no', note: 'leat\'s limits hold for each process alone; the server\'s own limit of processes holds for all.' },
};

/** As whom a web server runs that does not stay root. */
export const SERVER_USER = 'www-data';

function open(place) {
	fs.chmodSync(place.dir, 0o755);
}

function leatOptions(options) {
	return { ...options.leat, upstream: options.upstream };
}

/** The pool: options.pool, from an earlier start, or a new one. */
export async function poolFor(place, options) {
	if (options.pool) return options.pool;
	open(place);
	const given = leatOptions(options);
	return startLeat(place, { ...given, more: { ...(IS_ROOT ? { listen_mode: '0666' } : {}), ...given.more } });
}

/**
 * For a web server that starts leat: {program, conf}. The program is copied,
 * as an owner does who has a cgi-bin: another user may not see our build.
 */
export function programFor(place, options) {
	open(place);
	const program = place.path('bin/leat');
	fs.mkdirSync(place.path('bin'), { recursive: true });
	if (!fs.existsSync(program)) fs.copyFileSync(LEAT, program);
	fs.chmodSync(program, 0o755);
	fs.mkdirSync(place.path('run'), { recursive: true });
	fs.chmodSync(place.path('run'), 0o777);
	const conf = place.write('leat.conf', configText(leatConfig(place, leatOptions(options))));
	return { program, conf };
}

/** For an entry whose web server starts leat: the program is all it needs. */
export function started(place, options) {
	programFor(place, options);
	return null;
}

/** A web server's error log in its folder; "" before there is one. */
export function errorLog(dir) {
	const file = path.join(dir, 'error.log');
	return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
}

/** Waits until the process listens; it may have ended instead. */
export async function listens(process, port, errors) {
	await eventually(() => {
		if (process.exit) throw new Error(`${process.name} ended: ${process.log()}${errors()}`);
		return connects(port);
	}, `${process.name} listens`);
}

/** What an entry's start() gives (../servers.mjs); inner: servers behind it. */
export function face(server, leat, { mount = '/ask', inner = [] } = {}) {
	return {
		url: server.url,
		base: `${server.url}${mount}`,
		port: server.port,
		server: server.process,
		leat,
		errors: () => [server, ...inner].map((one) => one.errors()).join(''),
		stop: async () => {
			for (const one of [server, ...inner]) {
				one.process.expectedToDie = true;
				await one.process.stop();
			}
		},
	};
}

/**
 * A shipped text with a mistake's replacements, [from, to] each. One that
 * changes nothing is an error: it would prove that all is well.
 */
export function mistaken(text, replacements) {
	for (const [from, to] of replacements ?? []) {
		const changed = text.replace(from, to);
		if (changed === text) throw new Error(`nothing to replace: ${from}`);
		text = changed;
	}
	return text;
}

/** A document root in which somebody left what is secret. */
export function leakingRoot(place, dir = place.path('public')) {
	fs.mkdirSync(dir, { recursive: true });
	for (const [name, text] of Object.entries({
		'index.html': '<p>A site.</p>\n',
		'leat.conf': configText(leatConfig(place)),
		'openai.key': 'sk-test-left-lying-about\n',
		'site.db': 'SQLite format 3\0',
	}))
		fs.writeFileSync(path.join(dir, name), text);
	return dir;
}
