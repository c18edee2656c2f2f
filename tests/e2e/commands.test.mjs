// SPDX-License-Identifier: ISC
// The commands of the terminal: index, search, ask and check, with what goes
// wrong there: broken documents, interruptions, full disks, upstreams that
// fail, configurations that are wrong.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { spawnSync } from 'node:child_process';
import { scenario, eventually, sleep, within, IS_ROOT, SLOWNESS } from './lib/place.mjs';
import { LEAT, cleanEnvironment, configText, leatConfig } from './lib/leat.mjs';
import { startUpstream } from './lib/upstream.mjs';

const env = cleanEnvironment();
const page = (title, text) => `<!doctype html><html lang="en"><head><title>${title}</title></head><body><main><h1>${title}</h1><p>${text}</p></main></body></html>`;

function leat(place, args, options = {}) {
	return place.run('leat', LEAT, args, { env, ...options });
}

const indexArgs = (place, ...more) => ['index', '--output', place.path('site.db'), '--base-url', 'https://mill.example/docs/', ...more, place.path('site')];

/** Many pages, so that a run takes a moment. */
function writeMany(place, count) {
	for (let i = 0; i < count; i++)
		place.write(`site/many/${i}.html`, page(`Page ${i}`, `Number ${i}: ${'The miller grinds rye and spelt. '.repeat(60)}`));
}

async function indexSmall(place) {
	place.write('site/index.html', page('The mill', 'The mill stands at the river since 1642.'));
	const done = await leat(place, indexArgs(place));
	assert.equal(done.code, 0, done.stderr);
	return fs.readFileSync(place.path('site.db'));
}

/** What there is beside the index that was asked for. */
function leftovers(place) {
	return fs.readdirSync(place.dir).filter((name) => name.startsWith('site.db') && name !== 'site.db');
}

async function search(place, ...words) {
	const done = await leat(place, ['search', '--json', '--index', place.path('site.db'), ...words]);
	assert.equal(done.code, 0, done.stderr);
	return JSON.parse(done.stdout).passages;
}

scenario('index: what can be read is found, what cannot is named with its reason', async (place, t) => {
	place.write('site/index.html', page('The mill', 'The mill stands at the river since 1642.').replace('<main>', '<nav>Shop basket</nav><script>var hiddenscript = 1;</script><main>'));
	place.write('site/wheel.md', '# The wheel\n\n## Grease\n\nThe bearing is greased with tallow every third week.\n\n```sh\ngrease --all\n```\n');
	place.write('site/notes.txt', 'The eel ladder beside the weir was built in 1987.\n');
	place.write('site/latin1.html', Buffer.from('<meta charset="iso-8859-1"><title>Caf\xe9</title><p>Das Caf\xe9 \xf6ffnet um neun Uhr.</p>', 'latin1'));
	place.write('site/latin1.txt', Buffer.from('Die gro\xdfe M\xfchle mahlt Roggen.\n', 'latin1'));
	place.write('site/utf16.txt', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('Millstones weigh twelve hundred kilograms.', 'utf16le')]));
	place.write('site/with space/pâge #1?.md', '# Spaces\n\nThis name needs escaping.\n');
	place.write('site/open.html', '<p>never closed <div><table><tr><td>cell <b>bold granary');
	place.write('site/.hidden/secret.md', '# Secret\n\nThe code of the safe is hidden.\n');
	place.write('site/photo.jpg', 'The jpeg says nothing.');
	place.write('site/binary.html', Buffer.from(Array.from({ length: 5000 }, (_, i) => i * 7919 % 256)));
	place.write('site/zeros.txt', Buffer.alloc(10000));
	place.write('site/empty.md', '');
	place.write('site/deep.html', `${'<div>'.repeat(50000)}deep${'</div>'.repeat(50000)}`);
	fs.symlinkSync('.', place.path('site/loop'));
	fs.symlinkSync('self.md', place.path('site/self.md'));
	fs.symlinkSync('nothing.md', place.path('site/dangling.md'));
	spawnSync('mkfifo', [place.path('site/pipe.md')]);
	const done = await leat(place, indexArgs(place, '--json'), { timeout: 10000 });
	assert.equal(done.code, 0, done.stderr);
	const counts = JSON.parse(done.stdout);
	assert.equal(counts.files, 8);
	const skipped = {
		'binary.html': /binary/, 'zeros.txt': /binary/, 'empty.md': /no text/, 'deep.html': /nested/,
		loop: /link/, 'self.md': /link/, 'dangling.md': /link/, 'pipe.md': /regular/,
	};
	assert.equal(counts.skipped, Object.keys(skipped).length, done.stderr);
	for (const [name, reason] of Object.entries(skipped)) {
		const line = done.stderr.split('\n').find((l) => l.startsWith('skipped') && l.includes(`/${name}:`));
		assert.match(line ?? '', reason, name);
	}
	assert.ok(!done.stderr.includes('\x1b'), 'no colours and no progress bar for a file');
	const finds = {
		'river 1642': ['', /^The mill stands/], 'bearing grease': ['wheel.md#grease', /tallow/], 'eel ladder': ['notes.txt', /weir/],
		'Café öffnet': ['latin1.html', /Café öffnet/], 'große Mühle': ['latin1.txt', /große Mühle/],
		'millstones weigh': ['utf16.txt', /^Millstones weigh twelve/], 'needs escaping': ['with%20space/p%C3%A2ge%20%231%3F.md', /escaping/],
		granary: ['open.html', /bold granary/],
	};
	for (const [words, [url, snippet]] of Object.entries(finds))
		await t.test(words, async () => {
			const [first] = await search(place, ...words.split(' '));
			assert.ok(first.url.startsWith(`https://mill.example/docs/${url}`), first.url);
			assert.match(first.snippet, snippet);
			assert.ok(!JSON.stringify(first).includes(place.dir), 'no local path');
		});
	for (const words of ['hiddenscript', 'safe code hidden', 'jpeg', 'basket'])
		assert.deepEqual((await search(place, words)).filter((p) => /script|safe|jpeg|basket/i.test(p.snippet)), [], words);
	assert.ok(!fs.readFileSync(place.path('site.db')).includes(place.dir), 'the index itself knows no local path');
});

