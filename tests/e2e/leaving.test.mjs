// SPDX-License-Identifier: ISC
// When the client goes, nobody pays for the rest; a slow one costs no more
// than the answer's text.
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import fs from 'node:fs';
import net from 'node:net';
import { spawnSync } from 'node:child_process';
import { scenario, sleep, eventually, within, IS_ROOT, SLOWNESS } from './lib/place.mjs';
import { startSite } from './lib/site.mjs';
import { LEAT } from './lib/leat.mjs';
import { Stream, openStream } from './lib/sse.mjs';

const IN_TIME_MS = 100 * SLOWNESS;

async function endless(call) {
	while (!call.isClosed) {
		await call.delta('word ');
		await sleep(20);
	}
}

scenario('leaving in mid-stream closes the upstream request at once', async (place) => {
	const site = await startSite(place, { script: endless });
	for (let n = 1; n <= 5; n++) {
		const stream = await site.open('q');
		await stream.untilType('content');
		const call = await site.upstream.call(n);
		stream.leave();
		await within(call.closed, 3000, 'the upstream request closes');
		assert.ok(call.closedAt - stream.leftAt < IN_TIME_MS, `${call.closedAt - stream.leftAt} ms`);
	}
	assert.equal(await site.metric('leat_turns_total', 'cancelled'), 5);
	assert.equal(await site.metric('leat_readers_left_total'), 5);
	assert.equal(await site.metric('leat_upstream_aborted_total'), 5);
	await eventually(() => site.leat.log().match(/outcome=cancelled/g)?.length === 5, 'each is logged');
});

scenario('leaving before the first token closes it too: no answer, or headers only', async (place, t) => {
	const site = await startSite(place);
	for (const [name, script] of Object.entries({ 'no answer': () => {}, 'headers only': (call) => call.head() }))
		await t.test(name, async () => {
			site.upstream.script = script;
			const n = site.upstream.calls.length + 1;
			const stream = await site.open('q');
			const call = await site.upstream.call(n);
			await sleep(50);
			stream.leave();
			await within(call.closed, 3000, 'the upstream request closes');
			assert.ok(call.closedAt - stream.leftAt < IN_TIME_MS, `${call.closedAt - stream.leftAt} ms`);
		});
});

scenario('one that waits for its answer in one piece may leave as well', async (place) => {
	const site = await startSite(place, { script: endless });
	const stream = new Stream(site.url('chat'), { body: { query: 'q' } });
	const call = await site.upstream.call(1);
	await sleep(100);
	stream.leave();
	await within(call.closed, 3000, 'the upstream request closes');
	assert.ok(call.closedAt - stream.leftAt < IN_TIME_MS);
});

scenario('leaving while the upstream does not accept gives its connection up', async (place) => {
	const silent = net.createServer(() => {});
	await new Promise((resolve) => silent.listen(0, '127.0.0.1', resolve));
	const sockets = [];
	silent.on('connection', (socket) => { sockets.push(socket); socket.on('error', () => {}); });
	place.onClose(() => { for (const s of sockets) s.destroy(); silent.close(); });
	const site = await startSite(place, { script: null, more: {
		// It speaks TLS to one that never says hello.
		'provider "silent"': { kind: 'openai', base_url: `https://127.0.0.1:${silent.address().port}/v1`, model: 'm' },
	} });
	const stream = await site.open('q', { model: 'silent' });
	await eventually(() => sockets.length, 'leat connects');
	const gone = new Promise((resolve) => sockets[0].on('close', () => resolve(performance.now())));
	sockets[0].resume();
	stream.leave();
	const at = await within(gone, 3000, 'the connection closes');
	assert.ok(at - stream.leftAt < IN_TIME_MS, `${at - stream.leftAt} ms`);
});

/** A private view of /etc/resolv.conf for one program. */
function canUnshare() {
	return IS_ROOT && spawnSync('unshare', ['-m', 'true']).status === 0;
}

