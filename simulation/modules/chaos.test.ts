// It counts the descriptors, children and handles of the whole process.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { runChaos } from './chaos.ts';
import { problemsOf } from './verdict.ts';

describe('a host of modules that die, hang, flood and lie', () => {
  it('answers every request and holds nothing that is over', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const report = await runChaos({ seed: 7, requests: 250, restarts: 6, timeoutMs: 400, callers: 16, collect });
    assert.deepEqual(problemsOf(report), []);
    assert.ok(report.answers > 100 && report.restarts >= 6);
  });
});
