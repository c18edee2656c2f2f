// SPDX-License-Identifier: ISC
// A server that answers as leat does, without leat: for working on the page,
// and for what a real pool does only by accident (frames cut anywhere, lost
// connections, refusals). Alone: node page_fake.mjs [PORT]; each question
// that begins with the name of a script below plays that script.
import fs from 'node:fs';
import http from 'node:http';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { sleep, TOP } from './lib/place.mjs';

const read = (name) => fs.readFileSync(`${TOP}/browser/${name}`, 'utf8');

export function pageWith(nonce) {
	const inside = { css: read('page.css'), js: ['follow.js', 'markdown.js', 'page.js'].map(read).join('') };
	return read('page.html').replace(/\{\{(css|js)\}\}/g, (_, name) => inside[name]).replaceAll('{{nonce}}', nonce);
}

const SOURCES = [
	{ n: 1, title: 'Log Files - Apache HTTP Server', heading: 'Log Rotation', url: '/manual/logs.html#rotation', snippet: 'On even a moderately busy server, the quantity of information stored in the log files is very large. The access log file typically grows 1 MB or more per 10,000 requests. It will consequently be necessary to periodically rotate the log files by moving or deleting the existing logs.' },
	{ n: 2, title: 'rotatelogs - Piped logging program to rotate Apache logs', heading: 'rotatelogs > Synopsis', url: '/manual/programs/rotatelogs.html', snippet: 'rotatelogs is a simple program for use in conjunction with Apache\'s piped logfile feature. It supports rotation based on a time interval or maximum size of the log.' },
	{ n: 3, title: 'Stopping and Restarting Apache HTTP Server', heading: 'Graceful Restart', url: 'https://httpd.example.org/docs/2.4/stopping.html', snippet: 'The USR1 or graceful signal causes the parent process to advise the children to exit after their current request.' },
	{ n: 4, title: 'Log Files - Apache HTTP Server', heading: 'Piped Logs', url: '/manual/logs.html#piped', snippet: 'Apache httpd is capable of writing error and access log files through a pipe to another process, rather than directly to a file.' },
];
const ANSWER = `The server keeps writing to an open log file even after you rename it, so it has to be told to open new ones. There are two usual ways [1].

**With a restart.** Move the files, then restart gracefully so that no request is lost [1][3]:

\`\`\`sh
mv access_log access_log.old
mv error_log error_log.old
apachectl graceful
sleep 600
gzip access_log.old error_log.old
\`\`\`

**With a piped program.** \`rotatelogs\` opens a new file by itself [2]:

1. Name it in \`CustomLog\`, after a pipe.
2. Give the time between rotations in seconds, for example \`86400\`:
   - a strftime format may stand in the name,
   - or a size such as *5M*.
3. Restart once.

| Way | Restart needed | Good for |
|---|---|---|
| \`mv\` and restart | each time | small sites |
| \`rotatelogs\` | once | busy sites |

Wait a while before you compress old files, since requests that are still running write to them.`;
const QUOTES = `From the documentation:

> On even a moderately busy server, the quantity of information stored in the log files is very large. [1]

> rotatelogs is a simple program for use in conjunction with Apache's piped logfile feature. [2]`;

const frame = (turn, event) => `id: ${turn.id}.${++turn.n}\ndata: ${JSON.stringify(event)}\n\n`;
const status = (step, state, description, more) => ({ type: 'status', status: { step, state, description, ...more } });

function final(turn, answer, more = {}) {
	return { type: 'final', result: { answer, sources: SOURCES, finish_reason: 'stop', model: 'gpt-4o-mini', provider: 'openai', timing: { first_token_ms: 310, total_ms: 2140 }, turn: turn.id, ...more } };
}

/** The events of a plain answer, with the pause before each. */
function* answer(turn, text = ANSWER, more) {
	yield [0, status('admit', 'done', 'Question received', { elapsed_ms: 0 })];
	yield [5, status('context', 'started', 'Searching 3,214 passages', { elapsed_ms: 1 })];
	yield [40, status('context', 'done', 'Found 6 passages', { elapsed_ms: 13 })];
	yield [10, status('model', 'started', 'Asking gpt-4o-mini', { elapsed_ms: 14 })];
	yield [turn.pace * 8, status('model', 'done', 'The model answers', { elapsed_ms: 310 })];
	for (const piece of text.match(/.{1,9}/gs))
		yield [turn.pace, { type: 'content', content: piece }];
	yield [0, final(turn, text, more)];
}

