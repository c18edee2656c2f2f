// SPDX-License-Identifier: ISC
// leat as a CGI program, started directly with the environment that a web
// server would make.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { spawn, spawnSync } from 'node:child_process';
import { scenario, sleep, eventually, within, SLOWNESS } from './lib/place.mjs';
import { LEAT, configText, leatConfig } from './lib/leat.mjs';
import { parseCgi, paramsFor } from './lib/fcgi.mjs';
import { SseParser } from './lib/sse.mjs';
import { startUpstream } from './lib/upstream.mjs';

const IN_TIME_MS = 100 * SLOWNESS;

async function endless(call) {
	while (!call.isClosed) {
		await call.delta('word ');
		await sleep(20);
	}
}

/** A place with a configuration; `run` and `open` start the program. */
async function startCgi(place, options = {}) {
	const upstream = options.script === null ? null : await startUpstream(place, options.script);
	const config = leatConfig(place, { ...options, upstream });
	delete config.listen;
	delete config.workers;
	fs.mkdirSync(place.path('run'), { recursive: true });
	const file = place.write('leat.conf', options.text ?? configText(config));
	const environment = (asked) => ({
		...paramsFor(asked),
		LEAT_CONFIG: file,
		...process.env.ASAN_OPTIONS && { ASAN_OPTIONS: process.env.ASAN_OPTIONS },
		...asked.env,
	});
	return { upstream, file, environment,
		open: (asked, how = {}) => new Program(place, environment(asked), asked, how),
		/** To its end. */
		run: async (asked, how = {}) => {
			const program = new Program(place, environment(asked), asked, how);
			return program.whole();
		},
	};
}

class Program {
	constructor(place, env, asked, how) {
		this.startedAt = performance.now();
		this.child = spawn(how.program ?? LEAT, how.args ?? [], { env, cwd: place.dir,
			stdio: [how.stdin ?? 'pipe', how.stdout ?? 'pipe', 'pipe'] });
		this.output = Buffer.alloc(0);
		this.errors = '';
		this.events = [];
		this.parser = new SseParser((event) => {
			event.json = JSON.parse(event.data);
			this.events.push(event);
		});
		this.child.stdout?.on('data', (data) => this.#take(data));
		this.child.stderr.on('data', (data) => { this.errors += data; });
		this.child.stdin?.on('error', () => {});
		this.ended = new Promise((resolve) => this.child.on('close', (code, signal) => {
			this.endedAt = performance.now();
			this.exit = { code, signal };
			resolve(this.exit);
		}));
		place.onClose(() => { if (!this.exit) this.child.kill('SIGKILL'); });
		if (asked.body !== undefined && !how.keepsInput) this.child.stdin.end(asked.body);
		// Otherwise it stays open, and silent.
	}

	#take(data) {
		const at = performance.now();
		this.output = Buffer.concat([this.output, data]);
		if (this.inBody) return this.parser.feed(data.toString(), at);
		const end = this.output.indexOf('\r\n\r\n');
		if (end < 0) return;
		this.inBody = true;
		this.parser.feed(this.output.subarray(end + 4).toString(), at);
	}

	async until(type, count = 1) {
		const found = () => this.events.filter((event) => event.json.type === type);
		await eventually(() => found().length >= count, `${count} ${type}`);
		return found()[count - 1];
	}

	async whole() {
		const exit = await within(this.ended, 20000 * SLOWNESS, 'the program ends');
		return { ...exit, ...parseCgi(this.output), errors: this.errors };
	}
}

const ask = (query, more = {}) => ({ body: JSON.stringify({ query, streaming: true, ...more }) });

scenario('a turn streams frame by frame, and the process ends with it', async (place) => {
	const sent = [];
	const cgi = await startCgi(place, { script: async (call) => {
		for (let n = 0; n < 10; n++) {
			sent.push(performance.now());
			await call.delta(`w${n} `);
			await sleep(30);
		}
		await call.stop();
	} });
	const program = cgi.open(ask('q'));
	await program.until('final');
	assert.equal((await program.ended).code, 0);
	const seen = program.events.filter((event) => event.json.type === 'content');
	assert.equal(seen.length, 10);
	const delays = seen.map((event, n) => event.at - sent[n]).sort((a, b) => a - b);
	assert.ok(delays[5] < 10 * SLOWNESS, `median delay ${delays[5]} ms`);
	const { status, headers } = parseCgi(program.output);
	assert.equal(status, 200);
	assert.equal(headers['content-type'], 'text/event-stream');
});

