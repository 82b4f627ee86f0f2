import { isoTime, type Module } from '@loopwright/protocol';
import { judgeSla, ratesOf } from './judge.ts';
import type { SlaWatch } from './sla-watch.ts';

/** What is promised of a module, and what was measured, as the API shows it. */
export function slaView({ sla, figures, alerts }: SlaWatch): Pick<Module, 'sla' | 'alerts'> {
  const measured = figures.last(sla.windowMs);
  const { availabilityPercent, latencyMs, errorPercent } = ratesOf(measured);
  return {
    sla: {
      window_seconds: sla.windowMs / 1000,
      requests: measured.requests,
      availability_percent: { measured: rounded(availabilityPercent), promised: sla.availabilityPercent },
      latency_ms: { measured: rounded(latencyMs), promised: sla.latencyMs },
      error_percent: { measured: rounded(errorPercent), promised: sla.errorPercent },
      throughput_per_second: { measured: rounded(measured.requests / (sla.windowMs / 1000)), promised: sla.throughputPerSecond },
      kept: judgeSla(measured, sla),
    },
    alerts: alerts.map(({ type, value, threshold, since }) => ({
      type,
      value: rounded(value) ?? 0,
      threshold,
      since: isoTime(since),
    })),
  };
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1000) / 1000;
}
