// SPDX-License-Identifier: ISC
// The same behaviour behind every web server.
import assert from 'node:assert/strict';
import { scenario } from './lib/place.mjs';
import { servers } from './lib/servers.mjs';
import { openStream } from './lib/sse.mjs';
import { startUpstream } from './lib/upstream.mjs';

for (const server of servers)
	scenario(`${server.slug}: each frame is seen before the next one is written`, async (place) => {
		const upstream = await startUpstream(place);
		const site = await server.start(place, { upstream });
		let call;
		upstream.script = (c) => { call = c; };
		const stream = await openStream(`${site.base}/chat`, { body: { query: 'q', streaming: true } });
		await upstream.call(1);
		for (let n = 0; n < 20; n++) {
			await call.delta(`f${n} `);
			await stream.until((e) => e.json?.content?.includes(`f${n} `));
		}
		await call.stop();
		await stream.all();
		assert.ok(!/:(error|crit|alert|emerg)\]/.test(site.errors()), site.errors());
	});
