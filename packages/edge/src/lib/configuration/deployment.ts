import { comparisonMethodSchema, confidenceSourceSchema, programNameSchema, samplingStrategySchema } from '@loopwright/protocol';
import { z } from 'zod';
import type { EdgeOptions } from '../http/create-edge.ts';
import type { DatasetsOptions } from '../dataset/datasets.ts';
import { calendarOf } from '../dataset/day.ts';
import { DEFAULT_DRIFT } from '../drift/drift-options.ts';
import type { WatchingOptions } from '../watching/watching-options.ts';

/** A number, or text that is one: what the environment gives is text. */
const numberSchema = z.preprocess(
  (value) => (typeof value === 'string' && /^-?\d+(?:\.\d+)?$/u.test(value.trim()) ? Number(value) : value),
  z.number(),
);
const share = numberSchema.pipe(z.number().min(0).max(1));
const count = numberSchema.pipe(z.int().positive());
const timeZone = z.string().refine((zone) => isTimeZone(zone), 'is no time zone, such as UTC or Europe/Berlin');

/**
 * `deployment.yaml` as in the source (`reference/domain.md` §3.2: `runtime`, `execution`, `sampling`, `storage` and their defaults), and in
 * `storage`, `validation` and `drift` what this edge can do beside it.
 */
