// SPDX-License-Identifier: ISC
// Reload and upgrade of a running pool behind a real nginx: no stream breaks,
// no request fails, and what is bad is refused with its reason.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { scenario, sleep, eventually, SLOWNESS } from './lib/place.mjs';
import { LEAT, childrenOf, configText, leatConfig, startLeat } from './lib/leat.mjs';
import { startSite } from './lib/site.mjs';
import { assertNative } from './lib/native.mjs';

const TICKS = 100;
const ANSWER = Array.from({ length: TICKS }, (_, n) => `t${n} `).join('');
const WITHOUT_LIMIT = { limits: { streams_per_address: 0 } };
// Old workers stay only for their streams: tests would wait for the rest.
const BRIEF = { chat: { linger: '100ms' } };

async function ticking(call) {
	for (let n = 0; n < TICKS && !call.isClosed; n++) {
		await call.delta(`t${n} `);
		await sleep(50);
	}
	await call.stop();
}

async function endless(call) {
	while (!call.isClosed) {
		await call.delta('.');
		await sleep(50);
	}
}

/** startSite() with a binary of its own, which a test can replace. */
async function startPool(place, options = {}) {
	const binary = place.path('leat-under-test');
	fs.copyFileSync(LEAT, binary);
	const all = { ...BRIEF, ...options, chat: { ...BRIEF.chat, ...options.chat }, wrap: [binary] };
	const site = await startSite(place, all);
	return {
		...site,
		binary,
		/** A new configuration file, in the place of the old one. */
		configure(more) {
			const text = typeof more === 'string' ? more : configText(leatConfig(place, { ...all, ...more, upstream: site.upstream }));
			fs.writeFileSync(`${site.leat.file}.new`, text);
			fs.renameSync(`${site.leat.file}.new`, site.leat.file);
		},
		/** Puts a program in the place of the binary, as a package does. */
		replace(make) {
			make(`${binary}.new`);
			fs.chmodSync(`${binary}.new`, 0o755);
			fs.renameSync(`${binary}.new`, binary);
		},
		async reload(signal = 'SIGHUP') {
			const before = generations(site.leat).length;
			site.leat.process.kill(signal);
			await eventually(() => generations(site.leat).length > before, 'a new generation serves', 15000);
		},
		/** Reloads, is refused for this reason, and goes on as before. */
		async refused(reason) {
			const workers = site.leat.workers();
			const at = site.leat.log().length;
			site.leat.process.kill('SIGHUP');
			const said = () => site.leat.log().slice(at);
			await eventually(() => /nothing has changed/.test(said()), 'it is refused', 20000);
			assert.match(said(), reason);
			assert.deepEqual(site.leat.workers(), workers, 'the old workers go on');
			assert.equal((await site.request('healthz')).status, 200);
		},
	};
}

function generations(leat) {
	return [...leat.log().matchAll(/generation (\d+) serves/g)].map((m) => Number(m[1]));
}

function descriptorsOf(pid) {
	return fs.readdirSync(`/proc/${pid}/fd`).length;
}

/** Short requests, one after the other, until it is told to stop. */
function askOften(site) {
	const statuses = new Map();
	let isOver = false;
	const done = (async () => {
		while (!isOver) {
			const reply = await site.request('healthz').catch((error) => ({ status: error.message }));
			statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
			await sleep(5);
		}
	})();
	return {
		async stop() {
			isOver = true;
			await done;
			return Object.fromEntries(statuses);
		},
	};
}

