// SPDX-License-Identifier: ISC
// A model that stutters, cuts, stalls and lies: every way ends in exactly one
// final or one error, which keeps what was said before.
import assert from 'node:assert/strict';
import { scenario, eventually, sleep, freePort, SLOWNESS } from './lib/place.mjs';
import { startSite } from './lib/site.mjs';
import { chunk, sse, startUpstream } from './lib/upstream.mjs';
import { assertNative } from './lib/native.mjs';

const whole = [sse(chunk({ role: 'assistant', content: '' })), sse(chunk({ content: 'Zwölf ' })), sse(chunk({ content: '🐈 cats' })),
	sse(chunk({}, { choice: { finish_reason: 'stop' } })), sse('[DONE]')].join('');

async function answered(site, answer, more = {}) {
	const stream = await site.ask('q');
	assertNative(stream);
	assert.equal(stream.last.json.type, 'final', stream.raw);
	assert.equal(stream.last.json.result.answer, answer);
	for (const [name, value] of Object.entries(more))
		assert.deepEqual(stream.last.json.result[name], value);
}

/** The ways in which good answers come, byte by byte the strangest. */
const GOOD = {
	'byte by byte': (call) => call.bytewise(whole).then(() => call.end()),
	'in one piece': (call) => call.end(whole),
	'with CRLF': (call) => call.end(whole.replaceAll('\n', '\r\n')),
	'with CR': (call) => call.end(whole.replaceAll('\n', '\r')),
	'with CRLF, byte by byte': (call) => call.bytewise(whole.replaceAll('\n', '\r\n')).then(() => call.end()),
	'with a byte order mark': (call) => call.end(`\ufeff${whole}`),
	'without a blank after the colon': (call) => call.end(whole.replaceAll('data: ', 'data:')),
	'with comments between': (call) => call.end(whole.replaceAll('data: ', ': PROCESSING\n\ndata: ')),
	'with event names and ids': (call) => call.end(whole.replaceAll('data: ', 'event: message\nid: 7\ndata: ')),
	'with empty events between': (call) => call.end(whole.replaceAll('data: ', 'data:\n\nevent: ping\n\ndata: ')),
	'in several data lines': (call) => call.end(whole.replaceAll(',"choices"', ',\ndata: "choices"')),
	'with [DONE] but no reason': (call) => call.end(whole.replace(/.*"finish_reason":"stop".*\n\n/, '')),
	'without [DONE]': (call) => call.end(whole.replace(sse('[DONE]'), '')),
	'without the last blank line': (call) => call.end(whole.replace(sse('[DONE]'), '').slice(0, -2)),
	'with junk after [DONE]': (call) => call.end(`${whole}data: {"error":{"message":"late"}}\n\n`),
	'with error: null': (call) => call.end(whole.replaceAll('"object"', '"error":null,"object"')),
	'without a content type': (call) => { call.head(200, {}); call.end(whole); },
	'as one JSON object': (call) => call.json(200, { id: 'x', object: 'chat.completion', model: 'test-model', choices: [{ index: 0, message: { role: 'assistant', content: 'Zwölf 🐈 cats' }, finish_reason: 'stop' }], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } }),
	'with half characters in each frame': (call) => call.end([
		'data: {"choices":[{"index":0,"delta":{"content":"Zwölf \\ud83d"}}]}\n\n',
		'data: {"choices":[{"index":0,"delta":{"content":"\\udc08 cats"}}]}\n\n',
		sse(chunk({}, { choice: { finish_reason: 'stop' } })), sse('[DONE]')].join('')),
	'with chunks without choices': (call) => call.end(`${sse({ choices: [], prompt_filter_results: [] })}${sse({ id: 'x' })}${whole}`),
};

scenario('good answers come through in every shape that is legal', async (place, t) => {
	const site = await startSite(place);
	for (const [name, script] of Object.entries(GOOD))
		await t.test(name, async () => {
			site.upstream.script = script;
			await answered(site, 'Zwölf 🐈 cats');
		});
});

const begun = (then) => async (call) => { await call.delta('half '); await call.delta('an answer'); await sleep(20); return then(call); };
const PARTIAL = 'half an answer';