scenario('leaving while a name is looked up ends the turn, and blocks nobody', async (place) => {
	const dns = dgram.createSocket('udp4');
	let asked = 0;
	dns.on('message', () => { asked += 1; });
	await new Promise((resolve) => dns.bind(53, '127.0.0.53', resolve));
	place.onClose(() => dns.close());
	place.write('resolv.conf', 'nameserver 127.0.0.53\noptions timeout:5 attempts:3\n');
	place.write('nsswitch.conf', 'hosts: dns\n');
	const script = `mount --bind ${place.path('resolv.conf')} "$(readlink -f /etc/resolv.conf)" && mount --bind ${place.path('nsswitch.conf')} /etc/nsswitch.conf && exec "$0" "$@"`;
	const site = await startSite(place, {
		workers: 1,
		wrap: ['unshare', '-m', 'sh', '-c', script, LEAT],
		env: { OPENAI_API_KEY: 'sk-test' },
		more: { 'provider "far"': { kind: 'openai', base_url: 'http://model.example.net/v1', model: 'm', connect_timeout: '30s' } },
	});
	const stream = await site.open('q', { model: 'far' });
	await eventually(() => asked > 0, 'the name is looked up');
	assert.equal(await site.metric('leat_turns_open'), 1);
	stream.leave();
	await eventually(async () => (await site.metric('leat_turns_open')) === 0, 'the turn ends', IN_TIME_MS + 100);
	assert.ok(performance.now() - stream.leftAt < IN_TIME_MS + 100, 'in time');
	const other = await site.post('chat', { query: 'q' });
	assert.equal(other.status, 200);
	assert.ok(other.ms < 300 * SLOWNESS, `${other.ms} ms`);
	await eventually(() => site.leat.log().includes('outcome=cancelled'), 'it is logged');
	// The lookup itself cannot be ended: it must not hold up the end.
	site.leat.process.expectedToDie = true;
	const before = performance.now();
	site.leat.process.kill('SIGTERM');
	await site.leat.process.exited;
	assert.ok(performance.now() - before < 5000 * SLOWNESS, `${performance.now() - before} ms to end`);
}, { skip: canUnshare() ? false : 'needs root and mount namespaces' });

scenario('a reader that was slow gets what it missed, merged, and holds no model back', async (place) => {
	const piece = 'x'.repeat(200);
	const pieces = 4000;
	const site = await startSite(place, {
		workers: 1,
		nginx: { listen: 'sndbuf=8k' },
		script: async (call) => {
			for (let n = 0; n < pieces; n++) await call.delta(`${piece}${n} `);
			call.modelDoneAt = performance.now();
			await call.stop();
		},
	});
	const slow = await site.open('q', {}, { paused: true });
	const call = await site.upstream.call(1);
	await eventually(() => call.modelDoneAt, 'the model has said all, though nobody read', 20000);
	await sleep(200);
	const memory = rss(site.leat.workers()[0]);
	slow.read();
	await slow.all();
	const answer = Array.from({ length: pieces }, (_, n) => `${piece}${n} `).join('');
	assert.equal(slow.last.json.type, 'final');
	assert.equal(slow.text(), answer);
	assert.equal(slow.last.json.result.answer, answer);
	const frames = slow.of('content').length;
	assert.ok(frames < pieces / 2, `${frames} frames for ${pieces} pieces`);
	assert.ok(memory < 60 * 1024 * SLOWNESS * 2, `${memory} KiB`);
});

function rss(pid) {
	return Number(fs.readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]);
}

scenario('a reader that takes nothing is dropped after write_timeout, others are not', async (place) => {
	const site = await startSite(place, {
		workers: 1,
		limits: { write_timeout: '1s', heartbeat: '1s' },
		nginx: { listen: 'sndbuf=8k' },
		// The last piece comes late: the turn itself must still be running.
		script: async (call) => {
			for (let n = 0; n < 60 && !call.isClosed; n++) {
				await call.delta('y'.repeat(15000));
				await sleep(5);
			}
			while (!call.isClosed) { await call.delta('.'); await sleep(100); }
		},
	});
	const stuck = await site.open('q', {}, { paused: true });
	const call = await site.upstream.call(1);
	const other = await openStream(site.url(`chat/${stuck.headers['x-leat-turn']}/stream`));
	await eventually(async () => (await site.metric('leat_readers_dropped_total')) === 1, 'the stuck reader is dropped', 15000);
	assert.ok(!call.isClosed, 'the other still reads');
	const before = other.events.length;
	await sleep(500);
	assert.ok(other.events.length > before, 'frames go on');
	other.leave();
	await within(call.closed, 3000, 'the upstream request closes');
	stuck.leave();
});

scenario('hundreds that leave at once leave nothing behind', async (place) => {
	const site = await startSite(place, { workers: 2, limits: { streams_per_address: 0 }, script: endless });
	const streams = await Promise.all(Array.from({ length: 200 }, () => site.open('q')));
	await Promise.all(streams.map((s) => s.untilType('content')));
	assert.equal(await site.metric('leat_streams_open'), 200);
	for (const stream of streams) stream.leave();
	await eventually(async () => (await site.metric('leat_turns_open')) === 0, 'every turn has ended');
	await within(Promise.all(site.upstream.calls.map((c) => c.closed)), 5000, 'every request is closed');
	assert.equal(await site.metric('leat_streams_open'), 0);
	assert.equal(await site.metric('leat_turns_total', 'cancelled'), 200);
});
