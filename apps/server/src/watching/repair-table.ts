import type { RepairState } from '@loopwright/protocol';
import type { Generated } from 'kysely';

/** One repair; see the migration for what the columns mean. */
export interface RepairTable {
  readonly no: Generated<number>;
  /** Also the id of its execution. */
  readonly repair_id: string;
  readonly program: string;
  readonly project_id: string;
  readonly drift_id: string;
  readonly state: RepairState;
  readonly reason: string | null;
  readonly begun: number;
  /** JSON text. */
  readonly input: string;
  /** JSON text. */
  readonly budgets: string;
  readonly examples: string;
  readonly counterexamples: number;
  /** JSON text. */
  readonly verdict: string;
  readonly opened_at: number;
  readonly closed_at: number | null;
  /** Who asked for it; `null`: drift opened it. */
  readonly requested_by: string | null;
  readonly comment: string | null;
}
