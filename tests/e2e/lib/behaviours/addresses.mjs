// SPDX-License-Identifier: ISC
// The same address means the same thing behind every web server.
import assert from 'node:assert/strict';

async function page(on) {
	for (const target of ['/ask/', '/ask']) {
		let reply = await on.raw('GET', target);
		if (reply.status === 301 || reply.status === 302) {
			assert.equal(target, '/ask', 'one redirect at most');
			const { pathname } = new URL(reply.headers.location, on.base);
			assert.equal(pathname, `${on.mount}/`);
			reply = await on.raw('GET', '/ask/');
		}
		assert.equal(reply.status, 200, target);
		assert.match(reply.headers['content-type'], /^text\/html; ?charset=utf-8$/i);
		const nonce = reply.headers['content-security-policy']?.match(/script-src 'nonce-([^']+)'/)?.[1];
		assert.ok(reply.text.includes(`<script nonce="${nonce}">`), 'its script may run');
		assert.ok(reply.whole);
	}
	return 'yes';
}

async function healthy(on, target, headers) {
	const reply = await on.raw('GET', target, headers);
	assert.equal(reply.status, 200, `${target}: ${reply.text}`);
	assert.equal(reply.json?.ok, true, target);
}

async function slashes(on) {
	for (const target of ['/ask/healthz', '/ask/healthz/', '/ask//healthz', '//ask/healthz', '//ask///healthz//', '/ask/./healthz'])
		await healthy(on, target);
	return 'yes';
}

async function absolute(on) {
	if (on.entry.tls) return '-';
	await healthy(on, 'http://localhost/ask/healthz');
	await healthy(on, 'http://elsewhere.example/ask/healthz?x=http://y/ask/readyz', { Host: 'elsewhere.example' });
	return 'yes';
}

/** Refused by whomever, never taken for something else, never a crash. */
async function refused(on, target) {
	const reply = await on.raw('GET', target);
	assert.ok([400, 403, 404, 405].includes(reply.status), `${target}: ${reply.status} ${reply.text}`);
}

async function dots(on) {
	await healthy(on, '/ask/chat/../healthz');
	await healthy(on, '/ask/chat/%2e%2e/healthz');
	await healthy(on, '/other/../ask/healthz');
	for (const target of ['/ask/../healthz', '/ask/%2e%2e/healthz', '/ask/..%2fhealthz', '/../../../etc/passwd', '/ask/../../../etc/passwd', '/ask/%00/healthz'])
		await refused(on, target);
	return 'yes';
}

async function encoded(on) {
	for (const target of ['/ask/chat%2Fstop', '/ask/healthz%00', '/ask/chat/%00', '/askhealthz'])
		await refused(on, target);
	await healthy(on, '/ask/%68ealthz');
	const reply = await on.raw('GET', '/ask%2fhealthz');
	if (reply.status === 200) return 'a slash';
	assert.equal(reply.status, 404, reply.text);
	return 'refused';
}

const QUESTIONS = ['1 + 1 = 2 & 3 % 4?', 'Größe, 大きさ, 👍🏽', '"quotes" \'and\' <tags> #hash;semi/slash\\back', 'a=b&c=d'];

async function queries(on) {
	for (const question of QUESTIONS) {
		let asked;
		on.answers(async (call) => { asked = call.question; await call.stop(); });
		const reply = await on.raw('GET', `/ask/chat?query=${encodeURIComponent(question)}&context=false`);
		assert.equal(reply.status, 200, reply.text);
		assert.ok(asked.includes(question), `${asked} has ${question}`);
	}
	// Without "=" the words become arguments of a CGI program.
	for (const query of ['--version', 'serve+-c+/etc/passwd', '-h', '?', '&&&', '%zz'])
		await healthy(on, `/ask/healthz?${query}`);
	return 'yes';
}

export const addresses = [
	{ slug: 'page', title: 'The page at the mount, with and without the last slash', run: page },
	{ slug: 'slashes', title: 'Doubled slashes, a slash at the end', run: slashes },
	{ slug: 'dots', title: '`..` and `%2e%2e` are resolved, and lead nowhere else', run: dots },
	{ slug: 'encoded', title: '`%2F` in an address (`%00` is always refused)', run: encoded, expected: () => 'refused' },
	{ slug: 'absolute', title: 'Absolute-form targets (HTTP/1.1 only)', run: absolute, expected: (entry) => (entry.tls ? '-' : 'yes') },
	{ slug: 'queries', title: 'Query strings: signs, UTF-8, words without `=`', run: queries },
];
