// SPDX-License-Identifier: ISC
// Processes: who starts, dies, hangs and leaves, and what clients notice.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { scenario, eventually, freePort, sleep, within, SLOWNESS } from './lib/place.mjs';
import { startLeat, leatConfig, configText, LEAT, cleanEnvironment } from './lib/leat.mjs';
import { startSite } from './lib/site.mjs';
import { startUpstream } from './lib/upstream.mjs';
import { startNginx } from './lib/nginx.mjs';
import { openStream, request } from './lib/sse.mjs';
import { fcgiRequest, FcgiConnection, encodeRequest } from './lib/fcgi.mjs';

const isAlive = (pid) => {
	try { return process.kill(pid, 0); } catch { return false; }
};

/** Says one word, then waits until `go` resolves, then ends. */
function heldScript() {
	let open;
	const go = new Promise((resolve) => { open = resolve; });
	const script = async (call) => {
		await call.delta('one ');
		await go;
		await call.delta('two');
		await call.stop();
	};
	return { script, open };
}

/** Opens streams one by one: with 6 more per worker than the balance leaves
 * to chance, each has some. */
async function openEverywhere(site, count) {
	const streams = [];
	await eventually(() => /pool: ready/.test(site.leat.log()), 'all are ready');
	for (let i = 0; i < count; i++) {
		const stream = await site.open(`question ${i}`);
		await stream.until((event) => event.json?.content === 'one ');
		streams.push(stream);
	}
	return streams;
}

/** The worker's slot, as the first letters of a turn's id name it. */
const placeOf = (stream) => stream.headers['x-leat-turn'].slice(2, 10);

function openDescriptors(pid) {
	return fs.readdirSync(`/proc/${pid}/fd`).length;
}

scenario('the first line says what is served, and each worker is called leat', async (place) => {
	const leat = await startLeat(place, { workers: 3 });
	const first = leat.log().split('\n').find((line) => line.includes('leat 0'));
	assert.match(first, /unix:.*leat\.sock.* 3 workers.*index .*providers quotes.*\d+ streams per worker.*leat\.conf/);
	await eventually(() => /pool: ready/.test(leat.log()), 'all are ready');
	assert.equal(leat.workers().length, 3);
	for (const pid of leat.workers()) {
		assert.equal(fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim(), 'leat');
		// Nothing of the shell's, and not the other workers' channels.
		assert.ok(openDescriptors(pid) < 40);
	}
});

scenario('a second instance is refused with the number of the first, which goes on', async (place) => {
	const leat = await startLeat(place);
	const second = await place.run('second', LEAT, ['serve', '-c', leat.file], { env: cleanEnvironment() });
	assert.equal(second.code, 1);
	assert.match(second.stderr, new RegExp(`leat: unix:.*already.*process ${leat.pid}`));
	assert.equal((await fcgiRequest(leat.socket, { path: '/ask/readyz' })).status, 200);
});

scenario('what keeps the pool from starting is said in words', async (place, t) => {
	const cases = {
		'a folder that is missing': [{ listen: ['unix:/nonexistent/leat.sock'] }, /directory \/nonexistent does not exist/],
		'an address that is not loopback': [{ listen: ['tcp:0.0.0.0:9000'] }, /loopback/],
		'an unknown group': [{ listen_group: 'nobody-has-this' }, /nobody-has-this/],
		'a path that is too long': [{ listen: [`unix:/tmp/${'x'.repeat(110)}`] }, /bytes/],
	};
	await t.test('too few descriptors', async () => {
		const file = place.write('few.conf', configText(leatConfig(place)));
		const run = await place.run('bad', '/bin/bash', ['-c', 'ulimit -n 20; exec "$0" serve -c "$1"', LEAT, file], { env: cleanEnvironment() });
		assert.equal(run.code, 1);
		assert.match(run.stderr, /only 20 descriptors/);
	});
	await t.test('no configuration', async () => {
		const run = await place.run('bad', LEAT, ['serve', '-c', place.path('none.conf')], { env: cleanEnvironment() });
		assert.equal(run.code, 1);
		assert.match(run.stderr, /none\.conf/);
	});
	await t.test('a worker by hand', async () => {
		const run = await place.run('bad', LEAT, ['worker', '--slot', '0'], { env: cleanEnvironment() });
		assert.equal(run.code, 2);
		assert.match(run.stderr, /started by leat serve/);
	});
	for (const [name, [more, words]] of Object.entries(cases))
		await t.test(name, async () => {
			const file = place.write(`${name}.conf`, configText(leatConfig(place, { more })));
			const run = await place.run('bad', LEAT, ['serve', '-c', file], { env: cleanEnvironment() });
			assert.equal(run.code, 1);
			assert.match(run.stderr, words);
		});
});

