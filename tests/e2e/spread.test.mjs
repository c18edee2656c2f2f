// SPDX-License-Identifier: ISC
// Streams are spread over the workers: none has more than one and a half
// times the mean, however they come.
import assert from 'node:assert/strict';
import { openStream, request } from './lib/sse.mjs';
import { scenario, sleep } from './lib/place.mjs';
import { startSite } from './lib/site.mjs';
import { startLeat } from './lib/leat.mjs';
import { startNginx, shippedText } from './lib/nginx.mjs';
import { startUpstream } from './lib/upstream.mjs';

const WORKERS = 4;
const STREAMS = 200;
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The worker that a turn's id names. */
function slotOf(turn) {
	return DIGITS.indexOf(turn[2]) * 62 + DIGITS.indexOf(turn[3]);
}

function assertSpread(streams, what) {
	const counts = new Map();
	for (const stream of streams) {
		assert.equal(stream.status, 200);
		const slot = slotOf(stream.headers['x-leat-turn']);
		counts.set(slot, (counts.get(slot) ?? 0) + 1);
	}
	const list = [...counts.values()].sort((a, b) => a - b);
	assert.equal(list.length, WORKERS, `${what}: only ${list.length} workers have streams: ${list}`);
	assert.ok(list.at(-1) <= 1.5 * streams.length / WORKERS, `${what}: ${list}`);
}

const words = async (call) => { await call.delta('x'); };
const POOL = { workers: WORKERS, limits: { streams_per_address: 0 } };

async function openMany(base, count, pause = 0) {
	const opening = [];
	for (let i = 0; i < count; i++) {
		opening.push(openStream(`${base}/chat`, { body: { query: `q${i}`, streaming: true } }));
		if (pause) await sleep(pause);
	}
	return Promise.all(opening);
}

scenario('200 streams at once are spread', async (place) => {
	const site = await startSite(place, { ...POOL, script: words });
	const streams = await openMany(site.base, STREAMS);
	assertSpread(streams, 'a burst');
	for (const stream of streams) stream.leave();
});

scenario('200 streams, one after the other, are spread', async (place) => {
	const site = await startSite(place, { ...POOL, script: words });
	const streams = await openMany(site.base, STREAMS, 5);
	assertSpread(streams, 'paced');
	// Half of them leave, as it happens, and others come.
	for (const stream of streams.splice(0, STREAMS / 2)) stream.leave();
	await sleep(300);
	streams.push(...await openMany(site.base, STREAMS / 2, 5));
	assertSpread(streams, 'after some left');
	for (const stream of streams) stream.leave();
});

scenario('connections that nginx keeps do not gather streams in one worker', async (place) => {
	const upstream = await startUpstream(place, words);
	const leat = await startLeat(place, { ...POOL, upstream });
	const nginx = await startNginx(place, {
		socket: `${leat.address}; keepalive 100`,
		conf: shippedText('leat.conf').replace('fastcgi_keep_conn off', 'fastcgi_keep_conn on'),
	});
	const base = `${nginx.url}/ask`;
	// Short requests, some at once and many in a row, leave them behind.
	await Promise.all(Array.from({ length: 100 }, () => request(`${base}/search?q=x`)));
	for (let i = 0; i < 100; i++) await request(`${base}/healthz`);
	const streams = await openMany(base, STREAMS);
	assertSpread(streams, 'over kept connections');
	for (const stream of streams) stream.leave();
	await sleep(200);
	const again = await openMany(base, STREAMS, 5);
	assertSpread(again, 'paced, over kept connections');
	for (const stream of again) stream.leave();
});

scenario('a worker whose streams have ended takes the next ones', async (place) => {
	const site = await startSite(place, { ...POOL, script: words });
	const first = await openMany(site.base, 40);
	// Those of one worker leave: it takes the next ones.
	const slots = first.map((stream) => slotOf(stream.headers['x-leat-turn']));
	const left = first.filter((_, i) => slots[i] === slots[0]);
	for (const stream of left) stream.leave();
	await sleep(300);
	const rest = first.filter((_, i) => slots[i] !== slots[0]);
	const next = await openMany(site.base, STREAMS - rest.length, 3);
	assertSpread([...rest, ...next], 'after one worker was empty');
	for (const stream of [...rest, ...next]) stream.leave();
});
