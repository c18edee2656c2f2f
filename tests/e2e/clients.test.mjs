// SPDX-License-Identifier: ISC
// Clients as people write them: EventSource in its two ways, a reader that
// splits chunks at line feeds, one that retries, one that counts, curl in a
// shell. They know only what they read: status, final and error, or content.
import assert from 'node:assert/strict';
import net from 'node:net';
import { EventSource } from 'eventsource';
import { scenario, sleep, within, eventually, SLOWNESS } from './lib/place.mjs';
import { startSite } from './lib/site.mjs';

const NETLIFY = `location /.netlify/functions/ { include fastcgi_params; fastcgi_pass leat; fastcgi_pass_header X-Accel-Buffering; }
	location /api/ { include fastcgi_params; fastcgi_pass leat; fastcgi_pass_header X-Accel-Buffering; }`;

async function twoWords(call) {
	await call.words(['Hello', ' world'], 30);
	await call.stop();
}

/** Resolves with all it saw, when final or error came or the stream broke. */
function watchWithEventSource(url, init) {
	const source = new EventSource(url, init);
	const seen = { statuses: [], opens: 0, errors: [] };
	source.onopen = () => { seen.opens += 1; };
	const done = new Promise((resolve) => {
		source.onmessage = (message) => {
			const data = JSON.parse(message.data);
			if (data.type === 'status') seen.statuses.push(data.status);
			if (data.type === 'final') seen.result = data.result;
			if (data.type === 'error') seen.error = data.error;
			seen.lastId = message.lastEventId;
			if (data.type === 'final' || data.type === 'error') {
				source.close();
				resolve(seen);
			}
		};
		source.onerror = (event) => {
			seen.errors.push(event.message ?? event.code ?? 'closed');
			if (source.readyState === source.CLOSED) resolve(seen);
		};
	});
	return { source, seen, done };
}

/** Reads with fetch, splits each chunk at line feeds and parses what begins
 * with "data: ": right only while no frame is cut in two. */
async function readNaively(url, body, on) {
	const response = await fetch(url, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify(body),
	});
	if (!response.ok) throw new Error(`HTTP ${response.status}`);
	const reader = response.body.getReader();
	const decoder = new TextDecoder();
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return;
		for (const line of decoder.decode(value).split('\n')) {
			if (!line.startsWith('data: ')) continue;
			if (line.slice(6) === '[DONE]') return on.done?.();
			const data = JSON.parse(line.slice(6));
			if (data.type === undefined || data.type === 'content') on.content?.(data.content);
			if (data.type === 'status') on.status?.(data.status);
			if (data.type === 'final') return on.final?.(data.result);
			if (data.type === 'error') return on.error?.(new Error(data.error));
		}
	}
}

scenario('EventSource with a query: progress, then the result, then closed', async (place) => {
	const site = await startSite(place, { script: twoWords, nginx: { site: NETLIFY } });
	for (const path of ['/ask/chat', '/api/chat', '/.netlify/functions/chat']) {
		const { done } = watchWithEventSource(`${site.nginx.url}${path}?query=${encodeURIComponent('What is best in Tōkyō & why?')}&streaming=true`);
		const seen = await within(done, 5000, 'the result');
		assert.equal(seen.result.answer, 'Hello world');
		assert.ok(seen.statuses.length > 0);
		assert.ok(seen.statuses.every((s) => typeof s.description === 'string'));
		assert.deepEqual(seen.errors, []);
		assert.equal(seen.opens, 1);
	}
	assert.match(site.upstream.calls[0].question, /What is best in Tōkyō & why\?/);
	assert.equal(site.upstream.calls.length, 3);
});

scenario('an EventSource that nobody closes comes back, gets 204, and costs nothing', async (place) => {
	const site = await startSite(place, { script: twoWords });
	const source = new EventSource(`${site.base}/chat?query=q`);
	let finals = 0;
	let closed = false;
	source.onmessage = (message) => { finals += JSON.parse(message.data).type === 'final'; };
	source.onerror = () => { closed = source.readyState === source.CLOSED; };
	try {
		// It reconnects after the two seconds that `retry:` says.
		await eventually(() => closed, 'a 204 ends it', 8000);
	} finally {
		source.close();
	}
	assert.equal(finals, 1);
	assert.equal(site.upstream.calls.length, 1);
});

