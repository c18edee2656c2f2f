// SPDX-License-Identifier: ISC
// What is refused, one by one: with which status and code, and that the hint
// names what was wrong. Nothing refused ever reaches a provider.
import assert from 'node:assert/strict';
import { scenario, SLOWNESS } from './lib/place.mjs';
import { startSite } from './lib/site.mjs';
import { request } from './lib/sse.mjs';
import { fcgiRequest } from './lib/fcgi.mjs';

const user = (content) => [{ role: 'user', content }];
const deep = (n) => '['.repeat(n) + ']'.repeat(n);

// [name, body (text, or a value), status, code, what the hint names]
const BODIES = [
	['nothing at all', '', 400, 'bad_request', /JSON|body|empty/i],
	['no question', {}, 400, 'bad_request', /query/],
	['an empty query', { query: '' }, 400, 'bad_request', /query/],
	['a query of blanks', { query: ' \n\t' }, 400, 'bad_request', /query/],
	['an empty message', { message: '' }, 400, 'bad_request', /message/],
	['a query that is a number', { query: 1 }, 400, 'bad_request', /query/],
	['a query that is null', { query: null }, 400, 'bad_request', /query/],
	['query and messages', { query: 'a', messages: user('b') }, 400, 'bad_request', /query.*messages/],
	['query and message', { query: 'a', message: 'b' }, 400, 'bad_request', /query.*message/],
	['no messages', { messages: [] }, 400, 'bad_request', /messages/],
	['messages that are a string', { messages: 'a' }, 400, 'bad_request', /messages/],
	['a message that is a string', { messages: ['a'] }, 400, 'bad_request', /messages\[0\]/],
	['a message without a role', { messages: [{ content: 'a' }] }, 400, 'bad_request', /messages\[0\]\.role/],
	['a message with an unknown role', { messages: [{ role: 'robot', content: 'a' }] }, 400, 'bad_request', /messages\[0\]\.role/],
	['a message without content', { messages: [{ role: 'user' }] }, 400, 'bad_request', /messages\[0\]\.content/],
	['a system message', { messages: [{ role: 'system', content: 'obey' }, ...user('a')] }, 400, 'bad_request', /messages\[0\]\.role/],
	['an answer as the last message', { messages: [...user('a'), { role: 'assistant', content: 'b' }] }, 400, 'bad_request', /last/],
	['a message with an image', { messages: user([{ type: 'image_url', image_url: { url: 'data:' } }]) }, 400, 'unsupported_field', /messages\[0\]\.content\[0\]/],
	['a message with further fields', { messages: [{ role: 'user', content: 'a', tool_calls: [] }] }, 400, 'unsupported_field', /tool_calls/],
	['too many messages', { messages: Array(201).fill(user('a')[0]) }, 413, 'too_large', /messages/],
	['a long query', { query: 'a'.repeat(8193) }, 413, 'too_large', /query/],
	['an unknown field', { query: 'a', foo: 1 }, 400, 'unsupported_field', /foo/],
	['tools', { query: 'a', tools: [{ type: 'function', function: { name: 'f' } }] }, 400, 'unsupported_field', /tools/],
	['tool_choice', { query: 'a', tool_choice: 'auto' }, 400, 'unsupported_field', /tool_choice/],
	['a session', { query: 'a', session: 'x'.repeat(20) }, 400, 'unsupported_field', /session/],
	['durable', { query: 'a', durable: true }, 400, 'unsupported_field', /durable/],
	['an upstream of the client', { query: 'a', base_url: 'http://127.0.0.1/' }, 400, 'unsupported_field', /base_url/],
	['a key of the client', { query: 'a', api_key: 'sk' }, 400, 'unsupported_field', /api_key/],
	['streaming that is a word', { query: 'a', streaming: 'perhaps' }, 400, 'bad_request', /streaming/],
	['an unknown format', { query: 'a', format: 'xml' }, 400, 'bad_request', /format/],
	['a format that is a number', { query: 'a', format: 1 }, 400, 'bad_request', /format/],
	['a temperature in words', { query: 'a', temperature: 'hot' }, 400, 'bad_request', /temperature/],
	['a temperature of 3', { query: 'a', temperature: 3 }, 400, 'bad_request', /temperature/],
	['a temperature of -1', { query: 'a', temperature: -1 }, 400, 'bad_request', /temperature/],
	['a temperature of 1e999', '{"query":"a","temperature":1e999}', 400, 'bad_request', /temperature|number/],
	['a top_p of 2', { query: 'a', top_p: 2 }, 400, 'bad_request', /top_p/],
	['no tokens', { query: 'a', max_tokens: 0 }, 400, 'bad_request', /max_tokens/],
	['half a token', { query: 'a', max_tokens: 1.5 }, 400, 'bad_request', /max_tokens/],
	['tokens beyond 64 bits', '{"query":"a","max_tokens":99999999999999999999}', 400, 'bad_request', /max_tokens/],
	['stop as a number', { query: 'a', stop: 1 }, 400, 'bad_request', /stop/],
	['five stops', { query: 'a', stop: ['a', 'b', 'c', 'd', 'e'] }, 400, 'bad_request', /stop/],
	['context as a number', { query: 'a', context: 1 }, 400, 'bad_request', /context/],
	['context with unknown options', { query: 'a', context: { depth: 1 } }, 400, 'unsupported_field', /context/],
	['a turn that is too short', { query: 'a', turn: 'short' }, 400, 'bad_request', /turn/],
	['a turn that looks like a path', { query: 'a', turn: '../../../../etc/passwd' }, 400, 'bad_request', /turn/],
	['a wait of 5', { query: 'a', wait: 5 }, 400, 'bad_request', /wait/],
	['an unknown model', { query: 'a', model: 'no-such' }, 404, 'model_not_found', /./],
	['half a JSON', '{"query":"a"', 400, 'bad_request', /JSON/i],
	['JSON and more', '{"query":"a"} {}', 400, 'bad_request', /JSON/i],
	['an array', '[]', 400, 'bad_request', /object/],
	['a string', '"a"', 400, 'bad_request', /object/],
	['single quotes', "{'query':'a'}", 400, 'bad_request', /JSON/i],
	['a comment', '{"query":"a" /* b */}', 400, 'bad_request', /JSON/i],
	['NaN', '{"query":"a","temperature":NaN}', 400, 'bad_request', /JSON|temperature/i],
	['a key twice', '{"query":"a","query":"b"}', 400, 'bad_request', /query|twice/],
	['nesting beyond 32', `{"query":"a","context":${deep(33)}}`, 400, 'bad_request', /deep|nest|32/],
	['nesting beyond every stack', `{"query":"a","context":${deep(100000)}}`, 400, 'bad_request', /deep|nest|32/],
	['invalid UTF-8', Buffer.from('{"query":"a\xff"}', 'latin1'), 400, 'bad_request', /UTF-8/],
	['overlong UTF-8', Buffer.from('{"query":"a\xc0\xaf"}', 'latin1'), 400, 'bad_request', /UTF-8/],
	['a NUL byte', Buffer.from('{"query":"a\0"}'), 400, 'bad_request', /./],
];

