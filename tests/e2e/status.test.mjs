// SPDX-License-Identifier: ISC
// leat status and leat top, of pools that do well and of pools that do not.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import { spawn } from 'node:child_process';
import { scenario, sleep, eventually, within, IS_ROOT, SLOWNESS } from './lib/place.mjs';
import { LEAT, childrenOf, cleanEnvironment, startLeat } from './lib/leat.mjs';
import { fcgiRequest } from './lib/fcgi.mjs';
import { startSite } from './lib/site.mjs';

async function ticking(call) {
	for (let n = 0; n < 100 && !call.isClosed; n++) {
		await call.delta(`t${n} `);
		await sleep(50);
	}
	await call.stop();
}

async function status(place, leat, ...more) {
	return place.run('status', LEAT, ['status', '-c', leat.file, ...more], { env: cleanEnvironment() });
}

async function statusJson(place, leat) {
	const run = await status(place, leat, '--json');
	assert.equal(run.stderr, '');
	const json = JSON.parse(run.stdout);
	assert.equal(json.ok, run.code === 0);
	return { code: run.code, json, pool: json.pools[0] };
}

scenario('a pool that runs: its workers, what is open, rates, and what it may', async (place) => {
	const site = await startSite(place, { workers: 2, script: ticking, limits: { streams_per_address: 7 } });
	const streams = await Promise.all(Array.from({ length: 5 }, () => site.open('q')));
	await Promise.all(streams.map((s) => s.untilType('content')));
	const { code, pool } = await statusJson(place, site.leat);
	assert.equal(code, 0);
	assert.equal(pool.state, 'running');
	assert.equal(pool.kind, 'pool');
	assert.equal(pool.master, site.leat.pid);
	assert.equal(pool.listen, site.leat.address);
	assert.equal(pool.config, site.leat.file);
	assert.equal(pool.streams, 5);
	assert.equal(pool.limits.streams_per_address, 7);
	assert.equal(pool.limits.per_process, false);
	// 5 streams with a frame each 50 ms.
	assert.ok(pool.frames_per_second > 40 && pool.frames_per_second < 130, `${pool.frames_per_second} frames/s`);
	assert.ok(pool.total.requests >= 5 && pool.total.answers_started === 5);
	assert.ok(pool.total.first_token_median_ms > 0);
	assert.deepEqual(pool.workers.map((w) => w.process).sort(), site.leat.workers().sort());
	assert.equal(pool.workers.reduce((sum, w) => sum + w.streams, 0), 5);
	for (const worker of pool.workers) {
		assert.equal(worker.state, 'ready');
		assert.ok(worker.rss_bytes > 1e6 && worker.anonymous_bytes < worker.rss_bytes);
	}
	const words = (await status(place, site.leat)).stdout;
	assert.match(words, /is running\n/);
	assert.match(words, /open {5}5 streams, /);
	assert.match(words, /7 per client address/);
	assert.ok(words.split('\n').every((line) => line.length <= 80 || line.includes(place.dir)), words);
	assert.ok(!words.includes('\x1b'), 'no colours in a pipe');
});

scenario('nothing runs: it says where it looked, and what may be wrong', async (place) => {
	fs.mkdirSync(place.path('run'));
	const run = await place.run('status', LEAT, ['status', '--runtime-dir', place.path('run')]);
	assert.equal(run.code, 1);
	assert.ok(run.stdout.replaceAll('\n', ' ').includes(`No pool is to be seen in ${place.path('run')}.`), run.stdout);
	const missing = await place.run('status', LEAT, ['status', '--runtime-dir', place.path('none'), '--json']);
	assert.equal(missing.code, 1);
	assert.equal(JSON.parse(missing.stdout).problem, 'it does not exist');
	assert.equal((await place.run('status', LEAT, ['status', '--wrong'])).code, 2);
	assert.equal((await place.run('status', LEAT, ['status', 'argument'])).code, 2);
});

