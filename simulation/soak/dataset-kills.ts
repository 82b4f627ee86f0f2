import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { ExecutionLog } from '@loopwright/edge';
import { type Random, systemClock } from '@loopwright/protocol';

/** What {@link killWriters} found. */
export interface DatasetKills {
  readonly acknowledged: number;
  readonly stored: number;
  readonly tornLines: number;
  /** What is wrong, in words; empty when nothing is. */
  readonly problems: readonly string[];
}

/** Kills a process that writes executions at random instants, again and again, and looks for what it had acknowledged. */
export async function killWriters({
  dir,
  kills,
  random,
  durability = 'process',
}: {
  dir: string;
  kills: number;
  random: Random;
  durability?: 'process' | 'full';
}): Promise<DatasetKills> {
  const acknowledged: string[] = [];
  for (let kill = 0; kill < kills; kill += 1) {
    const flags = process.execArgv.filter((flag) => flag.startsWith('--conditions'));
    const child = spawn(
      process.execPath,
      [...flags, join(import.meta.dirname, 'dataset-writer.ts'), dir, String(kill), durability],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const output = text(child.stdout);
    await once(child.stdout, 'readable');
    await delay(random.next() * 120);
    child.kill('SIGKILL');
    // What follows the last line feed was cut off.
    acknowledged.push(...(await output).split('\n').slice(0, -1));
  }
  await using log = await ExecutionLog.open({ dir, taskId: 'soak', clock: systemClock });
  const stored = new Set<string>();
  let lines = 0;
  for (const day of await log.days())
    for await (const { id } of log.read(day)) {
      stored.add(id);
      lines += 1;
    }
  const lost = acknowledged.filter((id) => !stored.has(id));
  let counted = 0;
  for (const day of await log.days()) counted += (await log.figures(day)).all.total;
  const problems = [
    ...lost.slice(0, 10).map((id) => `${id} was acknowledged and is lost`),
    ...(lines === stored.size ? [] : [`${lines - stored.size} records are there twice`]),
    ...(counted === lines ? [] : [`the figures count ${counted} of ${lines} records`]),
  ];
  return { acknowledged: acknowledged.length, stored: stored.size, tornLines: log.tornLines, problems };
}
