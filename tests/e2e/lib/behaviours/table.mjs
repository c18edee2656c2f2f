// SPDX-License-Identifier: ISC
// The table of docs/webservers.md: what was seen, server by server. A cell
// that is not what the others have carries a footnote.
import fs from 'node:fs';
import path from 'node:path';
import { TOP } from '../place.mjs';

export const PAGE = path.join(TOP, 'docs/webservers.md');
const BEGIN = '<!-- what follows is written by tests/e2e/servers.test.mjs -->';
const END = '<!-- up to here -->';

/** seen: Map of `server/behaviour` to a word. */
export function tableText(entries, behaviours, seen) {
	const notes = [];
	const cell = (entry, behaviour) => {
		const word = seen.get(`${entry.slug}/${behaviour.slug}`) ?? '?';
		const note = entry.cells?.[behaviour.slug]?.note;
		if (!note) return word;
		if (!notes.includes(note)) notes.push(note);
		return `${word} [${notes.indexOf(note) + 1}]`;
	};
	const names = entries.map((entry, n) => `${n + 1}. ${entry.name}`);
	const rows = behaviours.map((behaviour) =>
		`| ${behaviour.title} | ${entries.map((entry) => cell(entry, behaviour)).join(' | ')} |`);
	return [
		...names,
		'',
		`| | ${entries.map((_, n) => n + 1).join(' | ')} |`,
		`|---|${entries.map(() => '---|').join('')}`,
		...rows,
		'',
		...notes.map((note, n) => `- [${n + 1}] ${note}`),
		...(notes.length ? [''] : []),
	].join('\n');
}

export function committedTable() {
	const text = fs.readFileSync(PAGE, 'utf8');
	return text.slice(text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)).trim();
}

export function writeTable(table) {
	const text = fs.readFileSync(PAGE, 'utf8');
	fs.writeFileSync(PAGE, `${text.slice(0, text.indexOf(BEGIN) + BEGIN.length)}\n\n${table.trim()}\n\n${text.slice(text.indexOf(END))}`);
}
