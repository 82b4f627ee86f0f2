import type { OracleKind } from '@loopwright/protocol';
import type { Comparison } from './compare.ts';

/** Who says what would have been right, how that is compared, and what it may cost. */
export interface ValidationOptions {
  /** Who is asked about programs that have no reference program. */
  readonly oracle: Exclude<OracleKind, 'program'>;
  /** Programs whose outputs are compared with those of another program that is active on this edge. */
  readonly referencePrograms: Readonly<Record<string, string>>;
  readonly comparison: Comparison;
  /** US dollars that the oracle of one program may cost on a day (UTC); `null` for no limit. */
  readonly budgetUsdPerDay: number | null;
  /** What one answer of a person is reckoned to cost, in US dollars. */
  readonly answerCostUsd: number;
  /** Samples of one program that wait at the most; the oldest expire. */
  readonly queueLimit: number;
}

/** People are asked, answers are compared exactly, and nothing is reckoned. */
export const DEFAULT_VALIDATION: ValidationOptions = {
  oracle: 'people',
  referencePrograms: {},
  comparison: { method: 'exact', threshold: 0.9, fields: {} },
  budgetUsdPerDay: null,
  answerCostUsd: 0,
  queueLimit: 1000,
};

/** The oracle of a program. */
export function oracleOf({ referencePrograms, oracle }: ValidationOptions, taskId: string): OracleKind {
  return Object.hasOwn(referencePrograms, taskId) ? 'program' : oracle;
}
