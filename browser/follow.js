/* SPDX-License-Identifier: ISC */
"use strict";

/*
 * One turn, from its question to its `final` or `error`: reading frames, and
 * going on after a broken connection. Knows nothing of how it is shown.
 */

const mount = location.pathname.replace(/\/+$/, "");

const SILENCE_MS = 40000;	/* the server is never quiet for longer than 10 s */
const BUFFERED_MS = 120000;	/* but something before it may hold everything back */
const ATTEMPTS = 6;		/* reconnects in a row that brought nothing new */
const RETRY_MS = { least: 500, most: 15000 };

/* ---- Reading frames (WHATWG "server-sent events", section 9.2.6) ---- */

class FrameReader {
	constructor(onEvent) {
		this.onEvent = onEvent;
		this.lastId = "";
		this.retryMs = 2000;
		this.line = "";
		this.data = [];
		this.id = "";
		this.afterCr = false;
		this.started = false;
	}

	/* Takes text cut anywhere; a frame counts once its blank line is here. */
	push(text) {
		if (!this.started && text) {
			this.started = true;
			if (text[0] === "\ufeff")
				text = text.slice(1);
		}
		let from = 0;
		if (this.afterCr && text[0] === "\n")
			from = 1;
		if (text)
			this.afterCr = text.endsWith("\r");
		const ending = /\r\n|\r|\n/g;
		ending.lastIndex = from;
		for (let m; (m = ending.exec(text)); from = ending.lastIndex)
			this.takeLine(this.line + text.slice(from, m.index));
		this.line += text.slice(from);
	}

	takeLine(line) {
		this.line = "";
		if (line === "") {
			this.dispatch();
			return;
		}
		const colon = line.indexOf(":");
		const field = colon < 0 ? line : line.slice(0, colon);
		let value = colon < 0 ? "" : line.slice(colon + 1);
		if (value[0] === " ")
			value = value.slice(1);
		if (field === "data")
			this.data.push(value);
		else if (field === "id" && !value.includes("\0"))
			this.id = value;
		else if (field === "retry" && /^\d+$/.test(value))
			this.retryMs = Number(value);
	}

	dispatch() {
		const data = this.data;
		this.data = [];
		this.lastId = this.id;
		if (data.length)
			this.onEvent(data.join("\n"));
	}

	/* A new connection: what was cut off in the last one is sent again. */
	restart() {
		this.line = "";
		this.data = [];
		this.id = this.lastId;
		this.afterCr = false;
		this.started = false;
	}
}

/* ---- Following one turn ---- */

class Problem extends Error {
	constructor(sentence, options = {}) {
		super(sentence);
		this.code = options.code || "";
		this.retryable = options.retryable !== false;
		this.afterMs = options.afterMs || 0;
	}
}

const SENTENCES = {
	200: "The server answered, but not as a chat does.",
	400: "The server did not understand this question.",
	401: "You need to sign in before you can ask here.",
	403: "You are not allowed to ask here.",
	404: "There is no chat at this address.",
	405: "The server does not take questions at this address.",
	413: "This question is too long for the server.",
	429: "That was a lot of questions at once. Please wait a moment.",
	502: "The chat service behind this site is not answering.",
	503: "The chat service is busy right now.",
	504: "The chat service took too long to answer.",
};

/* A refusal: leat's own JSON, or the web server's page about it. */
async function problemOf(response) {
	const { status } = response;
	let body = null;
	if (/json/.test(response.headers.get("content-type") || "")) {
		try {
			body = await response.json();
		} catch {
			body = null;
		}
	}
	const said = body && typeof body.error === "string" ? body.error : "";
	return new Problem(said || SENTENCES[status] ||
		`The server refused the question (HTTP ${status}).`, {
		code: (body && body.code) || `HTTP ${status}`,
		retryable: body && typeof body.retryable === "boolean" ?
			body.retryable : status >= 500 || status === 429,
		afterMs: (body && body.retry_after_ms) ||
			1000 * (Number(response.headers.get("retry-after")) || 0),
	});
}

/*
 * One turn from the question to its `final` or `error`. When the connection
 * drops in between, it goes on behind the last event that was seen; it never
 * asks the question twice. `on` has event(object) and connection(isUp).
 */
class Follower {
	constructor(on) {
		this.on = on;
		this.turn = "";
		this.ended = false;
		this.stopped = false;
		this.progress = false;
		this.hasResumed = false;
		this.reader = new FrameReader((data) => this.take(data));
	}

