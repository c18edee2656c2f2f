// SPDX-License-Identifier: ISC
// Apache's files beyond what every server is tried with (servers.test.mjs):
// what each line is good for, and how they fit into a site that exists.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { IS_ROOT, SLOWNESS, TOP, connects, eventually, freePort, scenario, within } from './lib/place.mjs';
import { Context, LEAT_OPTIONS, lockStep } from './lib/behaviours/context.mjs';
import { startLeat } from './lib/leat.mjs';
import { head, rawRequest } from './lib/raw.mjs';
import { APACHE, APACHE_MODULES, apacheCgid, apacheFcgid, apacheHandler, apacheProxy, startApache } from './lib/servers/apache.mjs';
import { SERVER_USER, poolFor, programFor } from './lib/servers/pool.mjs';
import { request } from './lib/sse.mjs';
import { startUpstream } from './lib/upstream.mjs';

for (const [entry, mistake] of [[apacheProxy, 'buffers'], [apacheHandler, 'buffers'], [apacheFcgid, 'buffers'], [apacheCgid, 'compresses']])
	scenario(`${entry.slug} that ${mistake} holds frames: the suite can fail`, async (place) => {
		const upstream = await startUpstream(place);
		const site = await entry.start(place, { upstream, mistake, leat: LEAT_OPTIONS });
		const on = new Context(place, entry, site, upstream);
		const asked = on.converse({ headers: { 'accept-encoding': mistake === 'compresses' ? 'gzip' : 'identity' } });
		let seen = false;
		asked.then((talk) => lockStep(talk, 0, 1)).then(() => { seen = true; }, () => {});
		const call = await upstream.call(1);
		await within(call.closed, 2000, '').catch(() => {});
		assert.equal(seen, false, 'the first frame was held for two seconds');
		await call.stop();
		await (await asked).stream.all();
	});

scenario('without a pool it is a 503 in JSON; with one again the next question is answered', async (place) => {
	const server = await startApache(place, {});
	const away = await rawRequest(server.port, head('GET', '/ask/healthz'));
	assert.equal(away.status, 503);
	assert.equal(away.headers['content-type'], 'application/json');
	assert.equal(away.json?.code, 'upstream_unavailable', away.text);
	assert.equal(away.list.filter(([name]) => name === 'retry-after').length, 1);
	fs.chmodSync(place.dir, 0o755);
	await startLeat(place, { more: IS_ROOT ? { listen_mode: '0666' } : {} });
	assert.equal((await request(`${server.url}/ask/healthz`)).status, 200);
});

scenario('a body that does not come is a 408 in JSON', async (place) => {
	await poolFor(place, {});
	const server = await startApache(place, { site: 'RequestReadTimeout body=1\n' });
	const reply = await rawRequest(server.port, `${head('POST', '/ask/chat', { 'Content-Length': 100 })}{"query":`);
	assert.equal(reply.status, 408, reply.text);
	assert.equal(reply.headers['content-type'], 'application/json');
	assert.equal(reply.json?.code, 'request_timeout', reply.text);
});

const MODULES = ['mpm_event', 'authz_core', 'env', 'headers', 'alias', 'dir', 'mime', 'reqtimeout', 'proxy', 'proxy_fcgi', 'buffer', 'fcgid', 'cgid', 'filter', 'deflate', 'rewrite'];

/** As Debian's apache2.conf, with a site for each of leat's fragments. */
function existingSite(place, ports) {
	const files = path.join(TOP, 'apache');
	const site = (port, mount, fragment) => `Listen 127.0.0.1:${port}
<VirtualHost 127.0.0.1:${port}>
	DocumentRoot ${place.path('www')}
	RewriteEngine On
	RewriteRule ^/old/(.*)$ /new/$1 [R=301,L]
	Define LEAT_MOUNT ${mount}
	Include ${files}/${fragment}
</VirtualHost>
`;
	return `${MODULES.map((name) => `LoadModule ${name}_module ${APACHE_MODULES}/mod_${name}.so\n`).join('')}
${IS_ROOT ? `User ${SERVER_USER}\nGroup ${SERVER_USER}` : ''}
ServerName localhost
PidFile apache.pid
DefaultRuntimeDir .
Mutex file:. default
ErrorLog error.log
ScriptSock cgid.sock
FcgidIPCDir fcgid
FcgidProcessTableFile fcgid.table
TypesConfig /dev/null
AddType text/html .html
AddOutputFilterByType DEFLATE text/html text/plain text/event-stream
<Directory />
	Options FollowSymLinks
	AllowOverride None
	Require all denied
</Directory>
<Directory ${place.path('www')}>
	Options Indexes FollowSymLinks
	Require all granted
</Directory>
Include ${files}/leat-settings.conf
Define LEAT_APACHE ${files}
Define LEAT_SOCKET ${place.path('leat.sock')}
Define LEAT_PROGRAM ${place.path('bin/leat')}
Define LEAT_CONFIG ${place.path('leat.conf')}
Include ${files}/leat-fcgid-limits.conf
${site(ports[0], '/ask', 'leat-proxy.conf')}
${site(ports[1], '/help/chat', 'leat-handler.conf')}
${site(ports[2], '/fragen', 'leat-fcgid.conf')}
${site(ports[3], '/cgi', 'leat-cgi.conf')}
`;
}

scenario('the files as they lie: four sites of one Apache, each with another way and mount', async (place, t) => {
	const upstream = await startUpstream(place);
	programFor(place, { upstream });
	await poolFor(place, { upstream });
	// A folder of the same name must not come between.
	fs.mkdirSync(place.path('www/help/chat/chat'), { recursive: true });
	place.write('www/index.html', '<p>home</p>\n');
	const ports = [await freePort(), await freePort(), await freePort(), await freePort()];
	place.write('apache2.conf', existingSite(place, ports));
	const apache = place.spawn('apache', APACHE, ['-d', place.dir, '-f', 'apache2.conf', '-D', 'FOREGROUND'], { detached: true });
	await eventually(() => {
		if (apache.exit) throw new Error(apache.log());
		return connects(ports[3]);
	}, 'Apache listens');
	for (const [n, mount] of ['/ask', '/help/chat', '/fragen', '/cgi'].entries())
		await t.test(mount, async () => {
			const url = `http://127.0.0.1:${ports[n]}`;
			const on = new Context(place, apacheProxy, { url, base: url + mount, port: ports[n] }, upstream);
			const talk = await on.converse({ headers: { 'accept-encoding': 'gzip' } });
			await lockStep(talk, 0, 5);
			await talk.call.stop();
			await talk.stream.all(5000 * SLOWNESS);
			const echo = await request(`${url}${mount}/selftest`, { headers: { authorization: 'Bearer leat-doctor-x' } });
			assert.equal(echo.json?.mount, mount, echo.text);
			assert.equal(echo.json.request.authorization, 'Bearer leat-doctor-x');
			assert.equal((await request(`${url}/index.html`)).text, '<p>home</p>\n');
			assert.equal((await request(`${url}/old/x`)).status, 301);
			assert.notEqual((await request(`${url}/ask-something/healthz`)).status, 200);
		});
});
