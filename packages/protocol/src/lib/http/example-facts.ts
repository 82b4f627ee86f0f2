import { z } from 'zod';

const quantilesSchema = z.object({ min: z.number(), p50: z.number(), p90: z.number(), p99: z.number(), max: z.number() });

/** One field of tabular inputs. */
const fieldSchema = z.object({
  name: z.string(),
  type: z.enum(['number', 'text', 'boolean', 'mixed', 'empty']),
  missing: z.int(),
  distinct: z.int(),
  /** Share of the examples whose label follows from this field alone when each of its values is answered with its most frequent label; 1 means that the label stands in it. */
  tells_label: z.number(),
  /** Whether that is suspicious: every value tells, and the values repeat. */
  leaks: z.boolean(),
});

const sampleSchema = z.object({ line: z.int(), excerpt: z.string(), label: z.string() });

/** `GET /api/v1/examples/{digest}/facts`: what labelled examples are like and how a split would be, all of it counted. Lines are from 1, the training part first. */
export const exampleFactsSchema = z.object({
  count: z.int(),
  /** Those of them that would be held out. */
  holdout: z.int(),
  kind: z.enum(['text', 'tabular', 'other']),
  labels: z.array(z.object({ label: z.string(), count: z.int(), train: z.int(), holdout: z.int() })),
  classes: z.int(),
  /** Most frequent over least frequent label. */
  imbalance: z.number(),
  majority_share: z.number(),
  duplicates: z.object({
    /** Examples that repeat an earlier one, input and output. */
    exact: z.int(),
    /** Texts that nearly repeat another; `null` for what is no text. */
    near: z.int().nullable(),
    near_compared: z.int().nullable(),
    /** Texts of the hold-out that nearly repeat one of the training part. */
    near_over_split: z.int().nullable(),
    /** Equal inputs on both sides of the split. */
    exact_over_split: z.int(),
  }),
  conflicts: z.object({
    /** Inputs that stand with more than one label. */
    inputs: z.int(),
    /** Pairs of nearly equal texts with different labels; `null` for what is no text. */
    near_pairs: z.int().nullable(),
    samples: z.array(z.object({ first: sampleSchema, second: sampleSchema })),
  }),
  leakage: z.object({
    /** Texts that have their own label as a word; `null` for what is no text. */
    label_in_text: z.int().nullable(),
    /** Texts that have a label as a word which is not theirs. */
    other_label_in_text: z.int().nullable(),
    samples: z.array(sampleSchema),
    fields: z.array(z.string()),
  }),
  empty: z.int(),
  /** Texts with characters that a wrong decoding leaves behind (U+FFFD), or control characters. */
  damaged: z.int(),
  length: quantilesSchema.nullable(),
  /** Texts by the script of most of their letters. */
  scripts: z.array(z.object({ script: z.string(), count: z.int() })),
  fields: z.array(fieldSchema),
  warnings: z.array(z.string()),
});
export type ExampleFacts = z.infer<typeof exampleFactsSchema>;
