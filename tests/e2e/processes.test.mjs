// SPDX-License-Identifier: ISC
// Workers and masters that die, drain, start twice: a stream is lost only with
// the process that carries it, and a request never.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { scenario, sleep, eventually, within, freePort, SLOWNESS } from './lib/place.mjs';
import { LEAT, childrenOf, cleanEnvironment, configText, leatConfig, startLeat } from './lib/leat.mjs';
import { fcgiRequest } from './lib/fcgi.mjs';
import { startSite } from './lib/site.mjs';
import { openStream } from './lib/sse.mjs';
import { assertNative } from './lib/native.mjs';

const HEALTH = { path: '/ask/healthz' };

function isAlive(pid) {
	try {
		process.kill(pid, 0);
		return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
	} catch {
		return false;
	}
}

async function ticking(call) {
	for (let n = 0; n < 60 && !call.isClosed; n++) {
		await call.delta(`t${n} `);
		await sleep(50);
	}
	await call.stop();
}

const ANSWER = Array.from({ length: 60 }, (_, n) => `t${n} `).join('');

scenario('a killed worker takes only its own streams with it, and is replaced', async (place) => {
	const site = await startSite(place, { workers: 2, limits: { streams_per_address: 0 }, script: ticking });
	const before = site.leat.workers();
	assert.equal(before.length, 2);
	const streams = await Promise.all(Array.from({ length: 30 }, () => site.open('q')));
	await Promise.all(streams.map((s) => s.untilType('content')));
	process.kill(before[0], 'SIGKILL');
	const at = performance.now();
	await eventually(() => {
		const now = site.leat.workers();
		return now.length === 2 && !now.includes(before[0]);
	}, 'another worker', 5000);
	assert.ok(performance.now() - at < 3000 * SLOWNESS);
	await Promise.all(streams.map((s) => s.all()));
	const whole = streams.filter((s) => s.last.json.type === 'final');
	const cut = streams.filter((s) => s.last.json.type !== 'final');
	assert.ok(whole.length > 0 && cut.length > 0, `${whole.length} whole, ${cut.length} cut`);
	for (const stream of whole) assert.equal(stream.last.json.result.answer, ANSWER);
	// Coming back with the id of a lost turn costs nothing and says so.
	const calls = site.upstream.calls.length;
	const lost = cut[0];
	assert.equal((await site.request('chat?query=q', { headers: { 'last-event-id': lost.last.id } })).status, 204);
	assert.equal((await site.request(`chat/${lost.headers['x-leat-turn']}/stream`)).status, 410);
	assert.equal(site.upstream.calls.length, calls);
	for (let n = 0; n < 10; n++) assert.equal((await site.request('healthz')).status, 200);
	assert.equal(await site.metric('leat_streams_open'), 0, 'the dead one\'s are not counted');
	await eventually(() => /killed|signal 9/i.test(site.leat.log()), 'it is logged');
});

scenario('a worker that stops is killed and replaced', async (place) => {
	const site = await startSite(place, { workers: 2 });
	const [first] = site.leat.workers();
	process.kill(first, 'SIGSTOP');
	const at = performance.now();
	for (let n = 0; n < 20; n++) {
		const reply = await site.request('healthz', { timeout: 2000 }).catch(() => null);
		assert.equal(reply?.status, 200, 'the other one answers');
		await sleep(50);
	}
	await eventually(() => !isAlive(first), 'it is killed', 40000);
	assert.ok(performance.now() - at > 5000, 'but given time');
	await eventually(() => site.leat.workers().length === 2, 'another one');
});

scenario('a worker that dies at once again and again is started with pauses', async (place) => {
	const site = await startSite(place, { workers: 1 });
	let deaths = 0;
	let last = 0;
	const end = Date.now() + 4000;
	while (Date.now() < end) {
		const [pid] = site.leat.workers();
		if (pid && pid !== last) {
			last = pid;
			deaths += 1;
			try { process.kill(pid, 'SIGKILL'); } catch { /* was gone */ }
		}
		await sleep(10);
	}
	assert.ok(deaths >= 2 && deaths < 20, `${deaths} starts in 4 s`);
	await eventually(async () => (await site.request('healthz')).status === 200, 'it comes back', 15000);
});

scenario('SIGTERM lets running streams end, refuses new ones, and exits 0', async (place) => {
	const site = await startSite(place, { workers: 2, script: ticking, more: { drain_timeout: '20s' } });
	const streams = await Promise.all(Array.from({ length: 4 }, () => site.open('q')));
	await Promise.all(streams.map((s) => s.untilType('content')));
	site.leat.process.expectedToDie = true;
	site.leat.process.kill('SIGTERM');
	await sleep(300);
	const late = await site.request('chat', { body: { query: 'late' } });
	assert.ok([502, 503].includes(late.status), `${late.status}`);
	assert.equal(late.json.retryable, true);
	for (const stream of streams) {
		await stream.all();
		assertNative(stream);
		assert.equal(stream.last.json.result.answer, ANSWER);
	}
	const exit = await within(site.leat.process.exited, 5000 * SLOWNESS, 'it exits');
	assert.deepEqual(exit, { code: 0, signal: null });
	assert.ok(!fs.existsSync(site.leat.socket), 'the socket is removed');
});

