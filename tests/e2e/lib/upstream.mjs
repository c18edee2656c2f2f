// SPDX-License-Identifier: ISC
// An OpenAI-compatible upstream that does what a script says: it paces,
// stutters, cuts, stalls and lies. It records each request and the moment at
// which its connection closed.
import http from 'node:http';
import { within, sleep } from './place.mjs';

export function chunk(delta, more = {}) {
	return { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1700000000, model: 'test-model', choices: [{ index: 0, delta, finish_reason: null, ...more.choice }], ...more.top };
}

export function sse(value, eol = '\n') {
	return `data: ${typeof value === 'string' ? value : JSON.stringify(value)}${eol}${eol}`;
}

/** One request, in the hands of a script. */
export class Call {
	constructor(req, res, body) {
		this.req = req;
		this.res = res;
		this.at = performance.now();
		this.url = req.url;
		this.headers = req.headers;
		this.text = body;
		try { this.body = JSON.parse(body); } catch { this.body = undefined; }
		this.isClosed = false;
		this.finished = false;
		this.closed = new Promise((resolve) => {
			res.on('close', () => {
				this.isClosed = true;
				this.closedAt = performance.now();
				this.peerLeft = !this.finished;
				resolve(this);
			});
		});
	}

	get question() {
		const content = this.body?.messages?.findLast?.((m) => m.role === 'user')?.content ?? this.body?.messages?.filter((m) => m.role === 'user').at(-1)?.content;
		return typeof content === 'string' ? content : JSON.stringify(content);
	}

	head(status = 200, headers = { 'content-type': 'text/event-stream' }) {
		this.res.writeHead(status, headers);
		this.res.flushHeaders();
	}

	/** Bytes as they are; resolves when they left (or nobody takes them). */
	raw(bytes) {
		if (!this.res.headersSent) this.head();
		if (this.isClosed) return Promise.resolve();
		return new Promise((resolve) => {
			this.res.write(bytes, () => resolve());
			this.closed.then(() => resolve());
		});
	}

	delta(content) { return this.raw(sse(chunk({ content }))); }
	reasoning(text) { return this.raw(sse(chunk({ reasoning_content: text }))); }

	finish(reason = 'stop') {
		return this.raw(sse(chunk({}, { choice: { finish_reason: reason } })));
	}

	usage(input = 7, output = 3) {
		return this.raw(sse({ ...chunk({}), choices: [], usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output } }));
	}

	done() { return this.raw(sse('[DONE]')).then(() => this.end()); }

	/** A whole answer's end. */
	async stop() {
		await this.finish();
		await this.usage();
		await this.done();
	}

	end(bytes) {
		if (!this.res.headersSent) this.head();
		this.finished = true;
		this.res.end(bytes);
	}

	json(status, value, headers = {}) {
		this.finished = true;
		const body = typeof value === 'string' ? value : JSON.stringify(value);
		this.res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers });
		this.res.end(body);
	}

	/** Closes in the middle: the body stays unfinished. */
	cut() {
		this.finished = true;
		this.res.socket?.destroy();
	}

	reset() {
		this.finished = true;
		this.res.socket?.resetAndDestroy();
	}

	async words(list, ms = 0) {
		for (const word of list) {
			if (this.isClosed) return;
			await this.delta(word);
			if (ms) await sleep(ms);
		}
	}

	async bytewise(text, ms = 0) {
		for (const byte of Buffer.from(text)) {
			await this.raw(Buffer.from([byte]));
			if (ms) await sleep(ms);
		}
	}
}

/** What an upstream says when no script was given. */
export async function plainAnswer(call) {
	await call.words(['The ', 'answer ', 'is ', '42.']);
	await call.stop();
}

export async function startUpstream(place, script = plainAnswer) {
	const upstream = { calls: [], script, connections: new Set() };
	const waiters = [];
	const server = http.createServer({ keepAliveTimeout: 30000 }, (req, res) => {
		const parts = [];
		req.on('data', (data) => parts.push(data));
		req.on('end', async () => {
			const call = new Call(req, res, Buffer.concat(parts).toString());
			upstream.calls.push(call);
			for (const waiter of waiters.splice(0)) waiter();
			res.on('error', () => {});
			await upstream.script(call, upstream.calls.length);
		});
	});
	server.on('connection', (socket) => {
		socket.setNoDelay(true);
		upstream.connections.add(socket);
		socket.on('error', () => {});
		socket.on('close', () => upstream.connections.delete(socket));
	});
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	upstream.port = server.address().port;
	upstream.url = `http://127.0.0.1:${upstream.port}/v1`;
	upstream.server = server;
	/** Resolves with the n-th call (from 1) once it has come. */
	upstream.call = (n = 1, ms = 5000) => within((async () => {
		while (upstream.calls.length < n)
			await new Promise((resolve) => waiters.push(resolve));
		return upstream.calls[n - 1];
	})(), ms, `request ${n} at the upstream`);
	place.onClose(() => {
		for (const socket of upstream.connections) socket.destroy();
		return new Promise((resolve) => server.close(() => resolve()));
	});
	return upstream;
}
