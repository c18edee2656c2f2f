// SPDX-License-Identifier: ISC
// FastCGI as no web server would speak it, straight at the socket: nothing
// crashes, leaks or stalls another stream.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { scenario, sleep, within, eventually, SLOWNESS } from './lib/place.mjs';
import { startLeat, childrenOf } from './lib/leat.mjs';
import { startSite } from './lib/site.mjs';
import * as fcgi from './lib/fcgi.mjs';

const { FcgiConnection, encodeRequest, record, begin, pairs, fcgiRequest } = fcgi;
const HEALTH = { path: '/ask/healthz' };
const CHAT = { path: '/ask/chat', body: JSON.stringify({ query: 'q', streaming: true }) };

function descriptorsOf(pid) {
	return fs.readdirSync(`/proc/${pid}/fd`).length;
}

async function connect(leat) {
	const connection = new FcgiConnection(leat.socket);
	await new Promise((resolve, reject) => {
		connection.socket.on('connect', resolve);
		connection.socket.on('error', reject);
	});
	return connection;
}

/** Still alive, with the same workers, and quick. */
async function assertUnharmed(leat, workers) {
	assert.deepEqual(leat.workers(), workers, 'no worker died');
	const started = performance.now();
	assert.equal((await fcgiRequest(leat.socket, HEALTH)).status, 200);
	assert.ok(performance.now() - started < 500 * SLOWNESS);
}

scenario('a connection is kept when asked for, and closed when not', async (place) => {
	const leat = await startLeat(place, { workers: 1 });
	const kept = await connect(leat);
	for (let n = 0; n < 5; n++) {
		await kept.write(encodeRequest(n % 2 ? CHAT : HEALTH, { keep: true, id: n + 1 }));
		const reply = await kept.reply();
		assert.equal(reply.status, 200);
		assert.equal(reply.id, n + 1);
		assert.equal(reply.protocolStatus, 0);
	}
	assert.ok(!kept.isClosed);
	await kept.write(encodeRequest(HEALTH, { keep: false }));
	assert.equal((await kept.reply()).status, 200);
	await within(kept.closed, 2000, 'the connection closes');
});

scenario('pipelined requests are answered in order', async (place) => {
	const leat = await startLeat(place, { workers: 1 });
	const connection = await connect(leat);
	await connection.write(Buffer.concat([1, 2, 3, 4].map((id) => encodeRequest({ path: id % 2 ? '/ask/healthz' : '/ask/nowhere' }, { keep: true, id }))));
	for (const id of [1, 2, 3, 4]) {
		const reply = await connection.reply();
		assert.equal(reply.id, id);
		assert.equal(reply.status, id % 2 ? 200 : 404);
	}
	connection.destroy();
});

scenario('a request in single bytes, and one in odd pieces, is read', async (place) => {
	const leat = await startLeat(place, { workers: 1 });
	for (const size of [1, 3, 7, 8, 9]) {
		const connection = await connect(leat);
		connection.socket.setNoDelay?.(true);
		const bytes = encodeRequest(CHAT);
		for (let at = 0; at < bytes.length; at += size) {
			await connection.write(bytes.subarray(at, at + size));
			if (at % 64 === 0) await sleep(0);
		}
		assert.equal((await connection.reply()).status, 200);
		connection.destroy();
	}
});

scenario('records of every size and padding are one request', async (place) => {
	const leat = await startLeat(place, { workers: 1 });
	const params = pairs(fcgi.paramsFor(CHAT));
	const connection = await connect(leat);
	await connection.write(Buffer.concat([
		begin(1),
		...Array.from({ length: Math.ceil(params.length / 5) }, (_, n) => record(fcgi.PARAMS, 1, params.subarray(n * 5, n * 5 + 5), { padding: n % 256 })),
		record(fcgi.PARAMS, 1, '', { padding: 255 }),
		...[...CHAT.body].map((c) => record(fcgi.STDIN, 1, c)),
		record(fcgi.STDIN, 1, '', { padding: 1 }),
	]));
	assert.equal((await connection.reply()).status, 200);
	connection.destroy();
});

