// SPDX-License-Identifier: ISC
// Caps, and those who try to take the room of others: whatever they do, other
// requests are answered.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import net from 'node:net';
import { scenario, sleep, SLOWNESS, eventually } from './lib/place.mjs';
import { request } from './lib/sse.mjs';
import { startSite } from './lib/site.mjs';
import { LEAT, startLeat } from './lib/leat.mjs';
import { head } from './lib/raw.mjs';
import { begin, encodeRequest } from './lib/fcgi.mjs';
import { servers } from './lib/servers.mjs';
import { startUpstream } from './lib/upstream.mjs';

/** What others ask meanwhile: each answer is right, and none is late. */
async function othersAreAnswered(base, count = 30) {
	const times = [];
	for (let i = 0; i < count; i++) {
		const reply = await request(`${base}/${i % 2 ? 'healthz' : 'selftest'}`);
		assert.equal(reply.status, 200, `request ${i}: ${reply.text}`);
		times.push(reply.ms);
		await sleep(10);
	}
	const turn = await request(`${base}/chat`, { body: { query: 'q', streaming: false } });
	assert.equal(turn.status, 200, turn.text);
	const worst = Math.max(...times);
	assert.ok(worst < 1000 * SLOWNESS, `${worst} ms`);
}

/** Connections straight to the pool that say too little. */
function crowd(socket, count) {
	const half = encodeRequest({ path: '/ask/chat', body: '{"query":"q"}' });
	const words = [Buffer.alloc(0), half.subarray(0, 5), begin(1), half.subarray(0, 60), half.subarray(0, half.length - 9)];
	return Array.from({ length: count }, (_, i) => {
		const connection = net.connect(socket);
		connection.on('error', () => {});
		connection.on('close', () => { connection.isGone = true; });
		connection.resume();
		if (words[i % words.length].length) connection.write(words[i % words.length]);
		return connection;
	});
}

scenario('1,000 silent connections harm nobody, and go in time', async (place) => {
	const site = await startSite(place, {
		workers: 2, limits: { request_timeout: '6s', streams_per_address: 0 },
		script: async (call) => { await call.delta('x'); if (call.body.messages.at(-1).content === 'q') await call.stop(); },
	});
	const stream = await site.open('stay');
	await stream.untilType('content');
	const silent = crowd(site.leat.socket, 1000);
	await sleep(300);
	await othersAreAnswered(site.base);
	assert.ok(silent.filter((c) => c.isGone).length < 100, 'they were given their time');
	assert.ok(!stream.isEnded);
	await eventually(() => silent.every((c) => c.isGone), 'all are closed', 12000 * SLOWNESS);
	stream.leave();
});

scenario('where descriptors are few, the silent ones go first', async (place) => {
	const site = await startSite(place, {
		workers: 1, wrap: ['prlimit', '--nofile=160:160', LEAT], limits: { request_timeout: '60s', streams_per_address: 0 },
		script: async (call) => { await call.delta('x'); if (call.body.messages.at(-1).content === 'q') await call.stop(); },
	});
	const streams = await Promise.all(Array.from({ length: 20 }, () => site.open('stay')));
	await Promise.all(streams.map((stream) => stream.untilType('content')));
	const silent = [];
	for (let i = 0; i < 20; i++) {
		silent.push(...crowd(site.leat.socket, 50));
		await othersAreAnswered(site.base, 3);
	}
	const gone = silent.filter((c) => c.isGone).length;
	assert.ok(gone >= 850, `${gone} of 1000 made way`);
	assert.ok(streams.every((stream) => !stream.isEnded));
	for (const connection of silent) connection.destroy();
	for (const stream of streams) stream.leave();
});

scenario('uploads that never end do not take the room of small requests', async (place) => {
	const site = await startSite(place, { workers: 1, limits: { held: '2M', body: '1M', streams_per_address: 0 }, script: null });
	const uploads = [];
	// Large ones fill most of the room, and small ones what they leave.
	for (const size of [...Array(12).fill(500000), ...Array(12).fill(100000), ...Array(150).fill(9000)]) {
		const bytes = encodeRequest({ path: '/ask/chat', body: ' '.repeat(size) });
		const connection = net.connect(site.leat.socket);
		connection.on('error', () => {});
		connection.resume();
		connection.write(bytes.subarray(0, bytes.length - 8));
		uploads.push(connection);
		if (size > 9000) await sleep(5);
	}
	await sleep(300);
	await othersAreAnswered(site.base);
	const question = JSON.stringify({ query: 'q', streaming: false }).padEnd(60000);
	for (let i = 0; i < 5; i++) assert.equal((await site.post('chat', question)).status, 200);
	for (const connection of uploads) connection.destroy();
});

