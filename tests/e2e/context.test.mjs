// SPDX-License-Identifier: ISC
// The site's own documents: indexed, found, quoted, and left out when they
// cannot be had.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { scenario, eventually, sleep, SLOWNESS } from './lib/place.mjs';
import { startSite } from './lib/site.mjs';
import { LEAT, cleanEnvironment, configText, leatConfig, startLeat } from './lib/leat.mjs';
import { fcgiRequest } from './lib/fcgi.mjs';
import { assertNative } from './lib/native.mjs';

// Short sections would stay with the one above them.
const FILLER = 'The miller is glad about every visitor who likes to hear how it was done in former times. '.repeat(6);
const DOCUMENTS = {
	'site/index.html': `<!doctype html><html lang="en"><head><title>The mill</title></head><body><nav>Home Shop</nav><h1>The mill</h1><p>The mill stands at the river since 1642.</p><h2 id="hours">Opening hours</h2><p>The mill is open on Saturdays from ten to four. Groups are asked to write before they come. ${FILLER}</p><h2 id="flour">Flour</h2><p>Rye flour costs two euros and forty cents per kilogram. Spelt flour is sold out until August. ${FILLER}</p></body></html>`,
	'site/wheel/repair.md': '# The wheel\n\n## Repairing a paddle\n\nA broken paddle is replaced by an oak board. The old bolts are kept, for they fit no other wheel.\n\n## Grease\n\nThe bearing is greased with beef tallow every third week.\n',
	'site/notes.txt': 'The eel ladder beside the weir was built in 1987 by the angling club.\n',
};

function writeDocuments(place) {
	for (const [name, text] of Object.entries(DOCUMENTS)) place.write(name, text);
}

function leat(place, args, options = {}) {
	return place.run('command', LEAT, args, { env: { ...cleanEnvironment(), ...options.env }, ...options });
}

async function index(place, more = []) {
	writeDocuments(place);
	const done = await leat(place, ['index', '--output', place.path('site.db'), '--base-url', 'https://mill.example/', place.path('site'), ...more]);
	assert.equal(done.code, 0, done.stderr);
	return place.path('site.db');
}

scenario('a question finds its passage, with its public address', async (place) => {
	const site = await startSite(place, { context: { index: await index(place) }, script: async (call) => { await call.delta('Tallow [1].'); await call.stop(); } });
	const stream = await site.ask('How often is the bearing greased?');
	assertNative(stream);
	const steps = stream.of('status').map((e) => `${e.json.status.step} ${e.json.status.state}`);
	assert.ok(steps.indexOf('context started') >= 0 && steps.indexOf('context started') < steps.indexOf('context done'), steps.join());
	assert.ok(steps.indexOf('context done') < steps.indexOf('model started'), steps.join());
	const { sources } = stream.last.json.result;
	assert.equal(sources[0].n, 1);
	assert.match(sources[0].url, /^https:\/\/mill\.example\/wheel\/repair\.md/);
	assert.match(sources[0].heading, /Grease/);
	assert.match(sources[0].snippet, /tallow/);
	assert.ok(!stream.raw.includes(place.dir), 'no local path');
	const sent = JSON.stringify(site.upstream.calls[0].body);
	assert.match(sent, /beef tallow/);
	assert.match(sent, /\[1\]/);
	assert.ok(!sent.includes(place.dir), 'no local path goes to the model');
});

