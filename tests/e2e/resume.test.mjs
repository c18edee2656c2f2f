// SPDX-License-Identifier: ISC
// Coming back: from any worker, without gap or double, and never with a second
// call to the model.
import assert from 'node:assert/strict';
import { scenario, sleep, eventually, SLOWNESS } from './lib/place.mjs';
import { startSite } from './lib/site.mjs';
import { openStream, readStream } from './lib/sse.mjs';
import { assertNative } from './lib/native.mjs';

const WORDS = Array.from({ length: 30 }, (_, n) => `word${n} `);
const ANSWER = WORDS.join('');

async function slowly(call) {
	await call.words(WORDS, 30 * SLOWNESS);
	await call.stop();
}

/** What a reader sees from after n on, in one form for merged and single frames. */
function rest(stream) {
	return stream.events.map((e) => e.json.type === 'content' ? e.json.content : `<${e.json.type}>`).join('');
}

scenario('a second reader resumes from any worker, without gap or double', async (place) => {
	const site = await startSite(place, { workers: 4, limits: { streams_per_address: 0 }, script: slowly });
	const first = await site.open('q');
	const seen = await first.until((e) => e.json?.content?.includes('word4 '));
	const turn = first.headers['x-leat-turn'];
	const n = Number(seen.id.split('.').at(-1));
	// There is something to catch up with before new words come.
	await first.until((e) => e.json?.content?.includes('word9 '));
	// Connections land on all four workers; one of them owns the turn.
	const ways = Array.from({ length: 24 }, (_, i) => [
		() => openStream(site.url('chat?query=again&streaming=true'), { headers: { 'last-event-id': seen.id } }),
		() => openStream(site.url('chat'), { body: { query: 'again', streaming: true }, headers: { 'last-event-id': seen.id } }),
		() => openStream(site.url(`chat/${turn}/stream?offset=${n}`)),
		() => openStream(site.url(`chat/${turn}/stream`), { headers: { 'last-event-id': seen.id } }),
	][i % 4]());
	const others = await Promise.all((await Promise.all(ways)).map((s) => s.all()));
	await first.all();
	assertNative(first);
	assert.equal(first.last.json.result.answer, ANSWER);
	const expected = rest({ events: first.events.filter((e) => Number(e.id.split('.').at(-1)) > n) });
	for (const stream of others) {
		assert.equal(stream.status, 200);
		assertNative(stream, { after: n });
		assert.equal(rest(stream), expected);
	}
	assert.equal(site.upstream.calls.length, 1);
	assert.ok(await site.metric('leat_handovers_total', 'out') > 0, 'some were handed over');
});

scenario('from the start: the whole stream again', async (place) => {
	const site = await startSite(place, { workers: 4, script: slowly });
	const first = await site.open('q');
	await first.untilType('content');
	for (const query of ['', '?offset=0', '?offset=-1']) {
		const again = await (await openStream(site.url(`chat/${first.headers['x-leat-turn']}/stream${query}`))).all();
		assertNative(again);
		assert.equal(again.last.json.result.answer, ANSWER);
		assert.equal(again.events[0].json.status.step, 'admit');
	}
	await first.all();
});

scenario('a turn that ended gives what was not seen, then 204', async (place) => {
	const site = await startSite(place, { workers: 4, script: async (call) => { await call.words(['one ', 'two'], 40); await call.stop(); } });
	const stream = await site.ask('q');
	const one = stream.events.find((e) => e.json.content === 'one ');
	for (let n = 0; n < 8; n++) {
		const late = await readStream(site.url('chat?query=q&streaming=true'), { headers: { 'last-event-id': one.id } });
		assert.equal(late.status, 200);
		assert.equal(late.text(), 'two');
		assert.equal(late.last.json.type, 'final');
		const nothing = await site.request('chat?query=q&streaming=true', { headers: { 'last-event-id': stream.last.id, accept: 'text/event-stream' } });
		assert.equal(nothing.status, 204);
		assert.equal(nothing.text, '');
	}
	assert.equal(site.upstream.calls.length, 1);
});

scenario('a Last-Event-ID that nobody knows never starts a turn', async (place) => {
	const site = await startSite(place, { workers: 2 });
	const real = (await site.ask('q')).last.id;
	const swapped = real.replace(/.(?=\.\d+$)/, (c) => (c === 'a' ? 'b' : 'a'));
	for (const id of [swapped, 't_00000000000000000000000000000000.3', 'nonsense', '7', `${'x'.repeat(5000)}.1`, 'a.b.c', `${real.split('.')[0]}.99999999999999`]) {
		for (const body of [undefined, { query: 'q', streaming: true }]) {
			const reply = await site.request(body ? 'chat' : 'chat?query=q', { body, headers: { 'last-event-id': id } });
			assert.equal(reply.status, 204, `${id.slice(0, 60)}: ${reply.text}`);
		}
	}
	assert.equal(site.upstream.calls.length, 1);
});

scenario('a turn that nobody knows is gone, what is no turn is not found', async (place) => {
	const site = await startSite(place, { workers: 2 });
	const turn = (await site.ask('q')).headers['x-leat-turn'];
	const swapped = turn.slice(0, -1) + (turn.endsWith('a') ? 'b' : 'a');
	for (const method of ['GET', 'DELETE']) {
		const path = (id) => (method === 'GET' ? `chat/${id}/stream` : `chat/${id}`);
		const gone = await site.request(path(swapped), { method });
		assert.equal(gone.status, 410);
		assert.equal(gone.json.code, 'gone');
		assert.equal((await site.request(path('x'), { method })).status, 404);
	}
});

