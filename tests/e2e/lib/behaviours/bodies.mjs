// SPDX-License-Identifier: ISC
// Uploads: with and without a length, large, slow.
import assert from 'node:assert/strict';
import { assertNative } from '../native.mjs';
import { Stream } from '../sse.mjs';

const BODY_MAX = 8 * 1024 * 1024;

async function lengths(on) {
	on.answers();
	const none = await on.raw('POST', '/ask/chat');
	if (none.status === 411) return '411';
	assert.equal(none.status, 400, none.text);
	assert.equal(none.json?.code, 'bad_request');
	const zero = await on.raw('POST', '/ask/chat', { 'Content-Length': 0 });
	assert.equal(zero.status, 400, zero.text);
	assert.equal(zero.json?.code, 'bad_request');
	return 'yes';
}

async function chunks(on) {
	let asked;
	on.answers(async (call) => { asked = call.question; await call.stop(); });
	const reply = await on.chunked('chat', ['{"query":"in ', 'two', ' pieces"}']);
	assert.equal(reply.status, 200, reply.text);
	assert.ok(asked.includes('in two pieces'));
	const none = await on.chunked('chat', []);
	assert.equal(none.status, 400);
	assert.equal(none.json?.code, 'bad_request');
	return 'yes';
}

/** A question in a body of exactly so many bytes. */
function padded(size) {
	const text = '{"query":"q"}';
	return text + ' '.repeat(size - text.length);
}

async function largest(on) {
	on.answers();
	const reply = await on.post(padded(BODY_MAX));
	if (reply.status === 413) return '413';
	assert.equal(reply.status, 200, reply.text);
	assert.equal(reply.json?.answer, 'The answer is 42.');
	return 'yes';
}

async function tooLarge(on) {
	on.answers();
	for (const size of [BODY_MAX + 1, BODY_MAX + 1000000]) {
		const reply = await on.post(padded(size));
		assert.equal(reply.status, 413, reply.text);
		if (reply.headers['content-type'].startsWith('text/html')) return '413 in HTML';
		assert.equal(reply.headers['content-type'], 'application/json');
		assert.equal(reply.json?.code, 'too_large', reply.text);
	}
	return 'yes';
}

async function slow(on) {
	on.answers();
	const rest = 'slow","streaming":true}';
	const body = `{"query":"${' '.repeat(1000)}`;
	const headers = { 'content-type': 'application/json', 'content-length': body.length + rest.length };
	const uploads = Array.from({ length: 8 }, () => new Stream(on.url('chat'), { method: 'POST', hold: true, headers }));
	for (const upload of uploads) await new Promise((resolve) => upload.request.write(body, resolve));
	const others = await Promise.all([1, 2, 3, 4].map(() => on.post({ query: 'q' })));
	for (const other of others) assert.equal(other.status, 200);
	for (const upload of uploads) upload.request.end(rest);
	for (const upload of uploads) assertNative(await (await upload.opened).all());
	return 'yes';
}

export const bodies = [
	{ slug: 'length', title: 'A POST without a body, or without `Content-Length`: 400', run: lengths },
	{ slug: 'chunked', title: 'Chunked uploads', run: chunks },
	{ slug: 'largest', title: 'A body of exactly 8 MiB', run: largest },
	{ slug: 'too-large', title: 'One byte more: 413 with leat\'s JSON', run: tooLarge },
	{ slug: 'slow', title: 'Slow uploads hold nobody else, and arrive', run: slow },
];