/** A wire in between that can be cut. */
async function startWire(place, port) {
	const sockets = new Set();
	const server = net.createServer((near) => {
		const far = net.connect(port, '127.0.0.1');
		for (const [one, other] of [[near, far], [far, near]]) {
			sockets.add(one);
			one.on('error', () => {});
			one.on('close', () => { sockets.delete(one); other.destroy(); });
			one.pipe(other);
		}
	});
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	const cut = () => { for (const socket of sockets) socket.destroy(); };
	place.onClose(() => { cut(); server.close(); });
	return { cut, url: `http://127.0.0.1:${server.address().port}` };
}

scenario('an EventSource whose connection breaks goes on where it was', async (place) => {
	const words = Array.from({ length: 80 }, (_, n) => `w${n} `);
	const site = await startSite(place, { script: async (call) => { await call.words(words, 60); await call.stop(); } });
	const wire = await startWire(place, site.nginx.port);
	const texts = [];
	const source = new EventSource(`${wire.url}/ask/chat?query=q`);
	let breaks = 0;
	source.onerror = () => { breaks += 1; };
	const done = new Promise((resolve) => {
		source.onmessage = (message) => {
			const data = JSON.parse(message.data);
			if (data.type === 'content') texts.push(data.content);
			if (data.type === 'final') { source.close(); resolve(data.result); }
		};
	});
	await eventually(() => texts.length > 3, 'the first words');
	const turn = await eventually(() => site.leat.log().match(/turn=(t_\w+)/)?.[1], 'the turn is logged');
	// A second tab keeps the turn while the first is away.
	const keeper = await site.stream(`chat/${turn}/stream`);
	wire.cut();
	const result = await within(done, 20000 * SLOWNESS, 'the result');
	keeper.leave();
	assert.equal(breaks, 1);
	assert.equal(result.answer, words.join(''));
	assert.equal(texts.join(''), result.answer, 'no gap, nothing twice');
	assert.equal(site.upstream.calls.length, 1);
});

scenario('a reader that splits chunks at line feeds gets status and final', async (place) => {
	const site = await startSite(place, { script: async (call) => { await call.words(Array(200).fill('many words '), 1); await call.stop(); } });
	const statuses = [];
	let final;
	await readNaively(`${site.base}/chat`, { query: 'q', streaming: true }, {
		status: (s) => statuses.push(s),
		final: (r) => { final = r; },
		error: (e) => { throw e; },
	});
	assert.equal(final.answer, 'many words '.repeat(200));
	assert.ok(statuses.some((s) => s.step === 'admit'));
});

scenario('the same reader gets one error, and an HTTP error before the stream', async (place) => {
	const site = await startSite(place, { script: async (call) => { await call.delta('x'); call.cut(); } });
	let error;
	await readNaively(`${site.base}/chat`, { query: 'q', streaming: true }, { error: (e) => { error = e; } });
	assert.match(error.message, /\w/);
	await assert.rejects(readNaively(`${site.base}/chat`, { query: '', streaming: true }, {}), /HTTP 400/);
});

scenario('a client that retries on error events succeeds at its third try', async (place) => {
	const site = await startSite(place, { script: async (call, n) => (n < 3 ? call.json(500, {}) : twoWords(call)) });
	let result;
	let tries = 0;
	for (; !result && tries < 3; tries++) {
		await readNaively(`${site.base}/chat`, { query: 'q', streaming: true }, { final: (r) => { result = r; }, error: () => {} });
		if (!result) await sleep(10);
	}
	assert.equal(result.answer, 'Hello world');
	assert.equal(tries, 3);
	assert.equal(site.upstream.calls.length, 3);
});

scenario('a client that counts: every stream has ended in success or error', async (place) => {
	const site = await startSite(place, { script: async (call, n) => {
		await call.delta('a');
		return n % 3 === 0 ? call.cut() : call.stop();
	} });
	const counts = { success: 0, error: 0, events: 0 };
	await Promise.all(Array.from({ length: 12 }, () => readNaively(`${site.base}/chat`, { query: 'q', streaming: true }, {
		status: () => { counts.events += 1; },
		final: () => { counts.success += 1; },
		error: () => { counts.error += 1; },
	})));
	assert.equal(counts.success, 8);
	assert.equal(counts.error, 4);
	assert.ok(counts.events >= 24);
	assert.equal(await site.metric('leat_turns_total', 'complete'), 8);
	assert.equal(await site.metric('leat_turns_total', 'error'), 4);
});

