// SPDX-License-Identifier: ISC
// Methods, headers, statuses: what a web server may keep for itself.
import assert from 'node:assert/strict';
import { SLOWNESS, eventually } from '../place.mjs';
import { assertNative } from '../native.mjs';
import { ALLOWED_ORIGIN, STREAMS_PER_ADDRESS, lockStep } from './context.mjs';

function assertRefusal(reply, status, code) {
	assert.equal(reply.status, status, reply.text);
	assert.equal(reply.headers['content-type'], 'application/json');
	assert.equal(reply.json?.type, 'error', reply.text);
	assert.equal(reply.json.code, code);
}

async function statuses(on) {
	on.answers();
	assertRefusal(await on.post('{"query":'), 400, 'bad_request');
	assertRefusal(await on.post({ query: 'q', colour: 'red' }), 400, 'unsupported_field');
	assertRefusal(await on.request('nothing/here'), 404, 'not_found');
	assertRefusal(await on.post({ query: 'q', model: 'nobody/x' }), 404, 'model_not_found');
	assertRefusal(await on.post({ query: 'x'.repeat(9000) }), 413, 'too_large');
	on.answers((call) => call.json(500, { error: { message: 'no' } }));
	assertRefusal(await on.post({ query: 'q' }), 502, 'upstream_unavailable');
	return 'yes';
}

async function retryAfter(on) {
	on.answers((call) => call.json(429, { error: { message: 'slow down' } }, { 'retry-after': '7' }));
	const reply = await on.post({ query: 'q' });
	assertRefusal(reply, 503, 'upstream_overloaded');
	const list = reply.headers['retry-after'];
	assert.match(list ?? '', /^\d+$/, 'one value');
	assert.ok(Number(list) >= 5 && Number(list) <= 15, list);
	return 'yes';
}

/** As many streams as one address may have, and one more. */
async function tooMany(on) {
	const calls = [];
	on.answers((call) => { calls.push(call); call.head(); });
	const streams = await Promise.all(Array.from({ length: STREAMS_PER_ADDRESS }, () => on.open({ timeout: 30000 * SLOWNESS })));
	const one = await on.open({ timeout: 30000 * SLOWNESS });
	if (one.status === 200) streams.push(one);
	const reply = one.status === 200 ? null : { ...await one.all(), text: one.raw, json: JSON.parse(one.raw) };
	for (const stream of streams) stream.leave();
	await eventually(() => calls.every((call) => call.isClosed), 'all of them end');
	if (!reply) return 'no';
	assertRefusal(reply, 429, 'too_many_streams');
	assert.match(reply.headers['retry-after'] ?? '', /^\d+$/);
	return 'yes';
}

async function methods(on) {
	on.answers();
	const get = await on.request('chat?query=q');
	assert.equal(get.json?.answer, 'The answer is 42.', get.text);
	assert.equal((await on.post({ query: 'q' })).status, 200);
	const headed = await on.raw('HEAD', '/ask/healthz');
	assert.equal(headed.status, 200);
	assert.equal(headed.text, '');
	const options = await on.request('chat', { method: 'OPTIONS' });
	assert.equal(options.status, 204);
	assert.equal(options.headers.allow, 'GET, POST, OPTIONS');
	const put = await on.request('chat', { method: 'PUT', body: '{}' });
	assertRefusal(put, 405, 'method_not_allowed');
	assert.equal(put.headers.allow, 'GET, POST, OPTIONS');
	return 'yes';
}

async function noContent(on) {
	on.answers();
	const before = on.upstream.calls.length;
	const reply = await on.raw('GET', '/ask/chat?query=q', { 'Last-Event-ID': 't_01aaaaaaaaaaaaaaaaaaaaaaaaaaaa.3', Accept: 'text/event-stream' });
	assert.equal(reply.status, 204, reply.text);
	assert.equal(reply.text, '');
	assert.equal(on.upstream.calls.length, before, 'no second answer is paid for');
	return 'yes';
}

