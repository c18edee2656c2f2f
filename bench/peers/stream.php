<?php
// SPDX-License-Identifier: ISC
// Streaming from PHP as its manual and most answers on the web have it:
// curl with a write function that echoes and flushes. It passes the model
// API's own events on, which is the least that PHP can do per frame.
set_time_limit(0);
while (ob_get_level() > 0) {
	ob_end_flush();
}
header('Content-Type: text/event-stream');
header('Cache-Control: no-cache');
header('X-Accel-Buffering: no');

$question = $_SERVER['REQUEST_METHOD'] === 'GET'
	? $_GET : json_decode(file_get_contents('php://input'), true);
$curl = curl_init($_SERVER['UPSTREAM']);
curl_setopt_array($curl, [
	CURLOPT_POST => true,
	CURLOPT_HTTPHEADER => ['Content-Type: application/json'],
	CURLOPT_POSTFIELDS => json_encode([
		'model' => $question['model'],
		'stream' => true,
		'stream_options' => ['include_usage' => true],
		'messages' => [['role' => 'user', 'content' => $question['query']]],
	]),
	CURLOPT_WRITEFUNCTION => function ($curl, $data) {
		echo $data;
		flush();
		return strlen($data);
	},
]);
curl_exec($curl);
