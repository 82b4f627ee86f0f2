import { type JsonObject, toJson } from '@loopwright/protocol';
import type { ChildRequest, StepAddress } from '../context/durable-context.ts';
import type { WorkflowDefinition } from '../definition/definition.ts';
import type { JournalEntry } from '../execution/execution.ts';
import { WorkflowError } from '../interpreter/workflow-error.ts';
import type { StoreTransaction } from '../store/store.ts';
import { childIdOf } from '../execution/child-entry.ts';
import { childPlan } from '../limits/child-plan.ts';
import { newEntry } from './new-entry.ts';
import { insertExecution } from './start-execution.ts';

/** How deep workflows may run workflows: one that runs itself ends with an error, not with a full disk. */
const DEPTH_LIMIT = 32;

/** What is to be started, by whom and where in its definition. */
export interface ChildStart {
  readonly executionId: string;
  readonly address: StepAddress;
  readonly child: ChildRequest;
  /** The definition that the request names, if there is one. */
  readonly definition: WorkflowDefinition | undefined;
  readonly at: number;
}

/** Starts the execution of `run: workflow` and records that it is waited for; what cannot be started is recorded as a failure. */
export function startChild(transaction: StoreTransaction, start: ChildStart): JournalEntry {
  const { executionId, address, child, definition, at } = start;
  const parent = transaction.execution(executionId);
  const base = newEntry(address, 'child', at);
  if (parent === undefined || definition === undefined) return refuse(transaction, start, noSuchWorkflow(child));
  if (parent.depth >= DEPTH_LIMIT) return refuse(transaction, start, tooDeep());
  const id = childIdOf(executionId, address.key);
  const { projectId, startedBy } = parent;
  insertExecution(
    transaction,
    { executionId: id, workflow: definition.name, projectId, startedBy, input: child.input },
    { definition, at, parent: { executionId, key: address.key }, depth: parent.depth + 1, plan: childPlan(id, definition) },
  );
  const entry: JournalEntry = child.await
    ? { ...base, state: 'waiting', value: { execution_id: id } }
    : { ...base, state: 'done', recordedAt: at };
  transaction.putEntry(executionId, entry);
  const data = { key: address.key, execution_id: id, workflow_id: definition.name };
  transaction.appendEvent({ executionId, type: 'child_started', step: address.name, at, data });
  if (!child.await) append(transaction, start, 'step_completed', {});
  return entry;
}

function refuse(transaction: StoreTransaction, start: ChildStart, error: WorkflowError): JournalEntry {
  const { executionId, address, at } = start;
  const value = error.toJson();
  const entry: JournalEntry = { ...newEntry(address, 'child', at), state: 'failed', value, recordedAt: at };
  transaction.putEntry(executionId, entry);
  append(transaction, start, 'step_failed', { error: value });
  return entry;
}

function append(transaction: StoreTransaction, { executionId, address, at }: ChildStart, type: string, data: JsonObject): void {
  const { key, name: step } = address;
  transaction.appendEvent({ executionId, type, step, at, data: toJson({ key, ...data }) as JsonObject });
}

function noSuchWorkflow({ namespace, name, version }: ChildRequest): WorkflowError {
  const detail = `Cannot run the workflow "${name}": there is none of the namespace "${namespace}" and the version "${version}"`;
  return new WorkflowError({ type: 'configuration', status: 404, title: 'WORKFLOW_NOT_FOUND', detail });
}

function tooDeep(): WorkflowError {
  const detail = `Cannot run another workflow inside this one: ${DEPTH_LIMIT} lie above it, which is the limit`;
  return new WorkflowError({ type: 'runtime', status: 422, title: 'LIMIT_EXCEEDED', detail });
}