for (const server of servers.filter((s) => s.process === 'pool' && !s.tls))
	scenario(`${server.name}: 64 slow uploads harm nobody`, async (place) => {
		const site = await server.start(place, { leat: { workers: 1, limits: { streams_per_address: 0 } } });
		const uploads = Array.from({ length: 64 }, () => {
			const socket = net.connect(site.port, '127.0.0.1');
			socket.on('error', () => {});
			socket.resume();
			socket.write(head('POST', '/ask/chat', { 'Content-Type': 'application/json', 'Content-Length': 5000 }));
			return socket;
		});
		const drip = setInterval(() => { for (const socket of uploads) if (socket.writable) socket.write('          '); }, 100);
		try {
			await sleep(500);
			await othersAreAnswered(site.base);
		} finally {
			clearInterval(drip);
			for (const socket of uploads) socket.destroy();
		}
	});

scenario('all workers together have so many streams and no more', async (place) => {
	const site = await startSite(place, {
		workers: 4, limits: { streams: 10, streams_per_address: 0 }, script: async (call) => { await call.delta('x'); },
	});
	const all = await Promise.all(Array.from({ length: 40 }, () => site.open('q')));
	const open = all.filter((stream) => stream.status === 200);
	// Two that ask for the last place at once may both be refused.
	assert.ok(open.length <= 10 && open.length >= 7, `${open.length} streams`);
	while (open.length < 10) {
		const next = await site.open('q');
		assert.equal(next.status, 200);
		open.push(next);
	}
	for (const stream of all.filter((s) => s.status !== 200)) assert.equal(stream.status, 503);
	const refused = await site.post('chat', { query: 'q', streaming: true });
	assert.equal(refused.status, 503);
	assert.equal(refused.json.code, 'overloaded');
	assert.ok(Number(refused.headers['retry-after']) > 0);
	const source = await (await site.stream('chat?query=a', { headers: { accept: 'text/event-stream' } })).all();
	assert.equal(source.status, 200);
	assert.equal(source.events.length, 0);
	assert.ok(source.parser.lastRetry >= 5000 && source.parser.lastRetry <= 15000);
	assert.equal((await site.request('selftest')).status, 200);
	// What a killed worker held is free again. (One may have had none.)
	for (const pid of site.leat.workers()) {
		process.kill(pid, 'SIGKILL');
		await sleep(300 * SLOWNESS);
		if (open.some((stream) => stream.isEnded)) break;
	}
	assert.ok(open.some((stream) => stream.isEnded));
	await eventually(async () => {
		const next = await site.open('q');
		if (next.status !== 200) return false;
		open.push(next);
		return true;
	}, 'there is room');
	for (const stream of open) stream.leave();
	await eventually(async () => (await site.metric('leat_streams_open')) === 0, 'all have left');
});

scenario('a header of its own does not switch a visitor’s limit off', async (place) => {
	const upstream = await startUpstream(place, async (call) => { await call.delta('x'); });
	const leat = await startLeat(place, { upstream, workers: 2, limits: { streams_per_address: 3 } });
	const open = (n, remote) => new Promise((resolve) => {
		const connection = net.connect(leat.socket);
		const parts = [];
		connection.on('error', () => {});
		connection.on('data', (data) => { parts.push(data); resolve({ connection, text: Buffer.concat(parts).toString() }); });
		connection.write(encodeRequest({
			path: '/ask/chat', body: JSON.stringify({ query: 'q', streaming: true }),
			headers: { 'x-forwarded-for': `198.51.100.${n}` }, params: { REMOTE_ADDR: remote },
		}));
	});
	const kept = [];
	for (let n = 0; n < 3; n++) kept.push(await open(n, '203.0.113.5'));
	for (const { text } of kept) assert.match(text, /Status: 200/);
	const beyond = await open(77, '203.0.113.5');
	assert.match(beyond.text, /Status: 429/);
	await eventually(() => leat.log().includes('trusted_proxies'), 'the log says so');
	// A proxy beside us is believed: these are other visitors.
	for (let n = 0; n < 6; n++) kept.push(await open(n, '127.0.0.1'));
	for (const { text } of kept) assert.match(text, /Status: 200/);
	for (const { connection } of [...kept, beyond]) connection.destroy();
});

scenario('leat check says how visitors are counted', async (place) => {
	const check = (text) => {
		const conf = place.write('check.conf', text);
		const { stdout } = spawnSync(LEAT, ['check', '--json', '-c', conf], { encoding: 'utf8' });
		return JSON.parse(stdout).checks.filter(({ subject }) => /^(trusted_proxies|streams_per_address)$/.test(subject));
	};
	const [plain, ...none] = check('');
	assert.equal(plain.level, 'ok');
	assert.match(plain.text, /20 .*trusted_proxies/);
	assert.deepEqual(none, []);
	assert.deepEqual(check('trusted_proxies = {"10.0.0.0/8"}'), []);
	const [all] = check('trusted_proxies = {"10.0.0.1", "::/0"}');
	assert.equal(all.level, 'warn');
	assert.match(all.text, /::\/0.*X-Forwarded-For/);
	const [off] = check('limits {\n\tstreams_per_address = 0\n}');
	assert.equal(off.level, 'warn');
});
