// `npm run bench -- http [--seconds N] [--json]`: the read and start routes of a real server against a bare Fastify route, interleaved.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { type Figures, type Target, load } from './load.ts';
import { startTestServer } from '../../apps/server/src/server-fixture.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
});
const seconds = values.quick ? 1 : Number(values.seconds);
const connections = 50;
const rounds = values.quick ? 1 : 3;

const ECHO = `
document: { dsl: '1.0.0', namespace: bench, name: echo, version: '1.0.0' }
do: [{ say: { set: { said: hello } } }]
`;
const WAIT = `
document: { dsl: '1.0.0', namespace: bench, name: ask, version: '1.0.0' }
do: [{ ask: { call: accept, with: { title: 'Go on?', doc_type: d, subject: null } } }]
`;

const dir = mkdtempSync(join(tmpdir(), 'loopwright-bench-http-'));
mkdirSync(join(dir, 'workflows'));
writeFileSync(join(dir, 'workflows', 'echo.yaml'), ECHO);
writeFileSync(join(dir, 'workflows', 'ask.yaml'), WAIT);
const bare = spawn(
  process.execPath,
  [...process.execArgv, join(import.meta.dirname, '../../apps/server/src/http/fixtures/bare-route.ts')],
  {
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
const [bareUrl] = (await once(createInterface({ input: bare.stdout }), 'line')) as [string];
const barePid = bare.pid ?? 0;
const body = JSON.stringify({ project_id: 'bench' });

const table: { durability: string; name: string; figures: Figures; ofBare: number }[] = [];
for (const durability of ['process', 'full']) {
  const flags = [
    '--data-dir',
    join(dir, durability),
    '--workflows-dir',
    join(dir, 'workflows'),
    '--log-level',
    'error',
    '--durability',
    durability,
  ];
  const server = await startTestServer(flags);
  const pid = server.process.pid ?? 0;
  const started = await fetch(`${server.url}/api/v1/workflows/ask/start`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const { execution_id: id } = (await started.json()) as { execution_id: string };
  for (let count = 0; count < 20; count += 1)
    await fetch(`${server.url}/api/v1/workflows/echo/start`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
  const targets: readonly (Target & { limit: string })[] = [
    { name: 'bare: GET', url: `${bareUrl}/read`, pid: barePid, limit: 'bare: GET' },
    { name: 'GET /health', url: `${server.url}/health`, pid, limit: 'bare: GET' },
    { name: 'GET /api/v1/executions?limit=10', url: `${server.url}/api/v1/executions?limit=10`, pid, limit: 'bare: GET' },
    { name: 'GET /api/v1/executions/{id}', url: `${server.url}/api/v1/executions/${id}`, pid, limit: 'bare: GET' },
    { name: 'GET /api/v1/tasks?limit=10', url: `${server.url}/api/v1/tasks?limit=10`, pid, limit: 'bare: GET' },
    { name: 'bare: POST', url: `${bareUrl}/start`, pid: barePid, body, limit: 'bare: POST' },
    { name: 'POST …/start (one step)', url: `${server.url}/api/v1/workflows/echo/start`, pid, body, limit: 'bare: POST' },
  ];
  const found = new Map<string, Figures[]>();
  for (let round = 0; round < rounds; round += 1)
    for (const target of targets)
      found.set(target.name, [...(found.get(target.name) ?? []), await load(target, { connections, seconds })]);
  const medianOf = (name: string): Figures =>
    found.get(name)?.toSorted((one, other) => one.perSecond - other.perSecond)[Math.floor(rounds / 2)] as Figures;
  for (const { name, limit } of targets)
    table.push({ durability, name, figures: medianOf(name), ofBare: medianOf(name).perSecond / medianOf(limit).perSecond });
  await server.stop();
}
bare.kill();
rmSync(dir, { recursive: true, force: true });

const lines = table.map(
  ({ durability, name, figures: { perSecond, p50, p99, processorUs }, ofBare }) =>
    `| ${durability} | ${name} | ${Math.round(perSecond).toLocaleString('en')} | ${p50} / ${p99} | ${(ofBare * 100).toFixed(0)} % | ${processorUs?.toFixed(0) ?? 'unknown'} |`,
);
const head = [
  '| durability | route | requests/s | p50 / p99 ms | of the bare route | CPU µs |',
  '| --- | --- | --- | --- | --- | --- |',
];
process.stdout.write(values.json ? `${JSON.stringify(table)}\n` : `${[...head, ...lines].join('\n')}\n`);
