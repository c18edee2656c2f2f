// SPDX-License-Identifier: ISC
// One process alone on a socket that it finds as its standard input: started
// by spawn-fcgi, or by a parent that stays, as mod_fcgid is one.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { scenario, sleep, eventually, freePort, within, SLOWNESS } from './lib/place.mjs';
import { LEAT, configText, cleanEnvironment, leatConfig } from './lib/leat.mjs';
import { fcgiRequest } from './lib/fcgi.mjs';
import { startNginx } from './lib/nginx.mjs';
import { openStream, readStream, request } from './lib/sse.mjs';
import { startUpstream } from './lib/upstream.mjs';

async function endless(call) {
	while (!call.isClosed) {
		await call.delta('word ');
		await sleep(20);
	}
}

function writeConfig(place, options) {
	const config = leatConfig(place, options);
	delete config.listen;
	delete config.workers;
	config.log = place.path('leat.log');
	fs.mkdirSync(place.path('run'), { recursive: true });
	return place.write('leat.conf', configText(config));
}

const isAlive = (pid) => {
	try {
		return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
	} catch { return false; }
};

/** options.tcp, options.count, options.args (instead of none); the rest is for leatConfig(). */
async function startAlone(place, options = {}) {
	const file = writeConfig(place, options);
	const port = options.tcp ? await freePort() : 0;
	const socket = place.path('alone.sock');
	const args = [...options.tcp ? ['-a', '127.0.0.1', '-p', port] : ['-s', socket],
		'-F', options.count ?? 1, '-P', place.path('pids'), '--', LEAT, ...options.args ?? []].map(String);
	const done = await place.run('spawn-fcgi', '/usr/bin/spawn-fcgi', args,
		{ env: { ...cleanEnvironment(), LEAT_CONFIG: file } });
	assert.equal(done.code, 0, done.stdout + done.stderr);
	const pids = fs.readFileSync(place.path('pids'), 'utf8').trim().split(/\s+/).map(Number);
	place.onClose(() => {
		for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
	});
	const address = options.tcp ? `127.0.0.1:${port}` : socket;
	await eventually(async () => (await fcgiRequest(options.tcp ? { port, host: '127.0.0.1' } : socket,
		{ path: '/ask/readyz' })).status === 200, 'it answers');
	return { pids, address: options.tcp ? address : `unix:${address}`, socket, file,
		log: () => fs.readFileSync(place.path('leat.log'), 'utf8') };
}

async function startSite(place, options = {}) {
	const upstream = await startUpstream(place, options.script);
	const leat = await startAlone(place, { ...options, upstream });
	const nginx = await startNginx(place, { socket: leat.address });
	return { upstream, leat, nginx, url: (tail) => `${nginx.url}/ask/${tail}` };
}

const asks = (query) => ({ body: { query, streaming: true } });

for (const tcp of [false, true])
	scenario(`two processes share ${tcp ? 'a port' : 'a unix socket'} and answer`, async (place) => {
		const site = await startSite(place, { tcp, count: 2, script: async (call) => {
			await call.delta('well ');
			await sleep(50);
			await call.delta('said');
			await call.stop();
		} });
		assert.equal(site.leat.pids.length, 2);
		const streams = await Promise.all(Array.from({ length: 12 }, (_, n) => readStream(site.url('chat'), asks(`q${n}`))));
		for (const stream of streams) assert.equal(stream.events.at(-1).json.type, 'final');
		const seen = await request(site.url('selftest'));
		assert.equal(seen.json.process, 'alone');
		for (const pid of site.leat.pids)
			assert.ok(fs.existsSync(place.path('run', `alone-${pid}.slots`)), 'it can be seen');
	});

scenario('a reader that leaves ends the upstream request at once', async (place) => {
	const site = await startSite(place, { script: endless });
	const stream = await openStream(site.url('chat'), asks('q'));
	await stream.untilType('content');
	const call = await site.upstream.call(1);
	stream.leave();
	await within(call.closed, 3000, 'the upstream request closes');
	assert.ok(call.closedAt - stream.leftAt < 100 * SLOWNESS, `${call.closedAt - stream.leftAt} ms`);
});

