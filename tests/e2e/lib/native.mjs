// SPDX-License-Identifier: ISC
// What every stream of the native dialect keeps to, to the byte.
import assert from 'node:assert/strict';

const TYPES = ['status', 'content', 'reasoning', 'tool_call', 'tool_result', 'final', 'error'];

/** options.after: the reader had seen events up to this number. */
export function assertNative(stream, options = {}) {
	assert.equal(stream.headers['content-type'], 'text/event-stream');
	assert.ok(!stream.raw.includes('\r'), 'LF only');
	assert.ok(!stream.raw.includes('[DONE]'), 'no [DONE]');
	assert.ok(stream.complete, 'the body is whole');
	const blocks = stream.raw.replace(/^:[^\n]*\n/gm, '').split('\n\n');
	assert.equal(blocks.pop(), '', 'every frame ends with a blank line');
	let turn = stream.headers['x-leat-turn'];
	let last = options.after ?? 0;
	for (const block of blocks) {
		const lines = block.split('\n');
		const data = lines.filter((line) => line.startsWith('data: '));
		const id = lines.find((line) => line.startsWith('id: '));
		if (data.length === 0 && lines.every((line) => line.startsWith('retry: '))) continue;
		assert.equal(data.length, 1, `one data line: ${block}`);
		assert.ok(id, `an id: ${block}`);
		const [, of, n] = id.match(/^id: (.+)\.(\d+)$/);
		turn ??= of;
		assert.equal(of, turn);
		assert.ok(Number(n) > last, `${n} comes after ${last}`);
		last = Number(n);
		const event = JSON.parse(data[0].slice(6));
		assert.ok(TYPES.includes(event.type), event.type);
		if (event.type === 'status') assertStatus(event.status);
	}
	const ends = stream.events.filter((e) => ['final', 'error'].includes(e.json.type));
	assert.equal(ends.length, 1, 'exactly one end');
	assert.equal(stream.last, ends[0], 'nothing after the end');
	assert.match(stream.raw, /^:\n/, 'a comment comes first');
	assert.equal(stream.parser.lastRetry, 2000);
	return last;
}

function assertStatus(status) {
	assert.ok(['admit', 'context', 'model', 'tool'].includes(status.step), status.step);
	assert.ok(['started', 'progress', 'done', 'failed'].includes(status.state), status.state);
	assert.equal(typeof status.description, 'string');
	assert.equal(typeof status.elapsed_ms, 'number');
	if (status.progress !== undefined)
		assert.ok(status.progress >= 0 && status.progress <= 100);
}