scenario('a worker that the configuration keeps from starting ends the start', async (place) => {
	const key = place.write('key', 'secret\n');
	fs.chmodSync(key, 0o600);
	// The master has a descriptor 77, a worker has not.
	const file = place.write('leat.conf', configText(leatConfig(place, {
		upstream: { url: 'http://127.0.0.1:9/v1' }, provider: { key_file: '/proc/self/fd/77' },
	})));
	fs.mkdirSync(place.path('run'));
	const run = await place.run('bad', '/bin/bash', ['-c', 'exec 77<"$1"; exec "$0" serve -c "$2"', LEAT, key, file], { env: cleanEnvironment() });
	assert.equal(run.code, 1);
	assert.match(run.stderr, /cannot be started: .*\/proc\/self\/fd\/77/);
	assert.ok(!fs.existsSync(place.path('leat.sock')));
	assert.equal(run.stderr.match(/is process/g).length, 2, 'each was tried once');
});

scenario('the socket has the mode and the group that were asked for', async (place) => {
	const leat = await startLeat(place, { more: { listen_mode: '0666' } });
	assert.equal(fs.statSync(leat.socket).mode & 0o777, 0o666);
	leat.process.kill('SIGTERM');
	await leat.process.exited;
	assert.deepEqual(fs.readdirSync(place.dir).filter((name) => name.startsWith('leat.sock')), []);
	assert.deepEqual(fs.readdirSync(place.path('run')), []);
	leat.process.expectedToDie = true;
	assert.deepEqual(leat.process.exit, { code: 0, signal: null });
});

scenario('a pool listens on a port of the loopback', async (place) => {
	const port = await freePort();
	const v6 = await freePort();
	const leat = await startLeat(place, { more: { listen: [`tcp:127.0.0.1:${port}`, `tcp:[::1]:${v6}`, `unix:${place.path('leat.sock')}`] } });
	assert.equal((await fcgiRequest({ host: '127.0.0.1', port }, { path: '/ask/readyz' })).status, 200);
	assert.equal((await fcgiRequest({ host: '::1', port: v6 }, { path: '/ask/readyz' })).status, 200);
	const file = place.write('other.conf', configText(leatConfig(place, { more: { listen: [`tcp:127.0.0.1:${port}`], runtime_dir: place.path('run2') } })));
	const second = await place.run('second', LEAT, ['serve', '-c', file], { env: cleanEnvironment() });
	assert.equal(second.code, 1);
	assert.match(second.stderr, /in use/);
	assert.equal(leat.workers().length, 2);
});

scenario('without a writable runtime folder the pool runs and says so', async (place) => {
	place.write('run-file', '');
	const leat = await startLeat(place, { more: { runtime_dir: place.path('run-file') } });
	assert.match(leat.log(), /runtime_dir .*cannot be used/);
	const reply = await fcgiRequest(leat.socket, { path: '/ask/metrics' });
	assert.match(reply.text, /leat_requests_total/);
});

