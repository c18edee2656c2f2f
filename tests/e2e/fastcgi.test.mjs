// SPDX-License-Identifier: ISC
// FastCGI straight at the socket: what no web server sends, what a dying one
// sends, and what an attacker would. Meanwhile a stream runs in the same
// worker, whose frames must keep coming on time.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { scenario, eventually, freePort, sleep, within, SLOWNESS } from './lib/place.mjs';
import { startLeat, metricOf, LEAT } from './lib/leat.mjs';
import { startUpstream, plainAnswer } from './lib/upstream.mjs';
import { SseParser } from './lib/sse.mjs';
import { ABORT, BEGIN, FcgiConnection, GET_VALUES, PARAMS, STDIN, begin, encodeRequest, fcgiRequest, pairs, paramsFor, record } from './lib/fcgi.mjs';

const LATE_MS = 800 * SLOWNESS;
const ASK = { query: 'What is the answer?', streaming: true };
const GET = { path: '/ask/healthz' };

const json = (value) => JSON.stringify(value);
const post = (value, more = {}) => ({ path: '/ask/chat', body: json(value), ...more });
const close = (connections) => connections.forEach((connection) => connection.destroy());

/** Questions that begin with "tick" are answered without end. */
async function script(call) {
	if (!call.question.startsWith('tick')) return plainAnswer(call);
	while (!call.isClosed) {
		await call.delta(`${performance.now()} `);
		await sleep(20);
	}
}