scenario('management records and foreign ids between do no harm', async (place) => {
	const leat = await startLeat(place, { workers: 1 });
	const workers = leat.workers();
	const values = pairs(Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`FCGI_MAX_CONNS${n}`, ''])));
	const repeated = Buffer.concat(Array.from({ length: 40 }, () => pairs({ FCGI_MPXS_CONNS: '' })));
	const connection = await connect(leat);
	const bytes = encodeRequest(HEALTH);
	await connection.write(Buffer.concat([
		record(fcgi.GET_VALUES, 0, values), record(fcgi.GET_VALUES, 0, repeated), record(99, 0, 'what?'),
		bytes.subarray(0, 16),
		record(fcgi.GET_VALUES, 0, repeated), record(fcgi.PARAMS, 7, 'junk'), record(fcgi.STDIN, 9, 'junk'),
		bytes.subarray(16),
	]));
	assert.equal((await connection.reply()).status, 200);
	connection.destroy();
	await assertUnharmed(leat, workers);
});

/** What a hostile or broken peer sends; what comes back is none or a 4xx. */
const MALFORMED = {
	'another version': () => record(fcgi.BEGIN, 1, Buffer.alloc(8), { version: 2 }),
	'HTTP': () => Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
	'zeros': () => Buffer.alloc(4096),
	'0xff': () => Buffer.alloc(4096, 0xff),
	'BEGIN too short': () => Buffer.concat([record(fcgi.BEGIN, 1, 'abc'), encodeRequest(HEALTH).subarray(16)]),
	'BEGIN twice': () => Buffer.concat([begin(1), begin(1), encodeRequest(HEALTH).subarray(16)]),
	'no BEGIN': () => encodeRequest(HEALTH).subarray(16),
	'STDIN before the parameters end': () => Buffer.concat([begin(1), record(fcgi.PARAMS, 1, pairs({ A: 'b' })), record(fcgi.STDIN, 1)]),
	'a role that is no responder': () => Buffer.concat([begin(1, { role: 2 }), encodeRequest(HEALTH).subarray(16)]),
	'a role of 77': () => Buffer.concat([begin(1, { role: 77 }), encodeRequest(HEALTH).subarray(16)]),
	'a name length beyond the record': () => Buffer.concat([begin(1), record(fcgi.PARAMS, 1, Buffer.from([0xff, 0xff, 0xff, 0xfe, 1, 65])), record(fcgi.PARAMS, 1), record(fcgi.STDIN, 1)]),
	'a value length of 2 GiB': () => Buffer.concat([begin(1), record(fcgi.PARAMS, 1, Buffer.from([1, 0xff, 0xff, 0xff, 0xfe, 65])), record(fcgi.PARAMS, 1), record(fcgi.STDIN, 1)]),
	'half a length': () => Buffer.concat([begin(1), record(fcgi.PARAMS, 1, Buffer.from([0x80])), record(fcgi.PARAMS, 1), record(fcgi.STDIN, 1)]),
	'a name without a value length': () => Buffer.concat([begin(1), record(fcgi.PARAMS, 1, Buffer.from([1])), record(fcgi.PARAMS, 1), record(fcgi.STDIN, 1)]),
	'a NUL in a name': () => Buffer.concat([begin(1), record(fcgi.PARAMS, 1, pairs({ 'A\0B': 'c', 'REQUEST_METHOD': 'GET' })), record(fcgi.PARAMS, 1), record(fcgi.STDIN, 1)]),
	'no parameters': () => Buffer.concat([begin(1), record(fcgi.PARAMS, 1), record(fcgi.STDIN, 1)]),
	'a body longer than it says': () => encodeRequest({ ...CHAT, params: { CONTENT_LENGTH: 3 } }),
	'a body shorter than it says': () => encodeRequest({ ...CHAT, params: { CONTENT_LENGTH: 999 } }),
	'a length that is no number': () => encodeRequest({ ...CHAT, params: { CONTENT_LENGTH: '12abc' } }),
	'a negative length': () => encodeRequest({ ...CHAT, params: { CONTENT_LENGTH: '-1' } }),
	'a length beyond 64 bits': () => encodeRequest({ ...CHAT, params: { CONTENT_LENGTH: '99999999999999999999999' } }),
	'ABORT before the end': () => Buffer.concat([encodeRequest(CHAT).subarray(0, -8), record(fcgi.ABORT, 1)]),
	'100,000 tiny parameters': () => { const p = Buffer.concat(Array.from({ length: 20000 }, () => pairs({ A: '' }))); return Buffer.concat([begin(1), record(fcgi.PARAMS, 1, p.subarray(0, 60000)), record(fcgi.PARAMS, 1, p.subarray(0, 60000)), record(fcgi.PARAMS, 1), record(fcgi.STDIN, 1)]); },
};