scenario('streams and requests go through three reloads and an upgrade', async (place) => {
	const site = await startPool(place, { ...WITHOUT_LIMIT, script: ticking, more: { drain_timeout: '30s' } });
	await site.reload(); // what was inherited is closed by the first one
	await eventually(() => site.leat.workers().length === 2, 'the first ones end');
	const before = { fds: descriptorsOf(site.leat.pid), workers: site.leat.workers() };
	const often = askOften(site);
	const streams = await Promise.all(Array.from({ length: 40 }, () => site.open('q')));
	await Promise.all(streams.map((s) => s.untilType('content')));
	for (let n = 0; n < 3; n++) {
		await site.reload();
		streams.push(await site.open('q'));
		await sleep(300);
	}
	const old = fs.statSync(site.binary).ino;
	site.replace((name) => fs.copyFileSync(LEAT, name));
	await site.reload('SIGUSR2');
	streams.push(await site.open('q'));
	assert.notEqual(fs.statSync(site.binary).ino, old);
	assert.equal(fs.statSync(`/proc/${site.leat.pid}/exe`).ino, fs.statSync(site.binary).ino, 'the master is the new binary');
	await Promise.all(streams.map((s) => s.all()));
	for (const stream of streams) {
		assertNative(stream);
		assert.equal(stream.last.json.type, 'final');
		assert.equal(stream.last.json.result.answer, ANSWER);
	}
	assert.deepEqual(Object.keys(await often.stop()), ['200']);
	await eventually(() => site.leat.workers().length === 2, 'old workers end', 10000);
	for (const pid of site.leat.workers()) {
		assert.ok(!before.workers.includes(pid));
		assert.equal(fs.statSync(`/proc/${pid}/exe`).ino, fs.statSync(site.binary).ino, 'workers are the new binary');
	}
	assert.equal(descriptorsOf(site.leat.pid), before.fds, 'no descriptor is left over');
	assert.equal(await site.metric('leat_streams_open'), 0);
	assert.equal(await site.metric('leat_turns_total', 'outcome="complete"') ?? 44, 44);
	assert.equal(site.leat.process.exit, null, 'the same process all the time');
});

scenario('fifty signals in half a second leave nothing behind', async (place) => {
	const site = await startPool(place);
	await site.reload();
	await eventually(() => site.leat.workers().length === 2, 'the first ones end');
	const fds = descriptorsOf(site.leat.pid);
	const often = askOften(site);
	for (let n = 0; n < 50; n++) {
		site.leat.process.kill('SIGHUP');
		await sleep(10);
	}
	await eventually(() => {
		const last = generations(site.leat).at(-1);
		return last > 1 && site.leat.workers().length === 2 && descriptorsOf(site.leat.pid) === fds;
	}, 'it comes to rest', 15000);
	await sleep(300);
	assert.equal(site.leat.workers().length, 2);
	for (const pid of childrenOf(site.leat.pid))
		assert.doesNotMatch(fs.readFileSync(`/proc/${pid}/status`, 'utf8'), /^State:\s+Z/m);
	assert.deepEqual(Object.keys(await often.stop()), ['200']);
	assert.ok(generations(site.leat).length <= 51);
});

scenario('a bad configuration is refused with file and line', async (place) => {
	const site = await startPool(place);
	site.configure('\nworkers = many\n');
	await site.refused(/leat\.conf:2: workers: found "many"/);
	fs.renameSync(site.leat.file, `${site.leat.file}.away`);
	await site.refused(/leat\.conf cannot be read: No such file/);
	fs.writeFileSync(place.path('open.key'), 'sk-secret');
	fs.chmodSync(place.path('open.key'), 0o644);
	site.configure(`provider "p" { kind = openai key_file = "${place.path('open.key')}" }\n`);
	await site.refused(/open\.key/);
	assert.ok(!site.leat.log().includes('sk-secret'));
	// And a good one is taken up afterwards.
	site.configure({});
	await site.reload();
});

scenario('a bad binary is refused with its reason', async (place) => {
	const site = await startPool(place);
	site.replace((name) => fs.writeFileSync(name, 'only text\n'));
	await site.refused(/cannot be executed: Exec format error/);
	site.replace((name) => fs.writeFileSync(name, '#!/bin/sh\nkill -SEGV $$\n'));
	await site.refused(/ended by signal 11/);
	site.replace((name) => fs.copyFileSync('/bin/true', name));
	await site.refused(/is no leat that can take over/);
	site.replace((name) => fs.writeFileSync(name, '#!/bin/sh\necho library libnone.so is missing >&2\nexit 127\n'));
	await site.refused(/library libnone\.so is missing/);
	site.replace((name) => fs.writeFileSync(name, '#!/bin/sh\nexec sleep 60\n'));
	await site.refused(/did not end within 10 s/);
	fs.unlinkSync(site.binary);
	await site.refused(/cannot be executed: No such file/);
	// Good when it is checked, gone when it is executed: everything that was
	// made ready for the other process is taken back.
	const fds = descriptorsOf(site.leat.pid);
	site.replace((name) => fs.writeFileSync(name, '#!/bin/sh\necho "can take over: leat 9.9"\nrm "$0"\n'));
	await site.refused(/leat 9\.9 takes over[^]*cannot be executed: No such file/);
	assert.equal(descriptorsOf(site.leat.pid), fds);
	process.kill(site.leat.workers()[0], 'SIGKILL');
	await eventually(() => site.leat.workers().length === 2, 'another worker');
	assert.ok(fs.readdirSync(`/proc/${site.leat.workers()[1]}/fd`).length < 30);
	fs.copyFileSync(LEAT, site.binary);
	await site.reload();
});