scenario('a killed worker ends only its own streams and is replaced at once', async (place) => {
	const held = heldScript();
	const site = await startSite(place, { script: held.script });
	const streams = await openEverywhere(site, 12);
	const places = [...new Set(streams.map(placeOf))];
	assert.equal(places.length, 2, 'both workers have streams');
	const before = site.leat.workers();
	process.kill(before[0], 'SIGKILL');
	await eventually(() => streams.some((stream) => stream.isEnded), 'a stream ends');
	await eventually(() => site.leat.workers().length === 2 && !site.leat.workers().includes(before[0]), 'a new worker');
	held.open();
	await Promise.all(streams.map((stream) => stream.all()));
	const whole = streams.filter((stream) => stream.of('final').length === 1);
	const cut = streams.filter((stream) => !whole.includes(stream));
	assert.ok(whole.length > 0 && cut.length > 0);
	assert.equal(new Set(whole.map(placeOf)).size, 1);
	assert.equal(new Set(cut.map(placeOf)).size, 1);
	for (const stream of cut) assert.equal(stream.of('error').length, 0);
	// A turn of the dead worker is gone, from whichever worker is asked.
	for (let i = 0; i < 6; i++) {
		const gone = await site.request(`chat/${cut[0].headers['x-leat-turn']}/stream`, { headers: { accept: 'application/json' } });
		assert.ok([204, 404, 410].includes(gone.status), `${gone.status}`);
	}
	assert.match(site.leat.log(), /ended by signal 9/);
	assert.equal((await site.ask('more')).of('final').length, 1);
	assert.equal(await site.metric('leat_streams_open'), 0);
});

scenario('counters do not go back when a worker dies', async (place) => {
	const site = await startSite(place);
	for (let i = 0; i < 10; i++) await site.ask('hello');
	const before = await site.metric('leat_turns_started_total');
	assert.equal(before, 10);
	for (const pid of site.leat.workers()) process.kill(pid, 'SIGKILL');
	await eventually(async () => (await site.request('readyz')).status === 200, 'ready again');
	assert.equal(await site.metric('leat_turns_started_total'), 10);
	assert.equal(await site.metric('leat_turns_open'), 0);
});

scenario('a worker that dies again and again comes back later and later', async (place) => {
	const leat = await startLeat(place, { workers: 1 });
	for (const pause of ['', '1 s', '2 s']) {
		const [pid] = await eventually(() => leat.workers().length === 1 && leat.workers(), 'a worker');
		await eventually(async () => (await fcgiRequest(leat.socket, { path: '/ask/readyz' }, 500)).status === 200, 'ready');
		process.kill(pid, 'SIGKILL');
		await eventually(() => !isAlive(pid), 'it is dead');
		if (pause) await eventually(() => leat.log().includes(`started again in ${pause}`), pause);
	}
	// Connections that come meanwhile wait in the backlog and are answered.
	const reply = await fcgiRequest(leat.socket, { path: '/ask/readyz' }, 8000 * SLOWNESS);
	assert.equal(reply.status, 200);
});

scenario('any worker answers for a turn that another one has', async (place) => {
	const held = heldScript();
	const site = await startSite(place, { script: held.script, workers: 4, limits: { streams_per_address: 0 } });
	const streams = await openEverywhere(site, 24);
	assert.ok(new Set(streams.map(placeOf)).size >= 3);
	// From the start of each, over new connections to whichever accepts.
	const followers = await Promise.all(streams.flatMap((stream) => [1, 2].map(() =>
		site.stream(`chat/${stream.headers['x-leat-turn']}/stream`))));
	for (const follower of followers) await follower.until((event) => event.json?.content === 'one ');
	held.open();
	for (const follower of followers) {
		await follower.all();
		assert.equal(follower.of('final').length, 1);
		assert.equal(follower.text(), 'one two');
	}
	assert.equal(site.upstream.calls.length, 24);
	const out = await site.metric('leat_handovers_total', 'direction="out"');
	assert.ok(out > 5, `${out} were handed over`);
	assert.equal(out, await site.metric('leat_handovers_total', 'direction="in"'));
});

