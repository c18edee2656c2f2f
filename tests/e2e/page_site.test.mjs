// SPDX-License-Identifier: ISC
// The chat page as leat serves it, through nginx and two workers.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { LEAT } from './lib/leat.mjs';
import { scenario, eventually } from './lib/place.mjs';
import { startSite } from './lib/site.mjs';
import { closeBrowser, noBrowser, openPage } from './page_browser.mjs';

after(closeBrowser);

const DOCUMENTS = {
	'reload.html': '<html lang="en"><head><title>Reloading nginx</title></head><body><main><h1>Reloading nginx</h1><p>To reload nginx without losing requests, send it the HUP signal with <code>nginx -s reload</code>. The old workers finish what they have begun.</p></main></body></html>',
	'logs.html': '<html lang="en"><head><title>Log files</title></head><body><main><h1>Log files</h1><h2 id="rotation">Rotation</h2><p>Log files are rotated each night by logrotate, which keeps fourteen of them and compresses the older ones.</p></main></body></html>',
};

async function withIndex(place) {
	for (const [name, text] of Object.entries(DOCUMENTS)) place.write(`documents/${name}`, text);
	const index = place.path('site.db');
	const { code, stderr } = await place.run('index', LEAT, ['index', '--output', index, '--base-url', '/docs/', place.path('documents')]);
	assert.equal(code, 0, stderr);
	return { context: { index } };
}

function siteScenario(name, options, fn) {
	scenario(name, async (place) => {
		const more = options.indexed ? await withIndex(place) : { context: { index: '' } };
		const site = await startSite(place, { ...options, ...more });
		await fn(await openPage(place, `${site.base}/`), site, place);
	}, { skip: noBrowser });
}

siteScenario('the page is served under a strict policy, each time with another nonce', { script: null }, async (page, site) => {
	const nonces = new Set();
	for (let i = 0; i < 3; i++) {
		const { headers, text } = await site.request('');
		assert.match(headers['content-type'], /^text\/html; charset=utf-8$/i);
		const [, nonce] = headers['content-security-policy'].match(/script-src 'nonce-([^']+)'/);
		assert.ok(text.includes(`<script nonce="${nonce}">`) && text.includes(`<style nonce="${nonce}">`));
		assert.ok(!text.includes('{{'), 'no placeholder is left');
		nonces.add(nonce);
	}
	assert.equal(nonces.size, 3);
	assert.equal(await page.locator('#welcome').isVisible(), true);
});

siteScenario('without a model the page shows quotes, and says so', { script: null, indexed: true }, async (page) => {
	await page.ask('How do I reload nginx?');
	await page.ended(1);
	assert.match(await page.text(1, 'answer'), /nginx -s reload/);
	assert.match(await page.turn(1).innerText(), /no AI model was used/i);
	assert.match(await page.text(1, 'now'), /^Found \d passages? · answered in /);
	const source = page.turn(1).locator('.cited .source a').first();
	assert.equal(new URL(await source.getAttribute('href')).pathname, '/docs/reload.html');
	assert.equal(await page.turn(1).locator('.problem').isVisible(), false);
});

siteScenario('a model\'s answer streams, and follow-ups carry the conversation', {
	script: async (call) => {
		await call.delta('You said: ');
		await call.delta(`**${call.question}**`);
		await call.stop();
	},
}, async (page, site) => {
	await page.ask('one');
	await page.ended(1);
	assert.equal(await page.text(1, 'answer'), 'You said: one');
	assert.match(await page.text(1, 'made'), /^Written by an AI model/);
	await page.ask('two');
	await page.ended(2);
	const { messages } = site.upstream.calls.at(-1).body;
	assert.deepEqual(messages.filter((m) => m.role !== 'system').map((m) => m.content), ['one', 'You said: **one**', 'two']);
});

siteScenario('stop reaches the model', {
	script: async (call) => {
		await call.delta('It goes on');
		await call.closed;
	},
}, async (page, site) => {
	await page.ask('for ever');
	await page.waitForFunction(() => document.querySelector('.answer')?.textContent === 'It goes on');
	await page.click('#stop');
	await page.ended(1);
	assert.equal(await page.text(1, 'answer'), 'It goes on');
	await eventually(() => site.upstream.calls[0].peerLeft, 'the call to the model is closed');
});

siteScenario('a model that breaks off is told in words, and can be asked again', {
	script: async (call) => {
		await call.delta('Half an ans');
		call.res.destroy();
	},
}, async (page) => {
	await page.ask('anything');
	await page.ended(1);
	assert.equal(await page.text(1, 'answer'), 'Half an ans');
	assert.equal(await page.text(1, 'sentence'), 'The answer was cut off before its end.');
	assert.equal(await page.text(1, 'again'), 'Try again');
});

siteScenario('a pool that is gone is told in words', { script: null }, async (page, site) => {
	site.leat.process.expectedToDie = true;
	await site.leat.process.stop();
	await page.ask('anything');
	await page.ended(1);
	assert.equal(await page.text(1, 'sentence'), 'The service is not running.');
	assert.match(await page.text(1, 'again'), /^Try again in/);
});
