/* SPDX-License-Identifier: ISC */
"use strict";

/*
 * Light Markdown into elements, as far as answers use it. Everything goes on
 * the page as text nodes and known elements; nothing is parsed as HTML.
 */

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]*)/;
const HEADING = /^ {0,3}(#{1,6})\s+(.+)$/;
const RULE = /^ {0,3}([-*_])(\s*\1){2,}\s*$/;
const ITEM = /^(\s*)([-*+\u2022]|\d{1,4}[.)])(\s+|$)/;
const QUOTE = /^ {0,3}>/;
const TABLE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)+\|?\s*$|^\s*\|\s*:?-+:?\s*\|\s*$/;
const DEEPEST = 6;

const INLINE = new RegExp([
	/(`+)([^`](?:.{0,2000}?[^`])?)\1(?!`)/,			/* 1 2 code */
	/\[(\d{1,3}(?:\s*,\s*\d{1,3}){0,9})\](?!\()/,		/* 3 marks */
	/\[([^[\]]{1,400})\]\(([^\s()]{1,2000})\)/,		/* 4 5 link */
	/(https?:\/\/[^\s<>"'`\])]{1,2000}[^\s<>"'`\]).,;:!?])/, /* 6 address */
	/\*\*(\S(?:.{0,2000}?\S)?)\*\*/,			/* 7 strong */
	/\*([^\s*](?:[^*]{0,1000}?[^\s*])?)\*(?!\*)/,		/* 8 emphasis */
	/\b_([^\s_](?:[^_]{0,1000}?[^\s_])?)_\b/,		/* 9 emphasis */
	/\\([!-/:-@[-`{-~])/,					/* 10 escaped */
].map((pattern) => pattern.source).join("|"), "gs");

function element(name, className, text) {
	const node = document.createElement(name);
	if (className)
		node.className = className;
	if (text !== undefined)
		node.textContent = text;
	return node;
}

/* An address that a link may have: this site's or the web's, no script. */
function safeUrl(address) {
	try {
		const url = new URL(address, location.href);
		return /^https?:$/.test(url.protocol) ? url : null;
	} catch {
		return null;
	}
}

function link(address, className) {
	const url = safeUrl(address);
	const node = element(url ? "a" : "span", className);
	if (url) {
		node.href = url.href;
		node.target = "_blank";
		node.rel = "noopener";
	}
	return node;
}

/* Markdown as far as answers use it. `marks` says what [n] becomes. */
class Markdown {
	constructor(marks) {
		this.marks = marks;
	}

	inline(parent, text, depth = 0) {
		let from = 0;
		for (const m of text.matchAll(INLINE)) {
			parent.append(text.slice(from, m.index));
			from = m.index + m[0].length;
			parent.append(depth < DEEPEST ? this.span(m, depth + 1) : m[0]);
		}
		parent.append(text.slice(from));
		return parent;
	}

	span(m, depth) {
		if (m[1])
			return element("code", "", m[2].replace(/\n/g, " "));
		if (m[3])
			return this.marks(m[3].split(",").map(Number), m[0]);
		if (m[4])
			return this.inline(link(m[5]), m[4], depth);
		if (m[6]) {
			const node = link(m[6]);
			node.textContent = m[6];
			return node;
		}
		if (m[7])
			return this.inline(element("strong"), m[7], depth);
		if (m[8] || m[9])
			return this.inline(element("em"), m[8] || m[9], depth);
		return m[10];
	}

	/* Appends one element per block; returns the lines where they began. */
	blocks(parent, lines, depth = 0) {
		const starts = [];
		for (let i = 0; i < lines.length;) {
			if (!lines[i].trim()) {
				i++;
				continue;
			}
			starts.push(i);
			i = this.block(parent, lines, i, depth);
		}
		return starts;
	}

	block(parent, lines, i, depth) {
		const line = lines[i];
		let m;
		if ((m = FENCE.exec(line)))
			return this.fence(parent, lines, i, m);
		if ((m = HEADING.exec(line))) {
			const level = Math.min(6, m[1].length + 2);
			parent.append(this.inline(element(`h${level}`), m[2]));
			return i + 1;
		}
		if (RULE.test(line)) {
			parent.append(element("hr"));
			return i + 1;
		}
		if (depth < DEEPEST && QUOTE.test(line))
			return this.quote(parent, lines, i, depth);
		if (depth < DEEPEST && ITEM.test(line))
			return this.list(parent, lines, i, depth);
		if (line.includes("|") && TABLE.test(lines[i + 1] || ""))
			return this.table(parent, lines, i);
		return this.paragraph(parent, lines, i);
	}

	fence(parent, lines, i, opening) {
		const closing = new RegExp(`^ {0,3}${opening[1]}+\\s*$`);
		const code = [];
		for (i++; i < lines.length && !closing.test(lines[i]); i++)
			code.push(lines[i]);
		const box = element("div", "code-block");
		const pre = element("pre");
		pre.tabIndex = 0;
		pre.append(element("code", "", code.join("\n")));
		const copy = element("button", "copy-code", "Copy");
		copy.type = "button";
		box.append(pre, copy);
		parent.append(box);
		return i + 1;
	}

	quote(parent, lines, i, depth) {
		const inner = [];
		while (i < lines.length && QUOTE.test(lines[i]))
			inner.push(lines[i++].replace(/^ {0,3}> ?/, ""));
		const node = element("blockquote");
		this.blocks(node, inner, depth + 1);
		parent.append(node);
		return i;
	}

	list(parent, lines, i, depth) {
		const first = ITEM.exec(lines[i]);
		const ordered = /\d/.test(first[2]);
		const node = element(ordered ? "ol" : "ul");
		if (ordered)
			node.start = parseInt(first[2], 10);
		while (i < lines.length) {
			const m = ITEM.exec(lines[i]);
			if (!m || /\d/.test(m[2]) !== ordered)
				break;
			const inset = m[0].length;
			const inner = [lines[i++].slice(inset)];
			i = this.itemLines(lines, i, m, inner);
			node.append(this.item(inner, depth + 1));
		}
		parent.append(node);
		return i;
	}

	/* What belongs to an item: indented lines, and a paragraph's next line. */
	itemLines(lines, i, marker, inner) {
		const indent = marker[1].length;
		const inset = marker[0].length;
		for (; i < lines.length; i++) {
			const line = lines[i];
			const deep = line.search(/\S/);
			if (deep < 0) {
				const next = lines.slice(i + 1, i + 4)
					.find((l) => l.trim()) || "";
				if (next.search(/\S/) <= indent && !ITEM.test(next))
					break;
			} else if (deep <= indent + 1 && ITEM.test(line)) {
				break;
			} else if (deep <= indent && (!lines[i - 1].trim() ||
			    FENCE.test(line) || HEADING.test(line))) {
				break;
			}
			inner.push(line.slice(Math.min(Math.max(deep, 0), inset)));
		}
		return i;
	}

	item(inner, depth) {
		const node = element("li");
		this.blocks(node, inner, depth);
		const head = node.firstElementChild;
		if (head && head.tagName === "P")
			head.replaceWith(...head.childNodes);
		return node;
	}

	table(parent, lines, i) {
		const cells = (line) => line.trim().replace(/^\||\|$/g, "")
			.split("|").slice(0, 30);
		const row = (line, name) => {
			const tr = element("tr");
			for (const cell of cells(line))
				tr.append(this.inline(element(name), cell.trim()));
			return tr;
		};
		const table = element("table");
		const head = element("thead");
		const body = element("tbody");
		head.append(row(lines[i], "th"));
		for (i += 2; i < lines.length && lines[i].includes("|"); i++)
			body.append(row(lines[i], "td"));
		table.append(head, body);
		const box = element("div", "table");
		box.tabIndex = 0;
		box.append(table);
		parent.append(box);
		return i;
	}

	paragraph(parent, lines, i) {
		const from = i++;
		while (i < lines.length && lines[i].trim() && !FENCE.test(lines[i]) &&
		    !HEADING.test(lines[i]) && !QUOTE.test(lines[i]) &&
		    !ITEM.test(lines[i]) && !TABLE.test(lines[i + 1] || ""))
			i++;
		const text = lines.slice(from, i).map((l) => l.trim()).join("\n");
		parent.append(this.inline(element("p"), text));
		return i;
	}
}

/*
 * A text that grows: what came before its last block is rendered once, so
 * that a long answer costs no more per piece than a short one.
 */
class GrowingText {
	constructor(parent, marks) {
		this.parent = parent;
		this.markdown = new Markdown(marks);
		this.clear();
	}

	clear() {
		this.parent.replaceChildren();
		this.settled = 0;	/* characters, and the last node of theirs */
		this.settledNode = null;
	}

	update(text, isWhole) {
		while (this.parent.lastChild !== this.settledNode)
			this.parent.lastChild.remove();
		const lines = text.slice(this.settled).split("\n");
		const shown = isWhole ? lines : tidyEnd(lines);
		const starts = this.markdown.blocks(this.parent, shown);
		/* The line that still grows may yet join the block before it. */
		let keep = starts.length - 1;
		if (starts[keep] === lines.length - 1)
			keep--;
		if (keep <= 0)
			return;
		for (let i = 0; i < starts[keep]; i++)
			this.settled += lines[i].length + 1;
		let node = this.parent.lastChild;
		for (let i = starts.length - 1; i >= keep; i--)
			node = node.previousSibling;
		this.settledNode = node;
	}
}

/* While text comes, its last line must not flicker between * and bold. */
function tidyEnd(lines) {
	const end = lines.length - 1;
	if (lines.filter((line) => FENCE.test(line)).length % 2)
		return lines;
	let line = lines[end].replace(/\[[\d, ]{0,12}$/, "");
	for (const sign of ["`", "**"]) {
		if (line.split(sign).length % 2)
			continue;
		line = line.endsWith(sign) ? line.slice(0, -sign.length) :
			line.trimEnd() + sign;
	}
	return [...lines.slice(0, end), line];
}