scenario('long requests change hands as well, and no descriptor stays behind', async (place) => {
	const held = heldScript();
	const site = await startSite(place, { script: held.script });
	const turn = 'client-chosen-turn-1';
	const history = Array.from({ length: 40 }, (_, i) => ({ role: i % 2 ? 'assistant' : 'user', content: 'x'.repeat(500) }));
	const messages = [...history, { role: 'user', content: 'and now?' }];
	const ask = () => site.open(undefined, { messages, turn });
	const first = await ask();
	await first.until((event) => event.json?.content === 'one ');
	const pids = [site.leat.pid, ...site.leat.workers()];
	const before = pids.map(openDescriptors);
	for (let round = 0; round < 8; round++) {
		const others = await Promise.all(Array.from({ length: 8 }, ask));
		for (const other of others) {
			await other.until((event) => event.json?.content === 'one ');
			assert.equal(other.headers['x-leat-turn'], turn);
			other.leave();
		}
	}
	assert.equal(site.upstream.calls.length, 1);
	assert.ok(await site.metric('leat_handovers_total', 'direction="in"') > 8);
	await eventually(() => pids.map(openDescriptors).every((n, i) => n <= before[i] + 2), 'descriptors are closed');
	held.open();
	await first.all();
	assert.equal(first.text(), 'one two');
});

scenario('a hung owner is busy for others, and answers when it wakes', async (place) => {
	const held = heldScript();
	const site = await startSite(place, { script: held.script });
	const streams = await openEverywhere(site, 12);
	const [a, b] = site.leat.workers();
	const slots = [...new Set(streams.map(placeOf))];
	assert.equal(slots.length, 2);
	process.kill(a, 'SIGSTOP');
	try {
		await sleep(3500);
		// The other worker accepts everything and has not slowed down.
		for (let i = 0; i < 5; i++) {
			const health = await site.request('healthz', { timeout: 1000 });
			assert.equal(health.status, 200);
		}
		const stuck = streams.map((stream) => stream.headers['x-leat-turn']);
		const replies = await Promise.all(stuck.map((turn) => site.request(`chat/${turn}?x`, { method: 'DELETE', timeout: 3000 })));
		const busy = replies.filter((reply) => reply.status === 503);
		assert.ok(busy.length > 0 && busy.length < replies.length, JSON.stringify(replies.map((reply) => reply.status)));
		assert.equal(busy[0].json.code, 'overloaded');
	} finally {
		process.kill(a, 'SIGCONT');
	}
	held.open();
	await Promise.all(streams.map((stream) => stream.all()));
	for (const stream of streams) assert.equal(stream.of('final').length, 1);
	assert.deepEqual(site.leat.workers(), [a, b]);
});

scenario('SIGTERM lets streams end, answers what had connected, and exits with 0', async (place) => {
	const held = heldScript();
	const site = await startSite(place, { script: held.script, more: { drain_timeout: '20s' } });
	const streams = await openEverywhere(site, 6);
	site.leat.process.expectedToDie = true;
	site.leat.process.kill('SIGTERM');
	await eventually(() => !fs.existsSync(site.leat.socket), 'the socket goes');
	await sleep(300);
	assert.ok(streams.every((stream) => !stream.isEnded));
	assert.equal(site.leat.process.exit, null);
	const refused = await site.request('healthz');
	assert.equal(refused.status, 502); // at once, not after the drain
	held.open();
	for (const stream of streams) {
		await stream.all();
		assert.equal(stream.of('final').length, 1);
		assert.equal(stream.text(), 'one two');
	}
	const exit = await within(site.leat.process.exited, 3000 * SLOWNESS, 'the pool ends');
	assert.deepEqual(exit, { code: 0, signal: null });
});