	async ask(body) {
		let response;
		try {
			response = await this.open(`${mount}/chat`, {
				method: "POST",
				headers: { "content-type": "application/json",
					accept: "text/event-stream" },
				body: JSON.stringify(body),
			});
		} catch {
			throw new Problem(navigator.onLine === false ?
				"You are offline." : "The server could not be reached.");
		}
		if (!response.ok || !isStream(response))
			throw await problemOf(response);
		this.turn = response.headers.get("x-leat-turn") || "";
		await this.read(response);
		for (let attempt = 0; !this.ended && !this.stopped;) {
			if (!this.turn || attempt === ATTEMPTS)
				throw new Problem("The connection broke before the " +
					"answer was complete.");
			this.on.connection(false);
			await this.pause(attempt);
			if (this.stopped)
				return;
			this.progress = false;
			await this.resume();
			attempt = this.progress ? 0 : attempt + 1;
		}
	}

	async resume() {
		/* Not text/event-stream: an EventSource gets refusals as streams. */
		const headers = { accept: "*/*" };
		this.hasResumed = true;
		if (this.reader.lastId)
			headers["last-event-id"] = this.reader.lastId;
		let response;
		try {
			response = await this.open(
				`${mount}/chat/${encodeURIComponent(this.turn)}/stream`,
				{ headers });
		} catch {
			return;
		}
		if (response.status === 204 || response.status === 404 ||
		    response.status === 410)
			throw new Problem("The rest of this answer is no longer " +
				"available.", { code: "gone" });
		if (!response.ok) {
			const problem = await problemOf(response);
			if (!problem.retryable)
				throw problem;
			return;
		}
		this.on.connection(true);
		this.reader.restart();
		await this.read(response);
	}

	/* A fetch that also ends when stop() is called or all falls silent. */
	open(address, options) {
		this.abort = new AbortController();
		this.watch(BUFFERED_MS);
		return fetch(address, { ...options, cache: "no-store",
			credentials: "same-origin", signal: this.abort.signal });
	}

	watch(ms) {
		const { abort } = this;
		clearTimeout(this.timer);
		this.timer = setTimeout(() => abort.abort(), ms);
	}

	async read(response) {
		const source = response.body.getReader();
		const decoder = new TextDecoder();
		try {
			while (!this.ended) {
				const { value, done } = await source.read();
				if (done)
					break;
				this.watch(SILENCE_MS);
				this.reader.push(decoder.decode(value, { stream: true }));
			}
		} catch {
			/* Cut off; what matters is whether the turn has ended. */
		}
		clearTimeout(this.timer);
		source.cancel().catch(() => {});
	}

	take(data) {
		let event;
		try {
			event = JSON.parse(data);
		} catch {
			return;
		}
		if (this.ended || this.stopped || !event || !event.type)
			return;
		/* The id names the turn too, where no header came through. */
		const dot = this.reader.lastId.lastIndexOf(".");
		if (!this.turn && dot > 0)
			this.turn = this.reader.lastId.slice(0, dot);
		this.progress = true;
		if (event.type === "final" || event.type === "error")
			this.ended = true;
		this.on.event(event);
	}

	/* Sleeps before an attempt; coming back online or to the tab wakes it. */
	pause(attempt) {
		const base = attempt === 0 ? RETRY_MS.least :
			this.reader.retryMs * 2 ** (attempt - 1);
		const ms = Math.min(RETRY_MS.most, Math.max(RETRY_MS.least, base));
		return new Promise((resolve) => {
			const wake = () => {
				clearTimeout(timer);
				removeEventListener("online", wake);
				document.removeEventListener("visibilitychange", seen);
				this.wake = null;
				resolve();
			};
			const seen = () => document.hidden || wake();
			const timer = setTimeout(wake, ms * (0.8 + 0.4 * Math.random()));
			addEventListener("online", wake);
			document.addEventListener("visibilitychange", seen);
			this.wake = wake;
		});
	}

	stop() {
		if (this.ended || this.stopped)
			return;
		this.stopped = true;
		clearTimeout(this.timer);
		if (this.turn)
			fetch(`${mount}/chat/${encodeURIComponent(this.turn)}`,
				{ method: "DELETE", keepalive: true }).catch(() => {});
		if (this.abort)
			this.abort.abort();
		if (this.wake)
			this.wake();
	}
}

function isStream(response) {
	return /^text\/event-stream\b/i.test(
		response.headers.get("content-type") || "");
}
