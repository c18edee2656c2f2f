// SPDX-License-Identifier: ISC
// Shared hosting: an Apache that is not ours to configure, a home folder, and
// what apache/htaccess and apache/leat.cgi.sh make of them.
import fs from 'node:fs';
import path from 'node:path';
import { IS_ROOT, TOP, freePort } from '../place.mjs';
import { LEAT, configText, leatConfig } from '../leat.mjs';
import { APACHE, APACHE_HARMLESS, APACHE_MODULES, APACHE_STOP_MS } from './apache.mjs';
import { CELLS_OF_PROCESSES, SERVER_USER, errorLog, face, listens } from './pool.mjs';

const LOADED = ['mpm_event', 'authz_core', 'authz_host', 'env', 'headers', 'alias', 'dir', 'mime', 'autoindex', 'rewrite', 'cgid', 'filter', 'deflate', 'setenvif'];

/** The host's own configuration: it lists folders, and compresses all text. */
function hostConf(home, port, options) {
	return `${LOADED.map((name) => `LoadModule ${name}_module ${APACHE_MODULES}/mod_${name}.so\n`).join('')}
Listen 127.0.0.1:${port}
${IS_ROOT ? `User ${SERVER_USER}\nGroup ${SERVER_USER}` : ''}
ServerName localhost
PidFile apache.pid
DefaultRuntimeDir .
Mutex file:. default
ErrorLog error.log
ScriptSock cgid.sock
TypesConfig /dev/null
AddType text/html .html
AccessFileName .htaccess
${options.idle ? `CGIDScriptTimeout ${options.idle}` : ''}
AddOutputFilterByType DEFLATE text/html text/plain text/event-stream application/json
DocumentRoot ${home}/public_html
DirectoryIndex index.html
<FilesMatch "^\\.ht">
	Require all denied
</FilesMatch>
<Directory "/">
	AllowOverride None
	Require all denied
</Directory>
<Directory "${home}/public_html">
	Options Indexes FollowSymLinks
	AllowOverride FileInfo AuthConfig Limit Indexes Options=ExecCGI,Indexes
	Require all granted
</Directory>
ScriptAlias "/cgi-bin/" "${home}/cgi-bin/"
<Directory "${home}/cgi-bin">
	AllowOverride FileInfo AuthConfig
	Require all granted
</Directory>
`;
}

/** A shipped file with the home that it is copied to. */
export function shippedFor(home, name, more = []) {
	const text = fs.readFileSync(path.join(TOP, 'apache', name), 'utf8').replaceAll('/home/USER', home);
	return more.reduce((so, [from, to]) => so.replace(from, to), text);
}

function put(file, text, mode = 0o644) {
	fs.mkdirSync(path.dirname(file), { recursive: true });
	fs.writeFileSync(file, text);
	fs.chmodSync(file, mode);
}

/**
 * The home of an owner who followed docs/shared-hosting.md; a key and an
 * index lie beside the configuration. options.form: 'rewrite', 'cgi-bin' or
 * 'inside' (no folder outside of public_html).
 */
export function makeHome(place, options) {
	fs.chmodSync(place.dir, 0o755);
	const home = place.path('home');
	const kept = options.form === 'inside' ? path.join(home, 'public_html/ask/private') : path.join(home, 'leat');
	fs.mkdirSync(path.join(home, 'public_html/ask'), { recursive: true });
	fs.mkdirSync(path.join(home, 'cgi-bin'), { recursive: true });
	put(path.join(home, 'public_html/index.html'), '<h1>home</h1>\n');
	const config = leatConfig(place, { ...options.leat, upstream: options.upstream });
	for (const name of ['workers', 'drain_timeout']) delete config[name];
	// CGI needs neither, but leat check looks at them (docs/shared-hosting.md).
	Object.assign(config, { listen: [`unix:${kept}/leat.sock`], runtime_dir: kept });
	if (options.form === 'cgi-bin') config.mount = '/cgi-bin/ask.cgi';
	put(path.join(kept, 'leat.conf'), configText(config));
	put(path.join(kept, 'openai.key'), 'sk-this-is-the-secret\n');
	put(path.join(kept, 'site.db'), 'SQLite format 3\0 this-is-the-index');
	const program = path.join(home, options.form === 'cgi-bin' ? 'leat/leat' : 'public_html/ask/leat.cgi');
	if (!fs.existsSync(program)) fs.copyFileSync(LEAT, program);
	fs.chmodSync(program, 0o755);
	if (options.form === 'cgi-bin') {
		put(path.join(home, 'cgi-bin/ask.cgi'), shippedFor(home, 'leat.cgi.sh', [['LEAT_MOUNT=/ask', 'LEAT_MOUNT=/cgi-bin/ask.cgi']]), 0o755);
		put(path.join(home, 'cgi-bin/.htaccess'), shippedFor(home, 'htaccess-cgi-bin'));
	} else {
		const where = [['/leat/leat.conf', kept.slice(home.length) + '/leat.conf']];
		put(path.join(home, 'public_html/ask/.htaccess'), shippedFor(home, 'htaccess', where));
	}
	if (options.form === 'inside') put(path.join(kept, '.htaccess'), shippedFor(home, 'htaccess-private'));
	return home;
}

export async function startHost(place, home, options = {}) {
	const dir = place.path(`host-${place.processes.length}`);
	const port = await freePort();
	fs.mkdirSync(dir);
	fs.writeFileSync(path.join(dir, 'host.conf'), hostConf(home, port, options));
	const process = place.spawn('apache', APACHE, ['-d', dir, '-f', 'host.conf', '-D', 'FOREGROUND'], { detached: true });
	process.stopMs = APACHE_STOP_MS;
	const errors = () => errorLog(dir);
	await listens(process, port, errors);
	return { process, port, dir, url: `http://127.0.0.1:${port}`, errors };
}

function entry(form, mount, about) {
	return {
		process: 'cgi',
		streams: 150,
		leaving: 'heartbeat',
		mistakes: [],
		harmless: [...APACHE_HARMLESS, /script not found or unable to stat/],
		...about,
		cells: { ...CELLS_OF_PROCESSES, ...about.cells },
		async start(place, options = {}) {
			const server = await startHost(place, makeHome(place, { ...options, form }), options);
			return face(server, null, { mount });
		},
	};
}

export const hostingRewrite = entry('rewrite', '/ask', {
	name: 'shared hosting: `.htaccess` with rewrites, CGI',
	slug: 'hosting',
});

export const hostingCgiBin = entry('cgi-bin', '/cgi-bin/ask.cgi', {
	name: 'shared hosting: `cgi-bin`',
	slug: 'hosting-cgi-bin',
});
