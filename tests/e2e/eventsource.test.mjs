// SPDX-License-Identifier: ISC
// EventSource as Chromium has it, and the package of that name: what they do
// by themselves when a stream ends, breaks or is refused. However often they
// come back, the model is asked once.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after } from 'node:test';
import { EventSource } from 'eventsource';
import { scenario, eventually, sleep, within, SLOWNESS } from './lib/place.mjs';
import { startSite } from './lib/site.mjs';
import { plainAnswer } from './lib/upstream.mjs';
import { closeBrowser, noBrowser, openPage } from './page_browser.mjs';

after(closeBrowser);

const PLAIN = 'location = /plain { default_type text/html; return 200 "<title>plain</title>"; }';
const WAIT_MS = 9000;

/** Between client and nginx: counts connections and can break them. */
async function startWire(place, port) {
	const wire = { open: new Set(), requests: [] };
	const server = net.createServer((near) => {
		const far = net.connect(port, '127.0.0.1');
		wire.open.add(near);
		near.on('data', (data) => {
			for (const head of data.toString('latin1').split(/(?=GET \/ask\/)/))
				if (head.startsWith('GET /ask/'))
					wire.requests.push({ at: performance.now(), lastEventId: head.match(/last-event-id: (\S+)/i)?.[1] });
		});
		for (const [one, other] of [[near, far], [far, near]]) {
			one.on('error', () => {});
			one.on('close', () => { wire.open.delete(near); other.destroy(); });
			one.pipe(other);
		}
	});
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	wire.cut = () => { for (const socket of wire.open) socket.destroy(); };
	wire.url = `http://127.0.0.1:${server.address().port}`;
	place.onClose(() => { wire.cut(); server.close(); });
	return wire;
}

/** Like a page that never calls close(): all that its EventSource tells. */
function observe(EventSource, url, seen) {
	const source = new EventSource(url);
	source.onopen = () => { seen.opens += 1; };
	source.onmessage = (event) => { seen.messages.push(event.data); seen.lastId = event.lastEventId; };
	source.onerror = () => { seen.errors += 1; seen.state = source.readyState; };
	return source;
}

const blank = () => ({ opens: 0, errors: 0, messages: [], lastId: '', state: 0 });

/** The package's, in this process. */
async function startNode(place, url) {
	const seen = blank();
	const source = observe(EventSource, url, seen);
	place.onClose(() => source.close());
	return { seen: async () => seen, close: async () => source.close() };
}

/** Chromium's, in a page of the same site. */
async function startChromium(place, url) {
	const page = await openPage(place, new URL('/plain', url).href);
	page.mayComplain = true;
	await page.evaluate(`window.seen = ${JSON.stringify(blank())}; window.source = (${observe.toString()})(EventSource, ${JSON.stringify(url)}, window.seen);`);
	return { seen: () => page.evaluate(() => window.seen), close: () => page.evaluate(() => window.source.close()) };
}

const closed = (client, ms = WAIT_MS) => eventually(async () => (await client.seen()).state === 2, 'it is closed by itself', ms);
const parsed = (seen) => seen.messages.map((message) => message === '[DONE]' ? message : JSON.parse(message));

/** What the model does is in the question's first word. */
const SCRIPTS = {
	plain: plainAnswer,
	ticking: async (call) => {
		for (let i = 0; i < 200 && !call.isClosed; i++) { await call.delta(`${i} `); await sleep(25); }
		await call.stop();
	},
	late: async (call) => {
		await sleep(1500);
		await call.words(['late ', 'words']);
		await call.stop();
	},
	cut: async (call) => { await call.delta('half'); call.cut(); },
};