scenario('what does not end within drain_timeout is interrupted, and says so', async (place) => {
	const site = await startSite(place, { script: heldScript().script, more: { drain_timeout: '1s' } });
	const streams = await openEverywhere(site, 4);
	site.leat.process.expectedToDie = true;
	const started = performance.now();
	site.leat.process.kill('SIGTERM');
	for (const stream of streams) {
		await stream.all();
		assert.equal(stream.last.json.code, 'interrupted');
		assert.equal(stream.last.json.partial, 'one ');
	}
	const exit = await within(site.leat.process.exited, 5000 * SLOWNESS, 'the pool ends');
	assert.deepEqual(exit, { code: 0, signal: null });
	assert.ok(performance.now() - started > 900);
});

scenario('a second signal ends everything at once', async (place) => {
	const site = await startSite(place, { script: heldScript().script, more: { drain_timeout: '60s' } });
	const streams = await openEverywhere(site, 2);
	site.leat.process.expectedToDie = true;
	const workers = site.leat.workers();
	site.leat.process.kill('SIGINT');
	await sleep(300);
	assert.equal(site.leat.process.exit, null);
	site.leat.process.kill('SIGINT');
	const exit = await within(site.leat.process.exited, 2000 * SLOWNESS, 'the pool ends');
	assert.deepEqual(exit, { code: 0, signal: null });
	assert.ok(workers.every((pid) => !isAlive(pid)));
	await Promise.all(streams.map((stream) => stream.all()));
});

scenario('Ctrl-C reaches the whole group, and streams still end well', async (place) => {
	const held = heldScript();
	const upstream = await startUpstream(place, held.script);
	// A group of its own, as a shell makes it.
	const leat = await startLeat(place, { upstream, wrap: ['/usr/bin/setsid', LEAT], more: { drain_timeout: '20s' } });
	const nginx = await startNginx(place, { socket: leat.address });
	const stream = await openStream(`${nginx.url}/ask/chat`, { body: { query: 'a', streaming: true } });
	await stream.until((event) => event.json?.content === 'one ');
	leat.process.expectedToDie = true;
	process.kill(-leat.pid, 'SIGINT');
	process.kill(-leat.pid, 'SIGHUP');
	await sleep(300);
	held.open();
	await stream.all();
	assert.equal(stream.text(), 'one two');
	assert.deepEqual(await within(leat.process.exited, 3000 * SLOWNESS, 'the pool ends'), { code: 0, signal: null });
});

scenario('a killed master is replaced and no request is lost', async (place) => {
	const held = heldScript();
	const upstream = await startUpstream(place, held.script);
	const leat = await startLeat(place, { upstream });
	const nginx = await startNginx(place, { socket: leat.address });
	const url = `${nginx.url}/ask`;
	const stream = await openStream(`${url}/chat`, { body: { query: 'a', streaming: true } });
	await stream.until((event) => event.json?.content === 'one ');
	const orphans = leat.workers();
	const statuses = [];
	let going = true;
	const traffic = (async () => {
		while (going) {
			statuses.push((await request(`${url}/healthz`)).status);
			await sleep(2);
		}
	})();
	leat.process.expectedToDie = true;
	leat.process.kill('SIGKILL');
	await leat.process.exited;
	await sleep(700);
	assert.ok(orphans.every(isAlive), 'the workers go on');
	const second = await startLeat(place, { upstream });
	await eventually(() => /another master/.test(leat.log()), 'orphans have seen it');
	await sleep(300);
	assert.equal(stream.isEnded, undefined);
	held.open();
	await stream.all();
	assert.equal(stream.text(), 'one two');
	await eventually(() => !orphans.some(isAlive), 'the orphans are gone');
	going = false;
	await traffic;
	assert.ok(statuses.length > 100);
	assert.deepEqual(statuses.filter((status) => status !== 200), []);
	assert.equal((await request(`${url}/readyz`)).status, 200);
	assert.equal(second.workers().length, 2);
});