async function startPool(place, options = {}) {
	const upstream = await startUpstream(place, options.script ?? script);
	const port = await freePort();
	const leat = await startLeat(place, {
		workers: 1, upstream, context: { index: '' }, ...options,
		limits: { streams_per_address: 0, ...options.limits },
		more: { listen: [`unix:${place.path('leat.sock')}`, `tcp:127.0.0.1:${port}`] },
	});
	const [worker] = leat.workers();
	return {
		upstream,
		leat,
		worker,
		connect: () => new FcgiConnection(leat.socket),
		/** A connection that can be reset. */
		connectPort: () => new FcgiConnection({ host: '127.0.0.1', port }),
		request: (request) => fcgiRequest(leat.socket, request),
		metric: async (name, labels) => metricOf((await fcgiRequest(leat.socket, { path: '/ask/metrics' })).text, name, labels),
		// An idle connection to the model is kept for the next question.
		descriptors: () => fs.readdirSync(`/proc/${worker}/fd`).length - upstream.connections.size,
		residentKib: () => Number(fs.readFileSync(`/proc/${worker}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]),
		cpuMs: () => Number(fs.readFileSync(`/proc/${worker}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
	};
}

/** A chat stream on a connection, with each event as it comes. */
function follow(connection, request, options) {
	const stream = { events: [], text: '', worstMs: 0 };
	const parser = new SseParser((event) => {
		event.json = JSON.parse(event.data);
		stream.events.push(event);
		const { content } = event.json;
		if (content) stream.text += content;
		const sent = Number(content?.trim().split(' ')[0]);
		if (sent > 0) stream.worstMs = Math.max(stream.worstMs, performance.now() - sent);
	});
	let head = '';
	connection.onStdout = (content) => {
		if (head === null) return parser.feed(content.toString());
		head += content.toString();
		const end = head.indexOf('\r\n\r\n');
		if (end < 0) return;
		stream.turn = head.match(/X-Leat-Turn: (\S+)/i)?.[1];
		parser.feed(head.slice(end + 4));
		head = null;
	};
	connection.write(encodeRequest(request, options));
	stream.frames = (n) => eventually(() => stream.events.filter((event) => event.json.type === 'content').length >= n, `${n} frames`);
	return stream;
}

/** The stream that must not notice anything. */
async function startCanary(pool) {
	const connection = pool.connect();
	const stream = follow(connection, post({ query: 'tick', streaming: true }));
	await stream.frames(3);
	return {
		async check() {
			const { length } = stream.events;
			await eventually(() => stream.events.length > length + 2, 'the other stream goes on');
			assert.ok(stream.worstMs < LATE_MS, `a frame of the other stream came after ${stream.worstMs} ms`);
		},
		async end() {
			await this.check();
			connection.destroy();
		},
	};
}

/** As before, once everybody has left. */
async function assertNothingLeft(pool, before) {
	await eventually(async () => await pool.metric('leat_turns_open') === 0, 'no turn is open');
	await eventually(() => pool.descriptors() <= before, `descriptors: ${pool.descriptors()} instead of ${before}`);
	assert.equal(await pool.metric('leat_streams_open'), 0);
	assert.deepEqual(pool.leat.workers(), [pool.worker], 'the worker is still the same');
}

const names = (n, value = '') => pairs(Object.fromEntries(Array.from({ length: n }, (_, i) => [`FCGI_MAX_CONNS${' '.repeat(i)}`, value])));
const repeated = Buffer.concat(Array.from({ length: 20 }, () => pairs({ FCGI_MAX_CONNS: '' })));

function head(request = GET, id = 1) {
	return Buffer.concat([begin(id), record(PARAMS, id, pairs(paramsFor(request))), record(PARAMS, id)]);
}

/** A name's and a value's length as they stand, whatever follows. */
function lying(name, value, bytes = 'REQUEST_METHODGET') {
	const length = (n) => { const b = Buffer.alloc(4); b.writeUInt32BE((n | 0x80000000) >>> 0); return b; };
	return Buffer.concat([begin(1), record(PARAMS, 1, Buffer.concat([length(name), length(value), Buffer.from(bytes)])), record(PARAMS, 1), record(STDIN, 1)]);
}

function byteByByte(request) {
	const params = pairs(paramsFor(request));
	const body = Buffer.from(request.body);
	return Buffer.concat([
		begin(1),
		...[...params].map((byte, i) => record(PARAMS, 1, Buffer.from([byte]), { padding: i % 256 })),
		record(PARAMS, 1, '', { padding: 255 }),
		...[...body].map((byte) => record(STDIN, 1, Buffer.from([byte]))),
		record(STDIN, 1),
	]);
}

function withLength(length, body = json(ASK)) {
	return encodeRequest({ path: '/ask/chat', body, params: { CONTENT_LENGTH: length } });
}

function withoutLength(body) {
	const params = paramsFor({ path: '/ask/chat', body });
	delete params.CONTENT_LENGTH;
	return Buffer.concat([begin(1), record(PARAMS, 1, pairs(params)), record(PARAMS, 1), ...(body ? [record(STDIN, 1, body)] : []), record(STDIN, 1)]);
}

const good = encodeRequest(GET);
const asked = json(ASK);

// [name, bytes, status of the reply (null: closed without one), code]
const RECORDS = [
	['HTTP', 'GET /ask/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n', null],
	['a TLS greeting', Buffer.from('160301020001000001fc0303', 'hex'), null],
	['zeros', Buffer.alloc(4096), null],
	['ones', Buffer.alloc(4096, 0xff), null],
	['another version at first', record(BEGIN, 1, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0]), { version: 2 }), null],
	['a BEGIN of seven bytes', record(BEGIN, 1, Buffer.from([0, 1, 0, 0, 0, 0, 0])), null],
	['a BEGIN of request 0', begin(0), null],
	['another version later', Buffer.concat([begin(1), record(PARAMS, 1, '', { version: 3 })]), 400, 'bad_request'],
	['a second BEGIN', Buffer.concat([begin(1), begin(1)]), 400, 'bad_request'],
	['a second BEGIN after the parameters', Buffer.concat([head(), begin(1)]), 400, 'bad_request'],
	['a second BEGIN in the body', Buffer.concat([head(post(ASK)), record(STDIN, 1, '{'), begin(1)]), 400, 'bad_request'],
	['a body before the parameters', Buffer.concat([begin(1), record(STDIN, 1, 'a')]), 400, 'bad_request'],
	['parameters after their end', Buffer.concat([head(), record(PARAMS, 1, 'a')]), 400, 'bad_request'],
	['a DATA record', Buffer.concat([begin(1), record(8, 1, 'a')]), 400, 'bad_request'],
	['a reply of ours', Buffer.concat([begin(1), record(6, 1, 'a')]), 400, 'bad_request'],
	['a type that nobody knows', Buffer.concat([begin(1), record(200, 1, 'a')]), 400, 'bad_request'],
	['no parameters', Buffer.concat([begin(1), record(PARAMS, 1), record(STDIN, 1)]), 404, 'not_found'],
	['twenty thousand parameters', Buffer.concat([begin(1), record(PARAMS, 1, Buffer.alloc(60000, pairs({ A: '' }))), record(PARAMS, 1), record(STDIN, 1)]), 404, 'not_found'],
	['parameters that are one byte', Buffer.concat([begin(1), record(PARAMS, 1, '\x05'), record(PARAMS, 1), record(STDIN, 1)]), 400, 'bad_request'],
	['a name of 2 GiB', lying(0x7ffffffe, 3), 400, 'bad_request'],
	['a value of 2 GiB', lying(14, 0x7ffffffe), 400, 'bad_request'],
	['lengths whose sum wraps', lying(0x7fffffff, 0x7fffffff), 400, 'bad_request'],
	['a value one byte longer than it is', lying(14, 4), 400, 'bad_request'],
	['a length that is cut off', Buffer.concat([begin(1), record(PARAMS, 1, Buffer.from([4, 0x80, 0])), record(PARAMS, 1), record(STDIN, 1)]), 400, 'bad_request'],
	['a NUL in a value', encodeRequest({ ...GET, params: { REQUEST_URI: '/ask/\0' } }), 400, 'bad_request'],
	['an abort in the parameters', Buffer.concat([begin(1), record(PARAMS, 1, 'a'), record(ABORT, 1)]), null],
	['an abort in the body', Buffer.concat([head(post(ASK)), record(STDIN, 1, '{'), record(ABORT, 1)]), null],
	['a role of 2', begin(1, { role: 2 }), 'unknown role'],
	['a role of 65535', Buffer.concat([begin(1, { role: 255 }), head().subarray(16)]), 'unknown role'],
	['GET_VALUES with a name twenty times', Buffer.concat([record(GET_VALUES, 0, repeated), good]), 200],
	['GET_VALUES with twenty long values, in between', Buffer.concat([begin(1), record(GET_VALUES, 0, names(20, 'x'.repeat(200))), good.subarray(16)]), 200],
	['unknown management records everywhere', Buffer.concat([record(11, 0), record(99, 0, 'a'.repeat(65535), { padding: 255 }), good]), 200],
	['records of other requests in between', Buffer.concat([begin(1), begin(2), record(PARAMS, 2, 'a'), record(ABORT, 2), good.subarray(16)]), 200],
	['padding of 255 bytes and a byte a record', byteByByte(post({ query: 'a', streaming: false })), 200],
	['request 65535', encodeRequest(GET, { id: 65535 }), 200],
	['a body shorter than Content-Length', withLength(asked.length + 1), 400, 'bad_request'],
	['a body longer than Content-Length', withLength(asked.length - 1), 400, 'bad_request'],
	['a body longer by a second one', withLength(asked.length, asked + asked), 400, 'bad_request'],
	['a Content-Length of -1', withLength(-1), 400, 'bad_request'],
	['a Content-Length in words', withLength('many'), 400, 'bad_request'],
	['a Content-Length beyond 64 bits', withLength('99999999999999999999'), 400, 'bad_request'],
	['no Content-Length', withoutLength(asked), 200],
	['an empty Content-Length', withLength(''), 200],
	['no Content-Length and no body', withoutLength(''), 400, 'bad_request'],
	['parameters of 65 KiB', encodeRequest({ ...GET, headers: { 'x-long': 'a'.repeat(66000) } }), 413, 'too_large'],
	['parameters without end', Buffer.concat([begin(1), ...Array(20).fill(record(PARAMS, 1, 'a'.repeat(65000)))]), 413, 'too_large'],
	['a body without end', Buffer.concat([head(post(ASK)), ...Array(140).fill(record(STDIN, 1, ' '.repeat(65535)))]), 413, 'too_large'],
];