scenario('a worker that dies after a refused upgrade comes back as it was', async (place) => {
	const site = await startPool(place);
	site.replace((name) => fs.writeFileSync(name, 'only text\n'));
	site.configure('workers = many\n');
	await site.refused(/./);
	const [first] = site.leat.workers();
	process.kill(first, 'SIGKILL');
	await eventually(() => site.leat.workers().length === 2 && !site.leat.workers().includes(first), 'another worker', 10000);
	await eventually(async () => (await site.request('readyz')).status === 200, 'it answers');
});

scenario('new workers that cannot start are given up', async (place) => {
	const key = place.write('a.key', 'sk-1');
	fs.chmodSync(key, 0o600);
	const site = await startPool(place, { provider: { key_file: key }, script: ticking });
	const stream = await site.open('q');
	await stream.untilType('content');
	const workers = site.leat.workers();
	// The key is there for the check, and gone when the workers want it.
	const real = place.path('real');
	fs.copyFileSync(LEAT, real);
	site.replace((name) => fs.writeFileSync(name, `#!/bin/sh\n[ "$1" = serve ] && mv ${key} ${key}.away\nexec ${real} "$@"\n`));
	site.leat.process.kill('SIGHUP');
	await eventually(() => /new workers are given up: .*a\.key/.test(site.leat.log()), 'it is given up', 10000);
	await eventually(() => site.leat.workers().length === 2, 'the new ones go', 10000);
	assert.deepEqual(site.leat.workers(), workers);
	await stream.all();
	assert.equal(stream.last.json.result.answer, ANSWER);
	assert.equal((await site.request('healthz')).status, 200);
	// The old ones come back with the old binary and configuration.
	fs.renameSync(`${key}.away`, key);
	process.kill(workers[0], 'SIGKILL');
	await eventually(() => site.leat.workers().length === 2, 'another worker', 10000);
	assert.equal((await site.request('healthz')).status, 200);
});

scenario('options that only a restart changes are named and stay', async (place) => {
	const site = await startPool(place);
	site.configure({ workers: 3, more: { listen: [`unix:${place.path('other.sock')}`], listen_mode: '0600', runtime_dir: place.path('elsewhere') } });
	await site.reload();
	const log = site.leat.log();
	assert.match(log, /listen: only a restart changes it; \{"unix:.*leat\.sock"\} stays in force/);
	assert.match(log, /listen_mode: only a restart changes it; 0660 stays/);
	assert.match(log, /runtime_dir: only a restart changes it; ".*\/run" stays/);
	assert.doesNotMatch(log, /workers: only a restart/);
	assert.ok(!fs.existsSync(place.path('other.sock')));
	await eventually(() => site.leat.workers().length === 3, 'the rest is taken up');
	assert.equal((await site.request('healthz')).status, 200);
	// Also by a worker that starts later, and by the next reload.
	await site.reload();
	assert.equal((await site.request('healthz')).status, 200);
	site.leat.process.expectedToDie = true;
	await site.leat.process.stop();
	assert.ok(!fs.existsSync(site.leat.socket), 'the first socket is removed');
	assert.deepEqual(fs.readdirSync(place.path('run')), [], 'and what stood in the first folder');
});

scenario('a reload changes the number of workers', async (place) => {
	const site = await startPool(place, { workers: 2 });
	for (const workers of [4, 1, 2]) {
		site.configure({ workers });
		await site.reload();
		await eventually(() => site.leat.workers().length === workers, `${workers} workers`, 10000);
		for (let n = 0; n < 10; n++) assert.equal((await site.request('healthz')).status, 200);
	}
});

scenario('a changed log and a changed answer are taken up', async (place) => {
	const site = await startPool(place, { script: null });
	const log = place.path('new.log');
	site.configure({ more: { log, routes_off: ['search'] } });
	assert.notEqual((await site.request('search?query=x')).status, 404);
	site.leat.process.kill('SIGHUP');
	await eventually(() => fs.existsSync(log) && /generation 2 serves/.test(fs.readFileSync(log, 'utf8')), 'the log goes there', 10000);
	assert.equal((await site.request('search?query=x')).status, 404);
	fs.renameSync(log, `${log}.1`);
	site.leat.process.kill('SIGHUP');
	await eventually(() => fs.existsSync(log) && /generation 3 serves/.test(fs.readFileSync(log, 'utf8')), 'a reload opens it anew', 10000);
});

