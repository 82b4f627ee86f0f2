import type { Module } from '@loopwright/protocol';
import { durationText } from '../../shared/time/format.ts';

/** A number with two places at the most. */
export const rounded = (value: number): string => String(Math.round(value * 100) / 100);
export const percent = (value: number): string => `${rounded(value)} %`;

/** What each alert says, in plain words. */
const ALERTS: Readonly<Record<string, (value: number, threshold: number) => string>> = {
  HighLatency: (value, most) =>
    `It takes ${durationText(value / 1000)} to answer in the mean, more than ${durationText(most / 1000)}`,
  HighErrorRate: (value, most) => `${percent(value)} of the requests to it fail, more than ${percent(most)}`,
  LowThroughput: (value, most) => `It is asked ${percent(value)} less than before, more than ${percent(most)} less`,
  LowAvailability: (value, least) => `It served ${percent(value)} of the time, less than ${percent(least)}`,
  ConnectionFailure: (value) => `${rounded(value)} of the requests to it were lost on their way`,
  QueueBacklog: (value, most) => `${rounded(value)} requests waited for it at one time, more than ${rounded(most)}`,
};

/** An alert of a module as a sentence without its end. */
export function alertText({ type, value, threshold }: Pick<Module['alerts'][number], 'type' | 'value' | 'threshold'>): string {
  return ALERTS[type]?.(value, threshold) ?? type;
}