scenario('what does not end within drain_timeout is ended with an error', async (place) => {
	const site = await startSite(place, { workers: 2, more: { drain_timeout: '1s' }, script: async (call) => { while (!call.isClosed) { await call.delta('.'); await sleep(50); } } });
	const stream = await site.open('q');
	await stream.untilType('content');
	site.leat.process.expectedToDie = true;
	const at = performance.now();
	site.leat.process.kill('SIGTERM');
	await stream.all();
	assertNative(stream);
	assert.equal(stream.last.json.type, 'error');
	assert.equal(stream.last.json.code, 'interrupted');
	assert.equal(stream.last.json.retryable, true);
	assert.match(stream.last.json.partial, /^\.+$/);
	assert.equal((await site.leat.process.exited).code, 0);
	const ms = performance.now() - at;
	assert.ok(ms > 900 && ms < 4000 * SLOWNESS, `${ms} ms`);
});

scenario('a second instance on the same socket is refused, the first goes on', async (place) => {
	const site = await startSite(place, { workers: 1 });
	const second = await place.run('second', LEAT, ['serve', '-c', site.leat.file], { env: cleanEnvironment() });
	assert.equal(second.code, 1);
	assert.match(second.stderr, /leat\.sock/);
	assert.equal((await site.request('healthz')).status, 200);
	assert.equal((await site.post('chat', { query: 'q' })).status, 200);
});

scenario('a socket that was left behind is replaced', async (place) => {
	const stale = net.createServer();
	await new Promise((resolve) => stale.listen(place.path('stale'), resolve));
	fs.linkSync(place.path('stale'), place.path('leat.sock'));
	await new Promise((resolve) => stale.close(resolve));
	assert.ok(fs.existsSync(place.path('leat.sock')));
	const leat = await startLeat(place);
	assert.equal((await fcgiRequest(leat.socket, HEALTH)).status, 200);
});

scenario('what is no socket is never removed', async (place) => {
	place.write('leat.sock', 'somebody\'s file');
	const config = place.write('leat.conf', configText(leatConfig(place)));
	const run = await place.run('leat', LEAT, ['serve', '-c', config], { env: cleanEnvironment() });
	assert.equal(run.code, 1);
	assert.equal(fs.readFileSync(place.path('leat.sock'), 'utf8'), 'somebody\'s file');
});

scenario('the socket has the permissions that were asked for', async (place) => {
	const leat = await startLeat(place);
	assert.equal(fs.statSync(leat.socket).mode & 0o777, 0o660);
	leat.process.expectedToDie = true;
	await leat.process.stop();
	const open = await startLeat(place, { more: { listen_mode: '0600' } });
	assert.equal(fs.statSync(open.socket).mode & 0o777, 0o600);
});

scenario('tcp: listens on loopback, and nowhere else unless allowed', async (place) => {
	const port = await freePort();
	const site = await startSite(place, { more: { listen: [`unix:${place.path('leat.sock')}`, `tcp:127.0.0.1:${port}`] } });
	assert.equal((await fcgiRequest({ host: '127.0.0.1', port }, HEALTH)).status, 200);
	assert.equal((await site.request('healthz')).status, 200);
	const config = place.write('open.conf', configText({ ...leatConfig(place), listen: ['tcp:0.0.0.0:9'] }));
	const run = await place.run('open', LEAT, ['serve', '-c', config], { env: cleanEnvironment() });
	assert.equal(run.code, 1);
	assert.match(run.stderr, /open\.conf:\d+.*(loopback|allow_remote_tcp)/s);
});

scenario('a killed master leaves workers that answer until another master comes', async (place) => {
	const site = await startSite(place, { workers: 2, script: ticking });
	const stream = await site.open('q');
	await stream.untilType('content');
	const orphans = site.leat.workers();
	site.leat.process.expectedToDie = true;
	site.leat.process.kill('SIGKILL');
	await site.leat.process.exited;
	for (let n = 0; n < 20; n++) assert.equal((await site.request('healthz')).status, 200);
	const next = await startLeat(place, { upstream: site.upstream, workers: 2, file: 'next.conf' });
	for (let n = 0; n < 50; n++) {
		assert.equal((await site.request('healthz')).status, 200);
		await sleep(10);
	}
	await stream.all();
	assert.equal(stream.last.json.result.answer, ANSWER, 'the old stream ended well');
	await eventually(() => orphans.every((pid) => !isAlive(pid)), 'the orphans go', 15000);
	assert.equal(next.workers().length, 2);
	assert.equal((await site.request('healthz')).status, 200);
});

