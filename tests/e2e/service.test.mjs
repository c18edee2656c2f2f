// SPDX-License-Identifier: ISC
// Mounts, methods, and what monitors ask.
import assert from 'node:assert/strict';
import { scenario, eventually } from './lib/place.mjs';
import { startSite } from './lib/site.mjs';
import { fcgiRequest } from './lib/fcgi.mjs';
import { readStream, request } from './lib/sse.mjs';
import { assertNative } from './lib/native.mjs';
import { startLeat } from './lib/leat.mjs';

const FASTCGI = 'include fastcgi_params; fastcgi_pass leat; fastcgi_pass_header X-Accel-Buffering;';

scenario('every mount answers: by parameter, by option, by PATH_INFO, by the path alone', async (place, t) => {
	const site = await startSite(place, { nginx: { site: `
		location /help/ { ${FASTCGI} fastcgi_param LEAT_MOUNT /help; }
		location /api/ { ${FASTCGI} }
		location /.netlify/functions/ { ${FASTCGI} }
		location /info/ { ${FASTCGI} fastcgi_split_path_info ^(/info/leat)(/.*)$; fastcgi_param SCRIPT_NAME $fastcgi_script_name; fastcgi_param PATH_INFO $fastcgi_path_info; }
		location /old/ { rewrite ^/old/(.*)$ /index.fcgi last; }
		location = /index.fcgi { ${FASTCGI} }
	` } });
	for (const mount of ['/ask', '/help', '/api', '/.netlify/functions', '/info/leat', '/old'])
		await t.test(mount, async () => {
			const stream = await readStream(`${site.nginx.url}${mount}/chat`, { body: { query: 'q', streaming: true } });
			assertNative(stream);
			assert.equal(stream.last.json.result.answer, 'The answer is 42.');
			const resumed = await request(`${site.nginx.url}${mount}/chat/${stream.headers['x-leat-turn']}/stream?offset=0&live=long-poll&wait=0`);
			assert.equal(resumed.status, 200, resumed.text);
			assert.equal(resumed.json.ended, true);
			assert.equal((await request(`${site.nginx.url}${mount}/healthz`)).status, 200);
		});
});

scenario('the mount option holds where the web server says nothing', async (place) => {
	const leat = await startLeat(place, { more: { mount: '/deep/er' } });
	const ask = (path) => fcgiRequest(leat.socket, { path, params: { LEAT_MOUNT: '' } });
	assert.equal((await ask('/deep/er/healthz')).status, 200);
	assert.equal((await ask('/other/healthz')).status, 404);
});

scenario('paths that try to get out are not found', async (place) => {
	const leat = await startLeat(place);
	for (const path of ['/ask/../healthz', '/ask/chat/../../etc/passwd', '/ask/chat/%2e%2e/x', '/ask/chat/a/b/c/d', '/ask/chat/x/streams', '/askew/healthz', '/', '']) {
		const reply = await fcgiRequest(leat.socket, { path });
		assert.equal(reply.status, 404, `${path}: ${reply.status}`);
		assert.equal(reply.json.code, 'not_found');
	}
});

scenario('/ask goes to /ask/, where a page is', async (place) => {
	const site = await startSite(place);
	const moved = await request(`${site.nginx.url}/ask`);
	assert.equal(moved.status, 301);
	assert.equal(moved.headers.location, '/ask/');
	const page = await site.request('');
	assert.equal(page.status, 200);
	assert.match(page.headers['content-type'], /^text\/html/);
	assert.match(page.headers['content-security-policy'], /default-src 'none'|script-src/);
	assert.equal(page.headers['x-content-type-options'], 'nosniff');
});

scenario('wrong methods get 405 with what is allowed', async (place, t) => {
	const site = await startSite(place);
	const cases = [
		['PUT', 'chat', ['GET', 'POST']],
		['PATCH', 'chat', ['GET', 'POST']],
		['DELETE', 'chat', ['GET', 'POST']],
		['HEAD', 'chat?query=a', ['GET', 'POST']],
		['POST', 'healthz', ['GET', 'HEAD']],
		['DELETE', 'search', ['GET', 'HEAD']],
		['GET', 'chat/t_000000000000000000000000000000/stop', ['POST']],
		['POST', 'chat/t_000000000000000000000000000000/stream', ['GET']],
		['PUT', 'chat/t_000000000000000000000000000000', ['DELETE']],
		['BREW', 'healthz', ['GET', 'HEAD']],
	];
	for (const [method, path, allowed] of cases)
		await t.test(`${method} ${path}`, async () => {
			// nginx refuses unknown methods itself: ask leat.
			const reply = await fcgiRequest(site.leat.socket, { method, path: `/ask/${path}`, body: method === 'POST' ? '{}' : undefined });
			assert.equal(reply.status, 405);
			const words = reply.headers.allow.split(/, */);
			for (const word of allowed) assert.ok(words.includes(word), reply.headers.allow);
			assert.ok(!words.includes(method));
			if (method !== 'HEAD') assert.equal(reply.json.type, 'error');
		});
	assert.equal(site.upstream.calls.length, 0);
});