function assertReply(reply, connection, status, code) {
	if (status === null) {
		assert.equal(reply, null, 'closed without a reply');
	} else if (status === 'unknown role') {
		assert.equal(reply.protocolStatus, 3);
		assert.equal(connection.records.length, 1, 'nothing but the end');
	} else {
		assert.equal(reply.protocolStatus, 0);
		assert.equal(reply.status, status, reply.text);
		if (code) assert.equal(reply.json.code, code);
	}
}

scenario('a request that is taken back in the same breath asks nobody', async (place) => {
	const { upstream, leat } = await startPool(place);
	const connection = new FcgiConnection(leat.socket);
	connection.socket.on('error', () => {});
	await connection.write(Buffer.concat([encodeRequest(post(ASK), { keep: true }), record(GET_VALUES, 0), record(ABORT, 1)]));
	await within(connection.closed, 2000, 'the connection closes');
	assert.equal(upstream.calls.length, 0);
});

scenario('whatever the records are, there is an answer or an end, and no other stream notices', async (place, t) => {
	const pool = await startPool(place);
	const before = pool.descriptors();
	const canary = await startCanary(pool);
	for (const [name, bytes, status, code] of RECORDS)
		await t.test(name, async () => {
			const connection = pool.connect();
			connection.write(bytes);
			const reply = await connection.reply(5000 * SLOWNESS);
			assertReply(reply, connection, status, code);
			// Who was refused is not kept.
			if (status === null || status >= 400 && code === 'bad_request' || status === 'unknown role') {
				connection.socket.end();
				await within(connection.closed, 4000 * SLOWNESS, 'the connection is closed');
			}
			connection.destroy();
			await canary.check();
		});
	await canary.end();
	await assertNothingLeft(pool, before);
	assert.ok(await pool.metric('leat_requests_broken_total') > 10);
});

