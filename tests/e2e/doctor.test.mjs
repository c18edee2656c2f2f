// SPDX-License-Identifier: ISC
// `leat doctor` and `leat check --site` against real web servers: with our
// files all is well; with each mistake the right line is named.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { LEAT, cleanEnvironment } from './lib/leat.mjs';
import { startNginx } from './lib/nginx.mjs';
import { Place, SLOWNESS, freePort, scenario } from './lib/place.mjs';
import { servers } from './lib/servers.mjs';
import { plainFront } from './lib/servers/nginx.mjs';
import { leakingRoot } from './lib/servers/pool.mjs';

const AT_ONCE = 3;
const known = (slug) => servers.find((one) => one.slug === slug);

/** fn(item, place) for each, a few at a time, each in a place of its own. */
async function each(items, fn) {
	const waiting = [...items];
	const faults = [];
	const work = async () => {
		for (let item; (item = waiting.shift());) {
			const place = new Place();
			try {
				await fn(item, place);
			} catch (error) {
				place.printLogs();
				faults.push(`${item.slug ?? item[0]} ${item[1] ?? ''}: ${error.message}`);
			}
			faults.push(...await place.close());
			place.remove();
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, work));
	assert.deepEqual(faults, []);
}

async function leat(place, args, timeout = 60000) {
	const run = await place.run('leat', LEAT, args, { env: cleanEnvironment(), timeout });
	return { ...run, code: run.code, lines: run.stdout.trim().split('\n') };
}

/** The certificate of a server with TLS is its own. */
function trust(place, server) {
	if (!server.url.startsWith('https')) return [];
	const certificates = fs.readdirSync(place.dir).map((name) => place.path(name, 'leat.crt'));
	return ['--ca-file', certificates.find((file) => fs.existsSync(file))];
}

async function examine(place, server, args = []) {
	const run = await leat(place, ['doctor', '--json', ...trust(place, server), ...args, server.base]);
	let report;
	try {
		report = JSON.parse(run.stdout);
	} catch {
		throw new Error(`no JSON: ${run.code} ${run.stdout} ${run.stderr}`);
	}
	assert.equal(run.code, report.failures ? 1 : 0);
	assert.equal(report.ok, report.failures === 0);
	return report;
}

function found(report, id) {
	return report.findings.find((finding) => finding.id === id);
}

function text(report, level) {
	return report.findings.filter((one) => one.level === level).map((one) => `${one.id}: ${one.text}`).join('\n');
}

/** Level of `id`, and that one of its remedies names `line`. */
function assertNames(report, id, level, line) {
	const finding = found(report, id);
	assert.ok(finding, `no finding ${id}: ${JSON.stringify(report)}`);
	assert.equal(finding.level, level, `${id}: ${finding.text}`);
	const lines = finding.remedies.map((one) => `${one.line} | ${one.why}`);
	assert.ok(lines.some((one) => one.includes(line)), `${id} names ${JSON.stringify(lines)}`);
	for (const remedy of finding.remedies)
		assert.ok(remedy.server && remedy.file && remedy.why);
}

// A bare proxy_pass is an owner's own mistake: see below.
const good = servers.filter((one) => one.slug !== 'nginx-front');
const KIND = {
	pool: /^(nginx|apache-proxy|lighttpd)$/,
	alone: /^(nginx|apache-fcgid|lighttpd)$/,
	cgi: /^(nginx-fcgiwrap|apache-cgi|lighttpd-cgi)$/,
};