scenario('index: a folder and a file that may not be read are skipped', async (place) => {
	place.write('site/index.html', page('The mill', 'The mill stands at the river.'));
	place.write('site/private.md', '# Private\n');
	place.write('site/closed/page.md', '# Closed\n');
	fs.chmodSync(place.path('site/private.md'), 0);
	fs.chmodSync(place.path('site/closed'), 0);
	fs.chmodSync(place.dir, 0o777);
	const args = indexArgs(place, '--json');
	// Root may read everything: become nobody.
	const done = IS_ROOT ? await place.run('leat', 'setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', LEAT, ...args], { env }) : await leat(place, args);
	assert.equal(done.code, 0, done.stderr);
	assert.equal(JSON.parse(done.stdout).skipped, 2);
	assert.match(done.stderr, /private\.md: .*[Pp]ermission/);
	assert.match(done.stderr, /closed: .*[Pp]ermission/);
	fs.chmodSync(place.path('site/closed'), 0o755);
});

scenario('index: a text without ends costs no more than another', async (place) => {
	place.write('site/word.txt', 'x'.repeat(2 << 20));
	place.write('site/words.txt', 'ab '.repeat(700000));
	place.write('site/line.md', `\`\`\`\n${'y '.repeat(1 << 20)}`);
	place.write('site/tags.html', '<p>a'.repeat(300000));
	const started = performance.now();
	assert.equal((await leat(place, indexArgs(place), { timeout: 60000 })).code, 0);
	const ms = performance.now() - started;
	assert.ok(ms < 6000 * SLOWNESS, `${ms} ms`);
});

/** A run that stands still in the middle. */
async function startPaused(place) {
	const run = place.spawn('index', LEAT, indexArgs(place), { env });
	run.expectedToDie = true;
	await eventually(() => {
		assert.equal(run.exit, null, 'it still runs');
		return leftovers(place).length > 0;
	}, 'the new index is being written');
	run.kill('SIGSTOP');
	return run;
}

