import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { moduleMessageSchema } from '@loopwright/protocol';
import { readLines } from './transport/lines.ts';

const SOURCE = `
import { runModule } from '@loopwright/module-sdk';
await runModule(async (init) => ({
  listen: init.listen,
  endpoints: [{ path: '/' + init.module_id, methods: ['GET'] }],
  stop: async () => { process.stderr.write('stopped'); },
}));
setInterval(() => undefined, 1000);`;

function startModule(): ChildProcess {
  return spawn(process.execPath, ['--conditions=loopwright-source', '--input-type=module', '--eval', SOURCE], {
    cwd: import.meta.dirname,
  });
}

const INIT = `${JSON.stringify({ orchestrator_api: 'http://127.0.0.1:1', module_id: 'm1', listen: '127.0.0.1:7' })}\n`;

describe('runModule()', () => {
  it('announces, answers heartbeats, says what it does not know, and drains on shutdown', async () => {
    const child = startModule();
    const exited = once(child, 'exit');
    assert.ok(child.stdout !== null && child.stdin !== null);
    const lines = readLines(child.stdout);
    const next = async (): Promise<unknown> => moduleMessageSchema.parse(JSON.parse(String((await lines.next()).value)));
    child.stdin.write(INIT);
    assert.deepEqual(await next(), { op: 'announce', listen: '127.0.0.1:7', endpoints: [{ path: '/m1', methods: ['GET'] }] });
    child.stdin.write('{"op":"later"}\nnoise\n{"op":"heartbeat"}\n');
    assert.deepEqual(await next(), { op: 'heartbeat_ack' });
    const said: string[] = [];
    child.stderr?.on('data', (part) => said.push(String(part)));
    child.stdin.write('{"op":"shutdown"}\n');
    assert.deepEqual(await exited, [0, null]);
    assert.match(said.join(''), /stopped/);
  });

  it('ends when its orchestrator is gone', async () => {
    const child = startModule();
    const exited = once(child, 'exit');
    child.stdin?.write(INIT);
    assert.ok(child.stdout !== null);
    await readLines(child.stdout).next();
    child.stdin?.destroy();
    assert.deepEqual(await exited, [0, null]);
  });

  it('refuses to start without a proper init line', async () => {
    const child = startModule();
    const exited = once(child, 'exit');
    child.stdin?.write('{"listen":1}\n');
    const [code] = await exited;
    assert.equal(code, 1);
  });
});