scenario('what old workers still stream ends by reload_timeout', async (place) => {
	const site = await startPool(place, { script: endless, more: { reload_timeout: '1s' } });
	const stream = await site.open('q');
	await stream.untilType('content');
	const at = performance.now();
	await site.reload();
	await stream.all();
	assertNative(stream);
	assert.equal(stream.last.json.type, 'error');
	assert.equal(stream.last.json.code, 'interrupted');
	assert.equal(stream.last.json.retryable, true);
	const ms = performance.now() - at;
	assert.ok(ms > 900 && ms < 4000 * SLOWNESS, `${ms} ms`);
	await eventually(() => site.leat.workers().length === 2, 'the old ones are gone', 10000);
});

scenario('a third reload shortens the time of the oldest generation', async (place) => {
	const site = await startPool(place, { script: endless, more: { drain_timeout: '1s' } });
	const streams = [];
	for (let n = 0; n < 3; n++) {
		streams.push(await site.open('q'));
		await streams[n].untilType('content');
		await site.reload();
	}
	await streams[0].all();
	assert.equal(streams[0].last.json.code, 'interrupted');
	await sleep(500);
	for (const stream of streams.slice(1)) {
		assert.notEqual(stream.last.json.type, 'error', 'the younger ones go on');
		stream.leave();
	}
});

scenario('a turn of an old worker is polled, resumed and stopped through the new ones', async (place) => {
	const site = await startPool(place, { script: ticking, chat: { linger: '8s' } });
	const polled = (await site.post('chat', { query: 'q', wait: 0 })).json.turn;
	const stopped = await site.open('q');
	const resumed = await site.open('q');
	await stopped.untilType('content');
	await resumed.untilType('content');
	const { turn } = (await site.post('chat', { query: 'q', wait: 0 })).json;
	await site.reload();
	const again = await site.stream(`chat/${resumed.headers['x-leat-turn']}/stream`);
	await again.untilType('content');
	resumed.leave();
	assert.equal((await site.post(`chat/${stopped.headers['x-leat-turn']}/stop`, {})).status, 204);
	await stopped.all();
	assert.notEqual(stopped.last.json.type, 'error');
	await again.all();
	assert.equal(again.last.json.result.answer, ANSWER);
	for (const id of [polled, turn]) {
		const rest = await site.stream(`chat/${id}/stream`);
		await rest.all();
		assert.equal(rest.last.json.result.answer, ANSWER, 'without a reader it went on');
	}
	await eventually(() => site.leat.workers().length === 2, 'forgotten, the old ones go', 15000);
});

scenario('a turn that a client named is not begun again after a reload', async (place) => {
	const site = await startPool(place, { workers: 3, script: ticking });
	const names = Array.from({ length: 6 }, (_, n) => `the-clients-own-${n}`);
	const streams = await Promise.all(names.map((turn) => site.open('q', { turn })));
	await Promise.all(streams.map((s) => s.untilType('content')));
	await site.reload();
	await sleep(100);
	const again = await Promise.all(names.map((turn) => site.open('q', { turn })));
	for (const stream of [...streams, ...again]) {
		await stream.all();
		assert.equal(stream.last.json.result.answer, ANSWER);
	}
	assert.equal(site.upstream.calls.length, names.length);
	// A new name belongs to the new workers.
	await eventually(() => site.leat.workers().length === 3, 'the old ones go', 10000);
	const fresh = await site.open('q', { turn: names[0] });
	await fresh.untilType('content');
	assert.equal(site.upstream.calls.length, names.length + 1);
	fresh.leave();
});

