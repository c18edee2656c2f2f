// SPDX-License-Identifier: ISC
// Every web server that leat is tested with, as an owner would run it. An
// entry is
//
//   name, slug     in the table of docs/webservers.md, and short
//   process        pool: leat serve; alone: one worker that the web server
//                  (or spawn-fcgi) starts; cgi: a process for each request
//   streams        how many it can hold at once
//   tls            HTTP/2 over TLS: nothing can be written by hand
//   leaving        when a client that left is noticed: 'at once' (even while
//                  the model is silent), 'heartbeat' (at the next), 'signal'
//   cells          behaviours in which it differs from the others, and why:
//                  {slug: {is: 'what is seen', note: 'a footnote'}}
//   harmless       lines of its error log that the suite provokes (patterns)
//   mistakes       names for options.mistake
//   start(place, options)
//
// options: upstream (from startUpstream()), leat (for startLeat() and
// leatConfig()), pool (one that runs already), mistake, idle (seconds: the
// server's own idle timeouts, instead of those in the files). start() gives
// {url, base: with the mount, port, server: Process, leat: from startLeat() or
// null, errors(): its error log, stop()}.
import { nginx, nginxFront, nginxFrontConf, nginxTls } from './servers/nginx.mjs';
import { apacheCgi, apacheCgid, apacheFcgid, apacheHandler, apacheProxy, apacheTls } from './servers/apache.mjs';
import { fcgiwrap, spawnFcgi, spawnFcgiTcp, systemdSocket } from './servers/handed.mjs';
import { hostingCgiBin, hostingRewrite } from './servers/hosting.mjs';
import { lighttpd, lighttpdCgi, lighttpdStart } from './servers/lighttpd.mjs';

export const servers = [
	nginx,
	nginxTls,
	nginxFront,
	nginxFrontConf,
	apacheProxy,
	apacheHandler,
	apacheTls,
	apacheFcgid,
	apacheCgid,
	apacheCgi,
	hostingRewrite,
	hostingCgiBin,
	lighttpd,
	lighttpdStart,
	lighttpdCgi,
	spawnFcgi,
	spawnFcgiTcp,
	systemdSocket,
	fcgiwrap,
];
