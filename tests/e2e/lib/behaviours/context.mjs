// SPDX-License-Identifier: ISC
// What a behaviour gets: one server that runs, an upstream in its hands, and
// short words for asking.
import { SLOWNESS, within } from '../place.mjs';
import { openStream, readStream, request } from '../sse.mjs';
import { plainAnswer } from '../upstream.mjs';
import { head, rawRequest } from '../raw.mjs';

export const HEARTBEAT_MS = 1000;
export const ALLOWED_ORIGIN = 'https://pages.example';
export const STREAMS_PER_ADDRESS = 24;

/** leat's options in this suite; all else is as it comes. */
export const LEAT_OPTIONS = {
	context: { index: '' },
	provider: { models: ['test-model'] },
	limits: { heartbeat: `${HEARTBEAT_MS}ms`, streams_per_address: STREAMS_PER_ADDRESS },
	more: { cors_origins: [ALLOWED_ORIGIN] },
};

export class Context {
	constructor(place, entry, site, upstream) {
		Object.assign(this, { place, entry, site, upstream, base: site.base, port: site.port, mount: new URL(site.base).pathname });
	}

	url(path) {
		return path.startsWith('http') ? path : `${this.base}/${path}`;
	}

	/** The upstream answers by itself. */
	answers(script = plainAnswer) {
		this.upstream.script = script;
	}

	/** A stream and the upstream's end of it, in the test's hands. */
	async converse(options = {}) {
		const { query = 'q', base = this.base, ...more } = options;
		let take;
		const called = new Promise((resolve) => { take = resolve; });
		this.upstream.script = take;
		const stream = await openStream(`${base}/chat`, { body: { query, streaming: true }, ...more });
		const call = await within(called, 5000 * SLOWNESS, `the question reaches the upstream; ${stream.status} ${stream.raw}`);
		return { stream, call };
	}

	open(options) {
		return openStream(this.url('chat'), { body: { query: 'q', streaming: true }, ...options });
	}

	read(options) {
		return readStream(this.url('chat'), { body: { query: 'q', streaming: true }, ...options });
	}

	request(path, options) {
		return request(this.url(path), options);
	}

	post(body, options) {
		return request(this.url('chat'), { method: 'POST', body, ...options });
	}

	/**
	 * A request target as it stands, but that /ask is the mount; over HTTP/1.1
	 * the headers, too.
	 */
	async raw(method, written, headers, body = '') {
		const target = written.replaceAll('/ask', this.mount);
		if (!this.entry.tls)
			return rawRequest(this.port, Buffer.concat([Buffer.from(head(method, target, headers), 'latin1'), Buffer.from(body)]));
		const reply = await request(this.site.url, { method, path: target, headers, body: body || undefined });
		return { ...reply, list: Object.entries(reply.headers), whole: reply.complete };
	}

	/** A body without Content-Length, in these pieces. */
	chunked(path, pieces) {
		return request(this.url(path), { method: 'POST', pieces, headers: { 'content-type': 'application/json' } });
	}
}

/** Writes frames n..m one at a time: each is seen before the next. */
export async function lockStep({ stream, call }, from, to, more = '') {
	for (let n = from; n < to; n++) {
		await call.delta(`f${n} ${more}`);
		await stream.until((e) => e.json?.content?.includes(`f${n} `), 5000 * SLOWNESS);
	}
}