scenario('a pool serves, and reloads, with its input, output and error closed', async (place) => {
	const leat = await startLeat(place, { wrap: ['sh', '-c', 'exec "$@" <&- >&- 2>&-', 'sh', path.resolve(LEAT)] });
	const before = leat.workers();
	process.kill(leat.pid, 'SIGHUP');
	await eventually(() => leat.workers().length === 2 && !leat.workers().some((pid) => before.includes(pid)), 'it has reloaded', 10000);
	for (const pid of [leat.pid, ...leat.workers()])
		for (const fd of [0, 1, 2])
			assert.equal(fs.readlinkSync(`/proc/${pid}/fd/${fd}`), '/dev/null');
	assert.equal((await fcgiRequest(leat.socket, HEALTH)).status, 200);
});

scenario('a log that may not grow any more is only not written', async (place) => {
	fs.mkdirSync(place.path('run'));
	const log = place.write('leat.log', 'x'.repeat(4 << 20));
	// Blocks of 512 bytes: room for the shared file, and the log is full.
	const leat = await startLeat(place, { more: { log }, wrap: ['sh', '-c', 'ulimit -f 8192; exec "$@"', 'sh', path.resolve(LEAT)] });
	const before = leat.workers();
	for (let n = 0; n < 5; n++)
		assert.equal((await fcgiRequest(leat.socket, { path: '/ask/chat', method: 'POST', body: '{"query":"q"}' })).status, 200);
	assert.deepEqual(leat.workers(), before);
	leat.process.kill('SIGTERM');
	leat.process.expectedToDie = true;
	assert.deepEqual(await leat.process.exited, { code: 0, signal: null });
});

scenario('a wrong configuration stops the start with file, line and what is allowed', async (place, t) => {
	const cases = {
		'an unknown option': ['wrokers = 2\n', /bad\.conf:1:.*wrokers.*workers/s],
		'a number out of range': ['workers = 9999\n', /bad\.conf:1:.*256/s],
		'a word for a number': ['\nworkers = many\n', /bad\.conf:2:/],
		'an option twice': ['workers = 1\nworkers = 2\n', /bad\.conf:2:.*workers/s],
		'a brace that is missing': ['chat { providers = {"quotes"}\n', /bad\.conf:\d+:/],
		'a provider that is not there': ['chat { providers = {"nobody"} }\n', /bad\.conf:1:.*nobody/s],
		'a key that all can read': [`provider "p" { kind = openai key_file = "${place.write('open.key', 'sk-1')}" }\n`, /open\.key/],
		'a variable': ['log = "${HOME}/x"\n', /bad\.conf:1:/],
	};
	fs.chmodSync(place.path('open.key'), 0o644);
	for (const [name, [text, expected]] of Object.entries(cases))
		await t.test(name, async () => {
			const config = place.write('bad.conf', text);
			for (const command of ['serve', 'check']) {
				const run = await place.run(command, LEAT, [command, '-c', config], { env: cleanEnvironment() });
				assert.equal(run.code, 1, `${command}: ${run.stderr}`);
				assert.match(run.stderr + run.stdout, expected);
				assert.ok(!(run.stderr + run.stdout).includes('sk-1'));
			}
		});
});

scenario('hundreds of streams are spread over the workers', async (place) => {
	const site = await startSite(place, { workers: 4, limits: { streams_per_address: 0 }, script: async (call) => { await call.delta('x'); } });
	const streams = await Promise.all(Array.from({ length: 200 }, () => openStream(site.url('chat'), { body: { query: 'q', streaming: true } })));
	await Promise.all(streams.map((s) => s.untilType('content')));
	const counts = site.leat.workers().map((pid) => fs.readdirSync(`/proc/${pid}/fd`).filter((fd) => {
		try { return fs.readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('socket:'); } catch { return false; }
	}).length);
	assert.ok(Math.max(...counts) < 3 * Math.min(...counts), counts.join(' '));
	for (const stream of streams) stream.leave();
	assert.equal(childrenOf(site.leat.pid).length, 4);
});

scenario('a log file that is renamed is opened anew on SIGUSR1', async (place) => {
	const log = place.path('leat.out');
	const site = await startSite(place, { more: { log } });
	await site.ask('q');
	await eventually(() => /outcome=stop/.test(fs.readFileSync(log, 'utf8')), 'a line per turn');
	fs.renameSync(log, `${log}.1`);
	site.leat.process.kill('SIGUSR1');
	await eventually(() => fs.existsSync(log), 'a new file');
	await sleep(100);
	await site.ask('q');
	await eventually(() => /outcome=stop/.test(fs.readFileSync(log, 'utf8')), 'lines go there');
});