/** name: [script, code, partial, retryable] */
const BAD = {
	'cut before a byte': [(call) => call.cut(), 'upstream_unavailable', ''],
	'reset before a byte': [(call) => call.reset(), 'upstream_unavailable', ''],
	'cut after the headers': [(call) => { call.head(); setTimeout(() => call.cut(), 20); }, 'upstream_truncated', ''],
	'cut in an event': [begun(async (call) => { await call.raw('data: {"choices":[{"ind'); call.cut(); }), 'upstream_truncated', PARTIAL],
	'cut between events': [begun((call) => call.cut()), 'upstream_truncated', PARTIAL],
	'reset in the middle': [begun((call) => call.reset()), ['upstream_truncated', 'upstream_unavailable'], PARTIAL],
	'a clean end without a finish': [begun((call) => call.end()), 'upstream_truncated', PARTIAL],
	'an empty body': [(call) => call.end(), 'upstream_truncated', ''],
	'an error object': [begun((call) => call.end(sse({ error: { message: 'overheated', type: 'server_error', code: null } }))), 'upstream_unavailable', PARTIAL],
	'an error as text': [begun((call) => call.end(sse({ error: 'overheated' }))), 'upstream_unavailable', PARTIAL],
	'an error by its object': [begun((call) => call.end(sse({ object: 'error', message: 'overheated' }))), 'upstream_unavailable', PARTIAL],
	'an error by its event': [begun((call) => call.end(`event: error\n${sse({ message: 'overheated' })}`)), 'upstream_unavailable', PARTIAL],
	'an error and then [DONE]': [begun((call) => call.end(sse({ error: { message: 'x', code: 500 } }) + sse('[DONE]'))), 'upstream_unavailable', PARTIAL],
	'an error beside a finish': [begun((call) => call.end(sse({ ...chunk({}, { choice: { finish_reason: 'error' } }), error: { code: 502, message: 'x' } }))), 'upstream_unavailable', PARTIAL],
	'a rate limit in the stream': [begun((call) => call.end(sse({ error: { message: 'slow down', type: 'rate_limit_exceeded', code: 429 } }))), 'upstream_overloaded', PARTIAL],
	'garbage': [(call) => { call.head(); call.end('<<<not an event stream>>>\n\n\0\x01\xff'); }, ['upstream_invalid', 'upstream_truncated'], ''],
	'garbage in an event': [begun((call) => call.end('data: {"choices":\n\n')), 'upstream_invalid', PARTIAL],
	'HTML with 200': [(call) => { call.head(200, { 'content-type': 'text/html' }); call.end('<html>login</html>'); }, 'upstream_invalid', ''],
	'a JSON error with 200': [(call) => call.json(200, { error: { message: 'nope', type: 'invalid_request_error' } }), 'upstream_refused', ''],
	'no choice in JSON': [(call) => call.json(200, { choices: [] }), 'upstream_invalid', ''],
	'HTTP 400': [(call) => call.json(400, { error: { message: 'too long' } }), 'upstream_refused', ''],
	'HTTP 401': [(call) => call.json(401, { error: { message: 'bad key' } }), 'upstream_refused', ''],
	'HTTP 404': [(call) => call.json(404, { error: { message: 'no model' } }), 'upstream_refused', ''],
	'HTTP 429': [(call) => call.json(429, { error: { message: 'slow down' } }, { 'retry-after': '7' }), 'upstream_overloaded', ''],
	'HTTP 529': [(call) => call.json(529, { error: { message: 'overloaded' } }), 'upstream_overloaded', ''],
	'HTTP 500': [(call) => call.json(500, { error: { message: 'oops' } }), 'upstream_unavailable', ''],
	'HTTP 503 in HTML': [(call) => { call.head(503, { 'content-type': 'text/html' }); call.end('<html>down</html>'); }, ['upstream_unavailable', 'upstream_overloaded'], ''],
	'a redirect': [(call) => { call.head(302, { location: '/v1/elsewhere' }); call.end(); }, ['upstream_refused', 'upstream_invalid', 'upstream_unavailable'], ''],
	'a body that is shorter than it says': [(call) => { call.head(200, { 'content-type': 'text/event-stream', 'content-length': '100000' }); call.res.write(sse(chunk({ content: PARTIAL }))); setTimeout(() => call.cut(), 50); }, 'upstream_truncated', PARTIAL],
};

