import { NO_FIGURES, armFiguresSchema, rolloutHistoryEntrySchema, shadowFiguresSchema } from '@loopwright/protocol';
import { z } from 'zod';
import { NO_EVIDENCE, ODDS_RATIOS } from './sequential-test.ts';
import type { RolloutTable } from './rollout-table.ts';

const armsSchema = z.object({ candidate: armFiguresSchema, incumbent: armFiguresSchema });
/** What both versions did. */
export type Arms = z.infer<typeof armsSchema>;

const settingsSchema = z.object({
  stages: z.array(z.number()).min(1),
  stage_seconds: z.number(),
  minimum_samples: z.int(),
});

const logsSchema = z.array(z.number()).length(ODDS_RATIOS.length);

const testsSchema = z.object({ errors: logsSchema, latency: logsSchema, validation: logsSchema });
const NO_TESTS: z.infer<typeof testsSchema> = {
  errors: [...NO_EVIDENCE],
  latency: [...NO_EVIDENCE],
  validation: [...NO_EVIDENCE],
};

/** All that was counted since the rollout began, and what was last seen of the edge's own counts. */
const evidenceSchema = z.object({
  totals: armsSchema,
  seen: armsSchema.extend({ epoch: z.string() }).nullable(),
  tests: testsSchema,
  /** The same for a candidate that is better; rows of before began to count it later. */
  better: testsSchema.default(NO_TESTS),
  shadow: shadowFiguresSchema.nullable(),
});
export type RolloutEvidence = z.infer<typeof evidenceSchema>;

export const NO_ROLLOUT_EVIDENCE: RolloutEvidence = {
  totals: { candidate: NO_FIGURES, incumbent: NO_FIGURES },
  seen: null,
  tests: NO_TESTS,
  better: NO_TESTS,
  shadow: null,
};

const historySchema = z.array(rolloutHistoryEntrySchema);

/** A row with its JSON read. */
export type RolloutRow = Omit<RolloutTable, 'settings' | 'evidence' | 'history'> & {
  readonly settings: z.infer<typeof settingsSchema>;
  readonly evidence: RolloutEvidence;
  readonly history: z.infer<typeof historySchema>;
};

export function readRow(row: RolloutTable): RolloutRow {
  return {
    ...row,
    settings: settingsSchema.parse(JSON.parse(row.settings)),
    evidence: evidenceSchema.parse(JSON.parse(row.evidence)),
    history: historySchema.parse(JSON.parse(row.history)),
  };
}

export function writeRow(row: RolloutRow): RolloutTable {
  return {
    ...row,
    settings: JSON.stringify(row.settings),
    evidence: JSON.stringify(row.evidence),
    history: JSON.stringify(row.history),
  };
}

/** The share of the requests that the candidate gets. */
export function percentageOf({ settings, stage }: Pick<RolloutRow, 'settings' | 'stage'>): number {
  return settings.stages[stage] ?? 100;
}

/** The same as people see it: nothing after a rollback, everything after a promotion. */
export function shownPercentage(row: Pick<RolloutRow, 'settings' | 'stage' | 'status'>): number {
  if (row.status === 'completed') return 100;
  return row.status === 'rolled_back' || row.status === 'failed' ? 0 : percentageOf(row);
}

/** Requests that the candidate got in this stage. */
export function stageSamples({
  evidence,
  stage_from_requests: from,
}: Pick<RolloutRow, 'evidence' | 'stage_from_requests'>): number {
  return evidence.totals.candidate.requests - from;
}