export const deploymentSchema = z.strictObject({
  runtime: z.strictObject({ mode: z.enum(['edge', 'central', 'hybrid']), data_dir: z.string().min(1).max(4096) }),
  execution: z
    .strictObject({
      worker_count: count.default(4),
      timeout_ms: count.default(1000),
      /** What a call finds of the calls before: the variables of the program, or nothing. */
      state: z.enum(['kept', 'fresh']).default('fresh'),
    })
    .prefault({}),
  sampling: z
    .strictObject({
      strategy: samplingStrategySchema.default('random'),
      rate: share.default(0.05),
      /** Whose confidence `uncertainty` goes by: the program's, or what the model of the control plane says of inputs and outputs. */
      confidence: confidenceSourceSchema.default('program'),
    })
    .refine(({ strategy, confidence }) => confidence === 'program' || strategy === 'uncertainty', {
      path: ['confidence'],
      message: 'is for the strategy `uncertainty` only',
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
  /** The control plane that programs come from; left out: they are in `runtime.data_dir` already. */
  source: z
    .strictObject({
      url: z.url({ protocol: /^https?$/u }).max(2000),
      /** An API key that may read the programs. */
      token: z.string().min(1).max(1000),
      programs: z.array(programNameSchema).min(1).max(1000),
      /** Seconds between two looks. */
      interval_seconds: numberSchema.pipe(z.number().min(1).max(86_400)).default(15),
    })
    .optional(),
  validation: z
    .strictObject({
      /** Who is asked about programs without a reference program: people, or the model of the control plane. */
      oracle: z.enum(['people', 'model']).default('people'),
      /** Programs by the name of the active program on this edge that they are compared with. */
      reference_programs: z.record(programNameSchema, programNameSchema).default({}),
      /** `semantic`: the model of the control plane judges what is not the same. */
      comparison: comparisonMethodSchema.default('exact'),
      /** From which similarity on outputs match; not for `exact`. */
      threshold: share.default(0.9),
      /** How fields are compared with `structured`; exactly, unless named. */
      fields: z.record(z.string().max(200), z.enum(['exact', 'fuzzy', 'ignore'])).default({}),
      /** US dollars that the oracle of a program may cost a day (UTC); left out: no limit. */
      budget_usd_per_day: numberSchema.pipe(z.number().min(0)).nullable().default(null),
      /** US dollars that the answer of a person is reckoned to cost. */
      answer_cost_usd: numberSchema.pipe(z.number().min(0).max(1000)).default(0),
      /** Samples of a program that wait at the most. */
      queue_limit: count.default(1000),
    })
    .refine(
      ({ comparison, reference_programs: references }) => comparison !== 'semantic' || Object.keys(references).length === 0,
      { path: ['comparison'], message: 'cannot be semantic where reference programs answer: the edge has no model to judge by' },
    )
    .prefault({}),
  drift: z
    .strictObject({
      enabled: z.stringbool().or(z.boolean()).default(true),
      /** A window has so many records and lasts so long at the least. */
      window_records: numberSchema.pipe(z.int().min(30).max(1_000_000)).default(DEFAULT_DRIFT.windowRecords),
      window_minutes: numberSchema.pipe(z.number().min(0)).default(DEFAULT_DRIFT.windowMinutes),
      reference_records: numberSchema.pipe(z.int().min(50).max(1_000_000)).default(DEFAULT_DRIFT.referenceRecords),
      significance: share.default(DEFAULT_DRIFT.significance),
      threshold: numberSchema.pipe(z.number().positive()).default(DEFAULT_DRIFT.threshold),
      windows_in: count.default(DEFAULT_DRIFT.windowsIn),
      windows_out: count.default(DEFAULT_DRIFT.windowsOut),
      quality_tolerance: numberSchema.pipe(z.number().positive().max(0.5)).default(DEFAULT_DRIFT.qualityTolerance),
    })
    .prefault({}),
});
export type Deployment = z.infer<typeof deploymentSchema>;

/** Where a deployment asks the model of a control plane. */
type AskingModel = readonly [path: readonly [string, string], asks: (deployment: Partial<Deployment>) => boolean];

const ASKING_MODEL: readonly AskingModel[] = [
  [['validation', 'oracle'], ({ validation }) => validation?.oracle === 'model'],
  [['validation', 'comparison'], ({ validation }) => validation?.comparison === 'semantic'],
  [['sampling', 'confidence'], ({ sampling }) => sampling?.confidence === 'model'],
];

/**
 * The same of an edge by itself, which has no control plane that looks at its samples: one that programs come from does not either. What would ask a model there
 * would ask nobody.
 */
export const standaloneDeploymentSchema = ASKING_MODEL.reduce(
  (schema, [path, asks]) =>
    schema.refine((deployment) => !asks(deployment), {
      path: [...path],
      message: 'asks a model, which only an edge that the server runs can: nobody would answer here',
      // Also beside what else is wrong.
      when: () => true,
    }),
  deploymentSchema,
);

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

/** What a deployment says about sampling, validation and drift, as the options of an edge. */
export function watchingOptions({
  sampling,
  validation,
  drift,
}: Pick<Deployment, 'sampling' | 'validation' | 'drift'>): WatchingOptions {
  return {
    sampling,
    validation: {
      oracle: validation.oracle,
      referencePrograms: validation.reference_programs,
      comparison: { method: validation.comparison, threshold: validation.threshold, fields: validation.fields },
      budgetUsdPerDay: validation.budget_usd_per_day,
      answerCostUsd: validation.answer_cost_usd,
      queueLimit: validation.queue_limit,
    },
    drift: drift.enabled
      ? {
          windowRecords: drift.window_records,
          windowMinutes: drift.window_minutes,
          referenceRecords: drift.reference_records,
          significance: drift.significance,
          threshold: drift.threshold,
          windowsIn: drift.windows_in,
          windowsOut: drift.windows_out,
          qualityTolerance: drift.quality_tolerance,
        }
      : null,
  };
}

/** What is watched where no deployment says otherwise: the source's five in a hundred, and drift. */
export const DEFAULT_WATCHING: WatchingOptions = watchingOptions(
  deploymentSchema.pick({ sampling: true, validation: true, drift: true }).parse({}),
);

/** What a deployment says about the rest, as the options of an edge. */
export function servingOptions({
  execution,
  source,
}: Deployment): Pick<EdgeOptions, 'source'> & { readonly sandbox: Omit<EdgeOptions['sandbox'], 'jail'> } {
  return {
    sandbox: { workers: execution.worker_count, timeoutMs: execution.timeout_ms, state: execution.state },
    source: source && {
      url: source.url,
      token: source.token,
      programs: source.programs,
      intervalMs: source.interval_seconds * 1000,
    },
  };
}

function isTimeZone(zone: string): boolean {
  try {
    return calendarOf(zone).zone === zone;
  } catch {
    return false;
  }
}
