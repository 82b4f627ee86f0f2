import { type Json, type JsonObject, executionStatusSchema } from '@loopwright/protocol';

/** States of an execution. The last three are final. */
export const EXECUTION_STATUSES = executionStatusSchema.options;
export type ExecutionStatus = (typeof EXECUTION_STATUSES)[number];

/** Whether nothing can happen to the execution any more. */
export function isFinal(status: ExecutionStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

/** One durable run of a workflow. Times in milliseconds since 1970-01-01 UTC. */
export interface Execution {
  readonly id: string;
  readonly workflow: string;
  readonly version: string;
  readonly definitionDigest: string;
  readonly projectId: string;
  readonly startedBy: string;
  /** Digest of the request that started it: the same id with another request is a conflict. */
  readonly requestDigest: string;
  readonly status: ExecutionStatus;
  readonly statusSince: number;
  readonly currentStep: string | null;
  readonly input: Json;
  readonly output: Json;
  readonly error: Json;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly completedAt: number | null;
  /** The execution that runs this one by `run: workflow`, and the key of the task that does. */
  readonly parent: { readonly executionId: string; readonly key: string } | null;
  /** How many executions lie above this one. */
  readonly depth: number;
}

/** The part of an execution that changes. */
export type ExecutionChange = Partial<
  Pick<Execution, 'status' | 'statusSince' | 'currentStep' | 'output' | 'error' | 'completedAt' | 'version' | 'definitionDigest'>
>;

/** What was recorded under one key of an execution. */
export interface JournalEntry {
  readonly key: string;
  readonly kind:
    | 'step'
    | 'timer'
    | 'retry'
    | 'ask'
    | 'now'
    | 'deadline'
    | 'emit'
    | 'listen'
    | 'event'
    | 'decision'
    | 'child'
    | 'restart';
  /** `running` and `waiting` are open; `done` and `failed` hold a value; `cancelled` was given up. */
  readonly state: 'running' | 'waiting' | 'done' | 'failed' | 'cancelled';
  /** The name of the task, for people. */
  readonly name: string;
  readonly value: Json;
  /** When it is due; `null` without a timer and while the execution is paused. */
  readonly dueAt: number | null;
  /** What was left of the timer when the execution was paused. */
  readonly remainingMs: number | null;
  readonly createdAt: number;
  readonly recordedAt: number | null;
}

/** A human task as it is stored; `request` is a `HumanTaskRequest`. */
export interface StoredHumanTask {
  readonly id: string;
  readonly executionId: string;
  readonly key: string;
  readonly step: string;
  readonly workflow: string;
  readonly kind: 'clarification' | 'acceptance';
  readonly request: Json;
  readonly subjectDigest: string;
  readonly state: 'open' | 'answered' | 'expired' | 'cancelled';
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly answeredAt: number | null;
  readonly answeredBy: string | null;
  /** The caller's name for this answer: the same one again is the same answer, not a second. */
  readonly answerId: string | null;
  readonly answer: Json;
}

/** An answer that came before its question. */
export interface EarlyAnswer {
  readonly executionId: string;
  readonly step: string;
  readonly answerId: string;
  readonly answeredBy: string;
  readonly answer: Json;
  readonly receivedAt: number;
}

/** Something that happened in an execution; `seq` counts from 1 without gaps. */
export interface ExecutionEvent {
  readonly executionId: string;
  readonly seq: number;
  readonly type: string;
  readonly step: string | null;
  readonly at: number;
  readonly data: JsonObject;
}

/** A definition as it is stored. */
export interface StoredDefinition {
  readonly digest: string;
  readonly name: string;
  readonly version: string;
  readonly source: JsonObject;
  readonly createdAt: number;
}

/** Projects by their ids: these and no others, or all but these. */
export type ProjectScope = { readonly only: readonly string[] } | { readonly except: readonly string[] };

/** Which human tasks are listed, the oldest first; or those that were answered, the newest answer first. */
export interface HumanTaskQuery {
  readonly executionId?: string;
  readonly state?: StoredHumanTask['state'];
  /** Only those behind this one. */
  readonly after?: Pick<StoredHumanTask, 'createdAt' | 'id'>;
  /** The answered ones, by their answers: from the newest, or behind the one with this time of its answer and id. */
  readonly byAnswer?: 'newest' | { readonly answeredAt: number; readonly id: string };
  /** Only those of these projects. */
  readonly projects?: ProjectScope;
  readonly limit: number;
}

/** In which order executions are listed: by one of their fields, and the newest first where that is the same. */
export interface ExecutionOrder {
  readonly by: 'createdAt' | 'workflow' | 'projectId' | 'status';
  readonly isDescending: boolean;
  /** What the field says of the execution that `before` names. Of no use by `createdAt`. */
  readonly behind?: string | undefined;
}

/** Which executions are listed, the newest first unless another order is asked for. */
export interface ExecutionQuery {
  readonly workflow?: string;
  readonly projectId?: string;
  /** Only those of these projects; they are the only ones that are counted. */
  readonly projects?: ProjectScope;
  readonly status?: ExecutionStatus;
  readonly definitionDigest?: string;
  /** Only those that were created at this time or later; milliseconds since 1970-01-01 UTC. */
  readonly createdFrom?: number;
  /** Only those that were created before this time. */
  readonly createdBefore?: number;
  /** Only those whose workflow or project contains this, whatever the case of its letters, or whose id begins with it. */
  readonly text?: string;
  /** Only those with these ids. */
  readonly ids?: readonly string[];
  readonly order?: ExecutionOrder;
  readonly limit: number;
  readonly offset?: number;
  /** Only those behind this place, `next` of the page before in the same order: executions that are started in between move nothing. */
  readonly before?: number;
}

/** One page of executions. */
export interface ExecutionPage {
  readonly executions: Execution[];
  /** How many there are on all pages. */
  readonly total: number;
  /** Where the next page begins; `null` when this one is the last. */
  readonly next: number | null;
}
