import { Cron } from 'croner';

/** `CRON_TZ=ZONE` in front of the five fields says in which time zone they are read; without it that is UTC. */
const WITH_ZONE = /^(?:CRON_TZ=(\S+)\s+)?(\S+(?:\s+\S+){4})$/;

/**
 * The first time after another one that a cron expression names. Five fields: minute, hour, day of month, month, day of week; of the two
 * days either counts when both are given. Milliseconds since 1970-01-01 UTC. Throws for what is no such expression, and for one that never comes.
 */
export function nextCronTime(expression: string, after: number): number {
  const [, timezone = 'UTC', fields] = WITH_ZONE.exec(expression.trim()) ?? [];
  if (fields === undefined) throw new SyntaxError('it has not five fields');
  // The library fills `?` with the time of the machine, which would differ from start to start.
  if (fields.includes('?')) throw new SyntaxError('"?" is not supported');
  const next = new Cron(fields, { timezone, mode: '5-part', paused: true }).nextRun(new Date(after));
  if (next === null) throw new RangeError('it names a time that never comes');
  return next.getTime();
}
