// A server with one execution that tells two events every 100 ms: `server.ts EVENTS`. Prints the path of the execution's events; the first line on its
// input lets it begin, the end of its input ends it.
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { openServer } from '../../apps/server/src/http/app-fixture.ts';

const rounds = Math.ceil(Number(process.argv[2] ?? '100') / 2);
const definition = `
document: { dsl: '1.0.0', namespace: bench, name: ticking, version: '1.0.0' }
do:
  - begin: { call: hold }
  - ticks: { for: { in: '\${ [range(${rounds})] }' }, do: [{ tick: { wait: { milliseconds: 100 } } }] }`;
const server = await openServer({ definitions: { ticking: definition }, streamLimits: { total: 10_000, perUser: 10_000 } });
const response = await fetch(`${server.url}/api/v1/workflows/ticking/start`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ project_id: 'bench' }),
});
const { execution_id: id } = (await response.json()) as { execution_id: string };
process.stdout.write(`${server.url} ${id}\n`);
const input = createInterface(process.stdin);
input.once('line', () => server.release());
await once(input, 'close');
await server[Symbol.asyncDispose]();
