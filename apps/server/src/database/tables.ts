import type { AuditTable } from '../audit/audit-table.ts';
import type { ExampleProjectTable, GrantTable, ProgramProjectTable } from '../authorization/authorization-tables.ts';
import type { ApiKeyTable, SessionTable } from '../identity/credential-tables.ts';
import type { ModelUsageTable } from '../money/model-usage.ts';
import type { CheckpointTable, RollbackTable } from '../checkpoints/checkpoint-tables.ts';
import type { GovernanceCheckTable } from '../governance/governance-table.ts';
import type { QuotaTable } from '../quotas/quota-table.ts';
import type { BehaviourDiffTable } from '../programs/behaviour-diff-table.ts';
import type { ProgramTaskTable } from '../programs/program-task-table.ts';
import type { UserTable } from '../identity/user-table.ts';
import type { RolloutTable } from '../rollouts/rollout-table.ts';
import type { RunExecutionTable, RunPhaseTable, RunTable } from '../runs/run-tables.ts';
import type { IncidentMarkTable } from '../watching/incident-mark-table.ts';
import type { RepairTable } from '../watching/repair-table.ts';
import type {
  AttemptTable,
  DeliveryTable,
  PendingNoticeTable,
  WebhookCursorTable,
  WebhookTable,
} from '../webhooks/webhook-tables.ts';

/** The server's tables by name. Each one's columns stand beside the code that owns it; times are milliseconds since 1970 UTC. */
export interface ServerTables {
  readonly governance_checks: GovernanceCheckTable;
  readonly checkpoints: CheckpointTable;
  readonly rollbacks: RollbackTable;
  readonly users: UserTable;
  readonly grants: GrantTable;
  readonly example_projects: ExampleProjectTable;
  readonly program_projects: ProgramProjectTable;
  readonly audit: AuditTable;
  readonly api_keys: ApiKeyTable;
  readonly sessions: SessionTable;
  readonly runs: RunTable;
  readonly run_phases: RunPhaseTable;
  readonly run_executions: RunExecutionTable;
  readonly model_usage: ModelUsageTable;
  readonly webhooks: WebhookTable;
  readonly webhook_cursor: WebhookCursorTable;
  readonly webhook_deliveries: DeliveryTable;
  readonly webhook_attempts: AttemptTable;
  readonly rollouts: RolloutTable;
  readonly behaviour_diffs: BehaviourDiffTable;
  readonly pending_notices: PendingNoticeTable;
  readonly quota_use: QuotaTable;
  readonly repairs: RepairTable;
  readonly incident_marks: IncidentMarkTable;
  readonly program_tasks: ProgramTaskTable;
}