scenario('a peer may vanish at every byte of a request', async (place) => {
	const pool = await startPool(place);
	const canary = await startCanary(pool);
	const before = pool.descriptors();
	const bytes = encodeRequest(post({ query: 'a', streaming: true }));
	const wholes = [];
	async function vanish(at) {
		const connection = at % 3 === 0 ? pool.connectPort() : pool.connect();
		await connection.write(bytes.subarray(0, at));
		if (at % 3 === 0) connection.socket.resetAndDestroy();
		else if (at % 3 === 1) connection.socket.end();
		else connection.destroy();
		await connection.closed;
		if (connection.records.length) wholes.push(at);
	}
	for (let at = 0; at <= bytes.length; at += 16) {
		const some = Array.from({ length: 16 }, (_, i) => at + i).filter((n) => n <= bytes.length);
		await Promise.all(some.map(vanish));
	}
	assert.deepEqual(wholes.filter((at) => at < bytes.length), [], 'nobody was answered before the request was whole');
	assert.ok(pool.upstream.calls.length <= 2, 'and nobody else reached the model');
	await canary.check();
	await eventually(() => pool.descriptors() <= before, 'all descriptors are closed');
	assert.ok(await pool.metric('leat_requests_broken_total') > bytes.length / 2);
	await canary.end();
	await assertNothingLeft(pool, before - 1);
});