scenario('wait: 0 answers at once, and polling gets the rest', async (place) => {
	const site = await startSite(place, { workers: 4, script: slowly });
	const accepted = await site.post('chat', { query: 'q', wait: 0 });
	assert.equal(accepted.status, 202);
	const { turn } = accepted.json;
	assert.ok(accepted.ms < 300 * SLOWNESS);
	const events = [];
	let next = 0;
	let polls = 0;
	for (let ended = false; !ended; polls++) {
		const poll = await site.request(`chat/${turn}/stream?offset=${next}&live=long-poll&wait=5`);
		assert.equal(poll.status, 200, poll.text);
		assert.equal(poll.headers['content-type'], 'application/json');
		events.push(...poll.json.events);
		assert.ok(poll.json.next >= next);
		({ next, ended } = poll.json);
		assert.ok(polls < 200);
	}
	assert.ok(polls > 2, `${polls} polls`);
	assert.equal(events.filter((e) => e.type === 'content').map((e) => e.content).join(''), ANSWER);
	assert.equal(events.at(-1).type, 'final');
	assert.equal(site.upstream.calls.length, 1);
});

scenario('a poll without news waits as long as it was told, and no longer', async (place) => {
	const site = await startSite(place, { workers: 2, script: () => {} });
	const { turn } = (await site.post('chat', { query: 'q', wait: 0 })).json;
	let poll = await site.request(`chat/${turn}/stream?offset=0&live=long-poll&wait=1`);
	// What is there comes at once; then there is nothing.
	let { next } = poll.json;
	do {
		poll = await site.request(`chat/${turn}/stream?offset=${next}&live=long-poll&wait=1`);
		next = poll.json.next;
	} while (poll.json.events.length);
	assert.deepEqual(poll.json, { events: [], next, ended: false });
	assert.ok(poll.ms > 900 && poll.ms < 2000 * SLOWNESS, `${poll.ms} ms`);
});

scenario('a turn that is polled by nobody is cancelled after its linger', async (place) => {
	const site = await startSite(place, { workers: 2, chat: { linger: '1s' }, script: async (call) => { while (!call.isClosed) { await call.delta('.'); await sleep(50); } } });
	await site.post('chat', { query: 'q', wait: 0 });
	const call = await site.upstream.call(1);
	await call.closed;
	const ms = call.closedAt - call.at;
	assert.ok(ms > 900 && ms < 2500 * SLOWNESS, `${ms} ms`);
});

scenario('stop ends the turn for all its readers and closes the upstream', async (place, t) => {
	const site = await startSite(place, { workers: 4, script: async (call) => { await call.words(['so ', 'far '], 20); } });
	for (const how of ['DELETE', 'POST'])
		await t.test(how, async () => {
			const stream = await site.open('q');
			await stream.until((e) => e.json?.content?.includes('far'));
			const turn = stream.headers['x-leat-turn'];
			const other = await openStream(site.url(`chat/${turn}/stream`));
			const call = site.upstream.calls.at(-1);
			const before = performance.now();
			const reply = how === 'DELETE'
				? await site.request(`chat/${turn}`, { method: 'DELETE' })
				: await site.request(`chat/${turn}/stop`, { method: 'POST' });
			assert.ok([200, 202, 204].includes(reply.status), `${reply.status}`);
			for (const s of [stream, other]) {
				await s.all();
				assertNative(s);
				assert.equal(s.last.json.type, 'final');
				assert.equal(s.last.json.result.finish_reason, 'cancelled');
				assert.equal(s.last.json.result.answer, 'so far ');
			}
			await call.closed;
			assert.ok(call.closedAt - before < 100 * SLOWNESS, `${call.closedAt - before} ms`);
		});
	assert.equal(await site.metric('leat_turns_total', 'cancelled'), 2);
});

scenario('an id that the client chose attaches, and is never asked twice', async (place) => {
	const site = await startSite(place, { workers: 4, script: slowly });
	const turn = 'my-own-turn-0123456789';
	const first = await site.open('q', { turn });
	await first.untilType('content');
	const others = await Promise.all(Array.from({ length: 8 }, () => site.ask('q', { turn })));
	await first.all();
	for (const stream of [first, ...others]) {
		assertNative(stream);
		assert.equal(stream.headers['x-leat-turn'], turn);
		assert.equal(stream.last.json.result.answer, ANSWER);
	}
	assert.equal(site.upstream.calls.length, 1);
	for (let n = 0; n < 8; n++) {
		const after = await site.request('chat', { body: { query: 'q', streaming: true, turn } });
		assert.equal(after.status, 204);
	}
	assert.equal(site.upstream.calls.length, 1);
});

scenario('two at once with the same new id share one turn', async (place) => {
	const site = await startSite(place, { workers: 4, script: slowly });
	for (let n = 0; n < 5; n++) {
		const turn = `race-of-two-readers-${n}`;
		const both = await Promise.all([site.ask('q', { turn }), site.ask('q', { turn })]);
		for (const stream of both) assert.equal(stream.last.json.result.answer, ANSWER);
		assert.equal(site.upstream.calls.length, n + 1);
	}
});

scenario('when the last reader goes, the turn goes; another reader keeps it', async (place) => {
	const site = await startSite(place, { workers: 2, script: async (call) => { while (!call.isClosed) { await call.delta('.'); await sleep(20); } } });
	const a = await site.open('q');
	await a.untilType('content');
	const b = await openStream(site.url(`chat/${a.headers['x-leat-turn']}/stream`));
	await b.untilType('content');
	const [call] = site.upstream.calls;
	a.leave();
	await sleep(300);
	assert.ok(!call.isClosed, 'still read by the other');
	b.leave();
	await call.closed;
	assert.ok(call.closedAt - b.leftAt < 100 * SLOWNESS);
	await eventually(async () => (await site.metric('leat_turns_open')) === 0, 'no turn is open');
});
