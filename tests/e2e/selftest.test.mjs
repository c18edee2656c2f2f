// SPDX-License-Identifier: ISC
// selftest through a real nginx: what arrived, a measured stream, and whether
// its reader was seen to leave.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { openStream, readStream, request } from './lib/sse.mjs';
import { SLOWNESS, eventually, scenario, sleep } from './lib/place.mjs';
import { startSite } from './lib/site.mjs';

function fnv1a(bytes) {
	let hash = 0xcbf29ce484222325n;
	for (const byte of Buffer.from(bytes)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
	return hash.toString(16).padStart(16, '0');
}

const SITE = { script: null, limits: { streams_per_address: 0, selftest: 16 } };

scenario('selftest tells what arrived', async (place) => {
	const site = await startSite(place, { ...SITE, workers: 1 });
	const body = 'x'.repeat(100000);
	const { status, json } = await request(site.url('selftest'), {
		body,
		headers: { authorization: 'Bearer leat-doctor-42', 'last-event-id': 'leat-doctor-43', 'content-type': 'text/x-probe' },
	});
	assert.equal(status, 200);
	assert.match(json.server, /^nginx\//);
	assert.equal(json.process, 'pool');
	assert.equal(json.mount, '/ask');
	assert.deepEqual(json.request, {
		method: 'POST', protocol: 'HTTP/1.1', https: false, content_length: 100000, content_type: 'text/x-probe',
		authorization: 'Bearer leat-doctor-42', last_event_id: 'leat-doctor-43', forwarded: false,
		body_bytes: 100000, body_fnv1a: fnv1a(body),
	});
	assert.equal(json.limits.body, 8 * 1024 * 1024);
	assert.equal(json.limits.heartbeat_ms, 10000);
	assert.equal(json.limits.selftest_ms, 130000);
	const bare = (await request(site.url('selftest'), { headers: { authorization: 'Bearer of-somebody' } })).json;
	assert.equal(bare.request.content_length, null);
	assert.equal(bare.request.authorization, 'other');
	assert.equal(bare.request.last_event_id, null);
	assert.equal(bare.request.body_bytes, 0);
});

scenario('a selftest stream comes frame by frame', async (place) => {
	const site = await startSite(place, SITE);
	const stream = await readStream(site.url('selftest/stream?frames=20&every=50&bytes=500'));
	const frames = stream.of('selftest');
	assert.equal(stream.headers['content-type'], 'text/event-stream');
	assert.deepEqual(frames.map((f) => f.json.n), [...Array(21).keys()]);
	assert.equal(stream.last.json.type, 'selftest_end');
	assert.equal(stream.last.json.frames, 20);
	for (let n = 2; n <= 20; n++) {
		const apart = (frames[n].json.at_us - frames[n - 1].json.at_us) / 1000;
		assert.ok(apart > 5 && apart < 1000 * SLOWNESS, `${apart} ms apart`);
		assert.ok(frames[n].at - frames[n - 1].at < 1000 * SLOWNESS);
	}
	assert.ok(stream.raw.split('\n\n').at(-3).length + 2 >= 500);
});

scenario('it is noticed, in every worker, that the reader left', async (place) => {
	const site = await startSite(place, { ...SITE, workers: 3 });
	const stream = await openStream(site.url('selftest/stream?wait=60'));
	const { id } = (await stream.untilType('selftest')).json;
	const ask = async () => (await request(site.url(`selftest/left?id=${id}`))).json;
	for (let i = 0; i < 6; i++) assert.deepEqual(await ask(), { known: true, left: false });
	const before = performance.now();
	stream.leave();
	const news = await eventually(async () => { const n = await ask(); return n.left && n; }, 'it is noticed');
	assert.equal(news.known, true);
	assert.equal(news.frames_sent, 0);
	assert.ok(news.noticed_ms_ago <= performance.now() - before + 5);
	await sleep(100);
	for (let i = 0; i < 6; i++) assert.ok((await ask()).noticed_ms_ago >= 100);
	assert.equal(fs.readdirSync(place.path('run')).filter((n) => n.startsWith('leat-selftest-')).length, 1);
	assert.deepEqual((await request(site.url(`selftest/left?id=${'0'.repeat(32)}`))).json, { known: false, left: false });
	assert.equal((await request(site.url('selftest/left?id=../../etc/passwd'))).status, 400);
});

scenario('where the runtime folder cannot be written, the temporary one serves', async (place) => {
	const temporary = place.path('temporary');
	fs.mkdirSync(temporary);
	const site = await startSite(place, { ...SITE, more: { runtime_dir: '/proc/nowhere' }, env: { TMPDIR: temporary } });
	const stream = await openStream(site.url('selftest/stream?wait=60'));
	const { id } = (await stream.untilType('selftest')).json;
	stream.leave();
	await eventually(async () => (await request(site.url(`selftest/left?id=${id}`))).json.left, 'it is noticed');
	assert.deepEqual(fs.readdirSync(temporary), [`leat-selftest-${id}`]);
});

scenario('selftests of one address are few, whichever worker they reach', async (place) => {
	const site = await startSite(place, { ...SITE, workers: 3, limits: { streams_per_address: 0, selftest: 2 } });
	const open = await Promise.all([1, 2].map(() => openStream(site.url('selftest/stream?wait=60'))));
	for (let i = 0; i < 5; i++) {
		const refused = await request(site.url('selftest/stream'));
		assert.equal(refused.status, 503);
		assert.equal(refused.json.code, 'overloaded');
		assert.ok(Number(refused.headers['retry-after']) >= 1);
	}
	assert.equal((await request(site.url('selftest'))).status, 200);
	for (const stream of open) stream.leave();
	await eventually(async () => (await readStream(site.url('selftest/stream?frames=1'))).status === 200, 'there is room again');
});

scenario('it can be switched off', async (place) => {
	const site = await startSite(place, { ...SITE, more: { routes_off: ['selftest'] } });
	for (const path of ['selftest', 'selftest/stream', 'selftest/left'])
		assert.equal((await request(site.url(path))).status, 404);
});
