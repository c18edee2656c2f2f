// SPDX-License-Identifier: ISC
// What a web server of the tests needs of leat: a pool that it may write to,
// or a program and a configuration that it may start. A web server that root
// starts gives its rights up; everybody may then enter the test's folder.
import fs from 'node:fs';
import path from 'node:path';
import { IS_ROOT } from '../place.mjs';
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