const QUERIES = [
	['no question', '', 400, 'bad_request', /query/],
	['an empty query', '?query=', 400, 'bad_request', /query/],
	['an unknown field', '?query=a&foo=1', 400, 'unsupported_field', /foo/],
	['two queries', '?query=a&query=b', 400, 'bad_request', /query|twice/],
	['query and message', '?query=a&message=b', 400, 'bad_request', /query.*message/],
	['streaming=perhaps', '?query=a&streaming=perhaps', 400, 'bad_request', /streaming/],
	['a broken escape', '?query=%zz', 400, 'bad_request', /./],
	['half an escape', '?query=a%4', 400, 'bad_request', /./],
	['invalid UTF-8', '?query=%ff%fe', 400, 'bad_request', /UTF-8/],
	['temperature=hot', '?query=a&temperature=hot', 400, 'bad_request', /temperature/],
];

function assertRefusal(reply, status, code, hint) {
	assert.equal(reply.status, status, reply.text);
	assert.equal(reply.headers['content-type'], 'application/json');
	assert.equal(reply.json.type, 'error');
	assert.equal(reply.json.code, code);
	assert.match(reply.json.error, hint);
	assert.equal(reply.json.retryable, false);
}

scenario('a body that is wrong is refused with what is wrong', async (place, t) => {
	const site = await startSite(place, { provider: { models: [] } });
	for (const [name, body, status, code, hint] of BODIES)
		await t.test(name, async () => assertRefusal(await request(site.url('chat'), { method: 'POST', body }), status, code, hint));
	assert.equal(site.upstream.calls.length, 0);
	assert.equal((await site.post('chat', { query: 'a' })).status, 200);
});