scenario('index: Ctrl-C, a crash and a second run leave the old index as it was', async (place, t) => {
	const old = await indexSmall(place);
	const unchanged = () => assert.ok(fs.readFileSync(place.path('site.db')).equals(old), 'the index is as it was');
	writeMany(place, 1500);
	for (const [signal, status] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]])
		await t.test(signal, async () => {
			const run = await startPaused(place);
			run.kill(signal);
			run.kill('SIGCONT');
			const { code } = await within(run.exited, 3000 * SLOWNESS, 'it stops');
			assert.equal(code, status);
			assert.match(run.log(), /stopped; the index is as it was/);
			assert.deepEqual(leftovers(place), []);
			unchanged();
		});
	await t.test('a second run', async () => {
		const run = await startPaused(place);
		const second = await leat(place, indexArgs(place));
		assert.equal(second.code, 1);
		assert.match(second.stderr, /Another run is building/);
		unchanged();
		run.kill('SIGCONT');
		assert.deepEqual(await run.exited, { code: 0, signal: null }, run.log());
		assert.ok(!fs.readFileSync(place.path('site.db')).equals(old));
		assert.deepEqual(leftovers(place), []);
		assert.ok((await search(place, 'miller', 'spelt')).length > 0);
	});
	await t.test('SIGKILL, after which the next run clears up', async () => {
		const before = fs.readFileSync(place.path('site.db'));
		const run = await startPaused(place);
		run.kill('SIGKILL');
		await run.exited;
		assert.ok(leftovers(place).length > 0);
		assert.ok(fs.readFileSync(place.path('site.db')).equals(before));
		const next = await leat(place, ['index', '-o', place.path('site.db'), place.path('site/index.html')]);
		assert.equal(next.code, 0, next.stderr);
		assert.deepEqual(leftovers(place), []);
	});
});

scenario('index: nothing to read, or no place to write, changes nothing and says why', async (place, t) => {
	const old = await indexSmall(place);
	fs.mkdirSync(place.path('empty'));
	place.write('file', '');
	const cases = {
		'an empty folder': [['index', '-o', place.path('site.db'), place.path('empty')], 1, /nothing to index/],
		'a folder that is missing': [['index', '-o', place.path('site.db'), place.path('nothing')], 1, /No such file/],
		'no folder': [['index', '-o', place.path('site.db')], 2, /no folder or file/],
		'an address': [['index', '-o', place.path('site.db'), 'https://mill.example/'], 2, /--base-url/],
		'a base URL after its path': [['index', '-o', place.path('site.db'), place.path('site'), '--base-url', 'https://x/'], 2, /before/],
		'a base URL of another kind': [['index', '-o', place.path('site.db'), '--base-url', 'javascript:alert(1)', place.path('site')], 1, /base URL/],
		'a path that is not below the root': [['index', '-o', place.path('site.db'), '--root', place.path('empty'), place.path('site')], 1, /not below the root/],
		'an output folder that is missing': [['index', '-o', place.path('nowhere/site.db'), place.path('site')], 1, /cannot be created/],
		'an output that is a folder': [['index', '-o', place.path('empty'), place.path('site')], 1, /cannot be/],
		'an unknown option': [['index', '--frobnicate'], 2, /frobnicate/],
	};
	for (const [name, [args, code, words]] of Object.entries(cases))
		await t.test(name, async () => {
			const done = await leat(place, args);
			assert.equal(done.code, code, done.stderr);
			assert.match(done.stderr, words);
			assert.equal(done.stdout, '');
		});
	assert.ok(fs.readFileSync(place.path('site.db')).equals(old));
	assert.deepEqual(leftovers(place), []);
	assert.deepEqual(fs.readdirSync(place.path('empty')), []);
});

const noMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', '-o', 'size=64k', 'none', '/mnt']).status === 0 ? false : 'needs the right to mount a tmpfs';

scenario('index: a full disk leaves the old index as it was', async (place) => {
	await indexSmall(place);
	writeMany(place, 1500);
	fs.mkdirSync(place.path('disk'));
	const script = `mount -t tmpfs -o size=1m none "$1/disk" && cp "$1/site.db" "$1/disk/site.db" &&
		"$0" index -o "$1/disk/site.db" "$1/site"; echo "status $?"
		cmp "$1/site.db" "$1/disk/site.db" && ls "$1/disk"`;
	const done = await place.run('full', 'unshare', ['-m', 'bash', '-c', script, LEAT, place.dir], { env });
	assert.equal(done.stdout, 'status 1\nsite.db\n', done.stderr);
	assert.match(done.stderr, /disk is full/);
}, { skip: noMount });

