// SPDX-License-Identifier: ISC
// nginx with the files of nginx/, in front of leat's pool.
import fs from 'node:fs';
import path from 'node:path';
import { TOP } from '../place.mjs';
import { startNginx } from '../nginx.mjs';
import { poolFor } from './pool.mjs';

/** Misconfigurations that owners make: what is replaced in leat.conf. */
const MISTAKES = {
	'ignores our header': [['fastcgi_pass leat;', 'fastcgi_pass leat; fastcgi_ignore_headers X-Accel-Buffering;']],
	'short timeout': [['fastcgi_read_timeout 150s;', 'fastcgi_read_timeout 3s;']],
	'small bodies': [['client_max_body_size 8m;', '']],
};

function confFor(options) {
	let text = fs.readFileSync(path.join(TOP, 'nginx/leat.conf'), 'utf8');
	for (const [from, to] of MISTAKES[options.mistake] ?? []) text = text.replace(from, to);
	if (options.idle) text = text.replace('read_timeout 150s', `read_timeout ${options.idle}s`).replace('send_timeout 60s', `send_timeout ${options.idle}s`);
	return options.mistake || options.idle ? text : undefined;
}

export const nginx = {
	name: 'nginx `fastcgi_pass`',
	slug: 'nginx',
	process: 'pool',
	streams: 10000,
	leaving: 'at once',
	mistakes: Object.keys(MISTAKES),
	async start(place, options = {}) {
		const leat = await poolFor(place, options);
		const server = await startNginx(place, { socket: leat.address, conf: confFor(options) });
		return {
			url: server.url,
			base: `${server.url}/ask`,
			port: server.port,
			server: server.process,
			leat,
			errors: server.errors,
			stop: () => server.process.stop(),
		};
	},
};
