// SPDX-License-Identifier: ISC
// What nginx does to a stream with the files that are shipped.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import zlib from 'node:zlib';
import { scenario, sleep, SLOWNESS, TOP } from './lib/place.mjs';
import { startSite } from './lib/site.mjs';
import { SseParser, request } from './lib/sse.mjs';
import { startNginx } from './lib/nginx.mjs';
import { assertNative } from './lib/native.mjs';
import { PACE_MS, delays, median, paced } from './lib/paced.mjs';

function confWith(more) {
	return fs.readFileSync(path.join(TOP, 'nginx/leat.conf'), 'utf8')
		.replace('fastcgi_pass leat;', `fastcgi_pass leat;\n${more}`);
}

scenario('the header alone unbuffers nginx: frames come one by one', async (place) => {
	assert.ok(!/^\s*fastcgi_buffering\s+off/m.test(confWith('')), 'the shipped file leaves buffering on');
	const site = await startSite(place, { script: paced });
	const stream = await site.ask('q');
	assertNative(stream);
	const list = delays(stream, site.upstream.calls[0]);
	assert.ok(median(list) < 5 * SLOWNESS, `delays ${list.map((d) => d.toFixed(1))}`);
	assert.ok(Math.max(...list) < PACE_MS * 0.9 * SLOWNESS, `delays ${list.map((d) => d.toFixed(1))}`);
	assert.equal(stream.of('content').length, 12);
});

scenario('without the header\'s effect nginx holds frames back: the test above can fail', async (place) => {
	const site = await startSite(place, { script: paced, nginx: { conf: confWith('fastcgi_ignore_headers X-Accel-Buffering;') } });
	const stream = await site.ask('q');
	const list = delays(stream, site.upstream.calls[0]);
	assert.ok(list[0] > 5 * PACE_MS, `delays ${list.map((d) => d.toFixed(1))}`);
	assert.equal(stream.last.json.result.answer, Array.from({ length: 12 }, (_, n) => `frame${n} `).join(''));
});

scenario('gzip does not hold a stream back', async (place) => {
	const site = await startSite(place, { script: paced });
	const stream = await site.ask('q', {}, { headers: { 'accept-encoding': 'gzip' } });
	assert.equal(stream.headers['content-encoding'], undefined);
	assert.ok(median(delays(stream, site.upstream.calls[0])) < 5 * SLOWNESS);
});

scenario('where the site compresses streams all the same, each frame is flushed', async (place) => {
	const conf = confWith('gzip_types text/event-stream; gzip_min_length 0;').replace('gzip off;', 'gzip on;');
	const site = await startSite(place, { script: paced, nginx: { conf } });
	const frames = [];
	await new Promise((resolve, reject) => {
		const asked = http.request(site.url('chat'), { method: 'POST', headers: { 'accept-encoding': 'gzip', 'content-type': 'application/json' } }, (response) => {
			assert.equal(response.headers['content-encoding'], 'gzip');
			const parser = new SseParser((event) => frames.push({ at: event.at, json: JSON.parse(event.data) }));
			const text = response.pipe(zlib.createGunzip({ flush: zlib.constants.Z_SYNC_FLUSH })).setEncoding('utf8');
			text.on('data', (data) => parser.feed(data, performance.now()));
			text.on('end', resolve).on('error', reject);
		});
		asked.on('error', reject).end(JSON.stringify({ query: 'q', streaming: true }));
	});
	const list = delays({ events: frames }, site.upstream.calls[0]);
	assert.ok(median(list) < 8 * SLOWNESS, `delays ${list.map((d) => d.toFixed(1))}`);
	assert.equal(frames.at(-1).json.type, 'final');
});

scenario('a large frame stays in one piece for naive readers', async (place) => {
	const big = 'x'.repeat(15000);
	const site = await startSite(place, { script: async (call) => { await call.delta('first'); await sleep(100); await call.delta(big); await sleep(100); await call.stop(); } });
	const stream = await site.ask('q');
	assert.equal(stream.last.json.result.answer, `first${big}`);
	const chunk = stream.chunks.find((c) => c.text.includes(big.slice(0, 5000)));
	assert.ok(chunk.text.includes(big), 'the frame came in one chunk');
});

scenario('frames come unbuffered on kept-alive FastCGI connections as well', async (place) => {
	const conf = confWith('').replace('fastcgi_keep_conn off;', 'fastcgi_keep_conn on;');
	const site = await startSite(place, { script: paced, nginx: { conf } });
	fs.writeFileSync(path.join(site.nginx.dir, 'leat-upstream.conf'), `upstream leat { server ${site.leat.address}; keepalive 4; }\n`);
	site.nginx.process.kill('SIGHUP');
	await sleep(300);
	for (let n = 0; n < 5; n++) {
		const stream = await site.ask('q');
		assertNative(stream);
		assert.ok(median(delays(stream, site.upstream.calls[n])) < 8 * SLOWNESS);
		assert.equal((await site.request('healthz')).status, 200);
	}
	assert.equal((await site.post('chat', { query: '' })).status, 400);
	assert.equal((await site.request('healthz')).status, 200);
});

scenario('a pool that is not there is a 502 in JSON', async (place) => {
	const nginx = await startNginx(place, { socket: `unix:${place.path('nobody.sock')}` });
	const reply = await request(`${nginx.url}/ask/chat`, { body: { query: 'q' } });
	assert.equal(reply.status, 502);
	assert.equal(reply.headers['content-type'], 'application/json');
	assert.equal(reply.json.type, 'error');
	assert.equal(reply.json.retryable, true);
	assert.ok(Number(reply.headers['retry-after']) > 0);
});

scenario('a proxy that the client names is not used', async (place) => {
	const site = await startSite(place);
	const reply = await site.post('chat', { query: 'q' }, { proxy: 'http://127.0.0.1:1/' });
	assert.equal(reply.status, 200);
	assert.equal(site.upstream.calls.length, 1);
});

scenario('a slow upload holds nobody else', async (place) => {
	const site = await startSite(place, { workers: 1 });
	const net = await import('node:net');
	const slow = Array.from({ length: 20 }, () => {
		const socket = net.connect(site.nginx.port, '127.0.0.1');
		socket.on('error', () => {});
		socket.write('POST /ask/chat HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"query":"');
		return socket;
	});
	await sleep(200);
	const reply = await site.post('chat', { query: 'q' });
	assert.equal(reply.status, 200);
	assert.ok(reply.ms < 300 * SLOWNESS, `${reply.ms} ms`);
	for (const socket of slow) socket.destroy();
});
