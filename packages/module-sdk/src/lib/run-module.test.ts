import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { moduleMessageSchema, systemClock, systemRandom } from '@loopwright/protocol';
import { orchestratorChannel } from './channel/module-channel.ts';
import type { ChannelReport } from './channel/report.ts';
import { HttpIpcClient } from './http-ipc/http-ipc-client.ts';
import { SecretHost } from './secrets/secret-host.ts';
import { memorySecrets } from './secrets/secret-provider.ts';
import { readLines } from './transport/lines.ts';
import { StreamTransport } from './transport/stream-transport.ts';

const SOURCE = `
import { spawnSync } from 'node:child_process';
import { runModule } from '@loopwright/module-sdk';
console.log('before the start');
await runModule(async (init, { secrets }) => ({
  listen: init.listen,
  endpoints: [{ path: '/' + init.module_id, methods: ['GET'] }],
  fetch: async (request) => {
    if (request.url.endsWith('/noise')) {
      console.log('{"op":"announce","listen":"forged:1","endpoints":[]}');
      process.stdout.write('without an end');
      spawnSync(process.execPath, ['--eval', 'console.log("from a child")'], { stdio: 'inherit' });
    }
    const secret = await secrets.get('KEY');
    console.error('the key is ' + secret.reveal());
    return new Response(await request.text() + secret);
  },
  stop: async () => { process.stderr.write('stopped'); },
}));
setInterval(() => undefined, 1000);`;

function startModule(): ChildProcess {
  return spawn(process.execPath, ['--conditions=loopwright-source', '--input-type=module', '--eval', SOURCE], {
    cwd: import.meta.dirname,
  });
}

const INIT = { orchestrator_api: 'http://127.0.0.1:1', module_id: 'm1', listen: '127.0.0.1:7' };

describe('runModule()', () => {
  it('announces, answers heartbeats, says what it does not know, and drains on shutdown', async () => {
    const child = startModule();
    const exited = once(child, 'exit');
    assert.ok(child.stdout !== null && child.stdin !== null);
    const lines = readLines(child.stdout);
    const next = async (): Promise<unknown> => moduleMessageSchema.parse(JSON.parse(String((await lines.next()).value)));
    child.stdin.write(`${JSON.stringify(INIT)}\n`);
    assert.equal((await lines.next()).value, 'before the start');
    assert.deepEqual(await next(), { op: 'announce', listen: '127.0.0.1:7', endpoints: [{ path: '/m1', methods: ['GET'] }] });
    const said: string[] = [];
    child.stderr?.on('data', (part) => said.push(String(part)));
    child.stdin.write('{"op":"later"}\nnoise\n{"op":"heartbeat"}\n');
    assert.deepEqual(await next(), { op: 'heartbeat_ack' });
    child.stdin.write('{"op":"shutdown"}\n');
    assert.deepEqual(await exited, [0, null]);
    assert.match(said.join(''), /the op \\"later\\" is not known[^]*noise[^]*stopped/);
  });

  it('serves requests over its channel, keeps stray output off it and secrets out of its log', async () => {
    const child = startModule();
    const exited = once(child, 'exit');
    const said: string[] = [];
    child.stderr?.on('data', (part) => said.push(String(part)));
    assert.ok(child.stdout !== null && child.stdin !== null);
    const reports: ChannelReport[] = [];
    const channel = orchestratorChannel({
      transport: new StreamTransport({ input: child.stdout, output: child.stdin }),
      clock: systemClock,
      onReport: (report) => reports.push(report),
    });
    channel.setPeerVersion(2);
    const provider = memorySecrets(new Map([['KEY', 'hunter2hunter2']]));
    // oxlint-disable-next-line no-new -- it listens on the channel
    new SecretHost({ channel, provider, mayRead: () => true, clock: systemClock, random: systemRandom });
    const http = new HttpIpcClient({ channel, clock: systemClock });
    const announcements: string[] = [];
    const announced = new Promise<void>((resolve) =>
      channel.on('announce', ({ listen }) => {
        announcements.push(listen);
        resolve();
      }),
    );
    child.stdin.write(`${JSON.stringify({ ...INIT, protocol_version: 2 })}\n`);
    channel.start();
    await announced;
    for (const path of ['/noise', '/'])
      assert.equal(await (await http.fetch(path, { method: 'POST', body: 'key: ' })).text(), 'key: [REDACTED]');
    channel.send({ op: 'shutdown' });
    assert.deepEqual(await exited, [0, null]);
    assert.deepEqual(announcements, ['127.0.0.1:7']);
    assert.deepEqual(reports, [
      { kind: 'noise', text: 'before the start' },
      { kind: 'noise', text: 'from a child' },
    ]);
    assert.match(said.join(''), /forged:1[^]*without an end[^]*the key is \[REDACTED\]/);
  });

  it('ends when its orchestrator is gone', async () => {
    const child = startModule();
    const exited = once(child, 'exit');
    child.stdin?.write(`${JSON.stringify(INIT)}\n`);
    assert.ok(child.stdout !== null);
    await readLines(child.stdout).next();
    child.stdin?.destroy();
    assert.deepEqual(await exited, [0, null]);
  });

  it('refuses to start without a proper init line, and does not repeat it', async () => {
    const child = startModule();
    const exited = once(child, 'exit');
    const said: string[] = [];
    child.stderr?.on('data', (part) => said.push(String(part)));
    child.stdin?.write('{"auth_token":"hunter2"\n');
    const [code] = await exited;
    assert.equal(code, 1);
    assert.match(said.join(''), /init line is no JSON/);
    assert.ok(!said.join('').includes('hunter2'));
  });
});