scenario('a turn of another process is gone, and an EventSource is not sent round', async (place) => {
	const site = await startSite(place, { count: 1 });
	await readStream(site.url('chat'), asks('q'));
	// Of a place that this process is not: slot 7, incarnation 7.
	const foreign = (await openStream(site.url('chat'), asks('q'))).response.headers['x-leat-turn'];
	const other = `${foreign.slice(0, 2) === 'AA' ? 'BB' : 'AA'}${foreign.slice(2)}`;
	assert.equal((await request(site.url(`chat/${other}/stream`))).status, 410);
	assert.equal((await request(site.url(`chat/${other}/stop`), { method: 'POST', body: {} })).status, 410);
	const again = await request(site.url(`chat/${other}/stream`), { headers: { 'last-event-id': `${other}.3`, accept: 'text/event-stream' } });
	assert.equal(again.status, 204);
});

scenario('SIGTERM: no new requests, a running stream goes on and ends by itself', async (place) => {
	let finish;
	const site = await startSite(place, { more: { drain_timeout: '30s' }, script: async (call) => {
		await call.delta('half ');
		await new Promise((resolve) => { finish = resolve; });
		await call.delta('done');
		await call.stop();
	} });
	const [pid] = site.leat.pids;
	const stream = await openStream(site.url('chat'), asks('q'));
	await stream.untilType('content');
	process.kill(pid, 'SIGTERM');
	await sleep(300);
	assert.ok(isAlive(pid));
	finish();
	await stream.untilType('final');
	await eventually(() => !isAlive(pid), 'it ends when the stream has');
	assert.deepEqual(fs.readdirSync(place.path('run')), [], 'it leaves nothing behind');
});

scenario('SIGTERM: after 8 seconds a stream ends as interrupted', async (place) => {
	const site = await startSite(place, { more: { drain_timeout: '30s' }, script: endless });
	const [pid] = site.leat.pids;
	const stream = await openStream(site.url('chat'), asks('q'));
	await stream.untilType('content');
	const start = performance.now();
	process.kill(pid, 'SIGTERM');
	const last = await stream.untilType('error', 12000);
	const took = performance.now() - start;
	assert.equal(last.json.code, 'interrupted');
	assert.ok(took > 7800 && took < 9400 * SLOWNESS, `${took} ms`);
	await eventually(() => !isAlive(pid), 'it ends', 1000);
	assert.ok(site.upstream.calls[0].isClosed);
});

scenario('SIGUSR1 reopens the log, SIGHUP changes nothing', async (place) => {
	const site = await startSite(place);
	const [pid] = site.leat.pids;
	fs.renameSync(place.path('leat.log'), place.path('leat.log.1'));
	process.kill(pid, 'SIGUSR1');
	process.kill(pid, 'SIGHUP');
	await eventually(() => fs.existsSync(place.path('leat.log')), 'there is a new log');
	await readStream(site.url('chat'), asks('q'));
	await eventually(() => /outcome=/.test(site.leat.log()), 'the turn is in it');
	assert.ok(isAlive(pid));
});

// The FastCGI specification lets a web server start it so (section 2.2).
scenario('with its output and error closed it writes over nothing', async (place) => {
	const file = writeConfig(place);
	place.write('leat.conf', fs.readFileSync(file, 'utf8').replace(/^log = .*\n/m, ''));
	const socket = place.path('alone.sock');
	const alone = place.spawn('alone', 'python3', ['-c', `
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(5)
os.dup2(s.fileno(), 0)
os.closerange(1, 3)
os.execv(sys.argv[2], sys.argv[2:])
`, socket, path.resolve(LEAT)], { env: { ...cleanEnvironment(), LEAT_CONFIG: file } });
	await eventually(async () => (await fcgiRequest(socket, { path: '/ask/readyz' })).status === 200, 'it answers');
	// A line of the log, or ten.
	for (let n = 0; n < 10; n++)
		assert.equal((await fcgiRequest(socket, { path: '/ask/chat', method: 'POST', body: '{"query":"q"}' })).status, 200);
	const [slots] = fs.readdirSync(place.path('run'));
	assert.match(fs.readFileSync(place.path('run', slots), 'latin1').slice(0, 8), /^leatslot/);
	for (const fd of [1, 2])
		assert.equal(fs.readlinkSync(`/proc/${alone.pid}/fd/${fd}`), '/dev/null');
	assert.equal(await alone.stop(), null);
	assert.deepEqual(alone.exit, { code: 0, signal: null });
});