scenario('every server with our files is well, and the numbers say so', async () => {
	await each(good, async (entry, place) => {
		const server = await entry.start(place, { leat: { limits: { heartbeat: '2s' } } });
		let report = await examine(place, server);
		// A machine that is busy for a moment looks like a slow server; what
		// is wrong stays wrong.
		const isWell = (r) => r.failures + r.warnings === 0 && found(r, 'body').numbers.largest_bytes === 8388608;
		if (!isWell(report)) report = await examine(place, server);
		assert.equal(text(report, 'fail'), '');
		assert.equal(text(report, 'warn'), '');
		assert.match(report.server, KIND[entry.process]);
		assert.equal(report.process, entry.process);
		const stream = found(report, 'stream').numbers;
		assert.equal(stream.frames, 41);
		assert.ok(stream.median_ms < 5 * SLOWNESS, `median ${stream.median_ms}`);
		assert.equal(found(report, 'body').numbers.largest_bytes, 8388608);
		for (const id of ['gzip', 'together', 'headers', 'leaving', 'leaving-silent', 'idle', 'authorization', 'last-event-id', 'origin', 'chunked', 'secret'])
			assert.equal(found(report, id)?.level, 'ok', id);
		assert.equal(found(report, 'http2')?.level, entry.tls ? 'ok' : undefined);
		if (entry.leaving === 'at once') assert.ok(found(report, 'leaving-silent').numbers.noticed_ms < 500 * SLOWNESS);
	});
}, { timeout: 300000 * SLOWNESS });

// server, mistake, finding, level, what its remedy names, options of doctor
const BAD = [
	['nginx', 'ignores our header', 'stream', 'fail', 'fastcgi_buffering off'],
	['nginx', 'compresses and buffers', 'gzip', 'fail', 'gzip off'],
	['nginx', 'short timeout', 'idle', 'fail', 'fastcgi_read_timeout', '--idle', '5'],
	['nginx', 'small bodies', 'body', 'fail', 'client_max_body_size'],
	['nginx', 'hides Authorization', 'authorization', 'fail', 'HTTP_AUTHORIZATION'],
	['nginx', 'gives secrets away', 'secret', 'fail', 'return 404'],
	['nginx-front', undefined, 'body', 'fail', 'client_max_body_size'],
	['nginx-front', undefined, 'origin', 'fail', 'proxy_set_header Host'],
	['nginx-front', 'header swallowed', 'stream', 'fail', 'fastcgi_pass_header X-Accel-Buffering'],
	['nginx-front', 'front ignores our header', 'stream', 'fail', 'proxy_buffering off'],
	['nginx-front', 'front with a short timeout', 'idle', 'fail', 'proxy_read_timeout', '--idle', '5'],
	['apache-proxy', 'buffers', 'stream', 'fail', 'flushpackets=on'],
	['apache-proxy', 'hides Authorization', 'authorization', 'fail', 'CGIPassAuth On'],
	['apache-proxy', 'short timeout', 'idle', 'fail', 'timeout=', '--idle', '5'],
	['apache-fcgid', 'buffers', 'stream', 'fail', 'FcgidOutputBufferSize 0'],
	['apache-fcgid', 'short timeout', 'idle', 'fail', 'FcgidIOTimeout', '--idle', '5'],
	['apache-fcgid', 'hides Authorization', 'authorization', 'fail', 'CGIPassAuth On'],
	['apache-fcgid', 'small bodies', 'body', 'fail', 'FcgidMaxRequestLen'],
	['apache-fcgid', 'gives secrets away', 'secret', 'fail', 'Require all denied'],
	['apache-cgi', 'compresses', 'gzip', 'fail', 'no-gzip'],
	['apache-cgid', 'compresses', 'gzip', 'fail', 'no-gzip'],
	['apache-cgid', 'short timeout', 'idle', 'fail', 'CGIDScriptTimeout', '--idle', '5'],
	['fcgiwrap', 'buffers', 'stream', 'fail', 'NO_BUFFERING 1'],
	['fcgiwrap', 'short timeout', 'idle', 'fail', 'fastcgi_read_timeout', '--idle', '5'],
	['lighttpd-cgi', 'buffers', 'stream', 'fail', 'server.stream-response-body = 2'],
	['lighttpd', 'buffers', 'stream', 'fail', 'server.stream-response-body = 2'],
	['lighttpd', 'short timeout', 'idle', 'fail', 'read-timeout', '--idle', '7'],
	['lighttpd', 'small bodies', 'body', 'fail', 'server.max-request-size'],
	['lighttpd', 'gives secrets away', 'secret', 'fail', 'url.access-deny'],
];

