// SPDX-License-Identifier: ISC
// leat as a service: sockets that were opened by another, and telling that
// other how things go. systemd-socket-activate is systemd's own; a restart
// needs a manager that holds the socket meanwhile (lib/manager.py).
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { scenario, sleep, eventually, TOP } from './lib/place.mjs';
import { LEAT, childrenOf, cleanEnvironment, configText, leatConfig, startLeat } from './lib/leat.mjs';
import { startNginx } from './lib/nginx.mjs';
import { startUpstream } from './lib/upstream.mjs';
import { fcgiRequest } from './lib/fcgi.mjs';
import { openStream, request } from './lib/sse.mjs';
import { assertNative } from './lib/native.mjs';

const ACTIVATE = '/usr/bin/systemd-socket-activate';

async function ticking(call) {
	for (let n = 0; n < 40 && !call.isClosed; n++) {
		await call.delta(`t${n} `);
		await sleep(50);
	}
	await call.stop();
}

const ANSWER = Array.from({ length: 40 }, (_, n) => `t${n} `).join('');

function writeConfig(place, options = {}) {
	fs.mkdirSync(place.path('run'), { recursive: true });
	return place.write('leat.conf', configText({
		...leatConfig(place, options),
		// Nobody may open this one: the passed socket is used.
		listen: [`unix:${place.path('nobody', 'opens.sock')}`],
		pid_file: place.path('run', 'leat.pid'),
	}));
}

function environOf(pid) {
	return fs.readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').map((line) => line.split('=')[0]);
}

function isAlive(pid) {
	try {
		return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
	} catch {
		return false;
	}
}

function openAsk(nginx, query = 'q') {
	return openStream(`${nginx.url}/ask/chat`, { body: { query, streaming: true } });
}

/** leat under lib/manager.py, which holds the socket that nginx connects to. */
async function startManaged(place, options = {}) {
	const upstream = await startUpstream(place, options.script ?? ticking);
	const socket = place.path('passed.sock');
	const file = writeConfig(place, { upstream, ...options });
	const manager = place.spawn('manager', 'python3', [
		path.join(TOP, 'tests/e2e/lib/manager.py'), socket, options.notify ?? place.path('notify'),
		LEAT, 'serve', '-c', file], { env: { ...cleanEnvironment(), ...options.env } });
	const events = () => manager.log().split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
	const notices = () => events().filter((e) => e.event === 'notice');
	const starts = () => events().filter((e) => e.event === 'started').map((e) => e.pid);
	await eventually(() => notices().some((e) => e.READY), 'READY=1', 15000);
	const nginx = await startNginx(place, { socket: `unix:${socket}` });
	return { upstream, socket, file, manager, events, notices, starts, nginx, pid: () => starts().at(-1) };
}

scenario('systemd-socket-activate: the pool runs on the socket that it is given', async (place) => {
	if (!fs.existsSync(ACTIVATE)) throw new Error('systemd-socket-activate is missing');
	const upstream = await startUpstream(place, ticking);
	const socket = place.path('passed.sock');
	const file = writeConfig(place, { upstream });
	const service = place.spawn('leat', ACTIVATE, [
		'-l', socket, '--fdname=leat.socket', '-E', 'ASAN_OPTIONS', '-E', 'UBSAN_OPTIONS', LEAT, 'serve', '-c', file],
	{ env: cleanEnvironment() });
	await eventually(() => fs.existsSync(socket), 'the socket is there');
	const inode = fs.statSync(socket).ino;
	const nginx = await startNginx(place, { socket: `unix:${socket}` });
	const streams = await Promise.all(Array.from({ length: 6 }, () => openAsk(nginx)));
	for (const stream of streams) {
		await stream.all();
		assertNative(stream);
		assert.equal(stream.last.json.result.answer, ANSWER);
	}
	const frames = streams[0].events.filter((e) => e.json.type === 'content');
	assert.ok(frames.length > 30, `${frames.length} frames came one by one`);
	assert.match(service.log(), /the option listen is not used/);
	assert.ok(service.log().includes(` on unix:${socket};`), 'the first line names the passed one');
	const workers = childrenOf(service.pid);
	assert.equal(workers.length, 2);
	for (const pid of workers)
		assert.deepEqual(environOf(pid).filter((name) => /^LISTEN_/.test(name)), []);
	assert.equal(fs.readFileSync(place.path('run', 'leat.pid'), 'utf8'), `${service.pid}\n`);
	assert.ok(fs.existsSync(place.path('run', 'passed.sock.slots')), 'named after the passed address');
	service.expectedToDie = true;
	service.kill('SIGTERM');
	assert.deepEqual(await service.exited, { code: 0, signal: null });
	assert.equal(fs.statSync(socket).ino, inode, 'its path is the giver\'s');
	assert.ok(!fs.existsSync(`${socket}.lock`));
	assert.ok(!fs.existsSync(place.path('run', 'leat.pid')));
});