scenario('a query string that is wrong is refused with what is wrong', async (place, t) => {
	const site = await startSite(place);
	for (const [name, query, status, code, hint] of QUERIES)
		await t.test(name, async () => assertRefusal(await site.request(`chat${query}`), status, code, hint));
	assert.equal(site.upstream.calls.length, 0);
});

scenario('an EventSource gets its refusal as an event, for it cannot read a 4xx', async (place) => {
	const site = await startSite(place);
	const stream = await (await site.stream('chat?query=', { headers: { accept: 'text/event-stream' } })).all();
	assert.equal(stream.status, 200);
	assert.equal(stream.headers['content-type'], 'text/event-stream');
	assert.equal(stream.events.length, 1);
	assert.equal(stream.last.json.type, 'error');
	assert.equal(stream.last.json.code, 'bad_request');
});

scenario('bodies made to cost much are refused at once', async (place, t) => {
	const site = await startSite(place);
	const size = 8 * 1024 * 1024 - 100;
	const bodies = {
		'empty objects': `[${'{},'.repeat(size / 3 - 2)}{}]`,
		'a wide object': `{"query":"a","context":[${'0,'.repeat(size / 2 - 20)}0]}`,
		'brackets': '['.repeat(size),
		'keys': `{${Array.from({ length: 300000 }, (_, n) => `"k${n}":{}`).join(',')}}`,
		'one long string': `{"query":"${'a'.repeat(size - 30)}"}`,
	};
	for (const [name, body] of Object.entries(bodies)) {
		await t.test(name, async () => {
			// Another visitor meanwhile must not notice.
			const heavy = site.request('chat', { method: 'POST', body });
			const light = await site.request('healthz');
			assert.ok(light.ms < 500 * SLOWNESS, `${light.ms} ms for another`);
			const reply = await heavy;
			assert.ok([400, 413].includes(reply.status), `${reply.status}`);
			assert.ok(reply.ms < 1500 * SLOWNESS, `${reply.ms} ms`);
		});
	}
	assert.equal(site.upstream.calls.length, 0);
});

scenario('413 arrives as 413, from nginx and from leat, each time', async (place) => {
	const site = await startSite(place, { limits: { body: '100K' } });
	const big = JSON.stringify({ query: 'a', padding: 'x'.repeat(9 * 1024 * 1024) });
	const byNginx = await site.request('chat', { method: 'POST', body: big });
	assert.equal(byNginx.status, 413);
	assert.equal(byNginx.json.code, 'too_large');
	const medium = JSON.stringify({ query: 'a', padding: 'x'.repeat(2 * 1024 * 1024) });
	for (let n = 0; n < 20; n++) {
		const reply = await site.request('chat', { method: 'POST', body: medium });
		assert.equal(reply.status, 413, `try ${n}: ${reply.text}`);
		assert.equal(reply.json.code, 'too_large');
	}
});

scenario('too many parameters are refused', async (place) => {
	const site = await startSite(place, { limits: { params: '8K' } });
	const reply = await fcgiRequest(site.leat.socket, { path: '/ask/healthz', headers: { 'x-long': 'x'.repeat(20000) } });
	assert.ok([413, 431].includes(reply.status), `${reply.status}`);
	assert.equal((await site.request('healthz')).status, 200);
});

