// SPDX-License-Identifier: ISC
// The chat page in a real browser, against a server that misbehaves on
// demand (page_fake.mjs). page_site.test.mjs has it against the real thing.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { scenario, eventually, sleep } from './lib/place.mjs';
import { closeBrowser, noBrowser, openPage } from './page_browser.mjs';
import { startFake } from './page_fake.mjs';

after(closeBrowser);

function pageScenario(name, options, fn) {
	scenario(name, async (place) => {
		const fake = await startFake(place, { pace: 1, ...options.fake });
		const page = await openPage(place, `${fake.base}/`, options.context);
		await fn(page, fake);
	}, { skip: noBrowser });
}

const asked = (fake) => fake.requests.filter((r) => r.method === 'POST');
const resumed = (fake) => fake.requests.filter((r) => r.path.endsWith('/stream'));

/** In the page: steps are short, and a slow machine would miss some by asking. */
function watch() {
	const seen = window.seen = { shown: [], textBeforeEnd: false };
	new MutationObserver((records) => {
		for (const { addedNodes } of records) seen.shown.push(...[...addedNodes].map((node) => node.textContent));
		seen.textBeforeEnd ||= document.querySelector('.answer')?.textContent.length > 20 && !document.querySelector('.turn[data-done]');
	}).observe(document.body, { subtree: true, childList: true });
}

pageScenario('Enter sends, steps show, text streams, sources follow', { fake: { pace: 8 } }, async (page, fake) => {
	await page.fill('#question', 'How do I rotate logs?');
	await page.press('#question', 'Shift+Enter');
	await page.keyboard.type('Thanks.');
	assert.equal(asked(fake).length, 0);
	await page.evaluate(watch);
	await page.press('#question', 'Enter');
	await page.ended(1);
	const seen = await page.evaluate(() => window.seen);
	assert.ok(seen.shown.includes('Asking gpt-4o-mini'), seen.shown.join('; '));
	assert.ok(seen.textBeforeEnd, 'text shows before the end');
	assert.deepEqual(asked(fake)[0].body, { streaming: true, query: 'How do I rotate logs?\nThanks.' });
	assert.match(await page.text(1, 'now'), /^Found 6 passages · answered in 2\.1 s$/);
	assert.equal(await page.turn(1).locator('pre').innerText(), 'mv access_log access_log.old\nmv error_log error_log.old\napachectl graceful\nsleep 600\ngzip access_log.old error_log.old');
	assert.equal(await page.turn(1).locator('.answer > ol > li').count(), 3);
	assert.equal(await page.turn(1).locator('.answer > ol ul > li').count(), 2);
	assert.equal(await page.turn(1).locator('tbody tr').count(), 2);
	assert.equal(await page.turn(1).locator('.cited .source').count(), 3);
	assert.equal(await page.text(1, 'others'), '1 more passage was found');
	assert.equal(await page.turn(1).locator('.source a').first().getAttribute('href'), new URL('/manual/logs.html#rotation', fake.base).href);
	assert.equal(await page.text(1, 'made'), 'Written by an AI model (gpt-4o-mini)');
	assert.equal(await page.turn(1).locator('.quoted').isVisible(), false);
	assert.equal(await page.evaluate(() => document.activeElement.id), 'question');
});

pageScenario('a mark leads to its source', {}, async (page) => {
	await page.ask('logs');
	await page.ended(1);
	await page.turn(1).locator('a.mark').nth(2).click();
	assert.equal(await page.evaluate(() => document.activeElement.id), 'source-1-3');
	assert.equal(new URL(page.url()).hash, '');
});

pageScenario('frames may be cut at any byte', { fake: { cut: 1 } }, async (page) => {
	await page.ask('plain \u00fcber \u{1f30d} zw\u00f6lf');
	await page.ended(1);
	assert.equal(await page.text(1, 'answer'), 'You asked: plain \u00fcber \u{1f30d} zw\u00f6lf');
});

pageScenario('a lost connection is resumed behind the last event', { fake: { pace: 3, drop: [2, 9, 30] } }, async (page, fake) => {
	await page.ask('plain words that are many enough to come in more than thirty pieces, for which they have to be quite a number of words, so here are some more of them: one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve');
	await page.ended(1);
	assert.equal(asked(fake).length, 1, 'the question was asked once');
	assert.deepEqual(resumed(fake).map((r) => r.headers['last-event-id'].split('.')[1]), ['2', '9', '30']);
	assert.match(await page.text(1, 'answer'), /^You asked: plain words that are many .* eleven, twelve$/);
	assert.equal(await page.turn(1).locator('.problem').isVisible(), false);
});