scenario('what cannot be served is named, and nothing starts', async (place) => {
	const file = writeConfig(place);
	const wrong = place.spawn('leat', ACTIVATE, ['-d', '-l', place.path('datagram.sock'), '-E', 'ASAN_OPTIONS', LEAT, 'serve', '-c', file], { env: cleanEnvironment() });
	wrong.expectedToDie = true;
	await eventually(() => fs.existsSync(place.path('datagram.sock')), 'the socket is there');
	await place.run('poke', 'python3', ['-c', 'import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"x", sys.argv[1])', place.path('datagram.sock')]);
	assert.equal((await wrong.exited).code, 1);
	assert.match(wrong.log(), /ListenStream=/);
});

for (const kind of ['a path', 'an abstract name'])
	scenario(`the manager is told when all is ready, how it goes, and the end (${kind})`, async (place) => {
		const notify = kind === 'a path' ? place.path('notify') : `@leat-e2e-${process.pid}`;
		const managed = await startManaged(place, { workers: 2, notify });
		const ready = managed.notices().find((e) => e.READY);
		assert.equal(ready.STATUS, 'Serving: 2 workers, 0 open streams');
		assert.equal(fs.readFileSync(place.path('run', 'leat.pid'), 'utf8'), `${managed.pid()}\n`);
		assert.equal(managed.notices()[0].READY, '1', 'nothing before all workers were ready');
		await eventually(() => managed.notices().some((e) => e.WATCHDOG), 'WATCHDOG=1');
		for (const pid of childrenOf(managed.pid()))
			assert.deepEqual(environOf(pid).filter((name) => /^LISTEN_/.test(name)), []);
		const stream = await openAsk(managed.nginx);
		await stream.untilType('content');
		managed.manager.expectedToDie = true;
		managed.manager.kill('SIGTERM');
		await eventually(() => managed.notices().some((e) => e.STOPPING), 'STOPPING=1');
		await stream.all();
		await managed.manager.exited;
		const last = managed.events().at(-1);
		assert.equal(last.event, 'ended');
		assert.equal(last.status, 0);
		assert.match(managed.notices().find((e) => e.STOPPING).STATUS, /^Draining: 2 workers, 1 open stream$/);
		assert.ok(!fs.existsSync(place.path('run', 'leat.pid')));
	});

/** Asks all the time until stopped; every answer's status. */
function asking(nginx) {
	const statuses = [];
	let isOver = false;
	const done = (async () => {
		while (!isOver) {
			statuses.push((await request(`${nginx.url}/ask/healthz`)).status);
			await sleep(5);
		}
	})();
	return { statuses, stop: async () => { isOver = true; await done; return statuses; } };
}

scenario('a restart loses no request: the socket waits', async (place) => {
	const managed = await startManaged(place, { more: { drain_timeout: '20s' } });
	const stream = await openAsk(managed.nginx);
	await stream.untilType('content');
	const asker = asking(managed.nginx);
	await sleep(200);
	process.kill(managed.pid(), 'SIGTERM');
	await eventually(() => managed.starts().length === 2, 'it is started again', 10000);
	await stream.all();
	assertNative(stream);
	assert.equal(stream.last.json.result.answer, ANSWER);
	await eventually(() => managed.notices().filter((e) => e.READY).length === 2, 'ready again');
	await sleep(300);
	const statuses = await asker.stop();
	assert.ok(statuses.length > 50);
	assert.deepEqual([...new Set(statuses)], [200]);
});

