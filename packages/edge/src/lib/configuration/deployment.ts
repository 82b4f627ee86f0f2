import { z } from 'zod';
import type { DatasetsOptions } from '../dataset/datasets.ts';
import { calendarOf } from '../dataset/day.ts';

/** A number, or text that is one: what the environment gives is text. */
const numberSchema = z.preprocess(
  (value) => (typeof value === 'string' && /^-?\d+(?:\.\d+)?$/u.test(value.trim()) ? Number(value) : value),
  z.number(),
);
const count = numberSchema.pipe(z.int().positive());
const timeZone = z.string().refine((zone) => isTimeZone(zone), 'is no time zone, such as UTC or Europe/Berlin');

/**
 * `deployment.yaml` as in the source (`reference/domain.md` §3.2: `runtime`, `execution`, `sampling`, `storage` and their defaults), and below
 * `storage` what this edge can do beside it.
 */
export const deploymentSchema = z.strictObject({
  runtime: z.strictObject({ mode: z.enum(['edge', 'central', 'hybrid']), data_dir: z.string().min(1).max(4096) }),
  execution: z.strictObject({ worker_count: count.default(4), timeout_ms: count.default(1000) }).prefault({}),
  sampling: z
    .strictObject({
      // The source knows two more by name (`uncertainty`, `stratified`); they are not there yet, and are refused rather than taken for this one.
      strategy: z.literal('random').default('random'),
      rate: numberSchema.pipe(z.number().min(0).max(1)).default(0.05),
    })
    .prefault({}),
  storage: z
    .strictObject({
      /** Days of executions, today included. */
      retention_days: count.default(7),
      /** GB of all records together. */
      max_size_gb: numberSchema.pipe(z.number().positive()).default(100),
      /** Days of validations, today included. */
      validation_days: count.default(30),
      /** Days after which a day is compressed. */
      compress_after_days: count.default(1),
      /** Where days begin at midnight. */
      time_zone: timeZone.default('UTC'),
      /** What an acknowledged record survives: the end of the process, or the loss of power. */
      durability: z.enum(['process', 'full']).default('process'),
      /** What happens to a record that cannot be written: its request fails, or it is counted and lost. */
      when_full: z.enum(['refuse', 'drop']).default('refuse'),
    })
    .prefault({}),
});
export type Deployment = z.infer<typeof deploymentSchema>;

/** What a deployment says about records, as the options of an edge. */
export function storageOptions({
  storage,
}: Deployment): Pick<
  DatasetsOptions,
  'retentionDays' | 'validationDays' | 'maxBytes' | 'compressAfterDays' | 'calendar' | 'durability' | 'whenFull'
> {
  return {
    retentionDays: storage.retention_days,
    validationDays: storage.validation_days,
    maxBytes: storage.max_size_gb * 1e9,
    compressAfterDays: storage.compress_after_days,
    calendar: calendarOf(storage.time_zone),
    durability: storage.durability,
    whenFull: storage.when_full,
  };
}

function isTimeZone(zone: string): boolean {
  try {
    return calendarOf(zone).zone === zone;
  } catch {
    return false;
  }
}