scenario('bad answers end in one error that keeps what was said', async (place, t) => {
	const site = await startSite(place, { workers: 1 });
	// A first refusal may be asked again in simpler words; not so one who
	// has answered before.
	await site.ask('q');
	for (const [name, [script, code, partial]] of Object.entries(BAD))
		await t.test(name, async () => {
			site.upstream.script = script;
			// A kept connection that dies before a byte may be tried again;
			// a new one may not.
			for (const socket of site.upstream.connections) socket.destroy();
			await sleep(20);
			const before = site.upstream.calls.length;
			const stream = await site.ask('q');
			assertNative(stream);
			const end = stream.last.json;
			assert.equal(end.type, 'error', stream.raw);
			assert.ok([code].flat().includes(end.code), end.code);
			assert.equal(end.partial ?? '', partial);
			assert.equal(end.turn, stream.headers['x-leat-turn']);
			assert.ok(!/127\.0\.0\.1|login|bad key/.test(end.error), 'no inner detail is shown');
			assert.equal(end.retryable, end.code !== 'upstream_refused');
			assert.equal(site.upstream.calls.length, before + 1, 'asked once');
		});
	await t.test('and afterwards a good one is whole', async () => {
		site.upstream.script = (call) => call.end(whole);
		await answered(site, 'Zwölf 🐈 cats');
	});
});

scenario('Retry-After of the upstream is handed on', async (place) => {
	const site = await startSite(place, { script: (call) => call.json(429, { error: { message: 'slow' } }, { 'retry-after': '7' }) });
	const reply = await site.post('chat', { query: 'a' });
	assert.equal(reply.status, 503);
	assert.equal(reply.json.code, 'upstream_overloaded');
	assert.equal(reply.headers['retry-after'], '7');
});

scenario('the finish reasons are told in one vocabulary', async (place, t) => {
	const site = await startSite(place);
	const words = { stop: 'stop', length: 'length', content_filter: 'content_filter', tool_calls: 'tool_calls', solar_flare: 'other' };
	for (const [theirs, ours] of Object.entries(words))
		await t.test(theirs, async () => {
			site.upstream.script = async (call) => { await call.delta('x'); await call.finish(theirs); call.done(); };
			await answered(site, 'x', { finish_reason: ours, ...(ours === 'other' && { finish_reason_raw: 'solar_flare' }) });
		});
});

/** A port whose queue is full, so that the kernel drops further connections. */
async function startDeaf(place) {
	const port = await freePort();
	const deaf = place.spawn('deaf', 'python3', ['-uc', `
import socket, time
s = socket.socket()
s.bind(("127.0.0.1", ${port}))
s.listen(0)
held = []
for _ in range(4):
    c = socket.socket()
    c.setblocking(False)
    c.connect_ex(("127.0.0.1", ${port}))
    held.append(c)
time.sleep(0.1)
print("full")
time.sleep(600)
`]);
	await eventually(() => deaf.log().includes('full'), 'the queue is full');
	return port;
}

scenario('deadlines: connect, first token, idle and total', async (place, t) => {
	const upstream = await startUpstream(place);
	const port = await startDeaf(place);
	const site = await startSite(place, {
		upstream,
		provider: { connect_timeout: '500ms', first_token_timeout: '700ms', idle_timeout: '600ms' },
		chat: { total_timeout: '2s' },
		more: { 'provider "deaf"': { kind: 'openai', base_url: `http://127.0.0.1:${port}/v1`, model: 'm', connect_timeout: '500ms' } },
	});
	const timed = async (script, code, from, to, partial = '', more = {}) => {
		upstream.script = script;
		const stream = await site.ask('q', more);
		const ms = stream.last.at - stream.startedAt;
		assertNative(stream);
		assert.equal(stream.last.json.code, code);
		assert.equal(stream.last.json.partial ?? '', partial);
		assert.equal(stream.last.json.retryable, true);
		assert.ok(ms >= from && ms <= to * SLOWNESS, `${ms} ms`);
	};
	await t.test('no answer at all', () => timed(() => {}, 'upstream_first_token_timeout', 650, 1200));
	await t.test('headers and then nothing', () => timed((call) => call.head(), 'upstream_first_token_timeout', 650, 1200));
	await t.test('comments are no token', () => timed(async (call) => { while (!call.isClosed) { await call.raw(': wait\n\n'); await sleep(100); } }, 'upstream_first_token_timeout', 650, 1200));
	await t.test('silence in the middle', () => timed(async (call) => { await call.delta('so far'); }, 'upstream_idle_timeout', 550, 1200, 'so far'));
	await t.test('an answer without end', () => timed(async (call) => { while (!call.isClosed) { await call.delta('.'); await sleep(300); } }, 'upstream_total_timeout', 1900, 3000, '.......'));
	for (const call of upstream.calls) {
		await call.closed;
		assert.ok(call.peerLeft, 'the upstream request was closed');
	}
	await t.test('an address that does not answer', async () => {
		const stream = await site.ask('q', { model: 'deaf' });
		assert.equal(stream.last.json.code, 'upstream_connect_timeout');
		const ms = stream.last.at - stream.startedAt;
		assert.ok(ms > 400 && ms < 1500 * SLOWNESS, `${ms} ms`);
	});
});