scenario('without a model the answer quotes, and says so', async (place) => {
	const site = await startSite(place, { script: null, context: { index: await index(place) } });
	const reply = await site.post('chat', { query: 'What does rye flour cost?' });
	assert.equal(reply.status, 200);
	assert.match(reply.json.answer, /two euros and forty cents/);
	assert.match(reply.json.answer, /\[1\]/);
	assert.match(reply.json.answer, /quot/i);
	assert.equal(reply.json.provider, 'quotes');
	assert.match(reply.json.sources[0].url, /^https:\/\/mill\.example\/(index\.html)?#flour$/);
	const nothing = await site.post('chat', { query: 'Quantum chromodynamics lattice gauge?' });
	assert.equal(nothing.status, 200);
	assert.deepEqual(nothing.json.sources, []);
	assert.ok(nothing.json.answer.length > 10);
});

scenario('context: false asks the model alone, context.passages limits', async (place) => {
	const site = await startSite(place, { context: { index: await index(place) } });
	const without = await site.ask('How often is the bearing greased?', { context: false });
	assert.deepEqual(without.last.json.result.sources, []);
	assert.ok(!without.of('status').some((e) => e.json.status.step === 'context'));
	assert.ok(!JSON.stringify(site.upstream.calls[0].body).includes('tallow'));
	const one = await site.ask('mill flour wheel paddle weir', { context: { passages: 1 } });
	assert.equal(one.last.json.result.sources.length, 1);
});

scenario('search answers alone, in HTTP and in the terminal', async (place) => {
	const db = await index(place);
	const site = await startSite(place, { script: null, context: { index: db } });
	const found = await site.request('search?q=opening+hours');
	assert.equal(found.status, 200);
	const [first] = found.json.results ?? found.json.passages ?? found.json;
	assert.match(first.url, /#hours$/);
	assert.equal((await site.request('search')).status, 400);
	assert.equal((await site.request('search?q=')).status, 400);
	const command = await leat(place, ['search', '--index', db, '--json', 'opening hours']);
	assert.equal(command.code, 0, command.stderr);
	assert.match(command.stdout, /#hours/);
	JSON.parse(command.stdout);
	const text = await leat(place, ['search', '--index', db, 'opening', 'hours']);
	assert.match(text.stdout, /Opening hours/);
});

scenario('what a visitor types is never search syntax', async (place) => {
	const site = await startSite(place, { script: null, context: { index: await index(place) } });
	for (const q of ['"', '\'', '*', 'a AND', 'NOT', '(', ')', 'NEAR(', 'col:x', '^x', 'a OR b)', '-', '- -', '"unclosed', 'x" OR "y', '{}', 'rowid:1', '\\', '%', ';--', '\u0000', '🐈', 'ﷺ', 'a'.repeat(4000), 'mill '.repeat(500)]) {
		const reply = await site.request(`search?q=${encodeURIComponent(q)}`);
		assert.ok([200, 400, 413].includes(reply.status), `${q}: ${reply.status}`);
		const answer = await site.post('chat', { query: q });
		assert.equal(answer.status, 200, `${q}: ${answer.text}`);
	}
});

scenario('without an index the turn goes on, and says so', async (place) => {
	const site = await startSite(place, { context: { index: place.path('none.db') } });
	const stream = await site.ask('q');
	assertNative(stream);
	assert.equal(stream.last.json.type, 'final');
	assert.deepEqual(stream.last.json.result.sources, []);
	const status = stream.of('status').find((e) => e.json.status.step === 'context' && e.json.status.state === 'failed');
	assert.match(status.json.status.description, /index/);
	assert.ok(!stream.raw.includes(place.dir), 'no local path');
});

scenario('a broken index is as good as none', async (place) => {
	for (const [name, bytes] of Object.entries({ junk: Buffer.alloc(8192, 'junk'), empty: Buffer.alloc(0), cut: fs.readFileSync(await index(place)).subarray(0, 9000) })) {
		place.write(`${name}.db`, bytes);
		const pool = await startLeat(place, { context: { index: place.path(`${name}.db`) } });
		const reply = await fcgiRequest(pool.socket, { path: '/ask/chat', body: JSON.stringify({ query: 'When is the mill open?', streaming: true }) });
		assert.match(reply.text, /"step":"context","state":"failed"/, name);
		assert.match(reply.text, /"type":"final"/, name);
		pool.process.expectedToDie = true;
		await pool.process.stop();
	}
});

scenario('a new index is noticed while the pool runs', async (place) => {
	const db = place.path('site.db');
	const site = await startSite(place, { script: null, context: { index: db } });
	assert.deepEqual((await site.post('chat', { query: 'What does rye flour cost?' })).json.sources, []);
	await index(place);
	await eventually(async () => (await site.post('chat', { query: 'What does rye flour cost?' })).json.sources.length > 0, 'the first index is served', 10000);
	place.write('site/new.html', '<title>News</title><h1>News</h1><p>The waterwheel got a dynamo which lights eleven lamps.</p>');
	await leat(place, ['index', '--output', db, '--base-url', 'https://mill.example/', place.path('site')]);
	// Every worker takes it up.
	await eventually(async () => {
		for (let n = 0; n < 6; n++)
			if (!/eleven lamps/.test((await site.post('chat', { query: 'How many lamps does the dynamo light?' })).json.answer)) return false;
		return true;
	}, 'the second index is served', 10000);
	fs.writeFileSync(`${db}.tmp`, 'junk');
	fs.renameSync(`${db}.tmp`, db);
	await sleep(3000);
	assert.equal((await site.post('chat', { query: 'What does rye flour cost?' })).status, 200);
});

scenario('indexing names what it skips, and two at once leave a whole index', async (place) => {
	writeDocuments(place);
	place.write('site/bad.html', Buffer.from([0xff, 0xfe, 0, 1, 2, 3]));
	place.write('site/latin1.html', Buffer.from('<meta charset="iso-8859-1"><title>Caf\xe9</title><h1>Caf\xe9</h1><p>Das Caf\xe9 \xf6ffnet um neun Uhr morgens.</p>', 'latin1'));
	fs.symlinkSync('.', place.path('site/loop'));
	const args = ['index', '--output', place.path('site.db'), '--base-url', 'https://mill.example/', place.path('site')];
	const both = await Promise.all([leat(place, args), leat(place, args)]);
	assert.ok(both.some((b) => b.code === 0), both.map((b) => b.stderr).join('\n'));
	const found = await leat(place, ['search', '--index', place.path('site.db'), '--json', 'Café öffnet']);
	assert.match(found.stdout, /Café/);
});

scenario('Ctrl-C while indexing leaves the old index whole', async (place) => {
	const db = await index(place);
	const before = fs.readFileSync(db);
	for (let n = 0; n < 3000; n++)
		place.write(`site/many/${n}.html`, `<title>Page ${n}</title><h1>Page ${n}</h1>${`<p>Word${n} ${'lorem ipsum dolor sit amet '.repeat(20)}</p>`.repeat(5)}`);
	const run = place.spawn('index', LEAT, ['index', '--output', db, place.path('site')], { env: cleanEnvironment() });
	run.expectedToDie = true;
	await sleep(200);
	run.kill('SIGINT');
	const exit = await run.exited;
	assert.notEqual(exit.code, 0);
	assert.ok(fs.readFileSync(db).equals(before));
	assert.deepEqual(fs.readdirSync(place.dir).filter((f) => f.startsWith('site.db') && f !== 'site.db' && !f.endsWith('.lock')), []);
});

scenario('leat ask answers in the terminal: status on stderr, the answer on stdout', async (place) => {
	const db = await index(place);
	const config = place.write('leat.conf', configText(leatConfig(place, { context: { index: db } })));
	const run = await leat(place, ['ask', '-c', config, 'What does rye flour cost?']);
	assert.equal(run.code, 0, run.stderr);
	assert.match(run.stdout, /two euros and forty cents/);
	assert.ok(!run.stdout.includes('Searching'));
	const piped = await leat(place, ['ask', '-c', config, '-'], { input: 'What does rye flour cost?\n' });
	assert.match(piped.stdout, /two euros/);
	assert.equal((await leat(place, ['ask', '-c', config])).code, 2);
});

scenario('a search that is slow does not hold the loop', async (place) => {
	const site = await startSite(place, { workers: 1, script: null, limits: { streams_per_address: 0 }, context: { index: await index(place) } });
	const many = Array.from({ length: 100 }, (_, n) => site.post('chat', { query: `mill river wheel flour paddle ${'word '.repeat(200)} ${n}` }));
	const health = await site.request('healthz');
	assert.ok(health.ms < 300 * SLOWNESS, `${health.ms} ms`);
	for (const reply of await Promise.all(many)) assert.equal(reply.status, 200, reply.text);
});
