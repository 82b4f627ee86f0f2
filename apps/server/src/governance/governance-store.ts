import { digestOf } from '@loopwright/engine';
import { type EffectivePolicyView, type GovernanceCheck, governanceCheckSchema, isoTime, toJson } from '@loopwright/protocol';
import type { ServerDatabase } from '../database/server-database.ts';
import type { GovernanceCheckTable } from './governance-table.ts';

/** The checks of all runs. */
export class GovernanceStore {
  readonly #database: () => ServerDatabase;

  /** `database` gives the tables; it is asked for with the first row. */
  constructor(database: () => ServerDatabase) {
    this.#database = database;
  }

  /** Keeps a check; the same step again, after a crash, takes the place of what it wrote before. */
  async put(check: GovernanceCheckTable): Promise<void> {
    const { execution_id: _execution, key: _key, ...rest } = check;
    await this.#database()
      .insertInto('governance_checks')
      .values(check)
      .onConflict((conflict) => conflict.columns(['execution_id', 'key']).doUpdateSet(rest))
      .execute();
  }

  /** Keeps what a person decided on a check. */
  async decide({ executionId, key }: { executionId: string; key: string }, override: object): Promise<void> {
    await this.#database()
      .updateTable('governance_checks')
      .set({ override: JSON.stringify(override) })
      .where('execution_id', '=', executionId)
      .where('key', '=', key)
      .execute();
  }

  /** The results of the checks of some runs that no rollback left behind, the oldest first. */
  resultsOf(runIds: readonly string[]): Promise<Pick<GovernanceCheckTable, 'run_id' | 'phase' | 'results'>[]> {
    return this.#database()
      .selectFrom('governance_checks')
      .select(['run_id', 'phase', 'results'])
      .where('run_id', 'in', runIds)
      .where('archived_by', 'is', null)
      .orderBy('checked_at')
      .execute();
  }

  /** The checks of a run that no rollback left behind, the oldest first. */
  ofRun(runId: string): Promise<GovernanceCheckTable[]> {
    return this.#database()
      .selectFrom('governance_checks')
      .selectAll()
      .where('run_id', '=', runId)
      .where('archived_by', 'is', null)
      .orderBy('checked_at')
      .execute();
  }
}

/** The last check of each phase, in the order of the checks. */
export function lastOfEachPhase(checks: readonly GovernanceCheckTable[]): GovernanceCheckTable[] {
  const last = new Map<string, GovernanceCheckTable>();
  for (const check of checks) {
    last.delete(check.phase);
    last.set(check.phase, check);
  }
  return [...last.values()];
}

/** Digest of a policy in effect: the same for the same rules, whichever layers they come from. */
export function policyDigestOf({ policy }: Pick<EffectivePolicyView, 'policy'>): string {
  return digestOf(toJson(policy));
}

/** A check as the API gives it. */
export function checkView(row: GovernanceCheckTable): GovernanceCheck {
  const parsed = (text: string | null): unknown => (text === null ? null : JSON.parse(text));
  return governanceCheckSchema.parse({
    phase: row.phase,
    checked_at: isoTime(row.checked_at),
    skipped_by: row.skipped_by,
    results: parsed(row.results),
    hygiene: parsed(row.hygiene),
    workspace_digest: row.workspace_digest,
    policy_digest: policyDigestOf(JSON.parse(row.policy)),
    override: parsed(row.override),
  });
}