scenario('malformed requests end at once, and harm nobody', async (place, t) => {
	const leat = await startLeat(place, { workers: 2, limits: { request_timeout: '1s' } });
	const workers = leat.workers();
	for (const [name, make] of Object.entries(MALFORMED))
		await t.test(name, async () => {
			const connection = await connect(leat);
			await connection.write(make());
			// What waits for more bytes is ended by the request's deadline.
			const reply = await connection.reply(3000 * SLOWNESS);
			if (name.startsWith('a role')) assert.equal(reply.protocolStatus, 3, 'FCGI_UNKNOWN_ROLE');
			else if (reply) assert.ok(reply.status >= 400 && reply.status < 500, `${reply.status} ${reply.text}`);
			connection.destroy();
			await assertUnharmed(leat, workers);
		});
});

scenario('a length that lies does not become an answer', async (place, t) => {
	const leat = await startLeat(place, { workers: 1, limits: { request_timeout: '1s' } });
	for (const length of [3, 999, '12abc', '-1'])
		await t.test(String(length), async () => {
			const connection = await connect(leat);
			await connection.write(encodeRequest({ ...CHAT, params: { CONTENT_LENGTH: length } }));
			const reply = await connection.reply(3000 * SLOWNESS);
			assert.ok(reply === null || reply.status === 400, `${reply?.status}`);
			connection.destroy();
		});
	for (const length of ['', undefined])
		await t.test(`no length is fine (${length})`, async () => {
			const params = length === undefined ? {} : { CONTENT_LENGTH: '' };
			assert.equal((await fcgiRequest(leat.socket, { ...CHAT, params })).status, 200);
		});
});

scenario('a body beyond its cap is answered with 413, though more is coming', async (place) => {
	const leat = await startLeat(place, { workers: 1, limits: { body: '64K' } });
	for (let n = 0; n < 10; n++) {
		const connection = await connect(leat);
		const head = encodeRequest({ ...CHAT, body: undefined, method: 'POST' }).subarray(0, -8);
		connection.socket.write(head);
		for (let i = 0; i < 40; i++) connection.socket.write(record(fcgi.STDIN, 1, Buffer.alloc(60000, 32)));
		const reply = await connection.reply(3000 * SLOWNESS);
		assert.equal(reply?.status, 413);
		assert.equal(reply.json.code, 'too_large');
		connection.destroy();
	}
});

scenario('a silent peer and a slow one are given up after request_timeout', async (place) => {
	const leat = await startLeat(place, { workers: 1, limits: { request_timeout: '1s' } });
	const started = performance.now();
	const silent = await connect(leat);
	const slow = await connect(leat);
	const drip = (async () => {
		for (const byte of encodeRequest(HEALTH)) {
			if (slow.isClosed) return;
			await slow.write(Buffer.from([byte]));
			await sleep(50);
		}
	})();
	assert.equal((await fcgiRequest(leat.socket, HEALTH)).status, 200);
	await within(Promise.all([silent.reply(5000), slow.reply(5000)]), 6000, 'both are given up');
	const ms = performance.now() - started;
	assert.ok(ms > 800 && ms < 3000 * SLOWNESS, `${ms} ms`);
	silent.destroy();
	slow.destroy();
	await drip;
});

