// SPDX-License-Identifier: ISC
// Shared hosting without root: nothing of leat's own can be downloaded, and
// what an owner gets wrong does no harm.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { scenario } from './lib/place.mjs';
import { LEAT } from './lib/leat.mjs';
import { makeHome, startHost } from './lib/servers/hosting.mjs';
import { request } from './lib/sse.mjs';
import { startUpstream } from './lib/upstream.mjs';

const SECRETS = /sk-this-is-the-secret|SQLite format 3|provider "model"|LEAT_CONFIG|RewriteRule|\x7fELF/;

const NAMES = ['leat.conf', 'openai.key', 'site.db', '.htaccess', 'leat.conf~', 'site.db-wal', 'leat', 'leat.cgi', 'ask.cgi', ''];
const FOLDERS = ['/ask/', '/ask/private/', '/ask/leat.cgi/private/', '/ask/private/../private/', '/ask/%70rivate/', '/ask//private/', '/leat/', '/../leat/', '/%2e%2e/leat/', '/cgi-bin/', '/'];

/** What any of these addresses gives away. */
async function leaks(server) {
	const found = [];
	for (const folder of FOLDERS)
		for (const name of NAMES)
			for (const method of ['GET', 'POST']) {
				const reply = await request(server.url, { method, path: folder + name });
				if (SECRETS.test(reply.text)) found.push(`${method} ${folder}${name}: ${reply.status}`);
			}
	return found;
}

/** What `leat check` finds wrong with the files, asking the site. */
async function checked(place, home, form, site) {
	const conf = path.join(home, form === 'inside' ? 'public_html/ask/private/leat.conf' : 'leat/leat.conf');
	const { stdout, stderr } = await place.run('check', LEAT, ['check', '--json', '-c', conf, '--docroot', path.join(home, 'public_html'), '--site', site]);
	assert.ok(stdout, stderr);
	return JSON.parse(stdout).checks.filter((one) => one.level === 'fail');
}

async function hosted(place, form, change = () => {}) {
	const upstream = await startUpstream(place);
	const home = makeHome(place, { form, upstream, leat: { context: { index: '' } } });
	change(home);
	return { home, upstream, server: await startHost(place, home) };
}

function edit(file, ...pairs) {
	let text = fs.readFileSync(file, 'utf8');
	for (const [from, to] of pairs) {
		assert.match(text, from);
		text = text.replace(from, to);
	}
	fs.writeFileSync(file, text);
}

const WITHOUT_REWRITES = [/^Rewrite.*$/gm, ''];
const WITHOUT_DENIAL = [/^<FilesMatch[^]*?<\/FilesMatch>$/m, ''];

for (const form of ['rewrite', 'cgi-bin', 'inside'])
	scenario(`${form}: an answer comes, a secret does not`, async (place) => {
		const { server, home } = await hosted(place, form);
		const base = server.url + (form === 'cgi-bin' ? '/cgi-bin/ask.cgi' : '/ask');
		const reply = await request(`${base}/chat`, { body: { query: 'q' } });
		assert.equal(reply.json?.answer, 'The answer is 42.', reply.text);
		assert.deepEqual(await leaks(server), []);
		assert.deepEqual(await checked(place, home, form, base), []);
	});

scenario('inside public_html each of three locks holds alone', async (place, t) => {
	const ask = (home) => path.join(home, 'public_html/ask/.htaccess');
	const inner = (home) => path.join(home, 'public_html/ask/private/.htaccess');
	const locks = {
		'its own .htaccess': (home) => edit(ask(home), WITHOUT_REWRITES, WITHOUT_DENIAL),
		'the names of files': (home) => { edit(ask(home), WITHOUT_REWRITES); fs.rmSync(inner(home)); },
		'the rewrites': (home) => { edit(ask(home), WITHOUT_DENIAL); fs.rmSync(inner(home)); },
	};
	for (const [name, change] of Object.entries(locks)) {
		const { server } = await hosted(place, 'inside', change);
		await t.test(name, async () => assert.deepEqual(await leaks(server), []));
		await server.process.stop();
	}
	const { server, home } = await hosted(place, 'inside', (h) => {
		edit(ask(h), WITHOUT_REWRITES, WITHOUT_DENIAL);
		fs.rmSync(inner(h));
	});
	await t.test('with none of them all is open: the tests above can fail', async () => {
		const found = await leaks(server);
		assert.ok(found.some((one) => one.includes('openai.key')) && found.some((one) => one.includes('leat.conf')), found.join('\n'));
		const said = await checked(place, home, 'inside', `${server.url}/ask`);
		assert.ok(said.some((one) => /openai\.key|leat\.conf/.test(one.text)), 'leat check says so, too');
	});
});

scenario('a configuration that is not there is a 500 in JSON that names no path', async (place) => {
	const { server, home } = await hosted(place, 'rewrite', (h) => fs.rmSync(path.join(h, 'leat/leat.conf')));
	const reply = await request(`${server.url}/ask/chat`, { body: { query: 'q' } });
	assert.equal(reply.status, 500, reply.text);
	assert.equal(reply.json?.type, 'error', reply.text);
	assert.ok(!reply.text.includes(home));
	assert.ok(server.errors().includes('leat.conf'), 'the host\'s log says which');
});

scenario('with suEXEC\'s empty environment the script finds the configuration', async (place) => {
	const { server } = await hosted(place, 'cgi-bin');
	for (const query of ['', '?--version', '?-c+/etc/passwd']) {
		const reply = await request(`${server.url}/cgi-bin/ask.cgi/healthz${query}`);
		assert.equal(reply.json?.ok, true, reply.text);
	}
});