scenario('a killed master loses no request and no stream; its workers leave the socket to the next', async (place) => {
	const managed = await startManaged(place);
	const first = managed.pid();
	const orphans = childrenOf(first);
	const streams = await Promise.all(Array.from({ length: 4 }, () => openAsk(managed.nginx)));
	await Promise.all(streams.map((s) => s.untilType('content')));
	const asker = asking(managed.nginx);
	process.kill(first, 'SIGKILL');
	await eventually(() => managed.starts().length === 2, 'it is started again', 10000);
	for (const stream of streams) {
		await stream.all();
		assertNative(stream);
		assert.equal(stream.last.json.result.answer, ANSWER);
	}
	const statuses = await asker.stop();
	assert.deepEqual([...new Set(statuses)], [200]);
	await eventually(() => !orphans.some(isAlive), 'who has no master ends with its streams', 5000);
	assert.match(managed.manager.log(), /was passed: leaving it to the next leat/);
	assert.equal(fs.readFileSync(place.path('run', 'leat.pid'), 'utf8'), `${managed.pid()}\n`, 'a stale one is replaced');
});

scenario('a reload keeps the socket that was passed, and tells the manager', async (place) => {
	const managed = await startManaged(place);
	const master = managed.pid();
	const pidFile = place.path('run', 'leat.pid');
	const stream = await openAsk(managed.nginx);
	await stream.untilType('content');
	const old = childrenOf(master);
	const asker = asking(managed.nginx);
	for (let n = 1; n <= 2; n++) {
		process.kill(master, 'SIGHUP');
		await eventually(() => managed.notices().filter((e) => e.READY).length === n + 1, 'READY=1 again');
	}
	const reload = managed.notices().find((e) => e.RELOADING);
	assert.ok(Number(reload.MONOTONIC_USEC) > 0);
	assert.equal(managed.notices().filter((e) => e.RELOADING).length, 2);
	assert.equal(fs.readFileSync(pidFile, 'utf8'), `${master}\n`);
	assert.equal(childrenOf(master).filter((pid) => !old.includes(pid)).length >= 2, true, 'other workers');
	await stream.all();
	assertNative(stream);
	assert.equal(stream.last.json.result.answer, ANSWER);
	// A bad configuration: the old one stays, and the manager hears why.
	const text = fs.readFileSync(managed.file, 'utf8');
	fs.writeFileSync(managed.file, `${text}\nnonsense = 1\n`);
	process.kill(master, 'SIGHUP');
	await eventually(() => managed.notices().some((e) => /^Reload refused: .*nonsense/.test(e.STATUS ?? '')), 'it is refused with a reason');
	assert.equal(managed.notices().filter((e) => e.READY).length, 4, 'and is ready all the same');
	fs.writeFileSync(managed.file, text);
	assert.deepEqual([...new Set(await asker.stop())], [200]);
	// The new image still leaves the path alone, and knows whose pid file it is.
	managed.manager.expectedToDie = true;
	managed.manager.kill('SIGTERM');
	await managed.manager.exited;
	assert.equal(managed.events().at(-1).status, 0);
	assert.deepEqual(managed.starts(), [master], 'one process all the time');
	assert.ok(fs.existsSync(managed.socket));
	assert.ok(!fs.existsSync(pidFile));
});

/** The units as `make` fills them in, for programs of this place. */
function fillUnits(place) {
	const shipped = path.join(TOP, 'systemd');
	fs.mkdirSync(place.path('bin'));
	fs.symlinkSync(path.resolve(LEAT), place.path('bin', 'leat'));
	return fs.readdirSync(shipped).filter((name) => /\.(service\.in|socket|timer)$/.test(name)).map((name) =>
		place.write(`units/${name.replace(/\.in$/, '')}`, fs.readFileSync(path.join(shipped, name), 'utf8')
			.replaceAll('@bindir@', place.path('bin')).replaceAll('@sysconfdir@', place.path('etc'))));
}

