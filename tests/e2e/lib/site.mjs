// SPDX-License-Identifier: ISC
// The whole road: upstream, pool, nginx, and short words for asking.
import { startLeat, metricOf } from './leat.mjs';
import { startNginx } from './nginx.mjs';
import { startUpstream } from './upstream.mjs';
import { openStream, readStream, request } from './sse.mjs';

/**
 * options.script: what the upstream does (none: no upstream, quotes answer);
 * options.nginx: for startNginx(); the rest is for startLeat().
 */
export async function startSite(place, options = {}) {
	const upstream = options.upstream ?? (options.script === null ? null : await startUpstream(place, options.script));
	const leat = await startLeat(place, { ...options, upstream });
	const nginx = await startNginx(place, { socket: leat.address, ...options.nginx });
	const base = `${nginx.url}/ask`;
	const url = (path) => (path.startsWith('http') ? path : `${base}/${path}`);
	return {
		upstream,
		leat,
		nginx,
		base,
		url,
		/** A streamed answer, read to its end. */
		ask: (query, more = {}, options_ = {}) =>
			readStream(url('chat'), { body: { query, streaming: true, ...more }, ...options_ }),
		/** A streamed answer, from its headers on. */
		open: (query, more = {}, options_ = {}) =>
			openStream(url('chat'), { body: { query, streaming: true, ...more }, ...options_ }),
		stream: (path, options_) => openStream(url(path), options_),
		request: (path, options_) => request(url(path), options_),
		post: (path, body, headers) => request(url(path), { body, headers, method: 'POST' }),
		metric: async (name, labels) => metricOf((await request(url('metrics'))).text, name, labels),
	};
}
