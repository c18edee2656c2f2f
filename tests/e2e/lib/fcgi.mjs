// SPDX-License-Identifier: ISC
// FastCGI by hand, straight at the pool's socket: what no web server would
// send, and requests without a web server.
import net from 'node:net';
import { within } from './place.mjs';

export const BEGIN = 1;
export const ABORT = 2;
export const END = 3;
export const PARAMS = 4;
export const STDIN = 5;
export const STDOUT = 6;
export const STDERR = 7;
export const GET_VALUES = 9;

export function record(type, id, content = '', options = {}) {
	const body = Buffer.from(content);
	const padding = options.padding ?? 0;
	const head = Buffer.alloc(8);
	head.writeUInt8(options.version ?? 1, 0);
	head.writeUInt8(type, 1);
	head.writeUInt16BE(id, 2);
	head.writeUInt16BE(options.length ?? body.length, 4);
	head.writeUInt8(padding, 6);
	return Buffer.concat([head, body, Buffer.alloc(padding)]);
}

export function begin(id, options = {}) {
	return record(BEGIN, id, Buffer.from([0, options.role ?? 1, options.keep ? 1 : 0, 0, 0, 0, 0, 0]));
}

function length(n) {
	if (n < 128) return Buffer.from([n]);
	const b = Buffer.alloc(4);
	b.writeUInt32BE((n | 0x80000000) >>> 0);
	return b;
}

export function pairs(params) {
	return Buffer.concat(Object.entries(params).flatMap(([name, v]) => {
		const n = Buffer.from(name);
		const value = Buffer.from(String(v));
		return [length(n.length), length(value.length), n, value];
	}));
}

function chunks(type, id, bytes) {
	const out = [];
	for (let at = 0; at < bytes.length; at += 65528)
		out.push(record(type, id, bytes.subarray(at, at + 65528)));
	return out;
}

/** The parameters that the shipped nginx configuration would send. */
export function paramsFor(request) {
	const [path, query = ''] = (request.path ?? '/ask/chat').split('?');
	const body = Buffer.from(request.body ?? '');
	const headers = Object.entries(request.headers ?? {}).map(([name, v]) =>
		[`HTTP_${name.toUpperCase().replaceAll('-', '_')}`, v]);
	return {
		GATEWAY_INTERFACE: 'CGI/1.1',
		SERVER_PROTOCOL: 'HTTP/1.1',
		REQUEST_METHOD: request.method ?? (request.body === undefined ? 'GET' : 'POST'),
		SCRIPT_NAME: path,
		REQUEST_URI: request.path ?? '/ask/chat',
		QUERY_STRING: query,
		CONTENT_TYPE: request.body === undefined ? '' : 'application/json',
		CONTENT_LENGTH: request.body === undefined ? '' : body.length,
		REMOTE_ADDR: '127.0.0.1',
		SERVER_NAME: 'localhost',
		HTTP_HOST: 'localhost',
		LEAT_MOUNT: '/ask',
		...Object.fromEntries(headers),
		...request.params,
	};
}

export function encodeRequest(request, options = {}) {
	const id = options.id ?? 1;
	return Buffer.concat([
		begin(id, options),
		...chunks(PARAMS, id, pairs(paramsFor(request))),
		record(PARAMS, id),
		...chunks(STDIN, id, Buffer.from(request.body ?? '')),
		record(STDIN, id),
	]);
}

/** One connection; replies come out in the order in which they end. */
export class FcgiConnection {
	constructor(address) {
		this.socket = net.connect(address);
		this.input = Buffer.alloc(0);
		this.records = [];
		this.stdout = Buffer.alloc(0);
		this.replies = [];
		this.waiting = [];
		this.error = null;
		this.closed = new Promise((resolve) => {
			this.socket.on('close', () => {
				this.isClosed = true;
				for (const waiter of this.waiting.splice(0)) waiter(null);
				resolve();
			});
		});
		this.socket.on('error', (error) => { this.error = error; });
		this.socket.on('data', (data) => this.#take(data));
	}

	#take(data) {
		this.input = Buffer.concat([this.input, data]);
		while (this.input.length >= 8) {
			const size = this.input.readUInt16BE(4);
			const total = 8 + size + this.input.readUInt8(6);
			if (this.input.length < total) return;
			this.#record(this.input.readUInt8(1), this.input.readUInt16BE(2), this.input.subarray(8, 8 + size));
			this.input = this.input.subarray(total);
		}
	}

	#record(type, id, content) {
		this.records.push({ type, id, content: Buffer.from(content) });
		if (type === STDOUT) {
			this.stdout = Buffer.concat([this.stdout, content]);
			this.onStdout?.(content);
		}
		if (type !== END) return;
		const reply = { ...parseCgi(this.stdout), id, protocolStatus: content[4] };
		this.stdout = Buffer.alloc(0);
		const waiter = this.waiting.shift();
		if (waiter) waiter(reply);
		else this.replies.push(reply);
	}

	write(bytes) {
		return new Promise((resolve) => this.socket.write(bytes, () => resolve()));
	}

	/** The next reply, or null when the connection closes without one. */
	reply(ms = 10000) {
		if (this.replies.length) return Promise.resolve(this.replies.shift());
		if (this.isClosed) return Promise.resolve(null);
		return within(new Promise((resolve) => this.waiting.push(resolve)), ms, 'a FastCGI reply');
	}

	destroy() {
		this.socket.destroy();
	}
}

export function parseCgi(bytes) {
	const end = bytes.indexOf('\r\n\r\n');
	const head = bytes.subarray(0, end < 0 ? bytes.length : end).toString('latin1');
	const headers = {};
	for (const line of head.split('\r\n')) {
		const colon = line.indexOf(':');
		if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
	}
	const text = end < 0 ? '' : bytes.subarray(end + 4).toString();
	const status = headers.status ? parseInt(headers.status, 10) : end < 0 ? 0 : 200;
	let json;
	try { json = JSON.parse(text); } catch { /* not every body is JSON */ }
	return { status, headers, text, json };
}

export async function fcgiRequest(address, request, ms) {
	const connection = new FcgiConnection(address);
	try {
		await connection.write(encodeRequest(request));
		const reply = await connection.reply(ms);
		if (!reply) throw connection.error ?? new Error('closed without a reply');
		return reply;
	} finally {
		connection.destroy();
	}
}