scenario('search: no words of a visitor are syntax, and what is missing is said', async (place, t) => {
	await indexSmall(place);
	for (const query of ['"', '""', '*', 'mill*', 'a AND', 'NOT', 'NEAR(mill, 2)', '{title}: mill', 'title:mill', '^mill', 'mill OR', '(((', "'; DROP TABLE passages; --", '-mill', '+', '\\', '%', '🐈', 'é', '\u0300', 'x'.repeat(5000), 'mill '.repeat(1000)])
		await t.test(query.slice(0, 30), async () => {
			const found = await search(place, '--', query);
			if (/mill/.test(query)) assert.match(found[0].snippet, /mill/, 'the word itself is found');
		});
	const none = await leat(place, ['search', '--index', place.path('none.db'), 'mill']);
	assert.equal(none.code, 1);
	assert.match(none.stderr, /no index yet/);
	const junk = await leat(place, ['search', '--index', place.write('junk.db', Buffer.alloc(9000, 'junk')), 'mill']);
	assert.equal(junk.code, 1);
	assert.match(junk.stderr, /damaged or is no index/);
	for (const args of [['search'], ['search', ''], ['search', '-n', '0', 'a'], ['search', '-n', '51', 'a']])
		assert.equal((await leat(place, args)).code, 2, args.join(' '));
	const fits = await leat(place, ['search', '--index', place.path('site.db'), 'chromodynamics']);
	assert.equal(fits.code, 0);
	assert.equal(fits.stdout, '');
	assert.match(fits.stderr, /nothing fits/);
});

async function askConfig(place, script, more = {}) {
	const upstream = await startUpstream(place, script);
	const key = place.write('key', 'sk-very-secret\n');
	fs.chmodSync(key, 0o600);
	const file = place.write('leat.conf', configText(leatConfig(place, { upstream, context: { index: place.path('site.db') }, ...more, provider: { key_file: key, ...more.provider } })));
	return { upstream, file };
}

