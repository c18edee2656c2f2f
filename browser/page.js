/* SPDX-License-Identifier: ISC */
"use strict";

/*
 * The chat page: the conversation, one view per turn, and the composer.
 * Everything that comes over the network is put on the page as text.
 */

const HISTORY = { turns: 20, characters: 24000 };
const QUESTION_BYTES = 8192;
const BOTTOM_PX = 60;

const byId = (id) => document.getElementById(id);
const ui = {
	conversation: byId("conversation"), composer: byId("composer"),
	question: byId("question"), send: byId("send"), stop: byId("stop"),
	latest: byId("latest"), hint: byId("hint"),
	announcer: byId("announcer"), newChat: byId("new-chat"),
};
const hintText = ui.hint.textContent;

let turns = [];		/* the views of turns that have ended */
let running = null;	/* { follower, view } of the one that has not */

function announce(text) {
	ui.announcer.textContent = text;
}

function duration(ms) {
	if (ms < 1000)
		return `${Math.max(0, Math.round(ms))} ms`;
	if (ms < 60000)
		return `${(ms / 1000).toFixed(ms < 10000 ? 1 : 0)} s`;
	return `${Math.floor(ms / 60000)} min ${Math.round(ms / 1000) % 60} s`;
}

/* ---- Scrolling: follow the answer only while its reader does ---- */

let followsEnd = true;
let lastTop = 0;

function distanceToEnd() {
	const root = document.documentElement;
	return root.scrollHeight - innerHeight - scrollY;
}

function showLatest() {
	ui.latest.hidden = !running || followsEnd ||
		distanceToEnd() < BOTTOM_PX;
}

function keepAtEnd() {
	if (followsEnd)
		scrollTo(0, document.documentElement.scrollHeight);
	showLatest();
}

/* Only moving up lets go: an answer that grows moves nobody. */
addEventListener("scroll", () => {
	if (distanceToEnd() < BOTTOM_PX)
		followsEnd = true;
	else if (scrollY < lastTop)
		followsEnd = false;
	lastTop = scrollY;
	showLatest();
}, { passive: true });

function goToEnd() {
	followsEnd = true;
	keepAtEnd();
}

async function copyText(text, button) {
	const label = button.querySelector("span") || button;
	const before = label.dataset.label || label.textContent;
	label.dataset.label = before;
	let copied = true;
	try {
		await navigator.clipboard.writeText(text);
	} catch {
		/* Without https there is no clipboard object. */
		const area = element("textarea", "unseen", text);
		document.body.append(area);
		area.select();
		copied = document.execCommand("copy");
		area.remove();
		button.focus();
	}
	label.textContent = copied ? "Copied" : "Copying failed";
	announce(label.textContent);
	setTimeout(() => { label.textContent = before; }, 2000);
}

/* ---- One turn on the page ---- */

let turnCount = 0;

class TurnView {
	constructor(question) {
		const copy = byId("turn-template").content.cloneNode(true);
		this.root = copy.firstElementChild;
		this.part = (name) => this.root.querySelector(`.${name}`);
		this.number = ++turnCount;
		this.question = question;
		this.text = "";
		this.sources = [];
		this.rows = new Map();
		this.isDone = false;
		this.began = performance.now();
		this.part("question").textContent = question;
		this.answer = new GrowingText(this.part("answer"),
			(numbers, raw) => this.marks(numbers, raw));
		this.part("copy").addEventListener("click", (event) =>
			copyText(this.plainText(), event.currentTarget));
		this.part("answer").addEventListener("click", (e) => this.click(e));
		this.part("answer").addEventListener("mouseover", (e) => this.point(e));
		this.part("answer").addEventListener("mouseout", (e) => this.point(e));
		ui.conversation.append(copy);
		this.now("Sending the question");
		this.ticker = setInterval(() => this.tick(), 1000);
	}

	now(text) {
		this.part("now").textContent = text;
		this.nowSince = performance.now();
	}

	click(event) {
		const button = event.target.closest(".copy-code");
		const mark = event.target.closest("a.mark");
		if (button)
			copyText(button.previousElementSibling.textContent, button);
		if (!mark)
			return;
		/* Not by its address: that would fill the history of the tab. */
		event.preventDefault();
		const source = byId(mark.hash.slice(1));
		for (const other of this.root.querySelectorAll(".source"))
			other.classList.toggle("chosen", other === source);
		source.focus({ preventScroll: true });
		source.scrollIntoView({ block: "nearest" });
	}