scenario('an answer in one piece, and every small route', async (place) => {
	const cgi = await startCgi(place);
	const answer = await cgi.run({ body: '{"query":"q"}' });
	assert.equal(answer.status, 200);
	assert.equal(answer.json.answer, 'The answer is 42.');
	// Standard input stays open and silent for these.
	assert.equal((await cgi.run({ path: '/ask/healthz' })).json.ok, true);
	assert.equal((await cgi.run({ path: '/ask/readyz' })).json.ready, true);
	assert.equal((await cgi.run({ path: '/ask/selftest' })).json.process, 'cgi');
	assert.match((await cgi.run({ path: '/ask/' })).text, /<!doctype html>/i);
	assert.equal((await cgi.run({ path: '/ask/nothing' })).status, 404);
	const get = await cgi.run({ path: '/ask/chat?query=q', headers: { accept: 'application/json' } });
	assert.equal(get.json.answer, 'The answer is 42.');
	const head = await cgi.run({ path: '/ask/', method: 'HEAD' });
	assert.equal(head.status, 200);
	assert.equal(head.text, '');
});

scenario('a body comes by its length, chunked, or not at all', async (place) => {
	const cgi = await startCgi(place, { limits: { body: '100K', request_timeout: '1s' } });
	const body = '{"query":"q"}';
	const chunked = { body, params: { CONTENT_LENGTH: '' }, headers: { 'transfer-encoding': 'chunked' } };
	assert.equal((await cgi.run(chunked)).json.answer, 'The answer is 42.');
	assert.equal((await cgi.run({ body, params: { CONTENT_LENGTH: undefined } })).json.answer, 'The answer is 42.');
	assert.equal((await cgi.run({ body: '' })).status, 400);
	// More than it says is not read; less is an error, at once or in time.
	assert.equal((await cgi.run({ body: `${body}garbage`, params: { CONTENT_LENGTH: body.length } })).status, 200);
	assert.equal((await cgi.run({ body, params: { CONTENT_LENGTH: 100 } })).status, 400);
	const late = cgi.open({ body, params: { CONTENT_LENGTH: 100 } }, { keepsInput: true });
	late.child.stdin.write(body);
	const late_reply = await late.whole();
	assert.equal(late_reply.status, 408);
	assert.ok(late.endedAt - late.startedAt < 5000 * SLOWNESS);
	// Too large: refused before it is read, and then thrown away.
	const large = await cgi.run({ body: 'x'.repeat(300_000) });
	assert.equal(large.status, 413);
	assert.match(large.json.error, /102400/);
	const large_chunked = await cgi.run({ body: 'x'.repeat(300_000), params: { CONTENT_LENGTH: '' } });
	assert.equal(large_chunked.status, 413);
});

scenario('SIGTERM ends the upstream request and the process at once', async (place, t) => {
	const cgi = await startCgi(place);
	let n = 0;
	for (const [name, script] of Object.entries({ 'while words come': endless, 'while the model is silent': (call) => call.head(), 'before it answers': () => {} }))
		await t.test(name, async () => {
			cgi.upstream.script = script;
			const program = cgi.open(ask('q'));
			const call = await cgi.upstream.call(++n);
			await sleep(100);
			const at = performance.now();
			program.child.kill('SIGTERM');
			await within(Promise.all([call.closed, program.ended]), 3000, 'both end');
			assert.ok(call.closedAt - at < IN_TIME_MS, `upstream: ${call.closedAt - at} ms`);
			assert.ok(program.endedAt - at < 2 * IN_TIME_MS, `process: ${program.endedAt - at} ms`);
			assert.equal(program.exit.code, 0);
			// Whoever still reads is told.
			assert.equal(program.events.at(-1).json.code, 'interrupted');
		});
});

// As a thread of a web server may have them for itself.
const BLOCKED = `
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
os.execv(sys.argv[1], sys.argv[1:])
`;

scenario('SIGTERM is heard though whoever started the program has blocked it', async (place, t) => {
	const cgi = await startCgi(place, { script: (call) => call.head() });
	for (const [name, open] of Object.entries({
		'while it streams': async () => {
			const program = cgi.open({ ...ask('q'), env: { PATH: process.env.PATH } }, { program: 'python3', args: ['-c', BLOCKED, LEAT] });
			await program.until('status', 2);
			return program;
		},
		'while the body comes': async () => {
			const program = cgi.open({ ...ask('q'), env: { PATH: process.env.PATH } }, { program: 'python3', args: ['-c', BLOCKED, LEAT], keepsInput: true });
			await eventually(() => fs.readFileSync(`/proc/${program.child.pid}/comm`, 'utf8').trim() === path.basename(LEAT), 'it runs');
			await sleep(100);
			return program;
		},
	}))
		await t.test(name, async () => {
			const program = await open();
			program.child.kill('SIGTERM');
			await within(program.ended, 1000 * SLOWNESS, 'the program ends');
		});
});