scenario('ask: the answer comes on stdout as it is written, the rest on stderr', async (place) => {
	await indexSmall(place);
	let go;
	const held = new Promise((resolve) => { go = resolve; });
	const { upstream, file } = await askConfig(place, async (call) => {
		await call.delta('Since ');
		await held;
		await call.delta('1642 [1].');
		await call.stop();
	});
	const run = place.spawn('ask', LEAT, ['ask', '-c', file, 'Since', 'when', 'does', 'the', 'mill', 'stand?'], { env, stdout: 'pipe' });
	run.expectedToDie = true;
	let out = '';
	run.child.stdout.on('data', (data) => { out += data; });
	await eventually(() => out === 'Since ', 'the first word comes before the last');
	go();
	assert.deepEqual(await run.exited, { code: 0, signal: null }, run.log());
	await eventually(() => out.endsWith('\n'), 'the end');
	assert.equal(out, 'Since 1642 [1].\n');
	assert.match(run.log(), /Searching 1 passage\n[\s\S]*Writing the answer[\s\S]*Sources\n\[1\] The mill\n +https:\/\/mill\.example\/docs\//);
	assert.equal(upstream.calls[0].question.includes('Since when does the mill stand?'), true);
	assert.ok(!(out + run.log()).includes('sk-very-secret'));
	assert.ok(!(out + run.log()).includes(place.path('site/')), 'no local path of a document');
});

scenario('ask: Ctrl-C closes the request to the model, and so does a reader that leaves', async (place, t) => {
	await indexSmall(place);
	const endless = async (call) => {
		if (call.question.includes('silent')) return;
		while (!call.isClosed) { await call.delta('word '); await sleep(20); }
	};
	const { upstream, file } = await askConfig(place, endless);
	for (const [name, question] of [['in mid-stream', 'talk'], ['before the first word', 'silent']])
		await t.test(name, async () => {
			const run = place.spawn('ask', LEAT, ['ask', '-c', file, question], { env });
			run.expectedToDie = true;
			const call = await upstream.call(upstream.calls.length + 1);
			await sleep(150);
			const at = performance.now();
			run.kill('SIGINT');
			await within(call.closed, 3000 * SLOWNESS, 'the request is closed');
			assert.ok(call.closedAt - at < 150 * SLOWNESS, `after ${call.closedAt - at} ms`);
			assert.deepEqual(await within(run.exited, 2000 * SLOWNESS, 'it ends'), { code: 130, signal: null });
		});
	await t.test('leat ask | head', async () => {
		const done = await place.run('pipe', '/bin/bash', ['-c', '"$0" ask -c "$1" talk | head -c 10', LEAT, file], { env, timeout: 5000 });
		assert.equal(done.stdout, 'word word ');
		await within(upstream.calls.at(-1).closed, 3000, 'the request is closed');
	});
});

scenario('a library that is not there stops only what needs it, and is named with its package', async (place, t) => {
	const without = { env: { ...env, LD_LIBRARY_PATH: place.dir } };
	place.write('libcurl.so.4', 'no library');
	place.write('libxml2.so.2', 'no library');
	const version = await leat(place, ['--version'], without);
	if (version.code === 127) return t.skip('leat was built with --disable-lazy-libraries');
	assert.match(version.stdout, /^leat \d/, version.stderr);
	place.write('site/wheel.md', '# The wheel\n\nThe bearing is greased with tallow &amp; wax.\n');
	place.write('site/index.html', page('The mill', 'The mill stands at the river since 1642.'));
	const made = await leat(place, indexArgs(place), without);
	assert.match(made.stderr, /index\.html.*install the package libxml2/);
	assert.match((await search(place, 'tallow'))[0].snippet, /tallow & wax/);
	place.write('leat.conf', 'provider "model" { base_url = "http://127.0.0.1:9/v1"  model = "m" }\n');
	const asked = await leat(place, ['ask', '-c', place.path('leat.conf'), 'Why?'], without);
	assert.notEqual(asked.code, 0);
	assert.match(asked.stderr, /libcurl\.so\.4 cannot be loaded: install the package libcurl4/);
	const gateway = { GATEWAY_INTERFACE: 'CGI/1.1', REQUEST_METHOD: 'GET', SERVER_PROTOCOL: 'HTTP/1.1', SCRIPT_NAME: '/ask', LEAT_CONFIG: place.path('leat.conf'), HTTP_ACCEPT: 'text/event-stream' };
	const cgi = (PATH_INFO, QUERY_STRING) => leat(place, [], { env: { ...without.env, ...gateway, PATH_INFO, QUERY_STRING } });
	assert.match((await cgi('/healthz', '')).stdout, /^Status: 200 /);
	const { stdout, stderr } = await cgi('/chat', 'query=Why%3F&streaming=true');
	assert.match(stdout, /^Status: 200 [^]*"type":"status"[^]*"type":"error"/, 'only the call to the model needs it');
	assert.doesNotMatch(stdout, /libcurl/);
	assert.match(stderr, /install the package libcurl4/);
	place.write('serve.conf', `listen = {"unix:${place.path('leat.sock')}"}\nruntime_dir = "${place.dir}"\nprovider "model" { base_url = "http://127.0.0.1:9/v1"  model = "m" }\n`);
	const served = await leat(place, ['serve', '-c', place.path('serve.conf')], without);
	assert.notEqual(served.code, 0);
	assert.match(served.stderr, /install the package libcurl4/);
});

scenario('ask: failures, JSON, standard input and wrong use', async (place, t) => {
	await indexSmall(place);
	const { upstream, file } = await askConfig(place, async (call) => {
		if (call.question.includes('cut')) { await call.delta('Half an '); return call.cut(); }
		if (call.question.includes('refuse')) return call.json(401, { error: { message: 'Incorrect API key provided: sk-very-secret' } });
		await call.words(['Since ', '1642.']);
		await call.stop();
	}, { provider: { models: [] } });
	const ask = (args, options) => leat(place, ['ask', '-c', file, ...args], options);
	await t.test('a cut answer is printed, and is a failure', async () => {
		const done = await ask(['cut']);
		assert.equal(done.code, 1);
		assert.equal(done.stdout, 'Half an \n');
		assert.match(done.stderr, /leat: .*\(upstream_truncated\)/);
	});
	await t.test('a refusal is told without the key', async () => {
		const done = await ask(['refuse']);
		assert.equal(done.code, 1);
		assert.equal(done.stdout, '');
		assert.match(done.stderr, /\(upstream_refused\)/);
		assert.ok(!done.stderr.includes('sk-very-secret'));
	});
	await t.test('--json is one object, of success and of failure', async () => {
		const good = await ask(['--json', '-q', 'mill?']);
		assert.equal(good.code, 0);
		const result = JSON.parse(good.stdout);
		assert.equal(result.answer, 'Since 1642.');
		assert.equal(result.sources[0].url, 'https://mill.example/docs/');
		assert.equal(good.stderr, '');
		const bad = await ask(['--json', 'cut']);
		assert.equal(bad.code, 1);
		assert.equal(JSON.parse(bad.stdout).code, 'upstream_truncated');
		assert.equal(JSON.parse(bad.stdout).partial, 'Half an ');
	});
	await t.test('- reads standard input, -q says only the answer, -n leaves the documents out', async () => {
		const done = await ask(['-q', '-n', '-'], { input: 'When was\nthe mill built?\n' });
		assert.deepEqual([done.code, done.stdout, done.stderr], [0, 'Since 1642.\n', '']);
		assert.equal(upstream.calls.at(-1).question, 'When was\nthe mill built?');
	});
	await t.test('a provider by its name', async () => {
		const done = await ask(['-m', 'quotes', 'since when does the mill stand?']);
		assert.equal(done.code, 0, done.stderr);
		assert.match(done.stdout, /The mill stands at the river since 1642\. \[1\]/);
		assert.match(done.stdout, /[Qq]uoted/);
		const nothing = await ask(['-m', 'quotes', 'quantum chromodynamics?']);
		assert.equal(nothing.code, 0);
		assert.match(nothing.stdout, /Nothing in the documents/);
	});
	await t.test('wrong use', async () => {
		for (const [args, code, words] of [
			[[], 2, /question/i], [[''], 2, /./], [['--nonsense', 'a'], 2, /nonsense/],
			[['-m', 'nobody/nothing', 'a'], 1, /model/i], [['a'.repeat(9000)], 1, /./],
		]) {
			const done = await ask(args);
			assert.ok(done.code === code || done.code === 2, `${args.join(' ').slice(0, 40)}: ${done.code} ${done.stderr}`);
			assert.match(done.stderr, words);
			assert.equal(done.stdout, '');
		}
		const big = await ask(['-'], { input: 'a'.repeat(1 << 20) });
		assert.notEqual(big.code, 0);
	});
});

// [name, configuration, what the line of the failure says]
const WRONG = [
	['an unknown option', 'workers = 1\nworkerz = 1\n', /leat\.conf:2: unknown option "workerz".*"workers"/],
	['an unknown section', 'chatt { }\n', /leat\.conf:1: .*chatt/],
	['a number that is too small', '\n\nworkers = -1\n', /leat\.conf:3: workers: found "-1"; allowed: .*0 to 256/],
	['a word for a number', 'workers = many\n', /:1: workers: found "many"/],
	['an option twice', 'workers = 1\nmount = "/a"\nworkers = 2\n', /:3: "workers" is given twice; .*line 1/],
	['a section twice', 'provider "a" { kind = extractive }\nprovider "a" { kind = extractive }\n', /:2: provider "a" is given twice/],
	['a missing }', 'chat {\n\tlinger = 5\n', /:1: chat \{ is never closed/],
	['a } too many', 'workers = 1\n}\n', /:2: /],
	['a variable', 'mount = "${HOME}"\n', /:1: .*\$\{/],
	['an unknown kind', 'provider "a" { kind = magic }\n', /:1: kind: found "magic"; allowed: openai, extractive/],
	['a provider that is not there', 'chat { providers = {"nope"} }\n', /:1: .*no provider "nope"/],
	['a strange base_url', 'provider "a" { base_url = "ftp://x" }\n', /:1: base_url: found "ftp:\/\/x"; allowed: /],
	['a duration in weeks', 'drain_timeout = "3 weeks"\n', /:1: drain_timeout: found "3 weeks"; allowed: a duration/],
	['a size of nothing', 'limits { body = "0" }\n', /:1: body: found "0"; allowed: /],
	['a network that is none', 'metrics_allow = {"300.1.1.1"}\n', /:1: metrics_allow: found "300\.1\.1\.1"/],
	['a line feed in a header', 'provider "a" { headers = {"X: a\\nY: b"} }\n', /:1: headers: /],
	['a listen address that is none', 'listen = {"somewhere"}\n', /:1: listen: found "somewhere"; allowed: /],
	['a binary file', Buffer.from([0, 255, 1]), /:1: .*NUL/],
	['a key that is missing', 'provider "a" { key_file = "/nonexistent/key" }\n', /:1: provider "a": key_file .*No such file/],
	['a key that all may read', (place) => { fs.chmodSync(place.write('open.key', 'sk-open-secret'), 0o644); return `provider "a" { key_file = "${place.path('open.key')}" }\n`; }, /key_file .*0644.*chmod 600/],
	['a system file that is missing', 'chat { system_file = "/nonexistent/system.txt" }\n', /system_file .*No such file/],
	['a folder of the socket that is missing', 'listen = {"unix:/nonexistent/leat.sock"}\n', /\/nonexistent: .*make it/],
];

scenario('check: what is wrong is named with its line, and keeps the pool from starting', async (place, t) => {
	for (const [name, text, words] of WRONG)
		await t.test(name, async () => {
			const wrong = typeof text === 'function' ? text(place) : text;
			// Where the file can be read, the rest of it must be right.
			const right = /_file/.test(wrong) ? `listen = {"unix:${place.path('x.sock')}"}\nruntime_dir = "${place.dir}"\n` : '';
			const file = place.write('leat.conf', right ? wrong + right : wrong);
			const done = await leat(place, ['check', '-c', file]);
			assert.equal(done.code, 1, done.stdout);
			const failed = done.stdout.split('\n').filter((line) => line.startsWith('fail'));
			assert.equal(failed.length, 1, done.stdout);
			assert.match(failed[0], words);
			const json = JSON.parse((await leat(place, ['check', '--json', '-c', file])).stdout);
			assert.equal(json.ok, false);
			assert.equal(json.failures, 1);
			const start = await leat(place, ['serve', '-c', file]);
			assert.equal(start.code, 1, start.stderr);
			assert.ok(!(done.stdout + start.stderr).includes('sk-open-secret'));
		});
	const none = await leat(place, ['check', '-c', place.path('none.conf')]);
	assert.equal(none.code, 1);
	assert.match(none.stdout, /none\.conf: .*No such file/);
	assert.equal((await leat(place, ['check', 'leat.conf'])).code, 2);
});

scenario('check: a good configuration passes, its index and document root are looked at', async (place) => {
	fs.mkdirSync(place.path('run'));
	const file = place.write('etc/leat.conf', configText(leatConfig(place, { context: { index: place.path('site.db') } })));
	const first = await leat(place, ['check', '-c', file]);
	assert.equal(first.code, 0, first.stdout);
	assert.match(first.stdout, /warn.*index.*leat index/);
	await indexSmall(place);
	const second = await leat(place, ['check', '--json', '-c', file]);
	assert.equal(second.code, 0);
	const result = JSON.parse(second.stdout);
	assert.deepEqual([result.ok, result.warnings], [true, 0], second.stdout);
	assert.match(result.checks.find((c) => c.subject === 'index').text, /1 passage/);
	place.write('site.db', Buffer.alloc(9000, 'junk'));
	assert.match((await leat(place, ['check', '-c', file])).stdout, /warn.*index.*damaged/);
	const root = await leat(place, ['check', '-c', file, '--docroot', place.path('etc')]);
	assert.equal(root.code, 1);
	assert.match(root.stdout, /fail.*document root.*leat\.conf/);
	fs.mkdirSync(place.path('www'));
	assert.equal((await leat(place, ['check', '-c', file, '--docroot', place.path('www')])).code, 0);
	const printed = await leat(place, ['check', '--print-options']);
	assert.equal(printed.code, 0);
	const again = await leat(place, ['check', '-c', place.write('printed.conf', printed.stdout)]);
	assert.ok(!/^fail configuration/m.test(again.stdout), again.stdout);
});

scenario('check --connect asks for the models only', async (place) => {
	const upstream = await startUpstream(place, (call) => call.json(call.headers.authorization === 'Bearer good' ? 200 : 401, { object: 'list', data: [{ id: 'test-model' }] }));
	fs.mkdirSync(place.path('run'));
	for (const [key, code] of [['good', 0], ['bad', 1]]) {
		fs.chmodSync(place.write('key', key), 0o600);
		const file = place.write('leat.conf', configText(leatConfig(place, { upstream, provider: { key_file: place.path('key') }, context: { index: '' } })));
		const done = await leat(place, ['check', '--connect', '-c', file]);
		assert.equal(done.code, code, done.stdout);
	}
	assert.deepEqual(upstream.calls.map((call) => `${call.req.method} ${call.url}`), ['GET /v1/models', 'GET /v1/models']);
});