	/* A step that takes long says how long. */
	tick() {
		const waited = performance.now() - this.nowSince;
		this.part("clock").textContent = !this.text && waited > 3000 ?
			duration(Math.floor(waited / 1000) * 1000) : "";
	}

	status(status) {
		const state = status.state || "progress";
		let row = this.rows.get(status.step);
		if (!row || (state === "started" && row.dataset.state !== "started")) {
			row = element("li");
			row.append(element("span", "what"), element("span", "when"));
			this.part("steps").querySelector("ol").append(row);
			this.rows.set(status.step, row);
		}
		row.dataset.state = state;
		const text = status.description || row.firstChild.textContent ||
			status.step || "";
		row.firstChild.textContent = text;
		if (status.elapsed_ms >= 0)
			row.lastChild.textContent = duration(status.elapsed_ms);
		if (status.step === "context" && state !== "started")
			this.found = text;
		const percent = status.progress > 0 && status.progress < 100 ?
			` ${Math.round(status.progress)} %` : "";
		if (!this.text) {
			this.now(text + percent);
			announce(text);
		}
		keepAtEnd();
	}

	content(text) {
		if (!this.text)
			this.now("Writing the answer");
		this.text += text;
		this.draw();
	}

	/* At most once per frame, and with air between for very long answers. */
	draw() {
		if (this.drawing)
			return;
		this.drawing = true;
		const wait = performance.now() < (this.drawAfter || 0) ? 150 : 0;
		const paint = () => requestAnimationFrame(() => {
			this.drawing = false;
			if (this.isDone)
				return;
			const from = performance.now();
			this.answer.update(this.text, false);
			keepAtEnd();
			const to = performance.now();
			this.drawAfter = to + 6 * (to - from);
		});
		if (wait)
			setTimeout(paint, wait);
		else
			paint();
	}

	/* [n] leads to its source. Those come last; until then, and when the
	 * turn failed, it is a number that leads nowhere. */
	marks(numbers, raw) {
		const group = document.createDocumentFragment();
		for (const n of numbers) {
			const source = this.sources.find((other) => other.n === n);
			if (!source && this.hasEnded)
				return raw;
			const mark = element(source ? "a" : "span", "mark", n);
			if (source) {
				mark.href = `#source-${this.number}-${n}`;
				mark.title = source.title || "";
				mark.setAttribute("aria-label",
					`Source ${n}: ${source.title || ""}`);
			}
			group.append(mark);
		}
		return group;
	}

	point(event) {
		const mark = event.target.closest("a.mark");
		const source = mark && byId(mark.hash.slice(1));
		if (source)
			source.classList.toggle("pointed",
				event.type === "mouseover");
	}

	/* The end, whichever: from here on the text stays as it is. */
	finish(summary) {
		this.isDone = true;
		clearInterval(this.ticker);
		this.root.dataset.done = "";
		this.part("clock").textContent = "";
		this.now(summary);
		this.answer.clear();
		this.answer.update(this.text, true);
		this.part("tools").hidden = !this.text;
		keepAtEnd();
	}

	final(result) {
		this.sources = Array.isArray(result.sources) ? result.sources : [];
		if (typeof result.answer === "string" && result.answer)
			this.text = result.answer;
		const total = result.timing && result.timing.total_ms >= 0 ?
			result.timing.total_ms : performance.now() - this.began;
		this.hasEnded = true;
		this.finish(this.found ?
			`${this.found} \u00b7 answered in ${duration(total)}` :
			`Answered in ${duration(total)}`);
		this.showSources();
		const isQuoted = result.mode === "extractive";
		/* Where the answer says so itself, once is enough. */
		this.part("quoted").hidden = !isQuoted || !this.text ||
			/no AI model was used/i.test(this.text);
		if (isQuoted)
			this.root.dataset.quoted = "";
		else if (result.model)
			this.part("made").textContent =
				`Written by an AI model (${result.model})`;
		this.note(this.text ? {
			length: "The answer was cut off at its length limit.",
			content_filter: "The provider left out part of the answer.",
			cancelled: "Stopped.",
		}[result.finish_reason] : "No answer came back.");
		announce(`Answer: ${this.part("answer").textContent}` +
			(isQuoted ? " Quoted from this site; no AI model was used." :
				""));
		/* Not kept at the end: the sources must not push the text away. */
	}

