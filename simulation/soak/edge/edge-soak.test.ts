import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { seededRandom } from '@loopwright/protocol';
import { soakEdge } from './edge-soak.ts';

const NAME =
  'loses and doubles no acknowledged record and fails no request, over kills, switches, rollouts, midnights and deletions';

it(NAME, { skip: process.platform !== 'linux' }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-soak-'));
  // Half an hour of it at half load: `npm run test:soak`.
  const { problems, acknowledged, edgeKills, deeds, days } = await soakEdge({
    dir,
    milliseconds: 20_000,
    killingMs: 2000,
    killEveryMs: 3000,
    perSecond: 20,
    dayMs: 1500,
    stepMs: 1000,
    random: seededRandom(7),
    report: () => undefined,
  });
  assert.deepEqual(problems, []);
  assert.ok(acknowledged > 200, `${acknowledged} acknowledged`);
  assert.ok(edgeKills >= 3 && (deeds['kill'] ?? 0) >= 2 && (deeds['rollout'] ?? 0) >= 1, JSON.stringify({ edgeKills, deeds }));
  assert.ok(days.days > 20 && days.deletedDays > 0 && days.compressedDays > 0, JSON.stringify(days));
  rmSync(dir, { recursive: true });
});