scenario('the units are what systemd takes, and leave little to attack', async (place) => {
	const units = fillUnits(place);
	assert.deepEqual(units.map((unit) => path.basename(unit)).sort(),
		['leat-index.service', 'leat-index.timer', 'leat.service', 'leat.socket']);
	for (const unit of units)
		assert.ok(!fs.readFileSync(unit, 'utf8').includes('@bindir'), unit);
	const verified = await place.run('verify', 'systemd-analyze', ['verify', '--man=no', ...units]);
	assert.deepEqual({ code: verified.code, words: verified.stderr.split('\n').filter((line) => /leat/.test(line)) }, { code: 0, words: [] });
	for (const unit of units.filter((name) => name.endsWith('.service'))) {
		const looked = await place.run('security', 'systemd-analyze', ['security', '--no-pager', '--offline=true', '--threshold=20', unit]);
		assert.equal(looked.code, 0, looked.stdout.split('\n').at(-2));
	}
	// RuntimeDirectory= gives a folder that is not the user's to the user,
	// with all that is in it: the socket would no longer be www-data's.
	const socket = fs.readFileSync(units.find((unit) => unit.endsWith('/leat.socket')), 'utf8');
	assert.match(socket, /ExecStartPre=\/usr\/bin\/install -d -o leat -g leat -m 0755 \/run\/leat\n/);
	// The pool must have ended before it is killed.
	const service = fs.readFileSync(units.find((unit) => unit.endsWith('/leat.service')), 'utf8');
	const defaults = await place.run('options', LEAT, ['check', '--print-options']);
	const drain = Number(defaults.stdout.match(/drain_timeout = (\d+)s/)[1]);
	assert.ok(Number(service.match(/TimeoutStopSec=(\d+)s/)[1]) >= drain + 10);
});

scenario('logrotate takes the log away, and every process writes to the new one', async (place) => {
	const log = place.path('log', 'leat.log');
	fs.mkdirSync(place.path('log'), { mode: 0o750 });
	const leat = await startLeat(place, { workers: 2, more: { log, pid_file: place.path('run', 'leat.pid'), log_level: 'debug' } });
	await eventually(() => fs.existsSync(place.path('run', 'leat.pid')), 'the pid file');
	const user = os.userInfo().username;
	const group = execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim();
	const file = place.write('leat.logrotate', fs.readFileSync(path.join(TOP, 'systemd/leat.logrotate'), 'utf8')
		.replaceAll('/var/log/leat/', place.path('log/')).replaceAll('/run/leat/', place.path('run/'))
		.replace('su leat leat', `su ${user} ${group}`));
	// It refuses files that others could have written.
	fs.chmodSync(file, 0o644);
	const before = fs.statSync(log).ino;
	const turn = async () => (await fcgiRequest(leat.socket, { method: 'POST', path: '/ask/chat', headers: { 'content-type': 'application/json' }, body: '{"query":"q"}' })).status;
	await turn();
	const rotated = await place.run('logrotate', 'logrotate', ['-f', '-s', place.path('state'), file]);
	assert.deepEqual([rotated.code, rotated.stderr], [0, '']);
	assert.equal(fs.statSync(place.path('log', 'leat.log.1')).ino, before, 'renamed, not copied');
	const targets = () => [leat.pid, ...leat.workers()].map((pid) => fs.readdirSync(`/proc/${pid}/fd`)
		.map((fd) => { try { return fs.readlinkSync(`/proc/${pid}/fd/${fd}`); } catch { return ''; } })
		.filter((target) => target.includes('leat.log')));
	await eventually(() => targets().every((open) => open.length === 1 && open[0] === log), 'all have the new one open');
	const old = fs.statSync(place.path('log', 'leat.log.1')).size;
	for (let n = 0; n < 10; n++) await turn();
	await eventually(() => fs.readFileSync(log, 'utf8').split('\n').filter((line) => /worker \d/.test(line)).length >= 10, 'lines come there');
	assert.equal(fs.statSync(place.path('log', 'leat.log.1')).size, old);
});
