import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ModuleTrace } from '@loopwright/module-sdk';
import { systemClock } from '@loopwright/protocol';
import { buildProgram } from '../build/build-program.ts';
import { noJail } from '../sandbox/jail/jail.ts';
import type { SandboxProgram, SandboxResult } from '../sandbox/sandbox.ts';
import { AdjustableSandbox } from './adjustable-sandbox.ts';

/** Takes as long as its input says, in milliseconds. */
const BUSY = 'export const run = (ms: number): number => { for (const end = Date.now() + ms; Date.now() < end; ); return ms; };';

let sandbox: AdjustableSandbox;
let program: SandboxProgram;
before(async () => {
  const options = { clock: systemClock, jail: noJail, workers: 1, timeoutMs: 5000 };
  sandbox = await AdjustableSandbox.open(options, new ModuleTrace(null));
  const { code, digest } = await buildProgram(BUSY);
  program = { key: digest, code };
});
after(() => sandbox.close());

const run = (ms: number): Promise<SandboxResult> => sandbox.run(program, String(ms));

describe('AdjustableSandbox', () => {
  it('changes its limits under load, and lets what runs end within those that it began with', async () => {
    const long = run(400);
    const stop = new AbortController();
    let answered = 0;
    const load = (async () => {
      while (!stop.signal.aborted) {
        assert.equal((await run(1)).status, 'success');
        answered += 1;
      }
    })();
    await sandbox.adjust({ timeoutMs: 200, workers: 2 });
    assert.deepEqual([sandbox.options.timeoutMs, sandbox.options.workers], [200, 2]);
    assert.equal((await run(20_000)).status, 'timeout');
    assert.equal((await long).status, 'success', 'the change ended what was under way');
    await sandbox.adjust({ timeoutMs: 1000 });
    assert.equal((await run(400)).status, 'success');
    stop.abort();
    await load;
    assert.ok(answered > 0);
  });

  it('changes nothing when the limits cannot be, or are the same', async () => {
    const { options } = sandbox;
    await assert.rejects(sandbox.adjust({ workers: 65 }), { code: 'INVALID_CONFIGURATION' });
    await sandbox.adjust({ timeoutMs: 1000 });
    assert.equal(sandbox.options, options);
    assert.equal((await run(1)).status, 'success');
  });
});
