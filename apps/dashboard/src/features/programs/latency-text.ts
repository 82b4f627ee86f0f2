import { durationText } from '../../shared/time/format.ts';

/** A latency, which is often less than a millisecond: "0.24 ms", "3.1 ms", "420 ms", "1.2 s". */
export function latencyText(ms: number): string {
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  return ms < 10 ? `${ms.toFixed(1)} ms` : durationText(ms / 1000);
}