scenario('a peer that vanishes after any byte leaves nothing behind', async (place) => {
	const site = await startSite(place, { workers: 1, script: async (call) => { await call.delta('x'); } });
	const { leat } = site;
	const workers = leat.workers();
	const bytes = encodeRequest(CHAT);
	await site.request('healthz');
	const before = descriptorsOf(workers[0]);
	for (let n = 0; n <= bytes.length; n += n < 40 || n > bytes.length - 40 ? 1 : 5) {
		const connection = await connect(leat);
		await connection.write(bytes.subarray(0, n));
		connection.destroy();
	}
	await assertUnharmed(leat, workers);
	await eventually(async () => (await site.metric('leat_turns_open')) === 0, 'every turn has ended');
	await eventually(() => descriptorsOf(workers[0]) <= before + 2, 'no descriptor is left');
	for (const call of site.upstream.calls) await call.closed;
});

scenario('a peer that aborts, half-closes or vanishes in mid-stream ends its turn', async (place, t) => {
	const site = await startSite(place, { workers: 1, script: async (call) => { while (!call.isClosed) { await call.delta('.'); await sleep(10); } } });
	const ways = {
		'ABORT_REQUEST': (c) => c.write(record(fcgi.ABORT, 1)),
		'half-close': (c) => c.socket.end(),
		'close': (c) => c.destroy(),
	};
	for (const [name, leave] of Object.entries(ways))
		await t.test(name, async () => {
			const connection = await connect(site.leat);
			await connection.write(encodeRequest(CHAT));
			await eventually(() => connection.stdout.includes('"content"'), 'content comes');
			const call = site.upstream.calls.at(-1);
			const at = performance.now();
			await leave(connection);
			await call.closed;
			assert.ok(call.closedAt - at < 100 * SLOWNESS, `${call.closedAt - at} ms`);
			connection.destroy();
		});
	await eventually(async () => (await site.metric('leat_turns_open')) === 0, 'no turn is open');
});

scenario('the worst of them all at once do not disturb a stream', async (place) => {
	const site = await startSite(place, { workers: 1, limits: { request_timeout: '1s' }, script: async (call) => { await call.words(Array(40).fill('tick '), 50); await call.stop(); } });
	const workers = site.leat.workers();
	const stream = site.ask('q');
	for (let round = 0; round < 3; round++)
		for (const make of Object.values(MALFORMED)) {
			const connection = await connect(site.leat);
			connection.socket.write(make());
			setTimeout(() => connection.destroy(), 200);
			await sleep(5);
		}
	const { events, last } = await stream;
	assert.equal(last.json.type, 'final');
	const content = events.filter((e) => e.json.type === 'content');
	const gaps = content.slice(1).map((e, n) => e.at - content[n].at);
	assert.ok(Math.max(...gaps) < 300 * SLOWNESS, `a gap of ${Math.max(...gaps)} ms`);
	await assertUnharmed(site.leat, workers);
});

scenario('a worker out of descriptors answers or waits, and comes back', async (place) => {
	const leat = await startLeat(place, { workers: 1, wrap: ['bash', '-c', 'ulimit -n 64; exec "$0" "$@"', process.env.LEAT ?? 'leat'], limits: { request_timeout: '2s' } });
	const [worker] = leat.workers();
	const idle = [];
	for (let n = 0; n < 200; n++) {
		const connection = new FcgiConnection(leat.socket);
		connection.socket.on('error', () => {});
		idle.push(connection);
	}
	await sleep(500);
	assert.ok(descriptorsOf(worker) <= 64);
	// CPU must not burn while it cannot accept.
	const cpu = () => fs.readFileSync(`/proc/${worker}/stat`, 'utf8').split(' ').slice(13, 15).reduce((a, b) => a + Number(b), 0);
	const before = cpu();
	await sleep(1000);
	assert.ok(cpu() - before < 40, `${cpu() - before} ticks in a second`);
	for (const connection of idle) connection.destroy();
	await eventually(async () => (await fcgiRequest(leat.socket, HEALTH, 2000)).status === 200, 'it answers again', 10000);
	assert.deepEqual(childrenOf(leat.pid), [worker]);
});