scenario('when the process that started it dies, it ends as well', async (place) => {
	const file = writeConfig(place);
	const socket = place.path('alone.sock');
	// Not a session of its own: what mod_fcgid does.
	const parent = place.spawn('parent', 'python3', ['-c', `
import os, socket, subprocess, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(5)
p = subprocess.Popen([sys.argv[2]], stdin=s, stdout=subprocess.DEVNULL)
print(p.pid, flush=True)
p.wait()
`, socket, LEAT], { env: { ...cleanEnvironment(), LEAT_CONFIG: file } });
	parent.expectedToDie = true;
	await eventually(() => fs.existsSync(socket), 'the socket is there');
	assert.equal((await fcgiRequest(socket, { path: '/ask/healthz' })).status, 200);
	const pid = Number(parent.log().trim());
	assert.ok(isAlive(pid));
	parent.kill('SIGKILL');
	await parent.exited;
	await eventually(() => !isAlive(pid), 'it ends');
});

scenario('what one that was killed has left is removed by the next one', async (place) => {
	fs.mkdirSync(place.path('run'));
	const others = ['alone-1.slots', 'alone-12x.slots', 'alone-99999998.slots.old', 'alone-.slots', 'leat.sock.slots'];
	// One of them before its file had its name.
	for (const name of ['alone-99999999.slots', 'alone-99999998.slots.99999998', ...others]) place.write(`run/${name}`, '');
	const leat = await startAlone(place, { args: ['serve', '-c', place.path('leat.conf')] });
	assert.deepEqual(fs.readdirSync(place.path('run')).sort(), [...others, `alone-${leat.pids[0]}.slots`].sort());
});

scenario('one that cannot start leaves nothing behind', async (place) => {
	const upstream = await startUpstream(place);
	const file = writeConfig(place, { upstream });
	const env = { ...cleanEnvironment(), LEAT_CONFIG: file, LD_LIBRARY_PATH: place.dir };
	place.write('libcurl.so.4', 'no library');
	const done = await place.run('spawn-fcgi', '/usr/bin/spawn-fcgi', ['-s', place.path('s'), '-n', '--', LEAT], { env });
	assert.equal(done.code, 1);
	assert.match(fs.readFileSync(place.path('leat.log'), 'utf8'), /libcurl\.so\.4 cannot be loaded/);
	assert.deepEqual(fs.readdirSync(place.path('run')), []);
});

scenario('a folder that cannot be written keeps nobody from being served', async (place) => {
	const leat = await startAlone(place, { more: { runtime_dir: place.path('nowhere', 'at-all') } });
	assert.ok(isAlive(leat.pids[0]));
});

scenario('a configuration that is wrong: it says so and does not start', async (place) => {
	const file = place.write('leat.conf', 'limits { body = "many" }\n');
	const done = spawnSync('/usr/bin/spawn-fcgi', ['-s', place.path('s'), '-n', '--', LEAT],
		{ env: { ...cleanEnvironment(), LEAT_CONFIG: file }, encoding: 'utf8' });
	assert.equal(done.status, 1);
	assert.match(done.stderr, /leat\.conf:1: .*body/);
});

scenario('a name like a CGI program\'s, called from a shell, says what it is', async (place) => {
	for (const name of ['chat.cgi', 'chat.fcgi']) {
		const link = place.path(name);
		fs.symlinkSync(path.resolve(LEAT), link);
		for (const args of [[], ['serve']]) {
			const done = await place.run(name, link, args, { env: cleanEnvironment() });
			assert.equal(done.code, 2);
			assert.match(done.stderr, /web server's program/);
			assert.match(done.stderr, /leat ask/);
		}
	}
});