async function origins(on) {
	on.answers();
	const preflight = await on.request('chat', { method: 'OPTIONS', headers: { origin: ALLOWED_ORIGIN, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type, last-event-id' } });
	assert.equal(preflight.status, 204);
	assert.equal(preflight.headers['access-control-allow-origin'], ALLOWED_ORIGIN);
	assert.match(preflight.headers['access-control-allow-headers'] ?? '', /content-type/i);
	const allowed = await on.post({ query: 'q' }, { headers: { origin: ALLOWED_ORIGIN } });
	assert.equal(allowed.status, 200);
	assert.equal(allowed.headers['access-control-allow-origin'], ALLOWED_ORIGIN);
	assertRefusal(await on.post({ query: 'q' }, { headers: { origin: 'https://other.example' } }), 403, 'forbidden');
	const own = await on.post({ query: 'q' }, { headers: { origin: on.site.url } });
	if (own.status === 403) return 'own page refused';
	assert.equal(own.status, 200, own.text);
	return 'yes';
}

/** A second reader of a running turn, from a place in it. */
async function resume(on) {
	const talk = await on.converse();
	await lockStep(talk, 0, 3);
	const seen = talk.stream.last.id;
	const turn = talk.stream.headers['x-leat-turn'];
	const again = await on.request(`chat/${turn}/stream?live=long-poll&wait=1`, { headers: { 'last-event-id': seen } });
	let result = 'yes';
	if (again.status !== 200) {
		// Nothing else would stop an EventSource from asking for ever.
		assert.equal(again.status, 204, again.text);
		result = 'no';
	} else {
		const second = await on.open({ method: 'GET', body: undefined, headers: { 'last-event-id': seen, accept: 'text/event-stream' } });
		await lockStep({ stream: second, call: talk.call }, 3, 5);
		assert.ok(!second.raw.includes('f2 '), 'only what it had not seen');
		second.leave();
	}
	await talk.call.stop();
	assertNative(await talk.stream.all());
	return result;
}

async function stop(on) {
	const talk = await on.converse();
	await lockStep(talk, 0, 1);
	const turn = talk.stream.headers['x-leat-turn'];
	const reply = await on.request(`chat/${turn}`, { method: 'DELETE' });
	if (reply.status === 204) {
		await eventually(() => talk.call.isClosed, 'the upstream request ends');
		await talk.stream.all();
		return 'yes';
	}
	assertRefusal(reply, 410, 'gone');
	talk.stream.leave();
	return 'no';
}

async function authorization(on) {
	on.answers();
	const sent = 'Bearer leat-doctor-suite';
	const reply = await on.post({ query: 'q' }, { headers: { authorization: sent } });
	assert.notEqual(reply.status, 401);
	const echo = await on.request('selftest', { headers: { authorization: sent, 'last-event-id': 'leat-doctor-7' } });
	assert.equal(echo.status, 200, echo.text);
	assert.equal(echo.json.request.authorization, sent);
	assert.equal(echo.json.request.last_event_id, 'leat-doctor-7');
	return 'yes';
}

/** "Proxy: …" must not become HTTP_PROXY for leat's own requests. */
async function proxyHeader(on) {
	on.answers();
	const before = on.upstream.calls.length;
	const reply = await on.post({ query: 'q' }, { headers: { proxy: 'http://127.0.0.1:1/' } });
	assert.equal(reply.status, 200, reply.text);
	assert.equal(on.upstream.calls.length, before + 1);
	return 'yes';
}

export const requests = [
	{ slug: 'authorization', title: '`Authorization` and `Last-Event-ID` arrive', run: authorization },
	{ slug: 'resume', title: '`Last-Event-ID`: a stream is resumed while it runs', run: resume },
	{ slug: 'stop', title: '`DELETE chat/{turn}` stops it', run: stop },
	{ slug: 'origin', title: '`Origin`, preflight and CORS headers', run: origins },
	{ slug: 'methods', title: 'GET, POST, HEAD, OPTIONS; 405 for others', run: methods },
	{ slug: 'empty', title: '204 stays 204, without a body', run: noContent },
	{ slug: 'errors', title: '400, 404, 413, 502: leat\'s own JSON arrives', run: statuses },
	{ slug: 'too-many', title: 'One stream more than an address may have: 429', run: tooMany },
	{ slug: 'retry-after', title: '503 with `Retry-After`', run: retryAfter },
	{ slug: 'proxy', title: 'A client\'s `Proxy:` header does nothing', run: proxyHeader },
];