	note(text) {
		this.part("note").textContent = text || "";
		this.part("note").hidden = !text;
	}

	/* Those that the answer names; the rest of what was found on demand. */
	showSources() {
		const cited = new Set(Array.from(
			this.part("answer").querySelectorAll("a.mark"),
			(mark) => Number(mark.textContent)));
		let others = 0;
		for (const source of this.sources) {
			const isCited = cited.has(source.n);
			this.part(isCited ? "cited" : "uncited")
				.append(this.sourceItem(source));
			others += !isCited;
		}
		this.part("cited").hidden = !cited.size;
		this.part("sources").querySelector("h3").hidden = !cited.size;
		this.part("others").hidden = !others;
		this.part("others").querySelector("summary").textContent =
			`${others} ${cited.size ? "more " : ""}passage` +
			`${others === 1 ? " was" : "s were"} found`;
		this.part("sources").hidden = !this.sources.length;
	}

	sourceItem(source) {
		const item = byId("source-template").content.cloneNode(true)
			.firstElementChild;
		const put = (name, text) => {
			const node = item.querySelector(`.${name}`);
			node.textContent = text || "";
			node.hidden = !text;
			return node;
		};
		const url = source.url ? safeUrl(source.url) : null;
		const title = put("title", source.title || source.heading ||
			source.url || "Passage");
		if (url)
			title.href = url.href;
		else
			title.removeAttribute("target");
		item.id = `source-${this.number}-${source.n}`;
		item.tabIndex = -1;
		put("n", String(source.n));
		put("heading", source.heading !== source.title && source.heading);
		put("place", url && placeOf(url));
		put("snippet", (source.snippet || "").replace(/\s+/g, " "));
		return item;
	}

	problem(problem, onAgain) {
		const isRetry = problem.retryable;
		this.finish("No complete answer");
		this.root.dataset.failed = "";
		this.part("problem").hidden = false;
		this.part("sentence").textContent = problem.message;
		this.part("code").textContent = problem.code;
		announce(problem.message);
		const again = this.part("again");
		again.textContent = isRetry ? "Try again" : "Edit question";
		again.addEventListener("click", () => onAgain(isRetry));
		if (isRetry && problem.afterMs > 0)
			this.countDown(again, Math.min(60, problem.afterMs / 1000));
		keepAtEnd();
	}

	countDown(button, seconds) {
		button.disabled = seconds > 0;
		button.textContent = seconds > 0 ?
			`Try again in ${Math.ceil(seconds)} s` : "Try again";
		if (seconds > 0 && button.isConnected)
			setTimeout(() => this.countDown(button, seconds - 1), 1000);
	}

	stopped() {
		this.finish("Stopped");
		this.note(this.text ? "Stopped." : "Stopped before an answer came.");
		announce("Stopped.");
	}

	plainText() {
		const sources = this.sources.map((source) =>
			`[${source.n}] ${source.title || ""} ${source.url ?
				new URL(source.url, location.href).href : ""}`.trim());
		return this.text + (sources.length ?
			`\n\nSources:\n${sources.join("\n")}\n` : "\n");
	}

	remove() {
		clearInterval(this.ticker);
		this.root.remove();
	}
}

/* An address as people read it: this site's pages without the site. */
function placeOf(url) {
	let path = url.pathname;
	try {
		path = decodeURI(path);
	} catch {
		/* Shown as it is. */
	}
	return (url.host === location.host ? "" : url.host) + path;
}

/* ---- The conversation ---- */

function setState() {
	document.documentElement.dataset.state = running ? "busy" :
		turns.length ? "idle" : "empty";
	ui.send.hidden = Boolean(running);
	ui.stop.hidden = !running;
	ui.newChat.hidden = !turns.length && !running;
	ui.conversation.setAttribute("aria-busy", String(Boolean(running)));
	showLatest();
}

/* Earlier turns, newest kept; [n] marks named passages of their own turn. */
function messagesFor(question) {
	const messages = [{ role: "user", content: question }];
	let room = HISTORY.characters;
	for (const view of turns.slice(-HISTORY.turns).reverse()) {
		const answer = view.text.replace(/ ?\[\d{1,3}(, ?\d{1,3})*\]/g, "");
		room -= view.question.length + answer.length;
		if (room < 0)
			break;
		if (answer.trim())
			messages.unshift({ role: "user", content: view.question },
				{ role: "assistant", content: answer });
	}
	return messages;
}

