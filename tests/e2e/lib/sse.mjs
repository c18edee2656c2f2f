// SPDX-License-Identifier: ISC
// A client that sees everything: status, headers, each frame with the moment
// at which it came, comments, and how the connection ended.
import http from 'node:http';
import { Http2Request } from './h2.mjs';
import { within } from './place.mjs';

function send(url, options) {
	const body = options.body === undefined || typeof options.body === 'string' || Buffer.isBuffer(options.body)
		? options.body : JSON.stringify(options.body);
	const sent = {
		method: options.method ?? (body === undefined ? 'GET' : 'POST'),
		headers: {
			...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
			...options.headers,
		},
		...(options.path === undefined ? {} : { path: options.path }),
		...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
	};
	// As a browser does: HTTP/2 wherever there is TLS.
	const request = url.startsWith('https:') ? new Http2Request(url, sent) : http.request(url, { agent: false, ...sent });
	request.setNoDelay(true);
	// Pieces go without a length.
	for (const piece of options.pieces ?? []) request.write(piece);
	if (options.hold) request.flushHeaders();
	else request.end(body);
	return request;
}

/** One request to its end. */
export function request(url, options = {}) {
	const done = new Promise((resolve, reject) => {
		const started = performance.now();
		const r = send(url, options);
		r.on('error', reject);
		r.on('response', (response) => {
			const parts = [];
			response.on('data', (data) => parts.push(data));
			response.on('error', reject);
			response.on('end', () => {
				const text = Buffer.concat(parts).toString();
				let json;
				try { json = JSON.parse(text); } catch { /* left undefined */ }
				resolve({
					status: response.statusCode,
					headers: response.headers,
					text,
					json,
					ms: performance.now() - started,
					complete: response.complete,
				});
			});
		});
	});
	return within(done, options.timeout ?? 30000, `${options.method ?? ''} ${url}`);
}

/** Splits by the standard's rules; LF, CR and CRLF at any chunk border. */
export class SseParser {
	constructor(onEvent) {
		this.onEvent = onEvent;
		this.rest = '';
		this.comments = [];
		this.reset();
	}

	reset() {
		this.data = null;
		this.type = undefined;
		this.retry = undefined;
	}

	feed(text, at) {
		this.rest += text;
		for (;;) {
			const end = this.rest.search(/\r\n|\n|\r(?!$)/);
			if (end < 0) return;
			const line = this.rest.slice(0, end);
			this.rest = this.rest.slice(end + (this.rest.startsWith('\r\n', end) ? 2 : 1));
			this.line(line, at);
		}
	}

	line(line, at) {
		if (line === '') {
			if (this.data !== null)
				this.onEvent({ data: this.data, type: this.type, id: this.id, at });
			this.reset();
		} else if (line.startsWith(':')) {
			this.comments.push({ text: line.slice(1).trim(), at });
		} else {
			const [, name, value] = line.match(/^([^:]*):? ?(.*)$/s);
			if (name === 'data') this.data = this.data === null ? value : `${this.data}\n${value}`;
			if (name === 'event') this.type = value;
			if (name === 'id') this.id = value;
			if (name === 'retry') this.lastRetry = Number(value);
		}
	}
}

export class Stream {
	constructor(url, options) {
		this.startedAt = performance.now();
		this.events = [];
		this.raw = '';
		this.chunks = [];
		this.waiters = [];
		this.parser = new SseParser((event) => this.#event(event));
		this.request = send(url, options);
		this.opened = new Promise((resolve, reject) => {
			this.request.on('response', (response) => {
				this.#response(response, options);
				resolve(this);
			});
			this.request.on('error', (error) => {
				this.error = error;
				this.#end();
				reject(error);
			});
		});
		this.opened.catch(() => {});
		this.ended = new Promise((resolve) => { this.resolveEnded = resolve; });
	}

	#response(response, options) {
		this.response = response;
		this.status = response.statusCode;
		this.headers = response.headers;
		this.headersAt = performance.now();
		response.setEncoding('utf8');
		if (options.paused) response.pause();
		else response.on('data', (text) => this.#data(text));
		response.on('end', () => this.#end());
		response.on('error', (error) => { this.error ??= error; this.#end(); });
		response.on('close', () => this.#end());
	}

	/** A stream that was opened paused starts to read. */
	read() {
		this.response.on('data', (text) => this.#data(text));
		this.response.resume();
	}

	#data(text) {
		const at = performance.now();
		this.raw += text;
		this.chunks.push({ text, at });
		this.parser.feed(text, at);
	}

	#event(event) {
		try { event.json = JSON.parse(event.data); } catch { /* [DONE] */ }
		this.events.push(event);
		this.#wake();
	}

	#wake() {
		for (const waiter of this.waiters.slice()) waiter();
	}

	#end() {
		this.isEnded = true;
		this.complete = this.response?.complete ?? false;
		this.resolveEnded?.(this);
		this.#wake();
	}

	get comments() {
		return this.parser.comments;
	}

	/** Events of one type of the native dialect. */
	of(type) {
		return this.events.filter((event) => event.json?.type === type);
	}

	text() {
		return this.events.map((event) => (event.json?.type ?? 'content') === 'content' ? event.json?.content ?? '' : '').join('');
	}

	get last() {
		return this.events.at(-1);
	}

	/** The first event for which the test is true; fails when there is none. */
	async until(test, ms = 10000) {
		const found = () => this.events.find(test);
		const wait = new Promise((resolve, reject) => {
			const look = () => {
				const event = found();
				if (!event && !this.isEnded) return;
				this.waiters.splice(this.waiters.indexOf(look), 1);
				if (event) resolve(event);
				else reject(new Error(`the stream ended without it; it was: ${this.status} ${this.raw.slice(-2000)}`));
			};
			this.waiters.push(look);
			look();
		});
		return within(wait, ms, `an event; so far: ${this.raw.slice(-2000)}`);
	}

	untilType(type, ms) {
		return this.until((event) => event.json?.type === type, ms);
	}

	async all(ms = 20000) {
		await within(this.ended, ms, `the stream's end; so far: ${this.raw.slice(-2000)}`);
		return this;
	}

	leave() {
		this.request.destroy();
		this.leftAt = performance.now();
	}
}

/** Opens a stream and waits for its headers. */
export async function openStream(url, options = {}) {
	return within(new Stream(url, options).opened, options.timeout ?? 20000, `headers of ${url}`);
}

export async function readStream(url, options = {}) {
	return (await openStream(url, options)).all(options.timeout);
}
