// SPDX-License-Identifier: ISC
// What a web server may do to a stream.
import assert from 'node:assert/strict';
import { SLOWNESS, eventually, sleep } from '../place.mjs';
import { assertNative } from '../native.mjs';
import { HEARTBEAT_MS, lockStep } from './context.mjs';

async function frames(on, options) {
	const talk = await on.converse(options);
	await lockStep(talk, 0, 20);
	await talk.call.stop();
	await talk.stream.all();
	assertNative(talk.stream);
	return talk.stream;
}

const HEADERS = {
	'content-type': /^text\/event-stream$/,
	'cache-control': /^no-cache, no-transform$/,
	'x-accel-buffering': /^no$/,
	'x-content-type-options': /^nosniff$/,
	'x-request-id': /^suite-1$/,
	'x-leat-turn': /^t_\w+$/,
};

async function headersExact(on) {
	// An answer that is all there when a server first looks gets a length.
	on.answers(async (call) => {
		await call.delta('a');
		await sleep(200);
		await call.stop();
	});
	const body = '{"query":"q","streaming":true}';
	const reply = await on.raw('POST', '/ask/chat', { 'X-Request-Id': 'suite-1', 'Content-Type': 'application/json', 'Content-Length': body.length }, body);
	assert.equal(reply.status, 200);
	const isSwallowed = !('x-accel-buffering' in reply.headers);
	for (const [name, pattern] of Object.entries(HEADERS)) {
		if (isSwallowed && name === 'x-accel-buffering') continue;
		assert.match(reply.headers[name] ?? '', pattern, name);
		assert.equal(reply.list.filter(([n]) => n === name).length, 1, `${name} comes once`);
	}
	assert.equal(reply.headers['content-length'], undefined);
	assert.equal(reply.headers['content-encoding'], undefined);
	assert.match(reply.text, /"type":"final"/);
	return isSwallowed ? 'all but one' : 'yes';
}

/** Headers, the comment and the first status, before the model has spoken. */
async function headAtOnce(on) {
	const talk = await on.converse();
	await talk.stream.until((e) => e.json?.status?.step === 'admit', 5000 * SLOWNESS);
	assert.match(talk.stream.raw, /^:\n/, 'the comment comes first');
	talk.call.json(500, {});
	await talk.stream.all();
	assert.equal(talk.stream.last.json.code, 'upstream_unavailable');
	return 'yes';
}

async function compressionAskedFor(on) {
	const stream = await frames(on, { headers: { 'accept-encoding': 'gzip, deflate, br' } });
	assert.equal(stream.headers['content-encoding'], undefined);
	return 'yes';
}

async function largeFrame(on) {
	const talk = await on.converse();
	const big = 'x'.repeat(300000);
	await talk.call.delta('first ');
	await talk.call.delta(big);
	await lockStep(talk, 0, 3);
	await talk.call.stop();
	await talk.stream.all();
	assertNative(talk.stream);
	assert.equal(talk.stream.text(), `first ${big}f0 f1 f2 `);
	assert.equal(talk.stream.last.json.result.answer, `first ${big}f0 f1 f2 `);
	return 'yes';
}

async function heartbeats(on) {
	const talk = await on.converse();
	await eventually(() => talk.stream.comments.filter((c) => c.text === 'hb').length >= 2, 'two heartbeats', 5 * HEARTBEAT_MS);
	await talk.call.stop();
	assertNative(await talk.stream.all());
	return 'yes';
}

/**
 * With the server's own timeouts at two seconds, a model that is silent for
 * longer is survived by a stream; an answer in one piece is not, which proves
 * that the timeouts are in force.
 */
async function idle(on) {
	const upstream = on.upstream;
	const site = await on.entry.start(on.place, { upstream, pool: on.site.leat ?? undefined, idle: 2, leat: on.leatOptions });
	const talk = await on.converse({ base: site.base });
	const whole = on.request(`${site.base}/chat`, { body: { query: 'in one piece' } }).catch((error) => ({ status: 0, error }));
	await sleep(4500);
	await lockStep(talk, 0, 2);
	await talk.call.stop();
	assertNative(await talk.stream.all());
	const cut = await whole;
	site.server.expectedToDie = true;
	await site.stop();
	assert.ok(cut.status === 0 || cut.status >= 500, `the silent one was cut: ${cut.status}`);
	return 'yes';
}

async function twentyAtOnce(on) {
	const count = Math.min(20, on.entry.streams);
	const calls = [];
	on.upstream.script = (call) => { calls.push(call); };
	const streams = await Promise.all(Array.from({ length: count }, () => on.open({ timeout: 20000 * SLOWNESS })));
	await eventually(() => calls.length === count, 'all questions reach the upstream', 15000);
	for (let n = 0; n < 5; n++) {
		await Promise.all(calls.map((call) => call.delta(`f${n} `)));
		await Promise.all(streams.map((s) => s.until((e) => e.json?.content?.includes(`f${n} `), 5000 * SLOWNESS)));
	}
	await Promise.all(calls.map((call) => call.stop()));
	for (const stream of streams) assertNative(await stream.all());
	return count === 20 ? 'yes' : `${count}`;
}

export const streams = [
	{ slug: 'frames', title: 'Each frame is seen before the next one is written', run: async (on) => { await frames(on); return 'yes'; } },
	{ slug: 'head', title: 'Headers, comment and first status come before the model speaks', run: headAtOnce },
	{ slug: 'headers', title: 'Headers of a stream arrive as they were sent', run: headersExact },
	{ slug: 'gzip', title: 'A client that accepts compression gets single frames, too', run: compressionAskedFor },
	{ slug: 'large', title: 'A frame of 300 KB arrives whole', run: largeFrame },
	{ slug: 'heartbeats', title: 'Heartbeats arrive', run: heartbeats },
	{ slug: 'idle', title: 'A silent model outlives the server\'s idle timeout', run: idle },
	{ slug: 'twenty', title: '20 streams at once', run: twentyAtOnce },
];
