import { type Json, toJson } from '@loopwright/protocol';
import { type WorkflowDefinition, digestOf } from '../definition/definition.ts';
import type { Execution } from '../execution/execution.ts';
import type { StartLimits, StartPlan } from '../limits/execution-limits.ts';
import type { StoreTransaction } from '../store/store.ts';

/** What starts an execution. */
export interface StartRequest extends StartLimits {
  /** Chosen by the caller: the same id again is the same execution. */
  readonly executionId: string;
  readonly workflow: string;
  readonly projectId: string;
  readonly input: Json;
  readonly startedBy: string;
}

/** The digest that tells whether two requests with one id are the same. */
export function requestDigestOf({ workflow, projectId, input, startedBy, budgets, priority }: StartRequest): string {
  const limits = {
    ...(budgets === undefined ? {} : { budgets: toJson(budgets) }),
    ...(priority === undefined ? {} : { priority }),
  };
  return digestOf({ workflow, projectId, input, startedBy, ...limits });
}

/** Records a new execution, pinned to its definition. */
export function insertExecution(
  transaction: StoreTransaction,
  request: StartRequest,
  {
    definition,
    at,
    parent = null,
    depth = 0,
    plan,
  }: {
    definition: WorkflowDefinition;
    at: number;
    parent?: Execution['parent'];
    depth?: number;
    plan: Pick<StartPlan, 'status' | 'record'>;
  },
): Execution {
  const { executionId: id, workflow, projectId, startedBy, input } = request;
  const execution: Execution = {
    id,
    workflow,
    projectId,
    startedBy,
    input,
    version: definition.version,
    definitionDigest: definition.digest,
    requestDigest: requestDigestOf(request),
    status: plan.status,
    statusSince: at,
    currentStep: null,
    output: null,
    error: null,
    createdAt: at,
    updatedAt: at,
    completedAt: null,
    parent,
    depth,
  };
  transaction.insertExecution(execution);
  const data = { workflow_id: workflow, ...(parent === null ? {} : { parent_execution_id: parent.executionId }) };
  transaction.appendEvent({ executionId: id, type: 'execution_started', step: null, at, data });
  plan.record(transaction, at);
  return execution;
}