pageScenario('what cannot be resumed ends in words', { fake: { drop: [9], resumes: false } }, async (page, fake) => {
	await page.ask('logs');
	await page.ended(1);
	assert.match(await page.text(1, 'sentence'), /no longer available/);
	assert.equal(asked(fake).length, 1);
});

pageScenario('an error keeps the partial text and can be tried again', {}, async (page, fake) => {
	await page.ask('error');
	await page.ended(1);
	assert.equal(await page.text(1, 'sentence'), 'The model stopped in the middle of its answer.');
	assert.match(await page.text(1, 'answer'), /^The server keeps writing/);
	assert.equal(await page.text(1, 'again'), 'Try again');
	await page.turn(1).locator('.again').click();
	await eventually(() => asked(fake).length === 2, 'it is asked again');
	await page.ended(1);
	assert.equal(await page.locator('.turn').count(), 1);
});

const refusals = [
	['leat', { status: 503, headers: { 'retry-after': '2' }, body: { type: 'error', error: 'Too many answers are being written.', code: 'overloaded', retryable: true } }, 'Too many answers are being written.', /Try again in/],
	['an unwilling leat', { status: 400, body: { type: 'error', error: 'The question is empty.', code: 'bad_request', retryable: false } }, 'The question is empty.', /^Edit question$/],
	['nginx', { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>502 Bad Gateway</h1>' }, 'The chat service behind this site is not answering.', /^Try again$/],
	['nginx about size', { status: 413, headers: { 'content-type': 'text/html' }, body: '<h1>413</h1>' }, 'This question is too long for the server.', /^Edit question$/],
];
for (const [who, refuse, sentence, button] of refusals)
	pageScenario(`a refusal of ${who} is told in words`, { fake: { refuse: { ...refuse } } }, async (page) => {
		await page.ask('plain question');
		await page.ended(1);
		assert.equal(await page.text(1, 'sentence'), sentence);
		assert.match(await page.text(1, 'again'), button);
		await page.turn(1).locator('.again').click();
		if (button.source === '^Edit question$') {
			assert.equal(await page.inputValue('#question'), 'plain question');
		} else {
			await page.waitForFunction(() => document.querySelector('.answer').textContent.startsWith('You asked'));
			assert.equal(await page.locator('.turn').count(), 1);
		}
	});

pageScenario('an unreachable server is told in words', {}, async (page) => {
	page.mayComplain = true;
	await page.route('**/chat', (route) => route.abort('connectionrefused'));
	await page.ask('anyone there?');
	await page.ended(1);
	assert.equal(await page.text(1, 'sentence'), 'The server could not be reached.');
});

for (const way of ['button', 'Escape'])
	pageScenario(`stop by ${way} closes the stream and tells the server`, {}, async (page, fake) => {
		await page.ask('slow');
		await page.waitForFunction(() => document.querySelector('.now')?.textContent.startsWith('Searching'));
		if (way === 'button') await page.click('#stop');
		else await page.keyboard.press('Escape');
		await page.ended(1);
		await eventually(() => fake.stopped.length === 1, 'DELETE arrived');
		assert.equal(await page.text(1, 'note'), 'Stopped before an answer came.');
		assert.equal(await page.locator('#send').isVisible(), true);
	});

pageScenario('follow-ups carry the conversation, without marks', {}, async (page, fake) => {
	await page.ask('logs');
	await page.ended(1);
	await page.ask('error');
	await page.ended(2);
	await page.ask('plain and then?');
	await page.ended(3);
	const { messages, query } = asked(fake)[2].body;
	assert.equal(query, undefined);
	assert.deepEqual(messages.map((m) => m.role), ['user', 'assistant', 'user', 'assistant', 'user']);
	assert.equal(messages[0].content, 'logs');
	assert.match(messages[1].content, /^The server keeps writing[^[]*$/);
	assert.equal(messages[4].content, 'plain and then?');
	await page.click('#new-chat');
	assert.equal(await page.locator('.turn').count(), 0);
	assert.equal(await page.locator('#welcome').isVisible(), true);
	await page.ask('plain');
	await page.ended(1);
	assert.equal(asked(fake)[3].body.query, 'plain');
});

pageScenario('a new chat in the middle of an answer stops it', {}, async (page, fake) => {
	await page.ask('slow');
	await page.waitForFunction(() => document.querySelector('.now')?.textContent.startsWith('Searching'));
	await page.click('#new-chat');
	await eventually(() => fake.stopped.length === 1, 'DELETE arrived');
	await page.ask('plain');
	await page.ended(1);
	assert.equal(await page.text(1, 'answer'), 'You asked: plain');
});

pageScenario('quotes say that no model was used', {}, async (page) => {
	await page.ask('quotes');
	await page.ended(1);
	assert.equal((await page.text(1, 'quoted')).trim(), 'Quoted from this site\u2019s pages. No AI model was used.');
	assert.equal(await page.text(1, 'made'), '');
	assert.equal(await page.turn(1).locator('blockquote').count(), 2);
});

pageScenario('nothing that comes is ever markup', {}, async (page) => {
	await page.ask('hostile');
	await page.ended(1);
	assert.equal(await page.evaluate(() => window.hacked), undefined);
	assert.equal(await page.locator('.answer img, .answer script, .answer svg, .answer b, .sources script, .sources img').count(), 0);
	assert.equal(await page.locator('[href^="javascript"], [href^="data:text"]').count(), 0);
	assert.match(await page.text(1, 'answer'), /<img src=x onerror="window.hacked=1"><script>.*\[9\] <b>bold<\/b>/);
});

pageScenario('the policy lets the page run and nothing else', {}, async (page) => {
	page.mayComplain = true;
	const blocked = await page.evaluate(() => new Promise((resolve) => {
		document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective));
		const script = document.createElement('script');
		script.textContent = 'window.hacked = 1';
		document.body.append(script);
	}));
	assert.equal(blocked, 'script-src-elem');
	assert.equal(await page.evaluate(() => window.hacked), undefined);
});

pageScenario('it follows the answer only while the reader is at its end', { fake: { pace: 6 } }, async (page) => {
	await page.ask('long');
	await page.waitForFunction(() => document.documentElement.scrollHeight > innerHeight + 300);
	await eventually(async () => await page.toEnd() < 60, 'it follows');
	await page.mouse.move(600, 300);
	await page.mouse.wheel(0, -400);
	await page.waitForFunction(() => !document.getElementById('latest').hidden);
	const top = await page.top();
	await sleep(300);
	assert.equal(await page.top(), top);
	await page.click('#latest');
	await eventually(async () => await page.toEnd() < 60, 'it follows again');
});

pageScenario('an empty answer is said to be one', {}, async (page) => {
	await page.ask('empty');
	await page.ended(1);
	assert.equal(await page.text(1, 'note'), 'No answer came back.');
});

pageScenario('the answer can be copied, with its sources', { context: { permissions: ['clipboard-read', 'clipboard-write'] } }, async (page) => {
	await page.ask('logs');
	await page.ended(1);
	await page.turn(1).locator('.copy').click();
	await page.waitForFunction(() => document.querySelector('.copy span').textContent === 'Copied');
	const copied = await page.evaluate(() => navigator.clipboard.readText());
	assert.match(copied, /^The server keeps writing/);
	assert.match(copied, /\n\nSources:\n\[1\] Log Files - Apache HTTP Server http:\/\/127/);
});

pageScenario('a screen reader hears the steps and then the answer', { fake: { pace: 10 } }, async (page) => {
	await page.evaluate(() => {
		window.heard = [];
		const region = document.getElementById('announcer');
		new MutationObserver(() => window.heard.push(region.textContent)).observe(region, { childList: true, characterData: true, subtree: true });
	});
	await page.ask('quotes');
	await page.ended(1);
	const heard = await page.evaluate(() => window.heard);
	assert.ok(heard.includes('Found 6 passages'), JSON.stringify(heard));
	assert.match(heard.at(-1), /^Answer: From the documentation:.*no AI model was used/s);
	assert.ok(heard.length < 8, 'not every piece of text is read out');
});

for (const width of [360, 1280])
	pageScenario(`nothing stands out at ${width} px`, { context: { viewport: { width, height: 740 } } }, async (page) => {
		await page.ask('logs ' + 'averylongwordthatneverends'.repeat(8));
		await page.ended(1);
		const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
		assert.ok(over <= 0, `${over} px stand out`);
	});

pageScenario('the mount is found with and without a slash', {}, async (page, fake) => {
	await page.goto(fake.base);
	await page.ask('plain');
	await page.ended(1);
	assert.equal(asked(fake)[0].path, '/ask/chat');
});

const MARKDOWN = [
	'# Head\n\nA paragraph\nof two lines.\n\n- one\n- two\n\n  more of two\n- three\n\n1. first\n\n2. second\n   - inner\n   - inner\n\n3. third\n\nEnd.',
	'Before:\n```c\nint main(void)\n{\n\n\treturn 0;\n}\n```\nafter\n\n> quoted\n> - list\n>\n> more\n\n---\nlast',
	'| a | b |\n|---|---|\n| 1 | `x|y` |\n\ntext | with bar\n\n1) one\n2) two\n\n\n\n* star\n+ plus',
	'open ** and [1 and [2](x and _a_b_ and *c* **d** ``e`f`` and ` https://example.org/a_b_(c). [l](https://example.org/)\n\n```\nnever closed',
	'1. a\n   ```sh\n   one\n     two\n   ```\n2. b\n\n\tc\n\n- \n- d\n  e\nlazy\n\n#not a heading\n\n###### h6\n####### no',
];

pageScenario('text that grows ends as text that came at once', {}, async (page) => {
	const differences = await page.evaluate((texts) => {
		const made = (text, steps) => {
			const root = document.createElement('div');
			const growing = new GrowingText(root, (numbers, raw) => raw);
			for (let i = 1; i < text.length; i += steps) growing.update(text.slice(0, i), false);
			growing.update(text, true);
			return root.innerHTML;
		};
		return texts.flatMap((text) => [1, 2, 7].map((steps) => [made(text, steps), made(text, text.length)])
			.filter(([grown, whole]) => grown !== whole));
	}, MARKDOWN);
	assert.deepEqual(differences, []);
});

pageScenario('Markdown becomes the elements that it means', {}, async (page) => {
	const html = await page.evaluate((texts) => texts.map((text) => {
		const root = document.createElement('div');
		new GrowingText(root, (numbers, raw) => raw).update(text, true);
		for (const copy of root.querySelectorAll('.copy-code')) copy.remove();
		for (const node of root.querySelectorAll('*')) for (const { name } of [...node.attributes]) if (name !== 'href') node.removeAttribute(name);
		return root.innerHTML;
	}), MARKDOWN);
	assert.equal(html[0], '<h3>Head</h3><p>A paragraph\nof two lines.</p><ul><li>one</li><li>two<p>more of two</p></li><li>three</li></ul><ol><li>first</li><li>second<ul><li>inner</li><li>inner</li></ul></li><li>third</li></ol><p>End.</p>');
	assert.equal(html[1], '<p>Before:</p><div><pre><code>int main(void)\n{\n\n\treturn 0;\n}</code></pre></div><p>after</p><blockquote><p>quoted</p><ul><li>list</li></ul><p>more</p></blockquote><hr><p>last</p>');
	assert.match(html[3], /<strong>d<\/strong> <code>e`f<\/code>/);
	assert.match(html[3], /<a href="https:\/\/example.org\/">l<\/a>/);
	assert.match(html[4], /^<ol><li>a<div><pre><code>one\n {2}two<\/code><\/pre><\/div><\/li><li>b<p>c<\/p><\/li><\/ol>/);
});

pageScenario('a very long answer costs no more per piece than a short one', {}, async (page) => {
	const ms = await page.evaluate(() => {
		const growing = new GrowingText(document.createElement('div'), (numbers, raw) => raw);
		const piece = 'Some words of a **sentence** that has [1] a mark.\n\n';
		const times = [];
		let text = '';
		for (let i = 0; i < 8000; i++) {
			text += piece;
			if (i % 2000 < 100) {
				const from = performance.now();
				growing.update(text, false);
				times.push([i, performance.now() - from]);
			} else if (i % 20 === 0) {
				growing.update(text, false);
			}
		}
		const sum = (from) => times.filter(([i]) => i >= from && i < from + 100).reduce((all, [, t]) => all + t, 0);
		return [sum(0), sum(6000)];
	});
	assert.ok(ms[1] < 10 * ms[0] + 50, `100 pieces: ${ms[0]} ms at the start, ${ms[1]} ms later`);
});

for (const [what, text] of [['stars', '*'.repeat(60000)], ['brackets', '['.repeat(60000)], ['ticks', '`'.repeat(60000)], ['spaces', `# a${' '.repeat(60000)}b`], ['quotes', '>'.repeat(60000)], ['dashes', `|${'-'.repeat(60000)}`], ['lists', '- '.repeat(30000)], ['underscores', ' _a'.repeat(20000)], ['rows', '| a\n'.repeat(15000)]])
	pageScenario(`60 KB of ${what} do not hold the page`, {}, async (page) => {
		const ms = await page.evaluate((t) => {
			const growing = new GrowingText(document.createElement('div'), (numbers, raw) => raw);
			const from = performance.now();
			growing.update(t, false);
			growing.update(t, true);
			return performance.now() - from;
		}, text);
		assert.ok(ms < 3000, `${Math.round(ms)} ms`);
	});