scenario('a reader that closes the output ends both at once, also while the model is silent', async (place, t) => {
	const cgi = await startCgi(place);
	let n = 0;
	for (const [name, script] of Object.entries({ 'while words come': endless, 'while the model is silent': (call) => call.head() }))
		for (const socket of [false, true])
			await t.test(`${name}, ${socket ? 'a socket' : 'a pipe'}`, async () => {
				cgi.upstream.script = script;
				const program = startThrough(place, cgi.environment({ path: '/ask/chat?query=q&streaming=1' }), socket);
				const call = await cgi.upstream.call(++n);
				await sleep(150);
				const at = performance.now();
				program.stdin.write('close\n');
				await within(call.closed, 3000, 'the upstream request closes');
				assert.ok(call.closedAt - at < IN_TIME_MS, `${call.closedAt - at} ms`);
				const [line] = await within(new Promise((resolve) => program.stdout.on('data', (data) => resolve(String(data).trim().split(' ')))), 3000, 'it ends');
				assert.equal(line, '0');
			});
});

/** Standard output, and for mod_cgid's way the input too, is something that we
 * close on command; then it says the exit status and how long it took. */
function startThrough(place, env, socket) {
	const child = spawn('python3', ['-c', `
import os, socket, subprocess, sys, time
if ${socket ? 1 : 0}:
    ours, theirs = socket.socketpair()
    p = subprocess.Popen([sys.argv[1]], stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL)
    theirs.close()
    ours.shutdown(socket.SHUT_WR)
    close = ours.close
else:
    r, w = os.pipe()
    p = subprocess.Popen([sys.argv[1]], stdin=subprocess.DEVNULL, stdout=w, stderr=subprocess.DEVNULL)
    os.close(w)
    close = lambda: os.close(r)
sys.stdin.readline()
close()
print(p.wait(), flush=True)
`, LEAT], { env: { ...env, PATH: process.env.PATH }, stdio: ['pipe', 'pipe', 'ignore'] });
	place.onClose(() => { child.kill('SIGKILL'); });
	return child;
}

// What mod_cgid does behind the body: it writes no more, but reads.
const HALF_CLOSED = `
import socket, subprocess, sys
ours, theirs = socket.socketpair()
p = subprocess.Popen([sys.argv[1]], stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL)
theirs.close()
ours.sendall(b'{"query":"q"}')
ours.shutdown(socket.SHUT_WR)
while True:
    data = ours.recv(65536)
    if not data: break
    sys.stdout.buffer.write(data)
sys.exit(p.wait())
`;

scenario('a web server that has nothing more to send is not taken for gone', async (place) => {
	const cgi = await startCgi(place, { script: async (call) => {
		await sleep(200);
		await call.delta('late');
		await call.stop();
	} });
	const done = await place.run('half-closed', 'python3', ['-c', HALF_CLOSED, LEAT],
		{ env: { ...cgi.environment({ body: '{"query":"q"}' }), PATH: process.env.PATH } });
	assert.equal(done.code, 0);
	assert.equal(parseCgi(Buffer.from(done.stdout)).json.answer, 'late');
});

scenario('the output may be a file, or closed', async (place) => {
	const cgi = await startCgi(place);
	const file = place.path('out');
	const fd = fs.openSync(file, 'w');
	const program = cgi.open(ask('q'), { stdout: fd });
	fs.closeSync(fd);
	assert.equal((await program.ended).code, 0);
	const reply = parseCgi(fs.readFileSync(file));
	assert.equal(reply.status, 200);
	assert.match(reply.text, /"type":"final"/);
	for (const nothing of ['>&-', '1</dev/null', '<&- >&-']) {
		const closed = await place.run('closed', 'sh', ['-c', `exec "$0" ${nothing}`, path.resolve(LEAT)],
			{ env: { ...cgi.environment({ path: '/ask/chat?query=q' }), PATH: process.env.PATH } });
		assert.equal(closed.code, 1);
		assert.match(closed.stderr, /standard output cannot be written to/);
	}
	assert.equal(cgi.upstream.calls.length, 1, 'nobody pays for it');
});

scenario('nobody pays for what a full disk does not take', async (place) => {
	const cgi = await startCgi(place, { script: endless });
	const fd = fs.openSync('/dev/full', 'w');
	const program = cgi.open(ask('q'), { stdout: fd });
	fs.closeSync(fd);
	await within(program.ended, 1000 * SLOWNESS, 'the program ends');
	assert.equal(program.exit.code, 0);
	await eventually(() => cgi.upstream.calls.every((call) => call.isClosed), 'no call is left');
});