scenario('a page of another site may not ask', async (place) => {
	const site = await startSite(place, { more: { cors_origins: ['https://friend.example'] } });
	const ask = (origin) => site.post('chat', { query: 'a' }, { origin });
	const foreign = await ask('https://evil.example');
	assert.equal(foreign.status, 403);
	assert.equal(foreign.json.code, 'forbidden');
	assert.equal(site.upstream.calls.length, 0);
	assert.equal((await ask('null')).status, 403);
	assert.equal((await ask('http://127.0.0.2')).status, 403);
	const named = await site.post('chat', { query: 'a' }, { origin: 'https://proxied.example', 'sec-fetch-site': 'same-origin' });
	assert.equal(named.status, 200);
	// An image or a link of another site names no Origin.
	const calls = site.upstream.calls.length;
	const lure = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' };
	assert.equal((await site.request('chat?query=a', { headers: lure })).status, 403);
	assert.equal(site.upstream.calls.length, calls);
	assert.equal((await site.request('', { headers: lure })).status, 200);
	const own = await ask(site.nginx.url);
	assert.equal(own.status, 200);
	const friend = await ask('https://friend.example');
	assert.equal(friend.status, 200);
	assert.equal(friend.headers['access-control-allow-origin'], 'https://friend.example');
	assert.match(friend.headers.vary ?? '', /origin/i);
});

scenario('too many streams of one address are told to come back', async (place) => {
	const site = await startSite(place, { limits: { streams_per_address: 3 }, workers: 2, script: () => {} });
	const open = [];
	for (let n = 0; n < 3; n++) {
		open.push(await site.open('a'));
		await open[n].untilType('status');
	}
	const refused = await site.post('chat', { query: 'a', streaming: true });
	assert.equal(refused.status, 429);
	assert.equal(refused.json.code, 'too_many_streams');
	assert.equal(refused.json.retryable, true);
	assert.ok(Number(refused.headers['retry-after']) > 0);
	const source = await (await site.stream('chat?query=a', { headers: { accept: 'text/event-stream' } })).all();
	assert.equal(source.status, 200);
	assert.equal(source.events.length, 0);
	assert.ok(source.parser.lastRetry >= 5000 && source.parser.lastRetry <= 15000);
	for (const stream of open) stream.leave();
	let again;
	for (let n = 0; n < 100 && again?.headers['content-type'] !== 'text/event-stream'; n++) {
		again?.leave();
		again = await site.open('a');
	}
	assert.equal(again.status, 200);
	again.leave();
});

scenario('a full worker says so at once, and takes more when there is room', async (place) => {
	const site = await startSite(place, { workers: 1, limits: { streams_per_worker: 5, streams_per_address: 0 }, script: async (call) => { await call.delta('x'); } });
	const open = await Promise.all(Array.from({ length: 5 }, () => site.open('q')));
	await Promise.all(open.map((s) => s.untilType('content')));
	const refused = await site.post('chat', { query: 'q', streaming: true });
	assert.equal(refused.status, 503);
	assert.equal(refused.json.code, 'overloaded');
	assert.equal(refused.json.retryable, true);
	assert.ok(Number(refused.headers['retry-after']) > 0);
	assert.ok(refused.ms < 300 * SLOWNESS);
	assert.equal((await site.request('healthz')).status, 200);
	assert.equal(site.upstream.calls.length, 5);
	open[0].leave();
	let again;
	for (let n = 0; n < 100; n++) {
		again = await site.open('q');
		if (again.status === 200) break;
		await again.all();
	}
	await again.untilType('content');
	for (const stream of [...open, again]) stream.leave();
});

scenario('an ask that waits for one answer counts as a stream too', async (place) => {
	const site = await startSite(place, { workers: 1, limits: { streams_per_worker: 2, streams_per_address: 0 }, script: () => {} });
	const waiting = [site.post('chat', { query: 'a' }), site.post('chat', { query: 'b' })];
	for (const w of waiting) w.catch(() => {});
	await site.upstream.call(2);
	assert.equal((await site.post('chat', { query: 'c' })).status, 503);
});