scenario('a master that is killed during a drain loses no stream', async (place) => {
	const site = await startPool(place, { script: ticking });
	const early = await site.open('q');
	await early.untilType('content');
	await site.reload();
	const late = await site.open('q');
	await late.untilType('content');
	const orphans = site.leat.workers();
	assert.equal(orphans.length >= 3, true, 'an old one and the new ones');
	site.leat.process.expectedToDie = true;
	site.leat.process.kill('SIGKILL');
	await site.leat.process.exited;
	for (let n = 0; n < 20; n++) assert.equal((await site.request('healthz')).status, 200);
	const next = await startLeat(place, { ...BRIEF, upstream: site.upstream, file: 'next.conf' });
	for (let n = 0; n < 50; n++) {
		assert.equal((await site.request('healthz')).status, 200);
		await sleep(10);
	}
	for (const stream of [early, late]) {
		await stream.all();
		assert.equal(stream.last.json.result.answer, ANSWER);
	}
	await eventually(() => orphans.every((pid) => !fs.existsSync(`/proc/${pid}`)), 'the orphans go', 15000);
	assert.equal(next.workers().length, 2);
});

scenario('SIGTERM during a drain ends all generations within drain_timeout', async (place) => {
	const site = await startPool(place, { script: endless, more: { drain_timeout: '1s' } });
	const stream = await site.open('q');
	await stream.untilType('content');
	await site.reload();
	const at = performance.now();
	site.leat.process.expectedToDie = true;
	site.leat.process.kill('SIGTERM');
	await stream.all();
	assert.equal(stream.last.json.code, 'interrupted');
	assert.deepEqual(await site.leat.process.exited, { code: 0, signal: null });
	assert.ok(performance.now() - at < 4000 * SLOWNESS);
});

scenario('a worker that dies again and again: the log says how often, and when it is tried next', async (place) => {
	const site = await startPool(place, { workers: 2 });
	const [kept, first] = site.leat.workers();
	let pid = first;
	for (let n = 0; n < 2; n++) {
		process.kill(pid, 'SIGKILL');
		pid = await eventually(() => site.leat.workers().find((p) => p !== kept && p !== pid), 'another one', 10000);
	}
	process.kill(pid, 'SIGKILL');
	await eventually(() => /has died 3 times in a row; next try in 2 s/.test(site.leat.log()), 'it says so');
	// Back-off survives a reload of the rest: nothing else is disturbed.
	await site.reload();
	await eventually(() => site.leat.workers().length === 2, 'all are there', 10000);
});

scenario('a socket, lock and slots file that somebody removed come back by a reload', async (place) => {
	const site = await startPool(place, { ...WITHOUT_LIMIT, script: ticking });
	const stream = await site.open('q');
	await stream.untilType('content');
	const told = () => site.leat.log().match(/took its file away/g)?.length;
	fs.rmSync(place.path('run'), { recursive: true });
	fs.rmSync(site.leat.socket);
	fs.rmSync(`${site.leat.socket}.lock`);
	await eventually(told, 'the log says so');
	assert.equal((await site.request('healthz')).status, 502);
	await sleep(1200);
	assert.equal(told(), 1, 'once');
	await site.reload();
	assert.equal((await site.request('healthz')).status, 200);
	assert.match(site.leat.log(), /leat\.sock was gone; it is made anew/);
	assert.match(site.leat.log(), /leat\.sock\.slots was gone; it is made anew/);
	const status = spawnSync(site.binary, ['status', '-c', site.leat.file], { encoding: 'utf8' });
	assert.equal(status.status, 0, status.stdout);
	await stream.all();
	assert.equal(stream.last.json.result.answer, ANSWER);
	await eventually(() => site.leat.workers().length === 2, 'the old ones end', 10000);
	await site.reload();
	assert.equal((await site.request('healthz')).status, 200);
	await site.leat.process.stop();
	assert.ok(!fs.existsSync(site.leat.socket) && !fs.existsSync(`${site.leat.socket}.lock`), 'nothing is left behind');
	assert.deepEqual(fs.readdirSync(place.path('run')), []);
});

scenario('a symbolic link to the binary is followed anew', async (place) => {
	const one = place.path('leat-1');
	const two = place.path('leat-2');
	const link = place.path('leat-current');
	fs.copyFileSync(LEAT, one);
	fs.copyFileSync(LEAT, two);
	fs.symlinkSync(path.basename(one), link);
	const leat = await startLeat(place, { ...BRIEF, wrap: [link] });
	fs.symlinkSync(path.basename(two), `${link}.new`);
	fs.renameSync(`${link}.new`, link);
	leat.process.kill('SIGHUP');
	await eventually(() => generations(leat).length > 0, 'a new generation', 10000);
	assert.equal(fs.readlinkSync(`/proc/${leat.pid}/exe`), two);
});
