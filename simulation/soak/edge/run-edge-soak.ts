import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@loopwright/protocol';
import { soakEdge } from './edge-soak.ts';
import { LEAK_BOUND } from './limits.ts';

/** Edges are killed for a sixth of the time, five minutes at the most. */
const KILLING_MS_MAX = 300_000;

/** Soaks an edge at half load for some minutes and prints what came of it; gives what is wrong. */
export async function runEdgeSoak(minutes: number, seed: number, print: (line: string) => void): Promise<readonly string[]> {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-soak-'));
  const milliseconds = minutes * 60_000;
  const { problems, growth, ...result } = await soakEdge({
    dir,
    milliseconds,
    killingMs: Math.min(KILLING_MS_MAX, milliseconds / 6),
    killEveryMs: 10_000,
    perSecond: null,
    dayMs: 20_000,
    stepMs: 2000,
    random: seededRandom(seed),
    report: print,
  });
  print(`the edge, ${minutes} minutes: ${JSON.stringify(result)}`);
  if (growth === null) print('  memory and descriptors: not judged, the last edge did not live long enough');
  else
    print(
      `  from ${JSON.stringify(growth.first)} to ${JSON.stringify(growth.last)}; ${LEAK_BOUND.share * 100} % and ${LEAK_BOUND.mb} MB more are allowed`,
    );
  if (problems.length === 0) rmSync(dir, { recursive: true, force: true });
  else print(`${problems.slice(0, 50).join('\n')}\nThe folder is kept: ${dir}`);
  return problems;
}
