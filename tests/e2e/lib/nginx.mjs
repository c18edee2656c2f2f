// SPDX-License-Identifier: ISC
// A real nginx with the files of nginx/ as they are shipped; only where to
// listen, where the pool is, and certificates differ.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { IS_ROOT, TOP, connects, eventually, freePort } from './place.mjs';

const NGINX = process.env.NGINX ?? '/usr/sbin/nginx';

/**
 * options.socket: the pool's address as nginx says it (unix:/… or host:port);
 * options.site: further locations, as text; options.listen: words after the
 * port (sndbuf=…); options.conf: text of leat.conf when a test needs another;
 * options.complete: another of the complete files; options.tls: it is one with
 * TLS; options.inner: the nginx behind it, as host:port; options.files: further small files, by name.
 */
export async function startNginx(place, options) {
	const dir = place.path(`nginx-${place.processes.length}`);
	const port = await freePort();
	fs.mkdirSync(path.join(dir, 'site.d'), { recursive: true });
	const put = (name, text) => fs.writeFileSync(path.join(dir, name), text);
	copyShipped(dir);
	if (options.conf) put('leat.conf', options.conf);
	if (options.socket) put('leat-upstream.conf', `upstream leat { server ${options.socket}; }\n`);
	if (options.inner) put('leat-front-upstream.conf', `upstream leat_front { server ${options.inner}; }\n`);
	put('leat-listen.conf', `listen 127.0.0.1:${port} ${options.listen ?? ''};\n`);
	if (options.tls) {
		makeCertificate(dir);
		put('leat-listen-tls.conf', `listen 127.0.0.1:${port} ssl http2;\nssl_certificate leat.crt;\nssl_certificate_key leat.key;\n`);
	}
	if (options.site) put('site.d/site.conf', options.site);
	for (const [name, text] of Object.entries(options.files ?? {})) put(name, text);
	const global = `daemon off;${IS_ROOT ? ' user root;' : ''}`;
	const process = place.spawn('nginx', NGINX,
		['-e', 'stderr', '-p', dir, '-c', options.complete ?? 'nginx.conf', '-g', global]);
	await eventually(() => {
		if (process.exit) throw new Error(`nginx ended: ${process.log()}`);
		return connects(port);
	}, 'nginx listens');
	return {
		process,
		port,
		dir,
		url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`,
		errors: () => fs.readFileSync(path.join(dir, 'error.log'), 'utf8'),
	};
}

/** What a site owner copies, into a folder. */
export function copyShipped(dir) {
	for (const name of fs.readdirSync(path.join(TOP, 'nginx')))
		if (name.endsWith('.conf')) fs.copyFileSync(path.join(TOP, 'nginx', name), path.join(dir, name));
	fs.copyFileSync('/etc/nginx/fastcgi_params', path.join(dir, 'fastcgi_params'));
}

export function shippedText(name) {
	return fs.readFileSync(path.join(TOP, 'nginx', name), 'utf8');
}

/** leat.crt and leat.key, good for a day at 127.0.0.1. */
export function makeCertificate(dir) {
	const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
		'-days', '1', '-subj', '/CN=leat test', '-addext', 'subjectAltName=IP:127.0.0.1',
		'-out', path.join(dir, 'leat.crt'), '-keyout', path.join(dir, 'leat.key')]);
	if (made.status !== 0) throw new Error(`openssl: ${made.stderr ?? made.error}`);
}