scenario('a worker that does not move is hung, one that dies again and again backs off', async (place) => {
	const leat = await startLeat(place, { workers: 2 });
	const [first, second] = leat.workers();
	process.kill(first, 'SIGSTOP');
	let seen = await statusJson(place, leat);
	assert.equal(seen.code, 1);
	assert.equal(seen.pool.state, 'degraded');
	assert.deepEqual(Object.fromEntries(seen.pool.workers.map((w) => [w.process, w.state])), { [first]: 'hung', [second]: 'ready' });
	process.kill(first, 'SIGCONT');
	await eventually(async () => (await statusJson(place, leat)).code === 0, 'it is well again', 10000);
	const end = Date.now() + 30000;
	for (;;) {
		seen = await statusJson(place, leat);
		if (seen.pool.workers.some((w) => w.state === 'backing off')) break;
		assert.ok(Date.now() < end, 'it backs off');
		for (const pid of leat.workers().filter((p) => p !== second)) {
			try { process.kill(pid, 'SIGKILL'); } catch { /* was gone */ }
		}
	}
	assert.equal(seen.pool.state, 'degraded');
	const waiting = seen.pool.workers.find((w) => w.state === 'backing off');
	assert.ok(waiting.deaths_in_a_row >= 1 && waiting.starts_in_ms <= 30000);
});

scenario('a pool whose master was killed is orphaned; then it is dead; then it runs again', async (place) => {
	const leat = await startLeat(place, { workers: 2 });
	const workers = leat.workers();
	leat.process.expectedToDie = true;
	process.kill(leat.pid, 'SIGKILL');
	await leat.process.exited;
	const words = await status(place, leat);
	assert.equal(words.code, 1);
	assert.match(words.stdout.replaceAll('\n', ' '), /has lost its master .*start leat again, and it takes over/);
	for (const pid of workers) process.kill(pid, 'SIGKILL');
	assert.equal((await statusJson(place, leat)).pool.state, 'dead');
	const next = await startLeat(place, { workers: 2 });
	assert.equal((await statusJson(place, next)).pool.state, 'running');
});

scenario('a reload is another generation, and the old one is seen to drain', async (place) => {
	const site = await startSite(place, { workers: 1, script: ticking });
	const stream = await site.open('q');
	await stream.untilType('content');
	process.kill(site.leat.pid, 'SIGHUP');
	await eventually(() => site.leat.workers().length === 2, 'old and new');
	const { code, pool } = await statusJson(place, site.leat);
	assert.equal(code, 0);
	assert.equal(pool.generation, 2);
	assert.deepEqual(pool.workers.map((w) => [w.generation, w.state, w.streams]).sort(), [[1, 'draining', 1], [2, 'ready', 0]]);
	await stream.all();
});

scenario('processes alone are listed, with what cannot be seen', async (place) => {
	const leat = await startLeat(place, { workers: 1 });
	const children = [];
	place.onClose(() => children.forEach((child) => child.kill('SIGKILL')));
	for (let n = 0; n < 2; n++) {
		const server = net.createServer();
		await new Promise((resolve) => server.listen(place.path(`alone-${n}.sock`), resolve));
		children.push(spawn(LEAT, ['serve', '-c', leat.file], { stdio: [server._handle, 'ignore', 'ignore'], env: cleanEnvironment() }));
		// The socket is theirs; ours would keep this program from ending.
		server.close();
	}
	await eventually(async () => (await statusJson(place, leat)).json.pools.length === 3, 'all three', 10000);
	const { code, json } = await statusJson(place, leat);
	assert.equal(code, 0);
	const alone = json.pools.filter((p) => p.kind === 'alone');
	assert.deepEqual(alone.map((p) => p.master).sort(), children.map((c) => c.pid).sort());
	assert.ok(alone.every((p) => p.limits.per_process));
	const words = (await status(place, leat)).stdout;
	assert.match(words, /2 processes alone, started by a web server/);
	assert.match(words, /each process for itself/);
	assert.match(words, /mod_fcgid/);
	children[0].kill('SIGKILL');
	await eventually(async () => (await statusJson(place, leat)).json.pools.length === 2, 'a dead one is not shown', 10000);
});

