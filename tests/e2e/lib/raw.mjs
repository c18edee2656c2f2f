// SPDX-License-Identifier: ISC
// HTTP/1.1 by hand, over a socket: targets and headers that no client library
// would send, and a reply with every header as it came.
import net from 'node:net';
import { within } from './place.mjs';

function dechunk(bytes) {
	const parts = [];
	for (let at = 0; ;) {
		const end = bytes.indexOf('\r\n', at);
		if (end < 0) return { body: Buffer.concat(parts), whole: false };
		const size = parseInt(bytes.subarray(at, end).toString('latin1'), 16);
		if (size === 0) return { body: Buffer.concat(parts), whole: true };
		parts.push(bytes.subarray(end + 2, end + 2 + size));
		at = end + 2 + size + 2;
	}
}

export function parseReply(bytes) {
	const end = bytes.indexOf('\r\n\r\n');
	const [first, ...lines] = bytes.subarray(0, Math.max(end, 0)).toString('latin1').split('\r\n');
	const headers = {};
	const list = lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]);
	for (const [name, v] of list) headers[name] = v;
	const rest = bytes.subarray(end + 4);
	const { body, whole } = headers['transfer-encoding'] === 'chunked'
		? dechunk(rest) : { body: rest, whole: headers['content-length'] === undefined || rest.length >= Number(headers['content-length']) };
	const text = end < 0 ? '' : body.toString();
	let json;
	try { json = JSON.parse(text); } catch { /* not every body is JSON */ }
	return { status: Number(first.split(' ')[1]), headers, list, text, json, whole };
}

/** One request as text or bytes (with Connection: close), read to its end. */
export function rawRequest(port, bytes, ms = 20000) {
	const parts = [];
	const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes));
	socket.on('data', (data) => parts.push(data));
	// A server may close while we still send: what it had said counts.
	socket.on('error', () => {});
	const closed = new Promise((resolve) => socket.on('close', () => resolve(parseReply(Buffer.concat(parts)))));
	return within(closed, ms, `the end of the reply to ${String(bytes).slice(0, 200)}`).finally(() => socket.destroy());
}

/** The text of a request's head. */
export function head(method, target, headers = {}) {
	const lines = Object.entries({ Host: 'localhost', Connection: 'close', ...headers })
		.filter(([, v]) => v !== null).map(([name, v]) => `${name}: ${v}\r\n`).join('');
	return `${method} ${target} HTTP/1.1\r\n${lines}\r\n`;
}
