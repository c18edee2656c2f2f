// SPDX-License-Identifier: ISC
// A real nginx with the files of nginx/: leat.conf and nginx.conf as they are
// shipped; only where to listen and where the pool is differ.
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { IS_ROOT, TOP, eventually, freePort } from './place.mjs';

const NGINX = process.env.NGINX ?? '/usr/sbin/nginx';

/**
 * options.socket: the pool's address as nginx says it (unix:/… or host:port);
 * options.site: further locations, as text; options.listen: words after the
 * port (sndbuf=…); options.conf: text of leat.conf when a test needs another.
 */
export async function startNginx(place, options) {
	const dir = place.path(`nginx-${place.processes.length}`);
	const port = await freePort();
	fs.mkdirSync(path.join(dir, 'site.d'), { recursive: true });
	const put = (name, text) => fs.writeFileSync(path.join(dir, name), text);
	fs.copyFileSync(path.join(TOP, 'nginx/nginx.conf'), path.join(dir, 'nginx.conf'));
	if (options.conf) put('leat.conf', options.conf);
	else fs.copyFileSync(path.join(TOP, 'nginx/leat.conf'), path.join(dir, 'leat.conf'));
	fs.copyFileSync('/etc/nginx/fastcgi_params', path.join(dir, 'fastcgi_params'));
	put('leat-upstream.conf', `upstream leat { server ${options.socket}; }\n`);
	put('leat-listen.conf', `listen 127.0.0.1:${port} ${options.listen ?? ''};\n`);
	if (options.site) put('site.d/site.conf', options.site);
	const global = `daemon off;${IS_ROOT ? ' user root;' : ''}`;
	const process = place.spawn('nginx', NGINX,
		['-e', 'stderr', '-p', dir, '-c', 'nginx.conf', '-g', global]);
	await eventually(() => {
		if (process.exit) throw new Error(`nginx ended: ${process.log()}`);
		return connects(port);
	}, 'nginx listens');
	return {
		process,
		port,
		dir,
		url: `http://127.0.0.1:${port}`,
		errors: () => fs.readFileSync(path.join(dir, 'error.log'), 'utf8'),
	};
}

export function connects(port) {
	return new Promise((resolve) => {
		const socket = net.connect(port, '127.0.0.1');
		socket.on('connect', () => resolve(true));
		socket.on('error', () => resolve(false));
		socket.on('connect', () => socket.destroy());
	});
}