/* A turn that nobody reads is stopped: coming back may be too late. */
function errorOf(event, hasResumed) {
	const isLate = hasResumed && event.code === "cancelled";
	return new Problem(isLate ?
		"The connection was lost, and the answer stopped with it." :
		event.error || "Something went wrong.", {
		code: event.code, retryable: event.retryable === true,
		afterMs: event.retry_after_ms,
	});
}

function takeEvent(view, event, hasResumed) {
	switch (event.type) {
	case "status":
		if (event.status)
			view.status(event.status);
		break;
	case "content":
		if (typeof event.content === "string")
			view.content(event.content);
		break;
	case "reasoning":
		if (!view.text && view.part("now").textContent !== "Thinking")
			view.now("Thinking");
		break;
	case "final":
		view.final(event.result || {});
		break;
	case "error":
		if ((event.partial || "").length > view.text.length)
			view.text = event.partial;
		throw errorOf(event, hasResumed);
	}
}

async function ask(question) {
	const messages = messagesFor(question);
	const view = new TurnView(question);
	let failure = null;
	const follower = new Follower({
		event: (event) => {
			try {
				takeEvent(view, event, follower.hasResumed);
			} catch (error) {
				failure = error;
			}
		},
		connection: (isUp) => view.now(isUp ? "Connected again" :
			"The connection was lost. Reconnecting"),
	});
	running = { follower, view };
	setState();
	goToEnd();
	try {
		await follower.ask({ streaming: true, ...(messages.length > 1 ?
			{ messages } : { query: question }) });
	} catch (error) {
		failure = error;
	}
	if (running && running.view === view)
		running = null;
	if (!view.root.isConnected)
		return;		/* a new chat began */
	turns.push(view);
	if (follower.stopped)
		view.stopped();
	else if (failure)
		view.problem(failure instanceof Problem ? failure :
			new Problem("This page could not show the answer."),
			(isRetry) => askAgain(view, isRetry));
	setState();
}

function askAgain(view, isRetry) {
	if (running)
		return;
	if (!isRetry) {
		ui.question.value = view.question;
		ui.question.dispatchEvent(new Event("input"));
		ui.question.focus();
		return;
	}
	turns = turns.filter((other) => other !== view);
	view.remove();
	ui.question.focus();
	ask(view.question);
}

function stop() {
	if (running)
		running.follower.stop();
}

function newChat() {
	stop();
	running = null;
	for (const view of turns)
		view.remove();
	turns = [];
	ui.conversation.replaceChildren();
	announce("New chat");
	setState();
	ui.question.focus();
}

/* ---- The composer ---- */

function measure() {
	const { question } = ui;
	const text = question.value.trim();
	const bytes = new TextEncoder().encode(text).length;
	question.style.height = "auto";
	question.style.height = `${question.scrollHeight}px`;
	ui.send.disabled = !text || bytes > QUESTION_BYTES;
	ui.hint.textContent = bytes > QUESTION_BYTES ?
		"This question is too long." : hintText;
}

function submit() {
	const text = ui.question.value.trim();
	if (running || ui.send.disabled || !text)
		return;
	ui.question.value = "";
	measure();
	ask(text);
}

ui.question.addEventListener("input", measure);
ui.question.addEventListener("keydown", (event) => {
	if (event.key !== "Enter" || event.shiftKey || event.isComposing ||
	    event.keyCode === 229)
		return;
	event.preventDefault();
	submit();
});
ui.composer.addEventListener("submit", (event) => {
	event.preventDefault();
	submit();
});
ui.composer.addEventListener("click", (event) => {
	if (event.target === ui.composer)
		ui.question.focus();
});
ui.stop.addEventListener("click", () => {
	stop();
	ui.question.focus();
});
ui.newChat.addEventListener("click", newChat);
ui.latest.addEventListener("click", () => {
	goToEnd();
	ui.question.focus();
});
addEventListener("keydown", (event) => {
	if (event.key === "Escape" && !event.isComposing)
		stop();
});
addEventListener("resize", measure);

const isNamed = /[a-z]/i.test(location.hostname) &&
	location.hostname !== "localhost";
const site = `Ask ${isNamed ? location.hostname.replace(/^www\./, "") :
	"this site"}`;
byId("site").textContent = site;
document.title = site;
setState();
measure();
