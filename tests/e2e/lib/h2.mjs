// SPDX-License-Identifier: ISC
// One request over TLS and HTTP/2 on a connection of its own, with the face
// of Node's http.ClientRequest as far as sse.mjs looks at it.
import { EventEmitter } from 'node:events';
import http2 from 'node:http2';

// Headers of a connection have no place in HTTP/2 (RFC 9113, section 8.2.2).
const OF_CONNECTION = new Set(['connection', 'host', 'keep-alive', 'transfer-encoding', 'upgrade', 'te']);

export class Http2Request extends EventEmitter {
	constructor(url, options) {
		super();
		const { origin, host, pathname, search } = new URL(url);
		this.session = http2.connect(origin, { rejectUnauthorized: false });
		this.session.on('error', (error) => this.emit('error', error));
		const headers = { ':method': options.method, ':path': options.path ?? pathname + search, ':authority': host };
		for (const [name, value] of Object.entries(options.headers)) {
			if (name.toLowerCase() === 'host') headers[':authority'] = value;
			else if (!OF_CONNECTION.has(name.toLowerCase())) headers[name.toLowerCase()] = value;
		}
		this.stream = this.session.request(headers, { endStream: false });
		this.stream.on('error', (error) => this.emit('error', error));
		this.stream.on('close', () => this.session.close());
		this.stream.on('response', (received) => this.#response(received));
	}

	#response(received) {
		const { ':status': status, ...headers } = received;
		const response = this.stream;
		let isEnded = false;
		response.on('end', () => { isEnded = true; });
		Object.defineProperty(response, 'complete', { get: () => isEnded && response.rstCode === 0 });
		response.statusCode = status;
		response.headers = headers;
		response.httpVersion = '2.0';
		this.emit('response', response);
	}

	setNoDelay() {}
	flushHeaders() {}
	write(data, done) { return this.stream.write(data, done); }
	end(data) { this.stream.end(data); }

	/** As a browser leaves: the stream is reset, then the connection goes. */
	destroy() {
		this.stream.close(http2.constants.NGHTTP2_CANCEL);
		this.session.close();
	}
}
