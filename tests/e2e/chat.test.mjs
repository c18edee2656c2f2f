// SPDX-License-Identifier: ISC
// Asking: what goes in, and what comes out in each dialect.
import assert from 'node:assert/strict';
import { scenario, eventually, SLOWNESS } from './lib/place.mjs';
import { startSite } from './lib/site.mjs';
import { openStream, readStream } from './lib/sse.mjs';
import { assertNative } from './lib/native.mjs';

const EVENTS = { accept: 'text/event-stream' };

scenario('a question streams status, content and one final', async (place) => {
	const site = await startSite(place);
	const stream = await site.ask('What is the answer?');
	assert.equal(stream.status, 200);
	assertNative(stream);
	assert.equal(stream.events[0].json.type, 'status');
	assert.equal(stream.events[0].json.status.step, 'admit');
	assert.equal(stream.text(), 'The answer is 42.');
	const { result } = stream.last.json;
	assert.equal(result.answer, 'The answer is 42.');
	assert.deepEqual(result.sources, []);
	assert.equal(result.finish_reason, 'stop');
	assert.equal(result.model, 'test-model');
	assert.equal(result.provider, 'model');
	assert.deepEqual(result.usage, { input_tokens: 7, output_tokens: 3, estimated: false });
	assert.equal(typeof result.timing.first_token_ms, 'number');
	assert.ok(result.timing.total_ms >= result.timing.first_token_ms);
	assert.equal(result.turn, stream.headers['x-leat-turn']);
	assert.equal(site.upstream.calls.length, 1);
});

scenario('the upstream gets the whole history, the settings and no key of the client', async (place) => {
	const site = await startSite(place);
	const messages = [
		{ role: 'user', content: 'One?' },
		{ role: 'assistant', content: 'One.' },
		{ role: 'user', content: [{ type: 'text', text: 'And ' }, { type: 'text', text: 'two?' }] },
	];
	await site.ask(undefined, { messages, temperature: 0.5, top_p: 0.9, max_tokens: 77, stop: ['END'] },
		{ headers: { authorization: 'Bearer visitor-secret' } });
	const [call] = site.upstream.calls;
	assert.equal(call.url, '/v1/chat/completions');
	assert.equal(call.body.stream, true);
	assert.equal(call.body.model, 'test-model');
	assert.equal(call.body.temperature, 0.5);
	assert.equal(call.body.top_p, 0.9);
	assert.equal(call.body.max_tokens ?? call.body.max_completion_tokens, 77);
	assert.deepEqual([call.body.stop].flat(), ['END']);
	assert.deepEqual(call.body.stream_options, { include_usage: true, ...(call.body.stream_options.include_obfuscation === false && { include_obfuscation: false }) });
	const spoken = call.body.messages.filter((m) => m.role !== 'system');
	assert.deepEqual(spoken.map((m) => m.role), ['user', 'assistant', 'user']);
	assert.match(spoken[2].content, /And two\?/);
	assert.ok(!JSON.stringify(call.headers).includes('visitor-secret'));
});

scenario('the key goes from its file to the upstream and nowhere else', async (place) => {
	const key = place.write('key', 'sk-very-secret\n');
	(await import('node:fs')).chmodSync(key, 0o600);
	const site = await startSite(place, { provider: { key_file: key }, script: (call) => call.json(401, { error: { message: `bad key ${call.headers.authorization}` } }) });
	const stream = await site.ask('hello');
	assert.equal(site.upstream.calls[0].headers.authorization, 'Bearer sk-very-secret');
	assert.equal(stream.last.json.code, 'upstream_refused');
	assert.ok(!stream.raw.includes('sk-very-secret'));
	await eventually(() => /outcome=/.test(site.leat.log()), 'the turn is logged');
	assert.ok(!site.leat.log().includes('sk-very-secret'));
});