scenario('each mistake is found, and the line that mends it is named', async () => {
	await each(BAD, async ([slug, mistake, id, level, line, ...args], place) => {
		assert.ok(known(slug).mistakes.includes(mistake) || !mistake, `${slug}: ${mistake}`);
		const server = await known(slug).start(place, { mistake });
		assertNames(await examine(place, server, ['--quick', ...args]), id, level, line);
	});
}, { timeout: 300000 * SLOWNESS });

scenario('a server that notices leaving only when leat writes is told how to do better', async () => {
	await each([
		['nginx', 'ignores leaving', 'fastcgi_ignore_client_abort off'],
		['lighttpd', 'ignores leaving', 'tcp-fin-propagate'],
	], async ([slug, mistake, line], place) => {
		const server = await known(slug).start(place, { mistake, leat: { limits: { heartbeat: '3s' } } });
		assertNames(await examine(place, server), 'leaving-silent', 'warn', line);
	});
});

scenario('the largest request is found to the kilobyte', async (place) => {
	const server = await known('nginx').start(place, { mistake: 'small bodies' });
	const { numbers } = found(await examine(place, server, ['--quick']), 'body');
	assert.equal(numbers.largest_bytes, 1048576);
	assert.equal(numbers.limit_bytes, 8388608);
});

scenario('what lies about can be downloaded, and is named with its address', async (place) => {
	const server = await known('nginx').start(place, { mistake: 'gives secrets away' });
	const report = await examine(place, server, ['--quick']);
	const texts = report.findings.filter((one) => one.id === 'secret').map((one) => one.text).join('\n');
	for (const name of ['/leat.conf', '/openai.key', '/site.db'])
		assert.ok(texts.includes(`${server.url}${name}`), `${name} in ${texts}`);
});

scenario('a site that answers every address alike has given nothing away', async (place) => {
	const page = http.createServer((_, response) => response.end('0123456789abcdef0123456789'));
	await new Promise((resolve) => page.listen(0, '127.0.0.1', resolve));
	place.onClose(() => new Promise((resolve) => page.close(() => resolve())));
	const url = `http://127.0.0.1:${page.address().port}`;
	const run = await leat(place, ['check', '--json', '--site', url]);
	const secret = JSON.parse(run.stdout).checks.find((one) => one.subject === 'secret');
	assert.equal(secret.level, 'ok', secret.text);
	page.closeAllConnections();
});

/** A site whose root holds leat's own files, and denies them or does not. */
async function siteWith(place, rule) {
	const root = place.path('www');
	fs.mkdirSync(path.join(root, 'private'), { recursive: true });
	const conf = place.write('www/private/settings.txt', `provider "a" {\n\tkind = openai\n\tbase_url = "http://127.0.0.1:1"\n\tmodel = "m"\n\tkey_file = "${root}/private/secret.bin"\n}\n`
		+ `context { index = "${root}/private/data.bin" }\nruntime_dir = "${place.dir}"\nlisten = {"unix:${place.path('l.sock')}"}\nchat { providers = {"a"} }\n`);
	place.write('www/private/secret.bin', 'a key without any form\n');
	fs.chmodSync(place.path('www/private/secret.bin'), 0o600);
	fs.writeFileSync(place.path('www/private/data.bin'), 'some bytes of an index');
	const server = await startNginx(place, { socket: '127.0.0.1:1', site: `location / { root ${root}; }\n${rule}` });
	return { server, conf, root };
}

