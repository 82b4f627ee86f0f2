import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { type Clock, PlatformError, systemClock, systemRandom } from '@loopwright/protocol';
import { moduleChannel, orchestratorChannel } from '../channel/module-channel.ts';
import type { ModuleContext } from '../serve-module.ts';
import { createTestHost, type TestHost } from '../test-host/test-host.ts';
import { memoryTransports } from '../transport/memory-transport.ts';
import { orchestratorSecrets } from './orchestrator-secrets.ts';
import { Redactor } from './redactor.ts';
import { SecretClient, type SecretEvent } from './secret-client.ts';
import { SecretHost } from './secret-host.ts';
import { chainedSecrets, environmentSecrets, fileSecrets, memorySecrets, type SecretProvider } from './secret-provider.ts';

async function started(secrets: Record<string, string>): Promise<{ host: TestHost; context: ModuleContext }> {
  const { promise, resolve } = Promise.withResolvers<ModuleContext>();
  const host = createTestHost({
    secrets,
    start: async (_init, context) => {
      resolve(context);
      return { endpoints: [], stop: async () => undefined };
    },
  });
  return { host, context: await promise };
}

describe('secrets of an orchestrator', () => {
  it('are fetched once, and again when they are rotated, which is acknowledged', async () => {
    const { host, context } = await started({ KEY: 'first value', OTHER: 'other value' });
    await using _host = host;
    const events: SecretEvent[] = [];
    context.secrets.onChange((event) => void events.push(event));
    const [one, same] = await Promise.all([context.secrets.get('KEY'), context.secrets.get('KEY')]);
    assert.equal(one, same);
    assert.equal(one.reveal(), 'first value');
    assert.deepEqual(await host.rotate({ KEY: 'second value', OTHER: 'unused' }), { status: 'success' });
    assert.equal((await context.secrets.get('KEY', { mode: 'cache_only' })).reveal(), 'second value');
    await assert.rejects(context.secrets.get('OTHER', { mode: 'cache_only' }), { code: 'SECRET_NOT_FOUND' });
    assert.deepEqual(await host.rotate({ KEY: undefined }), { status: 'success' });
    await assert.rejects(context.secrets.get('KEY'), { code: 'SECRET_NOT_FOUND' });
    assert.deepEqual(
      events.map(({ kind, name }) => `${kind} ${name}`),
      ['added KEY', 'rotated KEY', 'removed KEY'],
    );
    assert.deepEqual(host.reports, []);
  });

  it('are asked for again when the source shall be asked', async () => {
    const values = new Map([['KEY', 'first value']]);
    const client = new SecretClient({ provider: memorySecrets(values), clock: systemClock, redactor: new Redactor() });
    await client.get('KEY');
    values.set('KEY', 'second value');
    assert.equal((await client.get('KEY')).reveal(), 'first value');
    assert.equal((await client.get('KEY', { mode: 'force_remote' })).reveal(), 'second value');
    assert.equal((await client.get('KEY')).reveal(), 'second value');
  });

  it('say how a rotation failed, without the secret, and when nobody said anything', async () => {
    const { host, context } = await started({ KEY: 'first value' });
    await using _host = host;
    await context.secrets.get('KEY');
    const undo = context.secrets.onChange(() => Promise.reject(new Error('cannot log in with "second value"')));
    assert.deepEqual(await host.rotate({ KEY: 'second value' }), {
      status: 'error',
      message: 'cannot log in with "[REDACTED]"',
    });
    undo();
    context.secrets.onChange(() => new Promise(() => undefined));
    assert.deepEqual(await host.rotate({ KEY: 'third value' }, 30), { status: 'timed_out' });
    const last = host.rotate({ KEY: 'fourth value' });
    host.vanish();
    assert.deepEqual(await last, { status: 'gone' });
    assert.deepEqual(await host.rotate({ KEY: 'fifth value' }), { status: 'gone' });
  });

  it('are refused by name to a module that may not have them, and to none that waits for ever', async () => {
    const [near, far] = memoryTransports();
    const reports: unknown[] = [];
    const around = { clock: systemClock, onReport: (report: unknown) => reports.push(report) };
    const hostSide = orchestratorChannel({ transport: near, ...around });
    const moduleSide = moduleChannel({ transport: far, ...around });
    hostSide.setPeerVersion(2);
    const provider: SecretProvider = {
      get: async (name) => {
        if (name === 'BROKEN') throw new PlatformError('SECRET_UNAVAILABLE', 'Cannot read it: the disk is gone');
        return name === 'ALLOWED' ? 'yes' : undefined;
      },
    };
    const host = new SecretHost({
      channel: hostSide,
      provider,
      mayRead: (name) => name !== 'FORBIDDEN',
      clock: systemClock,
      random: systemRandom,
    });
    const client = orchestratorSecrets(moduleSide, { clock: systemClock, redactor: new Redactor(), timeoutMs: 500 });
    hostSide.start();
    moduleSide.start();
    assert.equal((await client.get('ALLOWED')).reveal(), 'yes');
    await assert.rejects(client.get('FORBIDDEN'), { code: 'FORBIDDEN' });
    await assert.rejects(client.get('BROKEN'), { code: 'SECRET_UNAVAILABLE', message: /source fails/ });
    await assert.rejects(client.get('NONE'), { code: 'SECRET_NOT_FOUND' });
    // A host of version 1 says nothing to what it does not give.
    hostSide.setPeerVersion(1);
    await assert.rejects(client.get('NONE'), { code: 'SECRET_UNAVAILABLE', message: /within 500 ms/ });
    assert.deepEqual(await host.rotate(['FORBIDDEN', 'ALLOWED']), { status: 'success' });
    moduleSide.send({ op: 'rotation_ack', rotation_id: 'mine', status: 'success' });
    hostSide.send({ op: 'secret', name: 'PUSHED', value: 'unasked' });
    while (reports.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await client.get('PUSHED', { mode: 'cache_only' })).reveal(), 'unasked');
    assert.match(JSON.stringify(reports), /rotation_ack is for no rotation/);
  });

  it('are not kept when they were fetched before a rotation', async () => {
    const slow: ((value: string) => void)[] = [];
    const provider: SecretProvider = { get: () => new Promise((resolve) => slow.push(resolve)) };
    const client = new SecretClient({ provider, clock: systemClock, redactor: new Redactor() });
    const old = client.get('KEY');
    await client.refresh(['KEY']);
    const fresh = client.get('KEY');
    slow[1]?.('new value');
    slow[0]?.('old value');
    await old;
    assert.equal((await fresh).reveal(), 'new value');
    assert.equal((await client.get('KEY', { mode: 'cache_only' })).reveal(), 'new value');
  });
});