scenario('streaming or not: the field, else Accept, else the spelling', async (place, t) => {
	const site = await startSite(place);
	const cases = [
		['POST query', { body: { query: 'a' } }, 'json'],
		['POST query, streaming', { body: { query: 'a', streaming: true } }, 'native'],
		['POST query, Accept', { body: { query: 'a' }, headers: EVENTS }, 'native'],
		['POST query, Accept among others', { body: { query: 'a' }, headers: { accept: 'application/json;q=0.5, text/event-stream' } }, 'native'],
		['POST query, Accept but not streaming', { body: { query: 'a', streaming: false }, headers: EVENTS }, 'json'],
		['POST message', { body: { message: 'a' } }, 'simple'],
		['POST message, not streaming', { body: { message: 'a', streaming: false } }, 'json'],
		['POST messages', { body: { messages: [{ role: 'user', content: 'a' }] } }, 'json'],
		['POST as text/plain', { body: { query: 'a', streaming: true }, headers: { 'content-type': 'text/plain' } }, 'native'],
		['POST format=simple', { body: { query: 'a', streaming: true, format: 'simple' } }, 'simple'],
		['POST ?format=simple', { body: { query: 'a', streaming: true }, query: '?format=simple' }, 'simple'],
		['POST message, format=native', { body: { message: 'a', format: 'native' } }, 'native'],
		['POST format=text', { body: { query: 'a', streaming: true, format: 'text' } }, 'text'],
		['GET query', { query: '?query=a' }, 'json'],
		['GET streaming=true', { query: '?query=a&streaming=true' }, 'native'],
		['GET streaming=1', { query: '?query=a&streaming=1' }, 'native'],
		['GET streaming=false, Accept', { query: '?query=a&streaming=false', headers: EVENTS }, 'json'],
		['GET Accept', { query: '?query=a', headers: EVENTS }, 'native'],
		['GET message', { query: '?message=a' }, 'simple'],
	];
	for (const [name, how, expected] of cases) {
		await t.test(name, async () => {
			const stream = await readStream(site.url(`chat${how.query ?? ''}`), how);
			assert.equal(stream.status, 200, stream.raw);
			const type = stream.headers['content-type'];
			if (expected === 'json') {
				assert.equal(type, 'application/json');
				assert.equal(JSON.parse(stream.raw).answer, 'The answer is 42.');
			} else if (expected === 'text') {
				assert.match(type, /^text\/plain; ?charset=utf-8$/i);
				assert.equal(stream.raw.trim(), 'The answer is 42.');
			} else {
				assert.equal(type, 'text/event-stream');
				assert.equal(stream.text(), 'The answer is 42.');
				assert.equal(stream.last.data === '[DONE]', expected === 'simple');
			}
		});
	}
	assert.equal(site.upstream.calls.length, cases.length);
});

scenario('one JSON object is the result of the final event', async (place) => {
	const site = await startSite(place);
	const reply = await site.post('chat', { query: 'a' });
	const stream = await site.ask('a');
	const strip = ({ timing, turn, ...rest }) => rest;
	assert.deepEqual(strip(reply.json), strip(stream.last.json.result));
	assert.equal(reply.headers['x-leat-turn'], reply.json.turn);
});

scenario('one JSON object of a failed turn is the error event with its status', async (place) => {
	const site = await startSite(place, { script: async (call) => { await call.delta('half'); call.cut(); } });
	const reply = await site.post('chat', { query: 'a' });
	assert.equal(reply.status, 502);
	assert.equal(reply.headers['content-type'], 'application/json');
	assert.equal(reply.json.type, 'error');
	assert.equal(reply.json.code, 'upstream_truncated');
	assert.equal(reply.json.retryable, true);
	assert.equal(reply.json.partial, 'half');
});

scenario('headers are what caches, proxies and browsers need', async (place) => {
	const site = await startSite(place);
	const stream = await site.ask('a', {}, { headers: { 'x-request-id': 'abc.DEF-1_2' } });
	assert.equal(stream.headers['content-type'], 'text/event-stream');
	assert.equal(stream.headers['cache-control'], 'no-cache, no-transform');
	assert.equal(stream.headers['x-accel-buffering'], 'no');
	assert.equal(stream.headers['x-content-type-options'], 'nosniff');
	assert.equal(stream.headers['x-request-id'], 'abc.DEF-1_2');
	assert.equal(stream.headers['access-control-allow-origin'], undefined);
	const other = await site.ask('a', {}, { headers: { 'x-request-id': 'not good' } });
	assert.match(other.headers['x-request-id'], /^[A-Za-z0-9._-]{1,64}$/);
	assert.notEqual(other.headers['x-request-id'], stream.headers['x-request-id']);
});

scenario('headers and the first status come before the model says anything', async (place) => {
	const site = await startSite(place, { script: () => {} });
	const stream = await site.open('a');
	await stream.untilType('status', 1000 * SLOWNESS);
	assert.ok(stream.headersAt - stream.startedAt < 500 * SLOWNESS);
	assert.ok(stream.raw.startsWith(':\n'), JSON.stringify(stream.raw.slice(0, 20)));
	stream.leave();
});

scenario('text sends its first bytes with the first content', async (place) => {
	const site = await startSite(place, { script: async (call) => {
		await new Promise((resolve) => setTimeout(resolve, 400));
		await call.words(['Hello ', 'there']);
		await call.stop();
	} });
	const stream = await readStream(site.url('chat'), { body: { query: 'a', format: 'text', streaming: true } });
	assert.ok(stream.headersAt - stream.startedAt >= 350);
	assert.equal(stream.raw, 'Hello there');
});

scenario('simple ends with [DONE], also after an error', async (place) => {
	const site = await startSite(place, { script: async (call, n) => {
		await call.words(['A', 'B'], 50);
		if (n === 1) return call.stop();
		return call.cut();
	} });
	const good = await readStream(site.url('chat'), { body: { message: 'a' } });
	assert.deepEqual(good.events.filter((e) => e.json?.content !== undefined).map((e) => e.json), [{ content: 'A' }, { content: 'B' }]);
	assert.equal(good.last.data, '[DONE]');
	const bad = await readStream(site.url('chat'), { body: { message: 'a' } });
	assert.equal(bad.events.at(-2).json.type, 'error');
	assert.equal(typeof bad.events.at(-2).json.error, 'string');
	assert.equal(bad.last.data, '[DONE]');
	for (const stream of [good, bad])
		assert.equal(stream.events.filter((e) => e.data === '[DONE]').length, 1);
});

