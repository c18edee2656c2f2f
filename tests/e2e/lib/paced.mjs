// SPDX-License-Identifier: ISC
// Words of a model at a steady pace, how late each arrived, and how soon a
// reader's leaving reaches the model.
import assert from 'node:assert/strict';
import { sleep, within } from './place.mjs';
import { openStream } from './sse.mjs';

export const PACE_MS = 100;
export const FRAMES = 12;

/** An upstream's script: it notes when it said each word. */
export async function paced(call) {
	for (let n = 0; n < FRAMES && !call.isClosed; n++) {
		call.sentAt ??= [];
		call.sentAt.push(performance.now());
		await call.delta(`frame${n} `);
		await sleep(PACE_MS);
	}
	await call.stop();
}

/** How long after the model each frame came, in milliseconds. */
export function delays(stream, call) {
	return call.sentAt.map((at, n) => {
		const event = stream.events.find((e) => (e.json?.content ?? '').includes(`frame${n} `));
		return event ? event.at - at : Infinity;
	});
}

export function median(list) {
	return list.slice().sort((a, b) => a - b)[Math.floor(list.length / 2)];
}

export function assertOneByOne(list, slowness, bound = 8) {
	const text = `delays ${list.map((d) => d.toFixed(1))}`;
	assert.ok(median(list) < bound * slowness, text);
	assert.ok(Math.max(...list) < PACE_MS * 0.9 * slowness, text);
}

/** One word, then silence until the reader is gone. */
export async function silentAfterOneWord(call) {
	await call.delta('word ');
}

/** Milliseconds from a reader's leaving to the end of its upstream request. */
export async function measureLeaving(base, upstream, ms = 5000) {
	const n = upstream.calls.length + 1;
	const stream = await openStream(`${base}/chat`, { body: { query: 'q', streaming: true } });
	await stream.untilType('content');
	const call = await upstream.call(n);
	// Nothing is on its way any more, so no write can find the reader gone.
	await sleep(200);
	stream.leave();
	await within(call.closed, ms, 'the upstream request closes');
	return call.closedAt - stream.leftAt;
}