// Each with both kinds of EventSource: ask() starts one with a question of
// its own, calls() are those that reached the model with it.
const BEHAVIOURS = {
	async 'a stream that ended ends it, after `retry`'({ ask, calls, wire }) {
		const client = await ask('query', 'plain');
		await closed(client);
		const seen = await client.seen();
		const types = parsed(seen).map((data) => data.type);
		assert.equal(types[0], 'status');
		assert.equal(types.at(-1), 'final');
		assert.equal(types.filter((type) => type === 'final').length, 1, 'nothing came twice');
		assert.equal(seen.opens, 1);
		assert.equal(wire.requests.length, 2);
		assert.equal(wire.requests[1].lastEventId, seen.lastId);
		const waited = wire.requests[1].at - wire.requests[0].at;
		assert.ok(waited > 1900 && waited < 5000 * SLOWNESS, `it came back after ${waited} ms`);
		assert.equal(calls().length, 1);
	},
	async 'a stream that broke goes on, while others keep the turn'({ ask, calls, wire, site }) {
		const client = await ask('query', 'ticking');
		await eventually(async () => (await client.seen()).messages.length > 10, 'some words');
		const [turn] = (await client.seen()).lastId.split('.');
		const keeper = await site.stream(`chat/${turn}/stream`);
		wire.cut();
		await eventually(async () => parsed(await client.seen()).at(-1).type === 'final', 'the end', 20000);
		await client.close();
		keeper.leave();
		const seen = await client.seen();
		assert.equal(seen.opens, 2);
		const text = parsed(seen).map((data) => data.content ?? '').join('');
		assert.equal(text, Array.from({ length: 200 }, (_, i) => `${i} `).join(''), 'no gap, nothing twice');
		assert.equal(calls().length, 1);
	},
	async 'a stream that broke and had no other reader is told to be over'({ ask, calls, wire }) {
		const client = await ask('query', 'ticking');
		await eventually(async () => (await client.seen()).messages.length > 10, 'some words');
		wire.cut();
		await within(calls()[0].closed, 2000 * SLOWNESS, 'the request to the model is closed');
		await closed(client, 2 * WAIT_MS);
		const last = parsed(await client.seen()).at(-1);
		assert.deepEqual([last.type, last.code], ['error', 'cancelled']);
		assert.equal(calls().length, 1);
	},
	async 'simple frames: who does not close is sent away after [DONE]'({ ask, calls }) {
		const client = await ask('message', 'plain');
		await closed(client);
		const data = parsed(await client.seen());
		assert.equal(data.at(-1), '[DONE]');
		assert.equal(data.filter((d) => d === '[DONE]').length, 1);
		assert.equal(data.map((d) => d.content ?? '').join(''), 'The answer is 42.');
		assert.equal(calls().length, 1);
	},
	async 'simple frames: a break before the first word does not ask again'({ ask, calls, wire, kind }) {
		// The package forgets an id that comes without data.
		if (kind !== 'Chromium') return;
		const client = await ask('message', 'late');
		await eventually(async () => (await client.seen()).opens === 1 && calls().length === 1, 'it is open');
		await sleep(100);
		wire.cut();
		await closed(client, 2 * WAIT_MS);
		assert.equal(calls().length, 1);
	},
	async 'a refusal is told once, with its reason'({ open, wire }) {
		const client = await open('chat?query=');
		await closed(client);
		const seen = await client.seen();
		assert.equal(seen.messages.length, 1);
		assert.match(parsed(seen)[0].error, /query/);
		assert.equal(wire.requests.length, 2);
	},
	async 'an address that is none is told once'({ open, wire }) {
		const client = await open('chatt');
		await closed(client);
		assert.deepEqual(parsed(await client.seen()).map((data) => data.code), ['not_found']);
		assert.equal(wire.requests.length, 2);
	},
	async 'an error of the model is told once, with what it had said'({ ask, calls }) {
		const client = await ask('query', 'cut');
		await closed(client);
		const errors = parsed(await client.seen()).filter((data) => data.type === 'error');
		assert.deepEqual(errors.map((data) => data.partial), ['half']);
		assert.equal(calls().length, 1);
	},
};

/** All at the same time, for each waits most of its time. */
async function tryAll(place, t, kind, start) {
	const script = (call) => SCRIPTS[call.question.split(' ')[0]](call);
	const site = await startSite(place, { script, nginx: { site: PLAIN } });
	await Promise.all(Object.entries(BEHAVIOURS).map(([name, behave], n) => t.test(name, async () => {
		const wire = await startWire(place, site.nginx.port);
		const open = (path) => start(place, `${wire.url}/ask/${path}`);
		await behave({
			site, wire, kind, open,
			ask: (field, word) => open(`chat?${field}=${encodeURIComponent(`${word} ${n}`)}&streaming=true`),
			calls: () => site.upstream.calls.filter((call) => call.question.endsWith(` ${n}`)),
		});
	})));
}

scenario('the package eventsource comes back and never asks the model again', (place, t) => tryAll(place, t, 'package', startNode), { concurrency: true });
scenario('Chromium\'s EventSource comes back and never asks the model again', (place, t) => tryAll(place, t, 'Chromium', startChromium), { concurrency: true, skip: noBrowser });

async function endless(call) {
	while (!call.isClosed) { await call.delta('. '); await sleep(50); }
}

scenario('a page of the site reads with fetch, and aborts', async (place) => {
	const site = await startSite(place, { script: async (call) => (call.question === 'endless' ? endless(call) : (await call.words(['Hello ', 'wörld']), call.stop())), nginx: { site: PLAIN } });
	const page = await openPage(place, `${site.nginx.url}/plain`);
	const read = await page.evaluate(async () => {
		const seen = [];
		const response = await fetch('/ask/chat', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ query: 'Hi', streaming: true }) });
		const reader = response.body.getReader();
		const decoder = new TextDecoder();
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return seen;
			for (const line of decoder.decode(value).split('\n'))
				if (line.startsWith('data: ')) seen.push(JSON.parse(line.slice(6)));
		}
	});
	assert.equal(read.map((data) => data.content ?? '').join(''), 'Hello wörld');
	assert.equal(read.at(-1).result.answer, 'Hello wörld');
	const left = await page.evaluate(async () => {
		const controller = new AbortController();
		const response = await fetch('/ask/chat', { method: 'POST', body: JSON.stringify({ message: 'endless' }), signal: controller.signal });
		await response.body.getReader().read();
		controller.abort();
		return performance.timeOrigin + performance.now();
	});
	const call = await site.upstream.call(2);
	await within(call.closed, 9000, 'the request to the model is closed');
	// At once; but where data comes in at that very moment, Chromium reads on
	// for up to 5 s, hoping to use its connection again.
	const ms = performance.timeOrigin + call.closedAt - left;
	assert.ok(ms < 7000, `after ${ms} ms`);
}, { skip: noBrowser });
