import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { seededRandom } from '@loopwright/protocol';
import { soakEdge } from './edge-soak.ts';

const MINUTE_MS = 60_000;
const DEEDS = ['kill', 'switch', 'rollout', 'back', 'shadow'];
const NAME =
  'loses and doubles no acknowledged record and fails no request, over kills, switches, rollouts, midnights and deletions';

it(NAME, { skip: process.platform !== 'linux' }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-soak-'));
  // A minute with little to do, of everything that changes at least one, and more where the machine is too slow for that. Half an hour of it at half load: `npm run test:soak`.
  const { problems, acknowledged, edgeKills, deeds, days } = await soakEdge({
    dir,
    milliseconds: MINUTE_MS,
    killingMs: 12_000,
    killEveryMs: 8000,
    perSecond: 6,
    dayMs: 3000,
    isEnough: (sent, done) => sent > 200 && DEEDS.every((deed) => (done[deed] ?? 0) >= 1),
    stepMs: 4000,
    random: seededRandom(7),
    report: () => undefined,
  });
  assert.deepEqual(problems, []);
  assert.ok(acknowledged > 200, `${acknowledged} acknowledged`);
  assert.ok(edgeKills >= 3, `${edgeKills} kills of the edge`);
  for (const deed of DEEDS) assert.ok((deeds[deed] ?? 0) >= 1, JSON.stringify(deeds));
  assert.ok(days.days > 20 && days.deletedDays > 0 && days.compressedDays > 0, JSON.stringify(days));
  rmSync(dir, { recursive: true });
});
