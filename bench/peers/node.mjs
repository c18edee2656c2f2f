// SPDX-License-Identifier: ISC
// A chat service as one would write it in Node with nothing but its own
// modules: takes a question, asks the model API, re-emits what comes as events.
import http from 'node:http';

const upstream = new URL(process.env.UPSTREAM);
const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });

function emit(response, event) {
	response.write(`data: ${JSON.stringify(event)}\n\n`);
}

function ask(question, response) {
	let answer = '';
	let pending = '';
	let ended = false;

	const take = (line) => {
		if (!line.startsWith('data: ')) return;
		const data = line.slice(6);
		if (data === '[DONE]') {
			ended = true;
			emit(response, { type: 'final', result: { answer } });
			return;
		}
		const content = JSON.parse(data).choices[0]?.delta?.content;
		if (!content) return;
		answer += content;
		emit(response, { type: 'content', content });
	};
	const fail = () => {
		if (ended || response.destroyed) return;
		ended = true;
		emit(response, { type: 'error', error: 'upstream failed' });
		response.end();
	};
	const body = JSON.stringify({
		model: question.model,
		stream: true,
		stream_options: { include_usage: true },
		messages: [{ role: 'user', content: question.query }],
	});
	const request = http.request(upstream, {
		method: 'POST',
		agent,
		headers: {
			'Content-Type': 'application/json',
			'Content-Length': Buffer.byteLength(body),
		},
	});

	request.on('error', fail);
	request.on('response', (reply) => {
		reply.setEncoding('utf8');
		reply.on('data', (text) => {
			const lines = (pending + text).split('\n');
			pending = lines.pop();
			lines.forEach(take);
		});
		reply.on('aborted', fail);
		reply.on('end', () => (ended ? response.end() : fail()));
	});
	response.on('close', () => request.destroy());
	request.end(body);
}

const server = http.createServer(async (request, response) => {
	try {
		let body = '';
		for await (const text of request.setEncoding('utf8')) body += text;
		const question = JSON.parse(body);
		response.writeHead(200, {
			'Content-Type': 'text/event-stream',
			'Cache-Control': 'no-cache',
			'X-Accel-Buffering': 'no',
		});
		emit(response, { type: 'status', status: 'started' });
		ask(question, response);
	} catch {
		response.writeHead(400).end();
	}
});

server.listen({
	port: Number(process.env.PORT),
	host: '127.0.0.1',
	backlog: 4096,
});
