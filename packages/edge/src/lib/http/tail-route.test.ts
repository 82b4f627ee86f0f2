import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readLines } from '@loopwright/module-sdk';
import {
  errorResponseSchema,
  executionRecordSchema,
  executionTailLineSchema,
  systemClock,
  systemRandom,
} from '@loopwright/protocol';
import { noJail } from '../sandbox/jail/jail.ts';
import { ProgramStore } from '../store/program-store.ts';
import { type Edge, createEdge } from './create-edge.ts';

const MIDNIGHT = Date.parse('2026-03-11T00:00:00Z');
const CLI = join(import.meta.dirname, '../../../../../apps/cli/src/main.ts');

let dir = '';
let edge: Edge;
let url = '';
/** Milliseconds that the clock of the edge is ahead of this machine's. */
let ahead = 0;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loopwright-tail-'));
  const clock = { now: () => systemClock.now() + ahead, schedule: systemClock.schedule.bind(systemClock) };
  ahead = MIDNIGHT - 3_600_000 - systemClock.now();
  const store = new ProgramStore({ dir, clock });
  for (const name of ['echo', 'other']) {
    await store.store(name, { id: name, source: 'export const run = (n: number): number => n;' });
    await store.setActive(name, 1, { record: { id: 'p' } });
  }
  edge = await createEdge({
    dataDir: dir,
    clock,
    random: systemRandom,
    sandbox: { jail: noJail, workers: 1, timeoutMs: 1000 },
    authToken: 'secret',
  });
  url = await edge.app.listen({ host: '127.0.0.1', port: 0 });
});
after(async () => {
  await edge.close();
  await rm(dir, { recursive: true, force: true });
});

async function execute(input: number, name = 'echo'): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/tasks/${name}/execute`, { method: 'POST', headers, body: JSON.stringify({ input }) });
  assert.equal(response.status, 200);
}

interface Told {
  readonly position: string;
  readonly input: unknown;
}

/** A request for the stream on a connection of its own; `end` goes away. */
async function open(query: string): Promise<{ response: IncomingMessage; end: () => void }> {
  const request = get(`${url}/executions/tail?task_id=echo${query}`, {
    agent: false,
    headers: { authorization: 'Bearer secret' },
  });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  return { response, end: () => void response.destroy() };
}

/** A stream of records that is open; `next` waits for one. */
async function follow(query = ''): Promise<{ next: () => Promise<Told>; end: () => void; response: IncomingMessage }> {
  const { response, end } = await open(query);
  assert.equal(response.statusCode, 200);
  const lines = readLines(response);
  const next = async (): Promise<Told> => {
    const { value, done } = await lines.next();
    assert.ok(done !== true, 'the stream has ended');
    if (value === '') return next();
    const { position, record } = executionTailLineSchema.parse(JSON.parse(value));
    return { position, input: record.input_data };
  };
  return { next, end, response };
}

async function refused(query: string, token = 'secret', path = '/executions/tail'): Promise<string> {
  const response = await fetch(`${url}${path}${query}`, { headers: { authorization: `Bearer ${token}` } });
  return errorResponseSchema.parse(await response.json()).error_code;
}

describe('GET /executions/tail', () => {
  it('tells records as they come, after the newest ones, and goes on behind a position', async () => {
    for (const input of [1, 2, 3]) await execute(input);
    const { next, end, response } = await follow('&last=2');
    assert.equal(response.headers['content-type'], 'application/x-ndjson; charset=utf-8');
    assert.match(String(response.headers['x-tail-position']), /^2026-03-10\.0\.\d+$/u);
    assert.deepEqual([(await next()).input, (await next()).input], [2, 3]);
    await execute(7, 'other');
    await execute(4);
    const fourth = await next();
    assert.equal(fourth.input, 4);
    await execute(5);
    await next();
    end();
    const again = await follow(`&after=${fourth.position}`);
    assert.equal((await again.next()).input, 5);
    again.end();
    const none = await follow('&last=0');
    await execute(6);
    assert.equal((await none.next()).input, 6);
    none.end();
  });

  it('misses nothing and repeats nothing while the day ends under it, and reads on through it from a position of the day before', async () => {
    const { next, end } = await follow('&last=1');
    assert.equal((await next()).input, 6);
    ahead = MIDNIGHT - 200 - systemClock.now();
    const told: unknown[] = [];
    const reading = (async () => {
      for (let count = 0; count < 60; count += 1) told.push((await next()).input);
    })();
    // Through midnight, one after the other; then the old day goes.
    for (let n = 100; n < 160; n += 1) {
      if (n === 130) ahead += 400;
      if (n === 140) ahead += 10_000;
      await execute(n);
    }
    await reading;
    end();
    assert.deepEqual(
      told,
      Array.from({ length: 60 }, (_, n) => 100 + n),
    );
    const resumed = await follow('&after=2026-03-10.0.0');
    const inputs: unknown[] = [];
    while (inputs.length < 66) inputs.push((await resumed.next()).input);
    resumed.end();
    assert.deepEqual(inputs, [1, 2, 3, 4, 5, 6, ...told]);
  });

  it('is for who has the token, one program, and a few at a time', async () => {
    assert.equal(await refused('?task_id=echo', 'guessed'), 'UNAUTHORIZED');
    assert.equal(await refused(''), 'VALIDATION_ERROR', 'two programs are served');
    assert.equal(await refused('?task_id=ghost'), 'PROGRAM_NOT_FOUND');
    for (const query of [
      'last=-1',
      'last=1001',
      'after=x',
      'after=2026-13-01.0.0',
      'after=2026-03-10.0.0x',
      'more=1',
      'task_id=../x',
    ])
      assert.equal(await refused(`?task_id=echo&${query}`), 'VALIDATION_ERROR', query);
    const all = await Promise.all(Array.from({ length: 8 }, () => follow('&last=0')));
    assert.equal(await refused('', 'secret', '/tasks/echo/executions/tail'), 'OVERLOADED');
    for (const { end } of all) end();
    // Who goes makes room.
    for (const deadline = performance.now() + 5000; ;) {
      const { end, response } = await open('');
      end();
      if (response.statusCode === 200) break;
      assert.ok(performance.now() < deadline, 'those who went still take the places');
    }
  });

  it('is printed by `loopwright edge tail`, and ends when the edge does', async () => {
    const tail = (...flags: string[]): ReturnType<typeof spawn> =>
      spawn(process.execPath, ['--conditions=loopwright-source', CLI, 'edge', 'tail', '--url', url, ...flags], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, LOOPWRIGHT_EDGE_TOKEN: 'secret' },
      });
    const child = tail('--program', 'other', '--last', '1');
    assert.ok(child.stdout !== null && child.stderr !== null);
    const exited = once(child, 'exit');
    const errors: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    const lines = readLines(child.stdout);
    const first = await lines.next();
    assert.equal(executionRecordSchema.parse(JSON.parse(first.value ?? '')).input_data, 7);
    await execute(8, 'other');
    assert.equal(executionRecordSchema.parse(JSON.parse((await lines.next()).value ?? '')).input_data, 8);
    await edge.close();
    assert.deepEqual(await exited, [1, null]);
    assert.match(Buffer.concat(errors).toString(), /the edge has ended the stream[^]*"after":"2026-03-11\.0\.\d+"/u);
  });
});
