import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { seededRandom } from '@loopwright/protocol';
import { soak } from './soak.ts';

/** More of them in `npm run test:soak`. */
const KILLS = 12;

describe('the engine under kill -9', () => {
  it(`keeps what it acknowledged and follows the model over ${KILLS} kills at random instants, in executions of every state`, async () => {
    const dir = mkdtempSync(join(tmpdir(), 'loopwright-soak-'));
    const seed = 7;
    const { problems, executions } = await soak({ dir, kills: KILLS, seed, random: seededRandom(seed), report: () => undefined });
    assert.deepEqual(problems, []);
    assert.ok((executions['completed'] ?? 0) > 0, JSON.stringify(executions));
    rmSync(dir, { recursive: true, force: true });
  });
});