export const SCRIPTS = {
	answer,
	*quotes(turn) {
		yield* answer(turn, QUOTES, { mode: 'extractive', model: 'extractive', provider: 'quotes', sources: SOURCES.slice(0, 2) });
	},
	*slow(turn) {
		yield [0, status('context', 'started', 'Searching 3,214 passages')];
		yield [60000, final(turn, 'late')];
	},
	*error(turn) {
		let n = 0;
		for (const step of answer(turn)) {
			if (n++ === 40) break;
			yield step;
		}
		yield [0, { type: 'error', error: 'The model stopped in the middle of its answer.', code: 'upstream_truncated', retryable: true, partial: '', turn: turn.id }];
	},
	*long(turn) {
		yield* answer(turn, Array.from({ length: 60 }, (_, i) => `Paragraph ${i + 1} of a long answer, with words enough for a line or two on a narrow screen.`).join('\n\n'));
	},
	*hostile(turn) {
		const text = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script> [a](javascript:window.hacked=1) [b](data:text/html,x) [9] **<b>bold</b>** `</code><svg onload=hacked>`';
		yield* answer(turn, text, { sources: [{ n: 1, title: '<img src=x onerror="window.hacked=1">', heading: '<b>', url: 'javascript:window.hacked=1', snippet: '<script>window.hacked=1</script>' }] });
	},
	*plain(turn) {
		yield* answer(turn, `You asked: ${turn.body.query ?? turn.body.messages.at(-1).content}`, { sources: [] });
	},
	*empty(turn) {
		yield [0, final(turn, '', { sources: [] })];
	},
};

/**
 * options: pace (ms between pieces), cut (bytes per write), drop (list of
 * event numbers before which the connection is cut), refuse ({status, body,
 * headers, times}), resumes (false: 204 to each resume).
 */
export async function startFake(place, options = {}) {
	const fake = { options, requests: [], stopped: [], turns: new Map(), csp: '' };

	async function write(res, text, cut = fake.options.cut) {
		const bytes = Buffer.from(text);
		for (let i = 0; i < bytes.length; i += cut ?? bytes.length) {
			res.write(bytes.subarray(i, i + (cut ?? bytes.length)));
			if (cut) await new Promise(setImmediate);
		}
	}

	/* Shows a turn's events from `from` on; the turn goes on by itself. */
	async function show(turn, res, from) {
		res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform', 'x-leat-turn': turn.id });
		await write(res, ':\nretry: 500\n\n');
		for (let i = from; ; i++) {
			while (i >= turn.frames.length && !turn.ended && !res.destroyed) await sleep(5);
			if (res.destroyed || i >= turn.frames.length) break;
			const at = turn.drops.indexOf(i);
			if (at >= 0) {
				turn.drops.splice(at, 1);
				await write(res, turn.frames[i].slice(0, 20));
				res.end();
				return;
			}
			await write(res, `: hb\n${turn.frames[i]}`);
		}
		res.end();
	}

	async function play(turn, script) {
		for (const [pause, event] of script(turn)) {
			if (pause > 0) await Promise.race([sleep(pause), turn.stop]);
			if (turn.stopped) break;
			turn.frames.push(frame(turn, event));
		}
		turn.ended = true;
	}

	function begin(body) {
		const question = body.query ?? body.messages?.at(-1)?.content ?? '';
		const turn = { id: randomBytes(12).toString('base64url'), n: 0, frames: [], body, pace: fake.options.pace ?? 5, drops: [...(fake.options.drop ?? [])] };
		turn.stop = new Promise((resolve) => { turn.halt = () => { turn.stopped = true; resolve(); }; });
		fake.turns.set(turn.id, turn);
		play(turn, SCRIPTS[question.split(/\W/)[0]] ?? SCRIPTS.answer);
		return turn;
	}

	async function handle(req, res, text) {
		const { pathname } = new URL(req.url, 'http://x');
		const request = { method: req.method, path: pathname, headers: req.headers, body: text ? JSON.parse(text) : undefined };
		if (/^\/ask\/?$/.test(pathname)) {
			const nonce = randomBytes(16).toString('base64');
			res.writeHead(200, {
				'content-type': 'text/html; charset=utf-8',
				'content-security-policy': `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src 'self'; img-src 'self' data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'`,
			});
			return res.end(pageWith(nonce));
		}
		fake.requests.push(request);
		const refuse = fake.options.refuse;
		if (req.method === 'POST' && refuse && (refuse.times ?? 1) > 0) {
			refuse.times = (refuse.times ?? 1) - 1;
			res.writeHead(refuse.status, { 'content-type': 'application/json', ...refuse.headers });
			return res.end(typeof refuse.body === 'string' ? refuse.body : JSON.stringify(refuse.body));
		}
		if (req.method === 'POST' && pathname === '/ask/chat') return show(begin(request.body), res, 0);
		const [, id, more] = pathname.match(/^\/ask\/chat\/([^/]+)(\/stream)?$/) ?? [];
		const turn = fake.turns.get(id);
		if (!turn) return res.writeHead(404).end();
		if (req.method === 'DELETE') {
			turn.halt();
			fake.stopped.push(id);
			return res.writeHead(204).end();
		}
		if (!more || fake.options.resumes === false) return res.writeHead(204).end();
		return show(turn, res, Number((req.headers['last-event-id'] ?? '.0').split('.')[1]));
	}

	const server = http.createServer((req, res) => {
		const chunks = [];
		req.on('data', (data) => chunks.push(data));
		req.on('end', () => handle(req, res, Buffer.concat(chunks).toString()).catch(() => res.destroy()));
	});
	await new Promise((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
	place?.onClose(() => { server.closeAllConnections(); server.close(); });
	fake.base = `http://127.0.0.1:${server.address().port}/ask`;
	return fake;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const fake = await startFake(null, { port: Number(process.argv[2] ?? 8090), pace: 25 });
	console.log(`${fake.base}/ - questions: ${Object.keys(SCRIPTS).join(', ')}`);
}