scenario('a start that fails is a JSON 500 without secrets, and the error log has the rest', async (place, t) => {
	const key = 'sk-very-secret-0123456789';
	const keyFile = place.write('the.key', key);
	const cgi = await startCgi(place);
	const model = (more) => `provider "model" {\n kind = openai\n base_url = "http://127.0.0.1:1"\n${more}}\n`;
	const cases = {
		'no such configuration': [undefined, /cannot be read/],
		'a wrong option': [`limits { body = "${key}" }\n`, /leat\.conf:1/],
		'a missing brace': ['limits {\n', /leat\.conf/],
		'a key that others can read': [model(` key_file = "${keyFile}"\n`), /chmod 600/],
		'a key file that is not there': [model(' key_file = "/nowhere/key"\n'), /\/nowhere\/key/],
		'a log that cannot be written': ['log = "/nowhere/leat.log"\n', /\/nowhere\/leat\.log/],
	};
	fs.chmodSync(keyFile, 0o644);
	for (const [name, [text, detail]] of Object.entries(cases))
		await t.test(name, async () => {
			if (text === undefined) fs.unlinkSync(cgi.file);
			else place.write('leat.conf', text);
			const reply = await cgi.run({ path: '/ask/chat', body: '{"query":"q"}' });
			assert.equal(reply.code, 1);
			assert.equal(reply.status, 500);
			assert.equal(reply.headers['content-type'], 'application/json');
			assert.equal(reply.json.type, 'error');
			assert.equal(reply.json.code, 'internal');
			assert.equal(reply.json.retryable, false);
			assert.doesNotMatch(reply.text, /secret|sk-|nowhere|leat\.conf|\/tmp|chmod/);
			assert.match(reply.errors, detail);
			// An EventSource cannot read a 500, and would not come back.
			const events = await cgi.run({ path: '/ask/chat?query=q', headers: { accept: 'text/event-stream' } });
			assert.equal(events.status, 200);
			assert.match(events.text, /^:\nid: refused\ndata: \{"type":"error"/);
		});
});

scenario('a missing index is only a status', async (place) => {
	const cgi = await startCgi(place, { context: { index: place.path('none.db') } });
	const program = cgi.open(ask('q'));
	await program.until('final');
	assert.ok(program.events.some((event) => event.json.status?.state === 'failed'));
});

scenario('arguments mean nothing', async (place) => {
	const cgi = await startCgi(place);
	const trap = place.write('trap.conf', 'log_level = nonsense\n');
	for (const args of [['serve'], ['-c', trap], [`-c${trap}`], ['check'], ['--help'], ['worker'], ['ask', 'x']]) {
		const reply = await cgi.run({ path: '/ask/healthz' }, { args });
		assert.equal(reply.status, 200, args.join(' '));
		assert.equal(reply.text, '{"ok":true}\n');
	}
});

scenario('of the environment only what no header can be called is a setting', async (place) => {
	const cgi = await startCgi(place);
	// Nobody listens there: through it the model would not be reached.
	const proxy = 'http://127.0.0.1:1';
	const body = '{"query":"q"}';
	const reply = await cgi.run({ body, headers: { proxy }, env: { ALL_PROXY: proxy } });
	assert.equal(reply.json.answer, 'The answer is 42.');
	const through = await cgi.run({ body, env: { all_proxy: proxy } });
	assert.equal(through.status, 502);
});

scenario('what needs a later request is refused, what another process held is gone', async (place) => {
	const cgi = await startCgi(place);
	const later = await cgi.run({ body: '{"query":"q","wait":0}' });
	assert.equal(later.status, 400);
	assert.equal(later.json.code, 'unsupported_field');
	assert.match(later.json.error, /wait/);
	assert.equal(cgi.upstream.calls.length, 0);
	const first = await cgi.run({ body: '{"query":"q"}' });
	const { turn } = first.json;
	assert.equal((await cgi.run({ path: `/ask/chat/${turn}/stream` })).status, 410);
	assert.equal((await cgi.run({ path: '/ask/chat?query=q', headers: { accept: 'text/event-stream', 'last-event-id': `${turn}.2` } })).status, 204);
	assert.equal(cgi.upstream.calls.length, 1);
});

scenario('behind Apache heartbeats come in pairs', async (place) => {
	const cgi = await startCgi(place, { limits: { heartbeat: '1s' }, script: (call) => call.head() });
	const program = cgi.open({ ...ask('q'), params: { SERVER_SOFTWARE: 'Apache/2.4.71 (Debian)' } });
	await eventually(() => program.parser.comments.filter((comment) => comment.text === 'hb').length >= 4, 'heartbeats', 8000);
	const at = program.parser.comments.filter((comment) => comment.text === 'hb').map((comment) => comment.at);
	assert.ok(at[1] - at[0] > 50 && at[1] - at[0] < 250 * SLOWNESS, `${at[1] - at[0]}`);
	program.child.kill();
	await program.ended;
});
