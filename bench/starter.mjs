// SPDX-License-Identifier: ISC
// Starts one of the web servers that the end-to-end tests know, with the files
// that we ship, and prints where it is; stops it when standard input ends.
//
//   node bench/starter.mjs '{"list":true}'
//   node bench/starter.mjs '{"slug":"nginx","upstream":"http://…/v1","leat":{…}}'
import { Place } from '../tests/e2e/lib/place.mjs';
import { servers } from '../tests/e2e/lib/servers.mjs';

const say = (object) => process.stdout.write(`${JSON.stringify(object)}\n`);
const about = ({ slug, name, process: mode, streams, leaving }) => ({ slug, name, process: mode, streams, leaving });
const ended = () => new Promise((resolve) => process.stdin.on('end', resolve).resume());

async function start(entry, options) {
	const place = new Place();
	let faults = [];
	try {
		const started = await entry.start(place, { upstream: { url: options.upstream }, leat: options.leat });
		say({ ...about(entry), base: started.base, server: started.server.pid, leat: started.leat?.pid, config: started.leat?.file, folder: place.dir });
		await ended();
		say({ errors: started.errors().slice(-2000) });
	} catch (error) {
		place.printLogs();
		faults.push(String(error.stack));
	}
	faults = faults.concat(await place.close());
	place.remove();
	say({ faults });
	return faults.length ? 1 : 0;
}

const options = JSON.parse(process.argv[2] ?? '{}');
const entry = servers.find(({ slug }) => slug === options.slug);
if (options.list) {
	say(servers.map(about));
} else if (!entry) {
	process.stderr.write(`starter: no server ${options.slug}; there are ${servers.map(({ slug }) => slug).join(', ')}\n`);
	process.exit(2);
} else {
	process.exit(await start(entry, options));
}