scenario('text ends a failed answer with a sentence in brackets', async (place) => {
	const site = await startSite(place, { script: async (call) => { await call.delta('Half of it'); call.cut(); } });
	const stream = await readStream(site.url('chat'), { body: { query: 'a', format: 'text', streaming: true } });
	assert.match(stream.raw, /^Half of it\s*\[[^\]]+\]\s*$/);
});

scenario('reasoning, unicode and an empty answer pass through whole', async (place) => {
	const scripts = [
		async (call) => { await call.reasoning('Let me think.'); await call.words(['Zwölf 🐈', '\n"quoted"\\ \u2028']); await call.stop(); },
		(call) => call.stop(),
	];
	const site = await startSite(place, { script: (call, n) => scripts[n - 1](call) });
	const stream = await site.ask('a');
	assertNative(stream);
	assert.equal(stream.of('reasoning').map((e) => e.json.reasoning).join(''), 'Let me think.');
	assert.equal(stream.text(), 'Zwölf 🐈\n"quoted"\\ \u2028');
	const empty = await site.ask('b');
	assertNative(empty);
	assert.equal(empty.last.json.type, 'final');
	assert.equal(empty.last.json.result.answer, '');
});

scenario('+ and %20 are blanks in a query string, %2B is a plus', async (place) => {
	const site = await startSite(place);
	await readStream(site.url('chat?query=one+two%20three%2Bfour%C3%BC&streaming=true'));
	assert.match(site.upstream.calls[0].question, /one two three\+fourü/);
});

scenario('which model: a provider, a model of one, or one that is allowed', async (place, t) => {
	const upstream = await (await import('./lib/upstream.mjs')).startUpstream(place);
	const site = await startSite(place, { upstream, provider: { models: ['allowed', 'test-model'] }, more: {
		'provider "second"': { kind: 'openai', base_url: upstream.url, model: 'second-model' },
	} });
	const cases = [
		['model', 'test-model'],
		['allowed', 'allowed'],
		['second', 'second-model'],
		['second/second-model', 'second-model'],
		['model/allowed', 'allowed'],
		['second/other', null],
		['unheard-of', null],
		['http://127.0.0.1:1/v1', null],
	];
	for (const [name, sent] of cases) {
		await t.test(name, async () => {
			const before = upstream.calls.length;
			const reply = await site.post('chat', { query: 'a', model: name });
			if (sent) {
				assert.equal(reply.status, 200, reply.text);
				assert.equal(upstream.calls.at(-1).body.model, sent);
			} else {
				assert.equal(reply.status, 404);
				assert.equal(reply.json.code, 'model_not_found');
				assert.equal(upstream.calls.length, before);
			}
		});
	}
});

scenario('a heartbeat ends every silence, and is never an event', async (place) => {
	const site = await startSite(place, { limits: { heartbeat: '1s' }, script: async (call) => {
		await call.delta('a');
		await new Promise((resolve) => setTimeout(resolve, 3500));
		await call.stop();
	} });
	const stream = await site.ask('a');
	const beats = stream.comments.filter((c) => c.text === 'hb');
	assert.ok(beats.length >= 2 && beats.length <= 4, `${beats.length} heartbeats`);
	assert.ok(stream.raw.includes('\n: hb\n'));
	assert.ok(!stream.raw.includes(': hb\n\n'));
	assertNative(stream);
	assert.equal(await site.metric('leat_heartbeats_total'), beats.length);
});

scenario('an answer in one piece has a deadline', async (place) => {
	const site = await startSite(place, { chat: { answer_timeout: '1s' }, script: async (call) => { await call.delta('slow'); } });
	const reply = await site.post('chat', { query: 'a' });
	assert.equal(reply.status, 504);
	assert.equal(reply.json.code, 'upstream_total_timeout');
	assert.equal(reply.json.partial, 'slow', 'what was said is not lost');
	assert.match(reply.json.turn, /^t_/);
	assert.ok(reply.ms > 900 && reply.ms < 3000 * SLOWNESS, `${reply.ms} ms`);
	const [call] = site.upstream.calls;
	await call.closed;
	assert.ok(call.peerLeft);
});

scenario('many streams at once each get their own answer', async (place) => {
	const site = await startSite(place, { limits: { streams_per_address: 0 }, script: async (call) => {
		await call.words(['You ', 'said ', call.question.match(/number \d+/)[0]], 20);
		await call.stop();
	} });
	const streams = await Promise.all(Array.from({ length: 60 }, (_, n) => site.ask(`number ${n}`)));
	streams.forEach((stream, n) => {
		assertNative(stream);
		assert.equal(stream.last.json.result.answer, `You said number ${n}`);
	});
});
