// SPDX-License-Identifier: ISC
// nginx with TLS and HTTP/2, and nginx behind another nginx.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http2 from 'node:http2';
import { scenario, sleep, within, IS_ROOT, SLOWNESS } from './lib/place.mjs';
import { startLeat } from './lib/leat.mjs';
import { copyShipped, makeCertificate, startNginx } from './lib/nginx.mjs';
import { startUpstream } from './lib/upstream.mjs';
import { openStream, readStream, request } from './lib/sse.mjs';
import { assertNative } from './lib/native.mjs';
import { PACE_MS, assertOneByOne, delays, measureLeaving, paced, silentAfterOneWord } from './lib/paced.mjs';
import { nginxFront, nginxTls, plainFront } from './lib/servers/nginx.mjs';

async function start(place, server, script, options = {}) {
	const upstream = await startUpstream(place, script);
	return { upstream, ...await server.start(place, { upstream, ...options }) };
}

for (const server of [nginxTls, nginxFront]) {
	scenario(`${server.slug}: frames come one by one`, async (place) => {
		const site = await start(place, server, paced);
		// A page of the site itself says its origin, where its address is kept.
		const headers = server.tls ? { origin: site.url } : {};
		const stream = await readStream(`${site.base}/chat`, { body: { query: 'q', streaming: true }, headers });
		assertNative(stream);
		assertOneByOne(delays(stream, site.upstream.calls[0]), SLOWNESS);
	});

	scenario(`${server.slug}: leaving is seen at once, though the model is silent`, async (place, t) => {
		const site = await start(place, server, silentAfterOneWord);
		for (let n = 0; n < 3; n++) {
			const ms = await measureLeaving(site.base, site.upstream);
			t.diagnostic(`${ms.toFixed(1)} ms`);
			assert.ok(ms < 100 * SLOWNESS, `${ms} ms`);
		}
	});
}

scenario('a front that our header does not reach holds frames back: the tests above can fail', async (place) => {
	const site = await start(place, nginxFront, paced, { mistake: 'header swallowed' });
	const stream = await readStream(`${site.base}/chat`, { body: { query: 'q', streaming: true } });
	const list = delays(stream, site.upstream.calls[0]);
	assert.ok(list[0] > 5 * PACE_MS, `delays ${list.map((d) => d.toFixed(1))}`);
});

scenario('HTTP/2: sixty streams on one connection, and one that is reset ends alone', async (place) => {
	const site = await start(place, nginxTls, silentAfterOneWord, { leat: { limits: { streams_per_address: 0 } } });
	const session = http2.connect(site.url, { rejectUnauthorized: false });
	place.onClose(() => { session.destroy(); });
	const streams = await Promise.all(Array.from({ length: 60 }, (_, n) => new Promise((resolve, reject) => {
		const stream = session.request({ ':path': `/ask/chat?streaming=true&query=q${n}` });
		stream.on('error', reject);
		stream.once('data', () => resolve(stream));
	})));
	await site.upstream.call(60);
	const call = site.upstream.calls.find((one) => one.question.endsWith('q7'));
	const leftAt = performance.now();
	streams[7].close(http2.constants.NGHTTP2_CANCEL);
	await within(call.closed, 3000, 'its upstream request closes');
	assert.ok(call.closedAt - leftAt < 100 * SLOWNESS, `${call.closedAt - leftAt} ms`);
	await sleep(200);
	assert.equal(site.upstream.calls.filter((one) => !one.isClosed).length, 59);
});

/** A front with nginx's defaults and the shipped fragment. */
async function startShippedFront(place, script, options = {}) {
	const upstream = await startUpstream(place, script);
	const leat = await startLeat(place, { upstream, ...options.leat });
	const inner = await startNginx(place, { socket: leat.address });
	const front = await startNginx(place, { complete: 'front.conf', inner: `127.0.0.1:${inner.port}`, files: {
		'front.conf': plainFront('include leat-front.conf;'),
		...options.files?.(inner),
	} });
	return { upstream, leat, inner, front, base: `${front.url}/ask` };
}

scenario('the shipped fragment of a front: frames one by one, whole bodies, the page\'s own origin', async (place) => {
	const site = await startShippedFront(place, paced);
	const origin = site.front.url;
	const stream = await readStream(`${site.base}/chat`, { body: { query: 'q', streaming: true }, headers: { origin } });
	assertNative(stream);
	assertOneByOne(delays(stream, site.upstream.calls[0]), SLOWNESS);
	const reply = await request(`${site.base}/chat`, { body: { query: 'x', messages: [], pad: 'y'.repeat(3 << 20) } });
	assert.equal(reply.status, 400, 'three megabytes reach leat');
	assert.equal((await request(`${site.base}/chat`, { body: { query: 'q' }, headers: { origin: 'https://evil.example' } })).status, 403);
});

scenario('heartbeats keep a front\'s read timeout away', async (place) => {
	// A sixth of nginx's 60 s, against a sixth of leat's 10 s.
	const site = await startShippedFront(place, async (call) => {
		await call.delta('one ');
		await sleep(14000);
		await call.delta('two ');
		await call.stop();
	}, {
		leat: { limits: { heartbeat: '1500ms' } },
		files: (inner) => ({ 'front.conf': plainFront(`location / { proxy_pass ${inner.url}; proxy_read_timeout 10s; }`) }),
	});
	const stream = await readStream(`${site.base}/chat`, { body: { query: 'q', streaming: true }, timeout: 40000 });
	assertNative(stream);
	assert.equal(stream.text(), 'one two ');
	assert.ok(stream.comments.filter((c) => c.text === 'hb').length >= 8, `${stream.comments.length} comments`);
});

scenario('behind a front each visitor has a limit of their own, and nobody can pretend', async (place) => {
	const site = await startShippedFront(place, silentAfterOneWord, { leat: {
		limits: { streams_per_address: 1 },
		more: { trusted_proxies: ['127.0.0.1'] },
	} });
	const ask = (localAddress, headers) => openStream(`${site.base}/chat`, { body: { query: 'q', streaming: true }, localAddress, headers });
	assert.equal((await ask('127.0.0.2')).status, 200);
	assert.equal((await ask('127.0.0.2')).status, 429);
	assert.equal((await ask('127.0.0.2', { 'x-forwarded-for': '203.0.113.9' })).status, 429);
	assert.equal((await ask('127.0.0.3')).status, 200);
});

scenario('every complete file loads as it is shipped', async (place) => {
	copyShipped(place.dir);
	makeCertificate(place.dir);
	for (const complete of fs.readdirSync(place.dir).filter((name) => /^nginx.*\.conf$/.test(name))) {
		const test = await place.run('nginx', process.env.NGINX ?? '/usr/sbin/nginx',
			['-e', 'stderr', '-p', place.dir, '-c', complete, '-t', ...(IS_ROOT ? ['-g', 'user root;'] : [])]);
		assert.match(test.stderr, /syntax is ok/, complete);
		assert.doesNotMatch(test.stderr, /\[(warn|emerg)\]/, complete);
	}
});
