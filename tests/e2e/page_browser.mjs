// SPDX-License-Identifier: ISC
// Chromium with the chat page open, for the tests of the page.
import fs from 'node:fs';
import { SLOWNESS } from './lib/place.mjs';

const CHROMIUM = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
	.find((file) => file && fs.existsSync(file));

async function loadPlaywright() {
	try {
		return (await import('playwright-core')).chromium;
	} catch {
		return null;
	}
}

const playwright = await loadPlaywright();

/** Why the page cannot be tested here; false when it can. */
export const noBrowser = !CHROMIUM ? 'chromium is missing' : !playwright ? 'npm package playwright-core is missing' : false;

let shared = null;

async function browser() {
	shared ??= playwright.launch({
		executablePath: CHROMIUM,
		args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
	});
	return shared;
}

export async function closeBrowser() {
	if (shared) await (await shared).close();
	shared = null;
}

/** The page at `address`, with what it complained about in `page.faults`. */
export async function openPage(place, address, options = {}) {
	const context = await (await browser()).newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', ...options });
	context.setDefaultTimeout(10000 * SLOWNESS);
	const page = await context.newPage();
	page.faults = [];
	page.on('pageerror', (error) => page.faults.push(String(error)));
	page.on('console', (message) => {
		// A refusal that the test asked for is logged by the browser itself.
		if (message.type() === 'error' && !/Failed to load resource|ERR_INCOMPLETE_CHUNKED/.test(message.text())) page.faults.push(message.text());
	});
	place.onClose(async () => {
		await context.close();
		return page.faults.length && !page.mayComplain ? `the page: ${page.faults.join('; ')}` : null;
	});
	page.response = await page.goto(address);
	const turn = (n) => page.locator(`.turn:nth-child(${n})`);
	return Object.assign(page, {
		turn,
		text: (n, part) => turn(n).locator(`.${part}`).innerText(),
		ask: async (question) => {
			await page.fill('#question', question);
			await page.press('#question', 'Enter');
		},
		ended: (n) => page.waitForSelector(`.turn:nth-child(${n})[data-done]`),
		top: () => page.evaluate(() => Math.round(scrollY)),
		toEnd: () => page.evaluate(() => document.documentElement.scrollHeight - innerHeight - scrollY),
	});
}
