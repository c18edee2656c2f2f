// SPDX-License-Identifier: ISC
// When the client goes, the upstream request ends.
import { SLOWNESS, sleep, within } from '../place.mjs';
import { HEARTBEAT_MS, lockStep } from './context.mjs';

/** How long after the client had left. */
async function ended(talk, ms) {
	await within(talk.call.closed, ms, 'the upstream request ends');
	return talk.call.closedAt - talk.stream.leftAt;
}

async function whileWriting(on) {
	const talk = await on.converse();
	await lockStep(talk, 0, 3);
	talk.stream.leave();
	while (!talk.call.isClosed && performance.now() - talk.stream.leftAt < 3000) {
		await talk.call.delta('word ');
		await sleep(20);
	}
	const ms = await ended(talk, 1);
	return ms < 300 * SLOWNESS ? 'at once' : `after ${Math.round(ms)} ms`;
}

async function whileSilent(on) {
	const talk = await on.converse();
	await lockStep(talk, 0, 1);
	// Its bytes are here, but the server may still be busy with them.
	await sleep(50 * SLOWNESS);
	talk.stream.leave();
	const ms = await ended(talk, 6 * HEARTBEAT_MS * SLOWNESS);
	if (ms < 100 * SLOWNESS) return 'at once';
	return ms < HEARTBEAT_MS + 300 * SLOWNESS ? 'at the next heartbeat' : `after ${Math.round(ms)} ms`;
}

export const leaving = [
	{ slug: 'leaving', title: 'A client that leaves ends the upstream request: while the model writes', run: whileWriting, expected: () => 'at once' },
	{ slug: 'leaving-silent', title: '… while the model is silent', run: whileSilent, expected: (entry) => ({ 'at once': 'at once', signal: 'at once', heartbeat: 'at the next heartbeat' })[entry.leaving] },
];