scenario('an upstream that refuses connections or has no name is unavailable', async (place) => {
	const port = await freePort();
	const site = await startSite(place, { script: null, more: {
		'provider "closed"': { kind: 'openai', base_url: `http://127.0.0.1:${port}/v1`, model: 'm' },
		'provider "nameless"': { kind: 'openai', base_url: 'http://no-such-host.invalid/v1', model: 'm' },
	}, env: { OPENAI_API_KEY: 'sk-test' } });
	for (const model of ['closed', 'nameless']) {
		const stream = await site.ask('q', { model });
		assert.equal(stream.last.json.code, 'upstream_unavailable');
	}
});

scenario('caps: one event, the whole answer', async (place, t) => {
	const site = await startSite(place, { limits: { upstream_event: '8K' }, chat: { max_answer: '64K' } });
	await t.test('an event that never ends', async () => {
		site.upstream.script = async (call) => { await call.delta('ok'); while (!call.isClosed) await call.raw(`data: ${'x'.repeat(1000)}`); };
		const stream = await site.ask('q');
		assert.equal(stream.last.json.code, 'upstream_invalid');
		assert.equal(stream.last.json.partial, 'ok');
	});
	await t.test('an answer that never ends', async () => {
		site.upstream.script = async (call) => { while (!call.isClosed) await call.delta('x'.repeat(1000)); };
		const stream = await site.ask('q');
		assert.equal(stream.last.json.code, 'answer_too_large');
		assert.ok(stream.last.json.partial.length <= 65536);
		assert.equal(stream.text(), stream.last.json.partial);
		await site.upstream.calls.at(-1).closed;
	});
});

scenario('providers are tried in order until one begins to answer', async (place, t) => {
	const first = await startUpstream(place, (call) => call.json(500, { error: { message: 'x' } }));
	const second = await startUpstream(place);
	const provider = (upstream, name) => ({ [`provider "${name}"`]: { kind: 'openai', base_url: upstream.url, model: `${name}-model` } });
	const site = await startSite(place, { script: null, more: { ...provider(first, 'first'), ...provider(second, 'second'), chat: { providers: ['first', 'second'] } } });
	await t.test('the second answers when the first fails, and a status says so', async () => {
		const stream = await site.ask('q');
		assertNative(stream);
		assert.equal(stream.last.json.result.provider, 'second');
		const failed = stream.of('status').filter((e) => e.json.status.step === 'model' && e.json.status.state === 'failed');
		assert.equal(failed.length, 1, stream.raw);
		assert.match(failed[0].json.status.description, /first|second/);
	});
	await t.test('not once the first has begun', async () => {
		const before = second.calls.length;
		first.script = async (call) => { await call.delta('begun'); call.cut(); };
		const stream = await site.ask('q');
		assert.equal(stream.last.json.code, 'upstream_truncated');
		assert.equal(stream.last.json.partial, 'begun');
		assert.equal(second.calls.length, before);
	});
	await t.test('the last one\'s error is shown when all fail', async () => {
		first.script = (call) => call.json(500, {});
		second.script = (call) => call.json(429, {});
		const stream = await site.ask('q');
		assertNative(stream);
		assert.ok(['upstream_overloaded', 'upstream_unavailable'].includes(stream.last.json.code));
	});
});
