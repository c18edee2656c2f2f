// SPDX-License-Identifier: ISC
// The same behaviour behind every web server: each behaviour is tried with
// each server, and the table in docs/webservers.md says what was seen.
//
//   LEAT_SERVERS=nginx,apache-proxy    only these (the table is not compared)
//   LEAT_BEHAVIOURS=frames,head        only these (likewise)
//   LEAT_WRITE_TABLE=1                 writes the table
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SLOWNESS, scenario } from './lib/place.mjs';
import { servers } from './lib/servers.mjs';
import { startUpstream } from './lib/upstream.mjs';
import { Context, LEAT_OPTIONS } from './lib/behaviours/context.mjs';
import { PAGE, committedTable, tableText, writeTable } from './lib/behaviours/table.mjs';
import { addresses } from './lib/behaviours/addresses.mjs';
import { bodies } from './lib/behaviours/bodies.mjs';
import { leaving } from './lib/behaviours/leaving.mjs';
import { requests } from './lib/behaviours/requests.mjs';
import { streams } from './lib/behaviours/streams.mjs';

const behaviours = [...streams, ...leaving, ...requests, ...addresses, ...bodies];
const seen = new Map();

function chosen(list, variable) {
	const words = process.env[variable]?.split(',');
	return words ? list.filter((one) => words.includes(one.slug)) : list;
}

const ours = chosen(servers, 'LEAT_SERVERS');
const tried = chosen(behaviours, 'LEAT_BEHAVIOURS');
const isWhole = ours.length === servers.length && tried.length === behaviours.length;

function expectedOf(entry, behaviour) {
	return entry.cells?.[behaviour.slug]?.is ?? behaviour.expected?.(entry) ?? 'yes';
}

describe('every web server', { concurrency: 2 }, () => {
	for (const entry of ours)
		scenario(entry.slug, async (place, t) => {
			const upstream = await startUpstream(place);
			const site = await entry.start(place, { upstream, leat: LEAT_OPTIONS });
			const on = new Context(place, entry, site, upstream);
			on.leatOptions = LEAT_OPTIONS;
			for (const behaviour of tried)
				await t.test(`${entry.slug}: ${behaviour.slug}`, async () => {
					const word = await behaviour.run(on);
					seen.set(`${entry.slug}/${behaviour.slug}`, word);
					assert.equal(word, expectedOf(entry, behaviour));
				});
			await t.test(`${entry.slug}: its log has no error`, () => {
				const bad = site.errors().split('\n').filter((line) =>
					/[:[](error|crit|alert|emerg)\]/.test(line) && !(entry.harmless ?? []).some((pattern) => pattern.test(line)));
				assert.deepEqual(bad, []);
			});
		}, { timeout: 180000 * SLOWNESS });
});

test('the table in docs/webservers.md is what was seen', { skip: isWhole ? false : 'not all were tried' }, () => {
	const table = tableText(servers, behaviours, seen);
	if (process.env.LEAT_WRITE_TABLE) writeTable(table);
	const committed = committedTable().split('\n');
	const differing = table.trim().split('\n').filter((line, i) => line !== committed[i]);
	assert.deepEqual(differing, [], `run this with LEAT_WRITE_TABLE=1 to write ${PAGE}`);
	assert.equal(committed.length, table.trim().split('\n').length);
});
