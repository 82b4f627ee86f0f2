import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { seededRandom } from '@loopwright/protocol';
import { killWriters } from './dataset-kills.ts';

/** More of them in `npm run test:soak`. */
const KILLS = 4;

it(`loses no acknowledged execution over ${KILLS} kill -9, and counts each that is stored once`, async () => {
  for (const durability of ['process', 'full'] as const) {
    const dir = mkdtempSync(join(tmpdir(), 'loopwright-dataset-'));
    const { problems, acknowledged } = await killWriters({ dir, kills: KILLS / 2, random: seededRandom(7), durability });
    assert.deepEqual(problems, []);
    assert.ok(acknowledged > 0);
    rmSync(dir, { recursive: true });
  }
});