scenario('a killed master on a port is replaced too', async (place) => {
	const port = await freePort();
	const more = { listen: [`unix:${place.path('leat.sock')}`, `tcp:127.0.0.1:${port}`] };
	const leat = await startLeat(place, { more });
	const orphans = leat.workers();
	leat.process.expectedToDie = true;
	leat.process.kill('SIGKILL');
	await leat.process.exited;
	assert.equal((await fcgiRequest({ host: '127.0.0.1', port }, { path: '/ask/readyz' })).status, 200);
	await startLeat(place, { more });
	assert.equal((await fcgiRequest({ host: '127.0.0.1', port }, { path: '/ask/readyz' })).status, 200);
	await eventually(() => !orphans.some(isAlive), 'the orphans are gone');
});

scenario('orphans hand over to nobody: a turn elsewhere is busy, not lost', async (place) => {
	const held = heldScript();
	const site = await startSite(place, { script: held.script });
	const streams = await openEverywhere(site, 12);
	assert.equal(new Set(streams.map(placeOf)).size, 2);
	const orphans = site.leat.workers();
	site.leat.process.expectedToDie = true;
	site.leat.process.kill('SIGKILL');
	await site.leat.process.exited;
	await eventually(() => /master is gone/.test(site.leat.log()), 'they noticed');
	const replies = [];
	for (const stream of streams)
		replies.push(...await Promise.all([1, 2, 3].map(() => site.request(`chat/${stream.headers['x-leat-turn']}/stream?live=long-poll&wait=0&offset=0`))));
	const statuses = new Set(replies.map((reply) => reply.status));
	assert.deepEqual([...statuses].sort(), [200, 503]);
	held.open();
	await Promise.all(streams.map((stream) => stream.all()));
	for (const stream of streams) assert.equal(stream.text(), 'one two');
	for (const pid of orphans) process.kill(pid, 'SIGTERM');
	await eventually(() => !orphans.some(isAlive), 'SIGTERM ends an orphan');
});

scenario('logs are reopened in every process', async (place) => {
	const log = place.path('pool.txt');
	const leat = await startLeat(place, { more: { log } });
	await eventually(() => /pool: ready/.test(fs.readFileSync(log, 'utf8')), 'all are ready');
	fs.renameSync(log, `${log}.1`);
	leat.process.kill('SIGUSR1');
	await eventually(() => fs.existsSync(log), 'a new file');
	leat.process.kill('SIGHUP');
	await eventually(() => /SIGHUP/.test(fs.readFileSync(log, 'utf8')), 'the new file is written');
	const holdsOld = (pid) => fs.readdirSync(`/proc/${pid}/fd`).some((fd) => {
		try { return fs.readlinkSync(`/proc/${pid}/fd/${fd}`) === `${log}.1`; } catch { return false; }
	});
	await eventually(() => ![leat.pid, ...leat.workers()].some(holdsOld), 'nobody writes the old file');
	leat.process.expectedToDie = true;
	leat.process.kill('SIGTERM');
	await leat.process.exited;
	const text = fs.readFileSync(log, 'utf8');
	assert.match(text, /worker 0/);
	assert.match(text, /worker 1/);
	assert.match(text, /SIGHUP.*restart/);
});

scenario('with few descriptors connections are refused and the rest goes on', async (place) => {
	const held = heldScript();
	const upstream = await startUpstream(place, held.script);
	const leat = await startLeat(place, { upstream, workers: 2, wrap: ['/bin/bash', '-c', 'ulimit -n 40; exec "$0" "$@"', LEAT] });
	const nginx = await startNginx(place, { socket: leat.address });
	const url = `${nginx.url}/ask`;
	const pids = leat.workers();
	const idle = [];
	const stream = await openStream(`${url}/chat`, { body: { query: 'a', streaming: true } });
	await stream.until((event) => event.json?.content === 'one ');
	for (let i = 0; i < 120; i++) {
		const connection = new FcgiConnection(leat.socket);
		idle.push(connection);
	}
	await eventually(() => /no descriptor/.test(leat.log()), 'the limit is reached');
	assert.ok(!stream.isEnded);
	for (const connection of idle) connection.destroy();
	await eventually(async () => (await request(`${url}/healthz`)).status === 200, 'it recovers');
	held.open();
	await stream.all();
	assert.equal(stream.text(), 'one two');
	assert.deepEqual(leat.workers(), pids);
});

