// `npm run bench -- events`: how long an event takes from its write to the clients of one execution, `--quick` for a few seconds. The clients are a
// process of their own; a bare `ws` broadcast of the same messages at the same pace, in the same run, is the physical limit.
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { type Measurement, endProcess, startProcess } from './subject.ts';

const quick = process.argv.includes('--quick');
const events = quick ? 60 : 200;
const rows: [subject: string, measured: Measurement][] = [];

async function measure(subject: string, { file, way, clients }: { file: string; way: string; clients: number }): Promise<void> {
  const server = await startProcess(file, [String(events)]);
  const [url = '', id = ''] = server.line.split(' ');
  const readers = await startProcess('clients.ts', [url, id, way, String(clients), String(events)]);
  const lines = createInterface(readers.child.stdout ?? Readable.from([]));
  const measured = once(lines, 'line');
  server.child.stdin?.write('begin\n');
  const [line] = await measured;
  rows.push([subject, JSON.parse(String(line)) as Measurement]);
  await endProcess(server);
}

for (const clients of quick ? [1000] : [100, 1000]) {
  await measure('ours, WebSocket', { file: 'server.ts', way: 'websocket', clients });
  await measure('ours, SSE', { file: 'server.ts', way: 'sse', clients });
  await measure('bare `ws` broadcast', { file: 'bare.ts', way: 'websocket', clients });
}
const ms = (value: number): string => value.toFixed(1);
process.stdout.write('| subject | clients | messages | p50 ms | p99 ms | max ms |\n|---|---|---|---|---|---|\n');
for (const [subject, { clients, arrived, expected, p50, p99, max }] of rows)
  process.stdout.write(`| ${subject} | ${clients} | ${arrived} of ${expected} | ${ms(p50)} | ${ms(p99)} | ${ms(max)} |\n`);