scenario('simple frames: {"message"} in, content and [DONE] out', async (place) => {
	const site = await startSite(place, { script: twoWords, nginx: { site: NETLIFY } });
	let text = '';
	let done = false;
	const response = await fetch(`${site.nginx.url}/api/chat`, { method: 'POST', body: JSON.stringify({ message: 'Hello' }) });
	assert.equal(response.headers.get('content-type'), 'text/event-stream');
	const reader = response.body.getReader();
	const decoder = new TextDecoder();
	for (let part = await reader.read(); !part.done; part = await reader.read())
		for (const line of decoder.decode(part.value).split('\n')) {
			if (!line.startsWith('data: ')) continue;
			assert.ok(!done, 'nothing after [DONE]');
			if (line === 'data: [DONE]') done = true;
			else text += JSON.parse(line.slice(6)).content ?? '';
		}
	assert.equal(text, 'Hello world');
	assert.ok(done);
});

scenario('simple frames in an EventSource: an error is a message of type error', async (place) => {
	const site = await startSite(place, { script: async (call, n) => { await call.delta('half'); if (n === 1) return call.cut(); return call.stop(); } });
	for (const expected of ['error', 'content']) {
		const source = new EventSource(`${site.base}/chat?message=Hello`);
		const seen = [];
		await within(new Promise((resolve) => {
			source.onmessage = (event) => {
				if (event.data === '[DONE]') { source.close(); return resolve(); }
				seen.push(JSON.parse(event.data));
			};
			source.onerror = () => { source.close(); resolve(); };
		}), 5000, '[DONE]');
		assert.ok(seen.some((data) => data.content === 'half'));
		assert.equal(seen.some((data) => data.type === 'error' && typeof data.error === 'string'), expected === 'error');
	}
});

scenario('an EventSource with a bare address is told why, once, and stays away', async (place) => {
	const site = await startSite(place);
	const { done, source } = watchWithEventSource(`${site.base}/chat`);
	const seen = await within(done, 5000, 'an error');
	assert.match(seen.error, /query/);
	source.close();
	assert.equal(site.upstream.calls.length, 0);
});

scenario('curl in a shell loop sees each event as a line while it comes', async (place) => {
	const site = await startSite(place, { script: async (call) => { await call.words(['One ', 'Two ', 'Three '], 200); await call.stop(); }, nginx: { site: NETLIFY } });
	const script = `curl -sN -X POST "$1" -H 'Content-Type: application/json' -d '{"query":"q","streaming":true}' --no-buffer |
		while IFS= read -r line; do case $line in data:*) printf '%s %s\\n' "$(date +%s%3N)" "\${line#data: }" ;; esac; done`;
	const run = await place.run('curl', 'sh', ['-c', script, 'sh', `${site.nginx.url}/.netlify/functions/chat`]);
	const lines = run.stdout.trim().split('\n').map((line) => ({ at: Number(line.slice(0, 13)), data: JSON.parse(line.slice(14)) }));
	const content = lines.filter((l) => l.data.type === 'content');
	assert.deepEqual(content.map((l) => l.data.content), ['One ', 'Two ', 'Three ']);
	assert.ok(content[2].at - content[0].at >= 300, 'they came apart');
	assert.equal(lines.at(-1).data.type, 'final');
});

scenario('an abort in the reader stops the model', async (place) => {
	const site = await startSite(place, { script: async (call) => { while (!call.isClosed) { await call.delta('.'); await sleep(20); } } });
	const controller = new AbortController();
	const response = await fetch(`${site.base}/chat`, { method: 'POST', signal: controller.signal, body: JSON.stringify({ query: 'q', streaming: true }) });
	const reader = response.body.getReader();
	await reader.read();
	await sleep(100);
	const at = performance.now();
	controller.abort();
	await reader.read().catch(() => {});
	const [call] = site.upstream.calls;
	await within(call.closed, 3000, 'the upstream request closes');
	assert.ok(call.closedAt - at < 150 * SLOWNESS, `${call.closedAt - at} ms`);
});
