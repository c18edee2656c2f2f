// SPDX-License-Identifier: ISC
// A place for one test: a temporary folder, free ports, processes with their
// logs. Everything is gone when the test ends; when it fails, the logs are
// printed first.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

export const TOP = path.resolve(fileURLToPath(import.meta.url), '../../../..');
export const IS_ROOT = process.getuid() === 0;
// A build with sanitizers is several times slower: limits on time stretch.
export const SLOWNESS = process.env.LEAT_E2E_SLOW ? 4 : 1;

// Nothing is left running when the tests themselves are ended.
const living = new Set();
process.on('exit', () => {
	for (const child of living) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

const FATAL = /ERROR: \w+Sanitizer|runtime error:|Assertion .* failed/;

export function sleep(ms) {
	return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks until what `probe` returns is truthy; that is the result. */
export async function eventually(probe, what, ms = 5000) {
	const end = Date.now() + ms * SLOWNESS;
	let last;
	for (;;) {
		try {
			const found = await probe();
			if (found) return found;
			last = undefined;
		} catch (error) {
			last = error;
		}
		if (Date.now() > end)
			throw new Error(`timed out: ${what}`, { cause: last });
		await sleep(20);
	}
}

/** Rejects when the promise takes longer; the timer never holds the test. */
export function within(promise, ms, what) {
	let timer;
	const late = new Promise((_, reject) => {
		timer = setTimeout(() => reject(new Error(`timed out after ${ms} ms: ${what}`)), ms);
	});
	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export function freePort() {
	return new Promise((resolve, reject) => {
		const server = net.createServer();
		server.on('error', reject);
		server.listen(0, '127.0.0.1', () => {
			const { port } = server.address();
			server.close(() => resolve(port));
		});
	});
}

/** Whether somebody listens there: a port of this machine, or a path. */
export function connects(where) {
	return new Promise((resolve) => {
		const socket = net.connect(typeof where === 'number' ? { port: where, host: '127.0.0.1' } : { path: where });
		socket.on('error', () => resolve(false));
		socket.on('connect', () => {
			socket.destroy();
			resolve(true);
		});
	});
}

export class Process {
	constructor(name, child, logPath) {
		this.name = name;
		this.child = child;
		this.pid = child.pid;
		this.logPath = logPath;
		this.expectedToDie = false;
		/** How long it may take to end; null: five seconds. */
		this.stopMs = null;
		living.add(child);
		this.exit = null;
		this.exited = new Promise((resolve) => {
			child.on('error', (error) => {
				fs.appendFileSync(logPath, `${error}\n`);
				this.exit ??= { code: -1, signal: null };
				resolve(this.exit);
			});
			child.on('exit', (code, signal) => {
				living.delete(child);
				this.exit = { code, signal };
				resolve(this.exit);
			});
		});
	}

	log() {
		return fs.readFileSync(this.logPath, 'utf8');
	}

	kill(signal = 'SIGTERM') {
		if (!this.exit) this.child.kill(signal);
	}

	async stop(ms = this.stopMs ?? 5000 * SLOWNESS) {
		this.expectedToDie ||= !this.exit;
		this.kill('SIGTERM');
		try {
			await within(this.exited, ms, `${this.name} ends`);
			return null;
		} catch {
			this.kill('SIGKILL');
			await this.exited;
			return `${this.name} did not end within ${ms} ms of SIGTERM`;
		}
	}
}

export class Place {
	constructor() {
		// Short: a unix socket's path has 108 bytes.
		this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'leat-e2e-'));
		this.processes = [];
		this.closers = [];
	}

	path(...parts) {
		return path.join(this.dir, ...parts);
	}

	write(name, text) {
		const file = this.path(name);
		fs.mkdirSync(path.dirname(file), { recursive: true });
		fs.writeFileSync(file, text);
		return file;
	}

	/** Starts a program with its output in a log of this place. */
	spawn(name, command, args, options = {}) {
		const logPath = this.path(`${name}-${this.processes.length}.log`);
		const log = fs.openSync(logPath, 'a');
		const child = spawn(command, args, {
			cwd: this.dir,
			...options,
			stdio: [options.stdin ?? 'ignore', options.stdout ?? log, log],
		});
		fs.closeSync(log);
		const process = new Process(name, child, logPath);
		this.processes.push(process);
		return process;
	}

	/** Runs a program to its end. */
	async run(name, command, args, options = {}) {
		const process = this.spawn(name, command, args, { ...options, stdout: 'pipe', stdin: options.input === undefined ? 'ignore' : 'pipe' });
		process.expectedToDie = true;
		const out = [];
		process.child.stdout.on('data', (data) => out.push(data));
		// Who stops reading is no fault of the test's.
		process.child.stdin?.on('error', () => {});
		if (options.input !== undefined) process.child.stdin.end(options.input);
		const closed = new Promise((resolve) => process.child.on('close', resolve));
		const exit = await within(process.exited, (options.timeout ?? 20000) * SLOWNESS, `${name} ${args.join(' ')}`);
		await closed;
		return { ...exit, stdout: Buffer.concat(out).toString(), stderr: process.log() };
	}

	onClose(closer) {
		this.closers.push(closer);
	}

	/** Everything that went wrong with the processes, as text lines. */
	async close() {
		const faults = [];
		for (const closer of this.closers.reverse()) {
			const fault = await closer();
			if (typeof fault === 'string') faults.push(fault);
		}
		for (const process of this.processes.reverse()) {
			if (!process.expectedToDie && process.exit)
				faults.push(`${process.name} had ended: ${JSON.stringify(process.exit)}`);
			if (!process.exit) {
				const fault = await process.stop();
				if (typeof fault === 'string') faults.push(fault);
			}
			const fatal = process.log().match(FATAL);
			if (fatal) faults.push(`${process.name}: ${fatal[0]}`);
		}
		return faults;
	}

	printLogs() {
		for (const name of fs.readdirSync(this.dir)) {
			if (!name.endsWith('.log')) continue;
			const text = fs.readFileSync(this.path(name), 'utf8');
			if (text) process.stderr.write(`--- ${name}\n${text.slice(-20000)}\n`);
		}
	}

	remove() {
		if (!process.env.LEAT_E2E_KEEP)
			fs.rmSync(this.dir, { recursive: true, force: true });
	}
}

/**
 * Who forgets a socket would keep this file waiting for ever, and tests/run
 * with it. Longer than what comes between two scenarios and is none.
 */
const END_MS = 120000;
let running = 0;
let end;

function watchTheEnd() {
	end = setTimeout(() => {
		process.stderr.write(`This file does not end after its last test; what keeps it: ${process.getActiveResourcesInfo().join(' ')}\n`);
		process.exit(1);
	}, END_MS).unref();
}

/** A test with a place of its own. */
export function scenario(name, fn, options = {}) {
	test(name, { timeout: 90000 * SLOWNESS, ...options }, async (t) => {
		const place = new Place();
		clearTimeout(end);
		running++;
		let failed = true;
		try {
			await fn(place, t);
			failed = false;
		} finally {
			const faults = await place.close();
			if (failed || faults.length) place.printLogs();
			place.remove();
			if (--running === 0) watchTheEnd();
			if (!failed) assert.deepEqual(faults, []);
		}
	});
}
