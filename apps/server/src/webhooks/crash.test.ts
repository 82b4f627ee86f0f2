import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { globalEventPageSchema, webhookWithSecretSchema } from '@loopwright/protocol';
import { Webhook } from 'standardwebhooks';
import { openReceiver } from './receiver-fixture.ts';

const HOST = join(import.meta.dirname, 'fixtures/host.ts');

interface Host {
  readonly url: string;
  readonly child: ChildProcess;
}

async function open(dir: string): Promise<Host> {
  const child = spawn(process.execPath, ['--conditions=loopwright-source', HOST, dir], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout ?? Readable.from([]));
  const ended = once(child, 'exit').then(() => assert.fail('the server ended before it listened'));
  const [url] = await Promise.race([once(lines, 'line'), ended]);
  return { url: String(url), child };
}

async function kill({ child }: Host): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function post(url: string, body: object): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return response.json();
}

async function waitFor(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, 'waited for 60 s');
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
}

describe('a server that is killed', () => {
  it('tells its subscribers of every event all the same, under one id for each, although they fail now and then', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'loopwright-webhooks-'));
    let count = 0;
    let isCalm = false;
    await using receiver = await openReceiver((_got, response) => {
      count += 1;
      // Some are never answered: those are under way when the server dies.
      if (isCalm || count % 7 !== 0) response.writeHead(204).end();
    });
    let host = await open(dir);
    const { secret } = webhookWithSecretSchema.parse(await post(`${host.url}/api/v1/webhooks`, { url: receiver.url }));
    let started = 0;
    for (const round of [1, 2, 3]) {
      for (let times = 0; times < 5; times += 1) {
        await post(`${host.url}/api/v1/workflows/plain/start`, { project_id: 'p' });
        started += 1;
      }
      await waitFor(() => receiver.received.length >= round * 5);
      await kill(host);
      isCalm = round === 3;
      host = await open(dir);
    }
    const told = (): Map<number, Set<string>> => {
      const ids = new Map<number, Set<string>>();
      for (const { payload, id } of receiver.received) {
        const position = Number(payload.data['position']);
        ids.set(position, (ids.get(position) ?? new Set()).add(id));
      }
      return ids;
    };
    await waitFor(() => told().size >= started * 6);
    const response = await fetch(`${host.url}/api/v1/events?limit=1000`);
    const { events } = globalEventPageSchema.parse(await response.json());
    assert.equal(events.length, started * 6);
    assert.deepEqual(
      [...told().keys()].toSorted((a, b) => a - b),
      events.map(({ position }) => position),
    );
    for (const [position, ids] of told()) assert.equal(ids.size, 1, `position ${position} came under ${ids.size} ids`);
    for (const { body, headers } of receiver.received) new Webhook(secret).verify(body, headers);
    await kill(host);
    await rm(dir, { recursive: true, force: true });
  });
});