describe('SecretClient', () => {
  it('gives up a source that does not answer', async () => {
    const timers: (() => void)[] = [];
    const clock: Clock = { now: () => 0, schedule: (_ms, run) => (timers.push(run), () => undefined) };
    const client = new SecretClient({
      provider: { get: () => new Promise(() => undefined) },
      clock,
      redactor: new Redactor(),
    });
    const answer = client.get('KEY');
    for (const run of timers) run();
    await assert.rejects(answer, { code: 'SECRET_UNAVAILABLE', message: /within 5000 ms/ });
  });

  it('makes of a secret what a module needs, and says nothing of one that has another form', async () => {
    const values = new Map([
      ['PORT', '5432'],
      ['BAD', 'hunter2'],
    ]);
    const client = new SecretClient({ provider: memorySecrets(values), clock: systemClock, redactor: new Redactor() });
    assert.equal(await client.getParsed('PORT', Number), 5432);
    await assert.rejects(client.getParsed('BAD', JSON.parse), (error: Error) => !error.message.includes('hunter2'));
  });
});

describe('providers', () => {
  it('read the environment, a file and several of them in their order', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'loopwright-'));
    const path = join(dir, 'secrets.toml');
    await writeFile(path, 'FILE = "of the file"\nBOTH = "of the file"\nNUMBER = 7\n');
    const file = fileSecrets(path);
    const both = chainedSecrets([environmentSecrets({ APP_BOTH: 'of the environment' }, 'APP_'), file]);
    assert.deepEqual(await Promise.all(['BOTH', 'FILE', 'NONE', 'toString'].map((name) => both.get(name))), [
      'of the environment',
      'of the file',
      undefined,
      undefined,
    ]);
    await assert.rejects(file.get('NUMBER'), { code: 'SECRET_UNAVAILABLE' });
    await writeFile(path, 'FILE = "new"\n');
    assert.equal(await file.get('FILE'), 'new');
    await writeFile(path, 'FILE = "hunter2');
    await assert.rejects(
      both.get('FILE'),
      (error: PlatformError) => error.code === 'SECRET_UNAVAILABLE' && !error.message.includes('hunter2'),
    );
    await rm(dir, { recursive: true });
    await assert.rejects(file.get('FILE'), { code: 'SECRET_UNAVAILABLE' });
  });
});

describe('redaction', () => {
  it('leaves a secret out of whatever is made of it', async () => {
    const client = new SecretClient({
      provider: memorySecrets(new Map([['K', 'hunter2']])),
      clock: systemClock,
      redactor: new Redactor(),
    });
    const secret = await client.get('K');
    const written = [String(secret), JSON.stringify({ secret }), inspect({ secret }), inspect(client, { depth: 9 })];
    for (const text of written) assert.ok(!text.includes('hunter2'), text);
  });

  it('finds a secret as it is, in JSON, in URLs and in base64; a longer one before its part', () => {
    const redactor = new Redactor();
    const value = 'p"ss wörd/1';
    for (const one of [value, `${value} and more`, 'abc']) redactor.add(one);
    for (const form of [
      value,
      `${value} and more`,
      JSON.stringify(value),
      encodeURIComponent(value),
      Buffer.from(value).toString('base64'),
    ])
      assert.ok(/^"?\[REDACTED\]"?$/.test(redactor.redact(form)), form);
    assert.equal(redactor.redact('abc'), 'abc');
  });
});
