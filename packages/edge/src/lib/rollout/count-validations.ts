import { utcCalendar } from '../dataset/day.ts';
import { listDayFiles } from '../dataset/day-parts.ts';
import type { ExecutionLog } from '../dataset/execution-log.ts';

type Arm = 'candidate' | 'incumbent';

/** What oracles said of both versions (by the ids in their metadata) from an instant on, in milliseconds since 1970 UTC. `folder` has the days. */
export async function countValidations(
  log: ExecutionLog,
  { ids, since, folder }: { ids: Readonly<Record<Arm, string>>; since: number; folder: string },
): Promise<Record<Arm, { validated: number; mismatched: number }>> {
  const counts = { candidate: { validated: 0, mismatched: 0 }, incumbent: { validated: 0, mismatched: 0 } };
  // In no time zone it is more than a day earlier.
  const first = utcCalendar.dayOf(since - 86_400_000);
  const days = new Set((await listDayFiles(folder)).map(({ day }) => day).filter((day) => day >= first));
  for (const day of days)
    for await (const { program_id: id, match, validated_at: at } of log.readValidations(day)) {
      const arm = id === ids.candidate ? 'candidate' : id === ids.incumbent ? 'incumbent' : undefined;
      if (arm === undefined || Date.parse(at) < since) continue;
      counts[arm].validated += 1;
      if (!match) counts[arm].mismatched += 1;
    }
  return counts;
}