scenario('leat check --site proves which configured files can be downloaded', async (place) => {
	const { server, conf, root } = await siteWith(place, '');
	const run = await leat(place, ['check', '-c', conf, '--docroot', root, '--site', server.url]);
	assert.equal(run.code, 1);
	assert.match(run.stdout, /fail secret: everybody can download the configuration from http:\S+\/private\/settings\.txt/);
	assert.match(run.stdout, /fail secret: everybody can download a key from http:\S+\/private\/secret\.bin/);
	assert.match(run.stdout, /fail secret: everybody can download the index from/);
	assert.match(run.stdout, /fail document root: /);
	assert.ok(!run.stdout.includes('a key without any form'));
});

scenario('... and that a rule of the web server denies them', async (place) => {
	const { server, conf, root } = await siteWith(place, 'location /private/ { return 403; }\n');
	const run = await leat(place, ['check', '-c', conf, '--docroot', root, '--site', server.url]);
	assert.match(run.stdout, /ok {3}secret: /);
	assert.match(run.stdout, /warn document root: the configuration .* gives it to nobody/);
	assert.doesNotMatch(run.stdout, /fail (secret|document root)/);
});

scenario('leat is found below the address of the site', async (place) => {
	const server = await known('nginx').start(place);
	const report = await examine(place, { ...server, base: server.url }, ['--quick']);
	assert.equal(report.url, `${server.url}/ask`);
	assert.equal(report.failures, 0);
});

scenario('what is not there is explained', async (place) => {
	const nothing = await leat(place, ['doctor', `http://127.0.0.1:${await freePort()}/ask`]);
	assert.equal(nothing.code, 1);
	assert.match(nothing.stdout, /^fail reach: .*cannot be reached/);
	const unknown = await leat(place, ['doctor', 'http://no-such-name.invalid/ask']);
	assert.equal(unknown.code, 1);
	assert.match(unknown.stdout, /^fail reach: .*DNS/);
	const away = await startNginx(place, { socket: `unix:${place.path('gone.sock')}` });
	const report = await examine(place, { url: away.url, base: `${away.url}/ask` });
	assertNames(report, 'leat', 'fail', 'start leat');
	const bare = await startNginx(place, { socket: `unix:${place.path('gone.sock')}`, complete: 'front.conf', files: { 'front.conf': plainFront(`location / { root ${leakingRoot(place)}; }`), 'leat-front-upstream.conf': '' } });
	const empty = await examine(place, { url: bare.url, base: `${bare.url}/elsewhere` });
	assertNames(empty, 'leat', 'fail', 'include snippets/leat.conf');
	assert.equal(found(empty, 'secret').level, 'fail');
});

scenario('a certificate that nobody knows is a failure', async (place) => {
	const server = await known('nginx-tls').start(place);
	const run = await leat(place, ['doctor', server.base]);
	assert.equal(run.code, 1);
	assert.match(run.stdout, /^fail reach: .*certificate/);
});

scenario('selftest that is switched off is said to be so', async (place) => {
	const server = await known('nginx').start(place, { leat: { more: { routes_off: ['selftest'] } } });
	const report = await examine(place, server);
	assert.match(found(report, 'leat').text, /routes_off/);
});

scenario('Ctrl-C ends it at once', async (place) => {
	const server = await known('nginx').start(place);
	const run = place.spawn('doctor', LEAT, ['doctor', server.base], { env: cleanEnvironment() });
	run.expectedToDie = true;
	await new Promise((resolve) => setTimeout(resolve, 700));
	const began = Date.now();
	run.kill('SIGINT');
	assert.equal((await run.exited).code, 130);
	assert.ok(Date.now() - began < 1000 * SLOWNESS);
});

scenario('called wrongly it says how it is called', async (place) => {
	for (const args of [[], ['ftp://a.example'], ['a', 'b'], ['--idle', '0', 'a'], ['http://']])
		assert.equal((await leat(place, ['doctor', ...args])).code, 2, args.join(' '));
});