scenario('the pool of another configuration in the same folder is shown, and is not this one', async (place) => {
	const leat = await startLeat(place, { workers: 1 });
	const other = place.write('other.conf', `${fs.readFileSync(leat.file, 'utf8')}\n`);
	const run = await place.run('status', LEAT, ['status', '-c', other], { env: cleanEnvironment() });
	assert.equal(run.code, 1);
	assert.match(run.stdout, /is running/);
	assert.match(run.stderr, /none of these was started with .*other\.conf; its pool does not run/);
	fs.symlinkSync(leat.file, place.path('link.conf'));
	assert.equal((await place.run('status', LEAT, ['status', '-c', place.path('link.conf')], { env: cleanEnvironment() })).code, 0);
});

scenario('who may not look is told who may', async (place, t) => {
	if (!IS_ROOT) return t.skip('needs root, to be somebody else');
	const leat = await startLeat(place, { workers: 1 });
	fs.chmodSync(place.dir, 0o755);
	const run = await place.run('status', 'setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', LEAT, 'status', '--runtime-dir', place.path('run')], { env: cleanEnvironment() });
	assert.equal(run.code, 1);
	assert.match(run.stdout.replaceAll('\n', ' '), /only root, the user root and members of the group root may look at it/);
	// A member of the group may.
	fs.chownSync(place.path('run', 'leat.sock.slots'), 0, 65534);
	const member = await place.run('status', 'setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', LEAT, 'status', '--runtime-dir', place.path('run')], { env: cleanEnvironment() });
	assert.equal(member.code, 0, member.stdout + member.stderr);
	assert.ok(leat.pid);
});

/** leat top on a pseudo terminal; `keys` are pressed when it has drawn. */
async function runTop(place, leat, keys, more = {}) {
	const child = spawn('script', ['-qec', `stty cols 90 rows 20; ${LEAT} top -c ${leat.file}; echo "status $?"; stty -a`, '/dev/null'],
		{ stdio: ['pipe', 'pipe', 'inherit'], env: { ...cleanEnvironment(), TERM: 'xterm', SHELL: '/bin/sh', ...more } });
	let text = '';
	child.stdout.on('data', (data) => { text += data; });
	place.onClose(() => { child.kill('SIGKILL'); });
	const closed = new Promise((resolve) => child.on('close', resolve));
	await eventually(() => (text.match(/\x1b\[H/g) ?? []).length >= 3, 'it draws again and again', 10000);
	child.stdin.write(keys);
	await within(closed, 5000 * SLOWNESS, 'top ends');
	return text;
}

scenario('top is live, and leaves the terminal as it was', async (place) => {
	const leat = await startLeat(place, { workers: 2 });
	for (const [name, keys] of [['q', 'q'], ['Ctrl-C', '\x03']]) {
		const text = await runTop(place, leat, keys);
		assert.ok(text.includes('\x1b[?1049h') && text.lastIndexOf('\x1b[?1049l') > text.lastIndexOf('\x1b[H'), name);
		assert.ok(text.lastIndexOf('\x1b[?25h') > text.lastIndexOf('\x1b[?25l'), 'the cursor is back');
		assert.match(text, /status 0/);
		assert.match(text, / echo /, 'echo is on');
		assert.match(text, / icanon /);
		assert.match(text, /WORKER PROCESS/);
		assert.match(text, /\x1b\[32mready/, 'coloured');
		assert.equal((text.match(/\x1b\[2J/g) ?? []).length, 1, 'cleared once: no flicker');
	}
	const plain = await runTop(place, leat, 'q', { NO_COLOR: '1' });
	assert.ok(!/\x1b\[3[123]m/.test(plain), 'NO_COLOR');
	const refused = await place.run('top', LEAT, ['top', '-c', leat.file]);
	assert.equal(refused.code, 2);
	assert.match(refused.stderr, /it needs a terminal; leat status/);
});

scenario('looking disturbs nobody', async (place) => {
	const leat = await startLeat(place, { workers: 1 });
	const before = fs.statSync(place.path('run', 'leat.sock.slots'));
	await status(place, leat);
	const after = fs.statSync(place.path('run', 'leat.sock.slots'));
	assert.equal(after.ino, before.ino);
	assert.equal((await fcgiRequest(leat.socket, { path: '/ask/healthz' })).status, 200);
	assert.equal(childrenOf(leat.pid).length, 1);
});
