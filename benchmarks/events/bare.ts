// The physical limit: `ws` sends the same bytes to every client, with nothing behind it: `bare.ts EVENTS`. As `server.ts` otherwise.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { WebSocketServer } from 'ws';

const rounds = Math.ceil(Number(process.argv[2] ?? '100') / 2);
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
await once(server, 'listening');
let seq = 2;
const tell = (type: string): void => {
  seq += 1;
  const event = { event_type: type, execution_id: crypto.randomUUID(), step_id: 'tick', timestamp: new Date().toISOString() };
  const text = Buffer.from(JSON.stringify({ ...event, data: { key: `ticks@for-${seq}/tick` }, seq }));
  for (const client of server.clients) client.send(text, { binary: false });
};
process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port} bare\n`);
const input = createInterface(process.stdin);
input.once('line', () => {
  let left = rounds;
  const timer = setInterval(() => {
    tell('timer_fired');
    tell('timer_started');
    left -= 1;
    if (left > 0) return;
    clearInterval(timer);
    for (const client of server.clients) client.close(1000);
  }, 100);
});
await once(input, 'close');
server.close();