scenario('one kept connection carries many requests, one after another and at once', async (place) => {
	const pool = await startPool(place);
	const before = pool.descriptors();
	const connection = pool.connect();
	const keep = (request, id = 1) => encodeRequest(request, { id, keep: true });
	for (let i = 1; i <= 20; i++) {
		await connection.write(keep(i % 2 ? GET : post({ query: `${i}`, streaming: false }), i));
		const reply = await connection.reply();
		assert.equal(reply.status, 200);
		assert.equal(reply.id, i);
	}
	// Streams, one after another.
	for (let i = 0; i < 3; i++) {
		const stream = follow(connection, post(ASK), { keep: true });
		assert.equal((await connection.reply()).status, 200);
		assert.equal(stream.text, 'The answer is 42.');
		assert.equal(stream.events.at(-1).json.type, 'final');
	}
	connection.onStdout = null;
	// A refusal, too, leaves the connection usable.
	await connection.write(keep(post({ nonsense: 1 })));
	assert.equal((await connection.reply()).status, 400);
	// All at once: answered in their order, each with its own number.
	const ids = [11, 12, 13, 14, 15, 16];
	await connection.write(Buffer.concat(ids.map((id) => keep(id % 2 ? GET : post(ASK), id))));
	for (const id of ids) {
		const reply = await connection.reply();
		assert.equal(reply.status, 200);
		assert.equal(reply.id, id);
		assert.match(reply.text, id % 2 ? /"ok":true/ : /"type":"final"/);
	}
	// The next ones come in pieces, and the last one closes.
	for (const size of [1, 3, 7, 8, 9]) {
		const bytes = keep(post(ASK), size);
		for (let at = 0; at < bytes.length; at += size) {
			await connection.write(bytes.subarray(at, at + size));
			if (at % 64 === 0) await sleep(0);
		}
		assert.equal((await connection.reply()).id, size);
	}
	assert.ok(!connection.isClosed);
	await connection.write(encodeRequest(GET));
	assert.equal((await connection.reply()).status, 200);
	await within(connection.closed, 2000, 'a request without FCGI_KEEP_CONN closes');
	await assertNothingLeft(pool, before);
});

scenario('who aborts or vanishes in mid-stream stops the model', async (place, t) => {
	const pool = await startPool(place);
	const before = pool.descriptors();
	const canary = await startCanary(pool);
	const leave = {
		'FCGI_ABORT_REQUEST': (connection) => connection.write(record(ABORT, 1)),
		'FCGI_ABORT_REQUEST after a management record': (connection) => connection.write(Buffer.concat([record(GET_VALUES, 0, repeated), record(ABORT, 1)])),
		'FCGI_ABORT_REQUEST after a pipelined request': (connection) => connection.write(Buffer.concat([encodeRequest(GET, { id: 2, keep: true }), record(ABORT, 1)])),
		'a close': (connection) => connection.destroy(),
		'a half close': (connection) => connection.socket.end(),
		'a reset': (connection) => connection.socket.resetAndDestroy(),
		'a close with much that was never read': async (connection) => {
			await Promise.race([connection.write(Buffer.alloc(400000, record(GET_VALUES, 0))), sleep(100)]);
			connection.destroy();
		},
	};
	for (const [name, act] of Object.entries(leave))
		await t.test(name, async () => {
			const connection = pool.connectPort();
			const stream = follow(connection, post({ query: 'tick tick', streaming: true }), { keep: true });
			await stream.frames(2);
			const call = pool.upstream.calls.at(-1);
			const left = performance.now();
			await act(connection);
			await within(call.closed, 3000 * SLOWNESS, 'the request to the model is closed');
			assert.ok(call.closedAt - left < 250 * SLOWNESS, `after ${call.closedAt - left} ms`);
			connection.destroy();
		});
	assert.equal(await pool.metric('leat_upstream_aborted_total'), Object.keys(leave).length);
	await canary.end();
	await assertNothingLeft(pool, before);
});

scenario('what piles up behind a running stream costs nothing and waits its turn', async (place) => {
	const pool = await startPool(place);
	const before = pool.descriptors();
	const connection = pool.connect();
	const stream = follow(connection, post({ query: 'tick', streaming: true }), { keep: true });
	await stream.frames(2);
	const next = encodeRequest(GET, { id: 2, keep: true });
	connection.write(Buffer.concat(Array(100).fill(next)));
	await sleep(200);
	const cpu = pool.cpuMs();
	const { length } = stream.events;
	await sleep(500);
	assert.ok(pool.cpuMs() - cpu < 20 * SLOWNESS, `${pool.cpuMs() - cpu} ms of CPU in half a second`);
	assert.ok(stream.events.length > length + 5, 'the stream goes on');
	connection.onStdout = null;
	await pool.request({ path: `/ask/chat/${stream.turn}/stop`, method: 'POST', body: '' });
	await connection.reply();
	for (let i = 0; i < 100; i++) assert.equal((await connection.reply()).status, 200);
	connection.destroy();
	await assertNothingLeft(pool, before);
});

