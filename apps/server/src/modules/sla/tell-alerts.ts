import type { Notice } from '@loopwright/engine';
import { type Clock, isoTime } from '@loopwright/protocol';
import type { AlertChange } from './sla-watch.ts';

/** What {@link alertTeller} works with. */
export interface AlertTellerOptions {
  readonly announce: (notice: Notice) => Promise<void>;
  readonly clock: Clock;
  readonly onTrouble: (error: unknown) => void;
}

/** Tells alerts in the stream of events, to those who may see every project. One that cannot be told is in the log of its module still. */
export function alertTeller({ announce, clock, onTrouble }: AlertTellerOptions): (module: string, change: AlertChange) => void {
  return (module, { kind, type, value, threshold, since }) => {
    const event = `module_alert_${kind}`;
    const data = { module, alert: type, value, threshold, since: isoTime(since) };
    announce({ id: `${event}/${module}/${type}/${clock.now()}`, type: event, projectId: null, data }).catch(onTrouble);
  };
}