scenario('bursts are spread over four workers', async (place) => {
	const held = heldScript();
	const site = await startSite(place, { script: held.script, workers: 4, limits: { streams_per_address: 0 } });
	const streams = await Promise.all(Array.from({ length: 120 }, (_, i) => site.open(`q ${i}`)));
	const counts = {};
	for (const stream of streams) counts[placeOf(stream)] = (counts[placeOf(stream)] ?? 0) + 1;
	assert.equal(Object.keys(counts).length, 4, JSON.stringify(counts));
	for (const count of Object.values(counts)) assert.ok(count >= 12 && count <= 60, JSON.stringify(counts));
	held.open();
	await Promise.all(streams.map((stream) => stream.all()));
	for (const stream of streams) assert.equal(stream.text(), 'one two');
});

scenario('streams per address are counted over all workers, and repaired after a death', async (place) => {
	const held = heldScript();
	const site = await startSite(place, { script: held.script, limits: { streams_per_address: 12 } });
	const streams = await openEverywhere(site, 12);
	for (let i = 0; i < 4; i++) {
		const refused = await site.request('chat', { body: { query: 'x', streaming: true } });
		assert.equal(refused.status, 429);
		assert.equal(refused.json.code, 'too_many_streams');
	}
	const [victim] = site.leat.workers();
	process.kill(victim, 'SIGKILL');
	await eventually(() => streams.some((stream) => stream.isEnded), 'its streams end');
	const cut = streams.filter((stream) => stream.isEnded).length;
	await eventually(() => site.leat.workers().length === 2 && !site.leat.workers().includes(victim), 'a new worker');
	await eventually(async () => (await site.metric('leat_streams_open')) === 12 - cut, 'counted');
	const again = await openEverywhere(site, cut);
	const refused = await site.request('chat', { body: { query: 'x', streaming: true } });
	assert.equal(refused.status, 429);
	held.open();
	await Promise.all([...streams, ...again].map((stream) => stream.all()));
	assert.equal((await site.ask('one more')).of('final').length, 1);
});

scenario('a replaced configuration file changes nothing before a restart', async (place) => {
	const leat = await startLeat(place, { workers: 1 });
	fs.writeFileSync(leat.file, 'this is { not a configuration');
	const [pid] = leat.workers();
	process.kill(pid, 'SIGKILL');
	await eventually(async () => leat.workers()[0] !== pid && (await fcgiRequest(leat.socket, { path: '/ask/readyz' }, 1000)).status === 200, 'a new worker serves');
});

scenario('a request that is on its way when the drain begins is answered', async (place) => {
	const leat = await startLeat(place, { workers: 2, more: { drain_timeout: '5s' } });
	await eventually(() => /pool: ready/.test(leat.log()), 'all are ready');
	const pids = leat.workers();
	for (const pid of pids) process.kill(pid, 'SIGSTOP');
	// In the backlog, with nobody to accept them.
	const waiting = Array.from({ length: 20 }, () => new FcgiConnection(leat.socket));
	await Promise.all(waiting.map((connection) => connection.write(encodeRequest({ path: '/ask/healthz' }))));
	leat.process.expectedToDie = true;
	leat.process.kill('SIGTERM');
	await sleep(100);
	for (const pid of pids) process.kill(pid, 'SIGCONT');
	for (const connection of waiting) {
		const reply = await connection.reply(5000);
		assert.equal(reply?.status, 200);
		connection.destroy();
	}
	assert.deepEqual(await within(leat.process.exited, 5000 * SLOWNESS, 'the pool ends'), { code: 0, signal: null });
});

