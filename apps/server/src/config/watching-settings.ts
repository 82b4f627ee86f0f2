import { z } from 'zod';
import { pathSchema as path, setting } from './setting.ts';

/** What is done when programs drift. Keys of the settings table. */
export const WATCHING_SETTINGS = {
  edge_deployment: setting({
    schema: path.nullable(),
    default: null,
    description:
      'A deployment.yaml of the edge runtime: sampling, validation, drift and storage. Its data folder, workers and limits of the sandbox are those of the settings here; null for the defaults',
  }),
  drift_check_seconds: setting({
    schema: z.number().min(0.1).max(86_400).nullable(),
    default: 30,
    description: 'How often it is looked whether programs drift and a repair is due, in seconds; null for never',
  }),
  repair_counterexamples: setting({
    schema: z.int().min(1).max(100_000),
    default: 10,
    description: 'Labelled counter-examples that a repair of a program needs at the least',
  }),
  repair_cool_down_hours: setting({
    schema: z.number().min(0).max(8760),
    default: 24,
    description: 'Hours after the end of a repair in which no other one of the same program is opened',
  }),
  repair_budget_usd: setting({
    schema: z.number().min(0).max(999_999),
    default: 5,
    description: 'US dollars that a repair may cost',
  }),
  repair_budget_attempts: setting({
    schema: z.int().min(1).max(1_000_000),
    default: 100,
    description: 'Runs of steps that a repair may make, retries included',
  }),
} as const;