scenario('HEAD has the headers of GET and no body', async (place) => {
	const site = await startSite(place);
	for (const path of ['healthz', 'readyz', 'search?q=a', '']) {
		const get = await site.request(path);
		const head = await site.request(path, { method: 'HEAD' });
		assert.equal(head.status, get.status);
		assert.equal(head.text, '');
		assert.equal(head.headers['content-type'], get.headers['content-type']);
	}
});

scenario('healthz, readyz and metrics say what is', async (place) => {
	const site = await startSite(place, { workers: 2, script: async (call) => {
		if (call.question.includes('fail')) return call.cut();
		await call.delta('x');
		return call.question.includes('hang') ? undefined : call.stop();
	} });
	assert.equal((await site.request('healthz')).status, 200);
	assert.equal((await site.request('readyz')).status, 200);
	for (const word of ['a', 'b', 'fail']) await site.ask(word);
	const hanging = await site.open('hang');
	await hanging.untilType('content');
	const text = (await site.request('metrics')).text;
	assert.match((await site.request('metrics')).headers['content-type'], /^text\/plain; version=0\.0\.4/);
	assert.equal(await site.metric('leat_turns_total', 'complete'), 2);
	assert.equal(await site.metric('leat_turns_total', 'error'), 1);
	assert.equal(await site.metric('leat_turns_open'), 1);
	assert.equal(await site.metric('leat_streams_open'), 1);
	assert.equal(await site.metric('leat_upstream_calls_total'), 4);
	assert.match(text, /^leat_first_token_seconds_count 3$/m);
	assert.match(text, /^# TYPE leat_first_token_seconds histogram$/m);
	for (const line of text.trim().split('\n'))
		assert.match(line, /^(# (HELP|TYPE) .*|\w+(\{[^}]*\})? -?[0-9.e+]+)$/);
	hanging.leave();
});

scenario('metrics are for those who may read them', async (place) => {
	const leat = await startLeat(place, { more: { metrics_allow: ['10.0.0.0/8', '2001:db8::/32'] } });
	const from = async (address) => (await fcgiRequest(leat.socket, { path: '/ask/metrics', params: { REMOTE_ADDR: address } })).status;
	assert.equal(await from('127.0.0.1'), 403);
	assert.equal(await from('10.1.2.3'), 200);
	assert.equal(await from('11.1.2.3'), 403);
	assert.equal(await from('2001:db8::7'), 200);
	assert.equal(await from(''), 403);
	assert.equal(await from('10.1.2.3.4'), 403);
	// The client's word for where it is counts only behind a trusted proxy.
	const forged = await fcgiRequest(leat.socket, { path: '/ask/metrics', headers: { 'x-forwarded-for': '10.1.2.3' } });
	assert.equal(forged.status, 403);
});

scenario('routes that are off are not there', async (place) => {
	const site = await startSite(place, { more: { routes_off: ['search', 'page'] } });
	assert.equal((await site.request('search?q=a')).status, 404);
	assert.equal((await site.request('')).status, 404);
	assert.equal((await site.request('healthz')).status, 200);
});

scenario('the log has one line per turn, and never the question', async (place) => {
	const site = await startSite(place, { more: { log_level: 'debug' } });
	const stream = await site.ask('my secret question');
	await site.ask('another secret question');
	const turn = stream.headers['x-leat-turn'];
	await eventually(() => site.leat.log().match(/outcome=stop/g)?.length === 2, 'both turns are logged');
	const log = site.leat.log();
	assert.ok(!log.includes('secret question'));
	const lines = log.split('\n').filter((line) => / info /.test(line) && line.includes(turn));
	assert.equal(lines.length, 1, lines.join('\n'));
	assert.match(lines[0], /outcome=stop/);
	assert.match(lines[0], /provider=model/);
});

scenario('questions are logged where the owner asked for it', async (place) => {
	const site = await startSite(place, { more: { log_questions: true } });
	await site.ask('a question to log\nwith a line');
	await eventually(() => site.leat.log().includes('a question to log'), 'the question is logged');
	await eventually(() => site.leat.log().includes('outcome=stop'), 'the turn is logged');
	assert.ok(!/^with a line/m.test(site.leat.log()), 'a line break cannot forge a line');
});