scenario('a flood behind a running stream is not kept', async (place) => {
	const pool = await startPool(place);
	const before = pool.descriptors();
	const canary = await startCanary(pool);
	const connection = pool.connect();
	const stream = follow(connection, post({ query: 'tick tick', streaming: true }), { keep: true });
	await stream.frames(2);
	const call = pool.upstream.calls.at(-1);
	const resident = pool.residentKib();
	connection.write(Buffer.alloc(16 << 20, record(GET_VALUES, 0)));
	await within(Promise.all([connection.closed, call.closed]), 5000 * SLOWNESS, 'it is ended');
	if (SLOWNESS === 1) assert.ok(pool.residentKib() - resident < 4096);
	await canary.end();
	await assertNothingLeft(pool, before);
});

scenario('silent and slow peers hold nobody, and get their 408', async (place) => {
	const pool = await startPool(place, { limits: { request_timeout: '1500ms' } });
	const before = pool.descriptors();
	const canary = await startCanary(pool);
	const whole = encodeRequest(post(ASK));
	const silent = Array.from({ length: 100 }, () => pool.connect());
	const begun = Array.from({ length: 100 }, (_, i) => {
		const connection = pool.connect();
		connection.write(whole.subarray(0, 16 + i * 3));
		return connection;
	});
	// A byte now and then does not prolong it.
	const dripping = pool.connect();
	dripping.write(whole.subarray(0, 100));
	let at = 100;
	const drip = setInterval(() => dripping.socket.writable && dripping.socket.write(whole.subarray(at, ++at)), 50);
	// This one is slow, and in time.
	const slow = pool.connect();
	const step = Math.ceil(whole.length / 10);
	for (let i = 0; i < whole.length; i += step) {
		slow.write(whole.subarray(i, i + step));
		const started = performance.now();
		assert.equal((await pool.request(GET)).status, 200);
		assert.ok(performance.now() - started < LATE_MS);
		await sleep(50);
	}
	assert.equal((await slow.reply()).status, 200);
	for (const connection of [...begun, dripping]) {
		const reply = await connection.reply(5000);
		assert.equal(reply.status, 408);
		assert.equal(reply.json.code, 'request_timeout');
		assert.equal(reply.json.retryable, true);
	}
	clearInterval(drip);
	for (const connection of silent) assert.equal(await connection.reply(5000), null, 'nothing was asked, nothing is answered');
	close([slow, dripping, ...begun]);
	await canary.end();
	await assertNothingLeft(pool, before);
});

scenario('a kept connection may be idle for longer than a request may take', async (place) => {
	const pool = await startPool(place, { limits: { request_timeout: '300ms' } });
	const connection = pool.connect();
	await connection.write(encodeRequest(GET, { keep: true }));
	assert.equal((await connection.reply()).status, 200);
	await sleep(800);
	assert.ok(!connection.isClosed);
	const bytes = encodeRequest(GET, { keep: true });
	await connection.write(bytes.subarray(0, 30));
	await sleep(200);
	await connection.write(bytes.subarray(30));
	assert.equal((await connection.reply()).status, 200, 'the clock began with the request');
	await connection.write(bytes.subarray(0, 30));
	assert.equal((await connection.reply()).status, 408);
	connection.destroy();
});

