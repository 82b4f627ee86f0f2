// Readers of one execution in a process of their own: `clients.ts URL ID websocket|sse HOW_MANY EVENTS`. Prints `ready` when all are connected, and
// what they measured when all streams have ended.
import { get } from 'node:http';
import { WebSocket } from 'ws';
import type { Measurement } from './subject.ts';

const [url = '', id = '', way = 'websocket', count = '1', events = '1'] = process.argv.slice(2);
const clients = Number(count);
const delays: number[] = [];
let connected = 0;
let ended = 0;

const now = (): number => performance.timeOrigin + performance.now();
/** Events of the ticking steps only: what came before them was stored long ago. */
function take(text: string): void {
  const at = now();
  for (const [, timestamp = ''] of text.matchAll(/"step_id":"tick","timestamp":"([^"]+)"/g))
    delays.push(at - Date.parse(timestamp));
}
function onConnected(): void {
  connected += 1;
  if (connected === clients) process.stdout.write('ready\n');
}
function onEnded(): void {
  ended += 1;
  if (ended === clients) report();
}

function openWebSocket(): void {
  const path = id === 'bare' ? '' : `/api/v1/ws/executions/${id}`;
  const socket = new WebSocket(url.replace('http', 'ws') + path);
  socket.on('open', onConnected);
  socket.on('message', (data: Buffer) => take(data.toString()));
  socket.on('close', onEnded);
}

function openSse(): void {
  get(`${url}/api/v1/executions/${id}/events`, { agent: false, headers: { accept: 'text/event-stream' } }, (response) => {
    onConnected();
    response.setEncoding('utf8');
    response.on('data', take);
    response.on('end', onEnded);
  });
}

function report(): void {
  delays.sort((a, b) => a - b);
  const at = (share: number): number => delays[Math.min(delays.length - 1, Math.floor(delays.length * share))] ?? Number.NaN;
  const expected = clients * Math.ceil(Number(events) / 2) * 2;
  const measured: Measurement = { clients, arrived: delays.length, expected, p50: at(0.5), p99: at(0.99), max: at(1) };
  process.stdout.write(`${JSON.stringify(measured)}\n`);
}

for (let opened = 0; opened < clients; opened += 1) {
  (way === 'sse' ? openSse : openWebSocket)();
  // The server has a queue of some hundred connections.
  if (opened % 100 === 99) await new Promise((resolve) => void setTimeout(resolve, 50));
}
