// SPDX-License-Identifier: ISC
// A pool of leat with a configuration made for one test.
import fs from 'node:fs';
import path from 'node:path';
import { TOP, SLOWNESS, eventually, within } from './place.mjs';
import { fcgiRequest } from './fcgi.mjs';

export const LEAT = process.env.LEAT ?? [path.join(TOP, 'leat'), path.join(TOP, 'build/leat')].find((p) => fs.existsSync(p)) ?? 'leat';

function value(v) {
	if (Array.isArray(v)) return `{${v.map(value).join(', ')}}`;
	if (v === true) return 'yes';
	if (v === false) return 'no';
	if (typeof v === 'number') return String(v);
	return `"${String(v).replace(/[\\"]/g, '\\$&')}"`;
}

/** {workers: 2, 'provider "a"': {kind: 'openai'}} as a configuration file. */
export function configText(config, indent = '') {
	return Object.entries(config).map(([name, v]) =>
		v && typeof v === 'object' && !Array.isArray(v)
			? `${indent}${name} {\n${configText(v, `${indent}\t`)}${indent}}\n`
			: v === undefined ? '' : `${indent}${name} = ${value(v)}\n`).join('');
}

/**
 * Two workers, quotes as the only provider, unless options say otherwise:
 * upstream (from startUpstream(); becomes the default provider), provider
 * (further options of it), chat, context, limits, workers, and `more`
 * (merged last, whole sections).
 */
export function leatConfig(place, options = {}) {
	const config = {
		listen: [`unix:${place.path('leat.sock')}`],
		workers: options.workers ?? 2,
		runtime_dir: place.path('run'),
		drain_timeout: '2s',
		log_level: 'debug',
	};
	if (options.upstream)
		config['provider "model"'] = {
			kind: 'openai',
			base_url: options.upstream.url,
			model: 'test-model',
			models: ['*'],
			...options.provider,
		};
	config['provider "quotes"'] = { kind: 'extractive' };
	config.chat = { providers: [options.upstream ? 'model' : 'quotes'], ...options.chat };
	if (options.context) config.context = options.context;
	if (options.limits) config.limits = options.limits;
	Object.assign(config, options.more);
	return config;
}

export async function startLeat(place, options = {}) {
	fs.mkdirSync(place.path('run'), { recursive: true });
	const socket = place.path('leat.sock');
	const file = place.write(options.file ?? 'leat.conf', options.text ?? configText(leatConfig(place, options)));
	const [command, ...before] = options.wrap ?? [LEAT];
	const process_ = place.spawn('leat', command, [...before, 'serve', '-c', file], {
		env: { ...cleanEnvironment(), ...options.env },
	});
	if (options.wait !== false)
		await within(Promise.race([
			eventually(async () => (await fcgiRequest(socket, { path: '/ask/readyz' })).status === 200, 'leat is ready', 10000),
			process_.exited.then((exit) => { throw new Error(`leat ended at its start: ${JSON.stringify(exit)}`); }),
		]), 15000 * SLOWNESS, 'leat starts');
	return {
		process: process_,
		pid: process_.pid,
		socket,
		file,
		address: `unix:${socket}`,
		workers: () => childrenOf(process_.pid),
		log: () => process_.log(),
	};
}

/** No key and no proxy of whoever runs the tests. */
export function cleanEnvironment() {
	const keep = Object.entries(process.env).filter(([name]) =>
		!/_API_KEY$|_proxy$|^LEAT_CONFIG$/i.test(name));
	return {
		...Object.fromEntries(keep),
		ASAN_OPTIONS: 'detect_leaks=1:abort_on_error=0:handle_abort=1',
		UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
	};
}

export function childrenOf(pid) {
	try {
		return fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
			.trim().split(/\s+/).filter(Boolean).map(Number);
	} catch {
		return [];
	}
}

/** A metric's value, summed over its labels. */
export function metricOf(text, name, labels = '') {
	let sum = 0;
	let found = false;
	for (const line of text.split('\n')) {
		const match = line.match(/^(\w+)(\{[^}]*\})? (\S+)$/);
		if (match && match[1] === name && (match[2] ?? '').includes(labels)) {
			sum += Number(match[3]);
			found = true;
		}
	}
	return found ? sum : undefined;
}