scenario('uploads together hold no more than the cap, and those within it end well', async (place) => {
	const pool = await startPool(place, { limits: { held: '4M', body: '2M' } });
	const before = pool.descriptors();
	const canary = await startCanary(pool);
	const body = Buffer.from(json({ ...ASK, streaming: false }).padEnd(1000000));
	const bytes = encodeRequest({ path: '/ask/chat', body });
	const uploads = [];
	for (let i = 0; i < 8; i++) {
		const connection = pool.connect();
		uploads.push(connection);
		connection.write(bytes.subarray(0, bytes.length - 8));
		await sleep(30);
	}
	await eventually(() => uploads.some((connection) => connection.replies.length), 'the cap is reached');
	await sleep(200);
	const refused = uploads.filter((connection) => connection.replies.length);
	assert.ok(refused.length >= 4 && refused.length <= 7, `${refused.length} of 8 were refused`);
	for (const connection of refused) {
		const reply = await connection.reply();
		assert.equal(reply.status, 503);
		assert.equal(reply.json.code, 'overloaded');
		assert.ok(Number(reply.headers['retry-after']) >= 1);
	}
	const others = uploads.filter((connection) => !refused.includes(connection));
	for (const connection of others) {
		await connection.write(bytes.subarray(bytes.length - 8));
		assert.equal((await connection.reply()).status, 200);
	}
	// What was held is free again.
	for (let i = 0; i < 6; i++)
		assert.equal((await pool.request({ path: '/ask/chat', body })).status, 200);
	close(uploads);
	await canary.end();
	await assertNothingLeft(pool, before);
});

scenario('without descriptors the streams go on, and later everything does', async (place) => {
	const pool = await startPool(place, { wrap: ['prlimit', '--nofile=48:48', LEAT] });
	const canary = await startCanary(pool);
	const crowd = Array.from({ length: 100 }, () => pool.connect());
	await eventually(() => crowd.some((connection) => connection.isClosed), 'some are sent away');
	const cpu = pool.cpuMs();
	await sleep(500);
	assert.ok(pool.cpuMs() - cpu < 150 * SLOWNESS, `${pool.cpuMs() - cpu} ms of CPU in half a second`);
	await canary.check();
	// Who has a connection is answered, or told that there is no descriptor
	// for the model.
	const open = crowd.filter((connection) => !connection.isClosed).slice(0, 1);
	open[0].write(encodeRequest(post({ query: 'b', streaming: false })));
	const reply = await open[0].reply();
	assert.ok(reply === null || [200, 502, 503].includes(reply.status), `${reply?.status}`);
	await canary.check();
	close(crowd);
	await eventually(async () => (await pool.request(post({ query: 'c', streaming: false }))).status === 200, 'it answers again');
	await canary.end();
	assert.deepEqual(pool.leat.workers(), [pool.worker]);
});

scenario('turns, refusals and departures leave neither descriptors nor memory behind', async (place) => {
	const pool = await startPool(place);
	async function round() {
		await Promise.all(Array.from({ length: 60 }, async (_, i) => {
			const connection = pool.connect();
			if (i % 4 === 0) {
				const stream = follow(connection, post({ query: 'tick', streaming: true }));
				await stream.frames(1);
			} else {
				const bytes = i % 4 === 1 ? encodeRequest(post(ASK)) : i % 4 === 2 ? lying(14, 1 << 30)
					: encodeRequest({ path: '/ask/chat', body: json(ASK).padEnd(300000) });
				connection.write(bytes);
				assert.ok(await connection.reply());
			}
			connection.destroy();
		}));
		await eventually(async () => await pool.metric('leat_turns_open') === 0, 'no turn is open');
	}
	// The threads that read large bodies come one by one, each with a heap.
	for (let i = 0; i < 12; i++) await round();
	await eventually(() => pool.descriptors() < 20, 'all connections are closed');
	const before = { descriptors: 20, resident: pool.residentKib() };
	for (let i = 0; i < 8; i++) await round();
	await eventually(() => pool.descriptors() <= before.descriptors, 'no descriptor is left');
	const grown = pool.residentKib() - before.resident;
	// Under AddressSanitizer freed memory stays for a while.
	if (SLOWNESS === 1) assert.ok(grown < 4096, `${grown} KiB more`);
	assert.deepEqual(pool.leat.workers(), [pool.worker]);
});
