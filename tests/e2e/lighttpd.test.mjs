// SPDX-License-Identifier: ISC
// What lighttpd does to a stream with the files that are shipped.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { scenario, sleep, SLOWNESS, TOP } from './lib/place.mjs';
import { LEAT } from './lib/leat.mjs';
import { startUpstream } from './lib/upstream.mjs';
import { readStream, request } from './lib/sse.mjs';
import { assertNative } from './lib/native.mjs';
import { PACE_MS, assertOneByOne, delays, measureLeaving, paced, silentAfterOneWord } from './lib/paced.mjs';
import { lighttpd as pool, startLighttpd } from './lib/servers/lighttpd.mjs';

async function start(place, script, options = {}) {
	const upstream = await startUpstream(place, script);
	return { upstream, ...await pool.start(place, { upstream, ...options }) };
}

const ask = (site, more = {}) => readStream(`${site.base}/chat`, { body: { query: 'q', streaming: true }, ...more });

scenario('lighttpd: frames come one by one', async (place) => {
	const site = await start(place, paced);
	const stream = await ask(site, { headers: { origin: site.url } });
	assertNative(stream);
	assertOneByOne(delays(stream, site.upstream.calls[0]), SLOWNESS);
});

const DEFLATE = 'server.modules += ( "mod_deflate" )\ndeflate.mimetypes = ( "text/" )\ndeflate.allowed-encodings = ( "gzip" )\n';

scenario('lighttpd: a site that compresses everything leaves streams alone', async (place) => {
	const site = await start(place, paced, { site: DEFLATE });
	const headers = { 'accept-encoding': 'gzip' };
	assert.equal((await request(`${site.base}/`, { headers })).headers['content-encoding'], 'gzip');
	const stream = await ask(site, { headers });
	assert.equal(stream.headers['content-encoding'], undefined);
	assertNative(stream);
	assertOneByOne(delays(stream, site.upstream.calls[0]), SLOWNESS);
});

scenario('lighttpd: without our line it holds frames back: the tests above can fail', async (place) => {
	const site = await start(place, paced, { mistake: 'buffers' });
	const stream = await ask(site);
	const list = delays(stream, site.upstream.calls[0]);
	assert.ok(list[0] > 5 * PACE_MS, `delays ${list.map((d) => d.toFixed(1))}`);
});

scenario('lighttpd: leaving is seen at once, though the model is silent', async (place, t) => {
	const site = await start(place, silentAfterOneWord);
	for (let n = 0; n < 3; n++) {
		const ms = await measureLeaving(site.base, site.upstream);
		t.diagnostic(`${ms.toFixed(1)} ms`);
		assert.ok(ms < 100 * SLOWNESS, `${ms} ms`);
	}
});

scenario('lighttpd: without tcp-fin-propagate nobody notices: the test above can fail', async (place) => {
	const site = await start(place, silentAfterOneWord, { mistake: 'ignores leaving' });
	await assert.rejects(measureLeaving(site.base, site.upstream, 1000), /timed out/);
});

scenario('lighttpd: a slow upload holds nobody else, a large body passes, a larger one does not', async (place) => {
	const site = await start(place, undefined, { leat: { workers: 1 } });
	const slow = Array.from({ length: 20 }, () => {
		const socket = net.connect(new URL(site.url).port, '127.0.0.1');
		socket.on('error', () => {});
		socket.write('POST /ask/chat HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"query":"');
		return socket;
	});
	place.onClose(() => { for (const socket of slow) socket.destroy(); });
	await sleep(200);
	const reply = await request(`${site.base}/chat`, { body: { query: 'q' } });
	assert.equal(reply.status, 200);
	assert.ok(reply.ms < 300 * SLOWNESS, `${reply.ms} ms`);
	const sized = (bytes) => request(`${site.base}/chat`, { body: { query: 'q', messages: [], pad: 'y'.repeat(bytes) } });
	assert.equal((await sized(7 << 20)).status, 400);
	assert.equal((await sized(9 << 20)).json.code, 'too_large', 'leat itself refuses');
	const refused = await sized(17 << 20);
	assert.equal(refused.status, 413);
	assert.deepEqual([refused.headers['content-type'], refused.json?.code], ['application/json', 'too_large']);
});

scenario('lighttpd: a pool that is not there is a 503 in JSON', async (place) => {
	const server = await startLighttpd(place, { way: 'leat.conf' });
	const reply = await request(`${server.url}/ask/chat`, { body: { query: 'q' } });
	assert.equal(reply.status, 503);
	assert.equal(reply.headers['content-type'], 'application/json');
	assert.equal(reply.json?.retryable, true);
});

scenario('lighttpd: the mount is a prefix of whole segments', async (place) => {
	const site = await start(place);
	assert.equal((await request(`${site.url}/ask/healthz`)).status, 200);
	assert.equal((await request(`${site.url}/asking/healthz`)).status, 404);
	assert.match((await request(`${site.url}/ask`)).headers['content-type'], /^text\/html/);
	assert.equal((await request(`${site.url}/`)).headers.location, '/ask/');
});

scenario('lighttpd: each file loads as it is shipped', async (place) => {
	fs.mkdirSync(place.path('public'));
	for (const name of fs.readdirSync(path.join(TOP, 'lighttpd')))
		if (name.endsWith('.conf')) fs.copyFileSync(path.join(TOP, 'lighttpd', name), place.path(name));
	// lighttpd looks for the program that it is to start.
	place.write('leat-vars.conf', fs.readFileSync(place.path('leat-vars.conf'), 'utf8').replace('/usr/local/bin/leat', fs.realpathSync(LEAT)));
	for (const way of ['leat.conf', 'leat-start.conf', 'leat-cgi.conf']) {
		place.write('leat-listen.conf', fs.readFileSync(path.join(TOP, 'lighttpd/leat-listen.conf'), 'utf8').replace('"leat.conf"', `"${way}"`));
		const test = await place.run('lighttpd', '/usr/sbin/lighttpd', ['-tt', '-f', 'lighttpd.conf']);
		assert.deepEqual([test.code, test.stderr], [0, ''], way);
	}
});
