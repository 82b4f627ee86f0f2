import { type Clock, type Json, PlatformError } from '@loopwright/protocol';
import type { WorkflowDefinition } from '../definition/definition.ts';
import { type Progress, progressOf } from '../diagram/progress.ts';
import {
  EXECUTION_STATUSES,
  type Execution,
  type ExecutionStatus,
  type JournalEntry,
  type ProjectScope,
  type StoredDefinition,
  isFinal,
} from '../execution/execution.ts';
import { type Why, explain } from '../execution/why.ts';
import type { Store, StoreTransaction } from '../store/store.ts';
import { requireExecution } from './control.ts';
import { includesProject } from '../store/project-condition.ts';
import type { Definitions } from './definitions.ts';
import type { Lives } from './lives.ts';
import { type Compatibility, compareRehearsals, moveExecution, requireMovable, requireUnmoved } from './move-execution.ts';
import type { Rehearsal } from './rehearsal.ts';
import {
  type RestartPlan,
  type RestartRequest,
  planRestart,
  everyTaskPassed,
  planRetry,
  requireEnded,
  restartExecution,
} from './restart-execution.ts';

/** What the operations need from the engine that offers them. */
export interface OperationsParts {
  readonly store: Store;
  readonly lives: Lives;
  readonly clock: Clock;
  readonly definitions: Definitions;
  /** Throws VALIDATION_ERROR when an input does not fit a definition. */
  readonly checkInput: (definition: WorkflowDefinition, input: Json) => void;
  /** Writes what somebody asks for, and takes care of the executions when the store refuses. */
  readonly order: <T>(executionIds: readonly string[], mutation: (transaction: StoreTransaction) => T) => Promise<T>;
}

/** One definition of a workflow, and how many executions are pinned to it. */
export interface WorkflowVersion extends Pick<StoredDefinition, 'version' | 'digest' | 'createdAt'> {
  /** Whether it is the one that is started now. */
  readonly current: boolean;
  /** By status; 10,000 stands for that many or more. */
  readonly counts: Partial<Record<ExecutionStatus, number>>;
}

/** An execution that is to begin again. */
export type { RestartRequest } from './restart-execution.ts';

/** How far the executions of one definition are counted: a million of them would hold up everything else. */
const COUNT_LIMIT = 10_000;

/** The longest list of executions that are stuck. */
const STUCK_LIMIT = 500;

/** What people do with executions besides starting, answering and stopping them. */
export class Operations {
  readonly #parts: OperationsParts;

  constructor(parts: OperationsParts) {
    this.#parts = parts;
  }

  /** All definitions of a workflow, the newest first; of their executions those of some projects are counted. Throws WORKFLOW_NOT_FOUND. */
  versions(name: string, projects?: ProjectScope): WorkflowVersion[] {
    const { store, definitions } = this.#parts;
    const current = definitions.startable.get(name)?.digest;
    const stored = store.read.definitionsOf(name);
    if (stored.length === 0) throw new PlatformError('WORKFLOW_NOT_FOUND', `Cannot find the workflow "${name}"`);
    return stored.map(({ version, digest, createdAt }) => {
      const counts = store.read.executionCounts(digest, COUNT_LIMIT, projects);
      return { version, digest, createdAt, current: digest === current, counts };
    });
  }

  /** Says whether an execution can go on under another definition, and where it would part from what is recorded. Changes nothing. */
  async rehearseMove(executionId: string, digest: string): Promise<Compatibility> {
    const { execution, journal, to } = this.#move(executionId, digest);
    return this.#compare(execution, journal, to);
  }

  /**
   * Pins an execution to another definition of its workflow, from where it stands. Throws INVALID_STATE when it has ended, has a step under way
   * or does not fit, with the key at which it would part; CONFLICT when it went on meanwhile.
   */
  async move(executionId: string, digest: string, who: string): Promise<Execution> {
    const { store, lives, clock, order } = this.#parts;
    const { execution, journal, to } = this.#move(executionId, digest);
    requireMovable(execution, journal);
    const { divergesAt } = await this.#compare(execution, journal, to);
    if (divergesAt !== null) {
      throw new PlatformError('INVALID_STATE', `Cannot move the execution: ${divergesAt.reason} (at "${divergesAt.key}")`, {
        details: { diverges_at: { ...divergesAt } },
      });
    }
    requireUnmoved(store.read.journal(executionId), journal, lives.isBusy(executionId));
    // From here on the old definition must not record anything; what it has asked for comes before the move, and is seen there.
    lives.stop(executionId);
    try {
      const moved = await order([executionId], (transaction) =>
        moveExecution(transaction, execution, { to, journal, who, at: clock.now() }),
      );
      // Whoever resumed it meanwhile took it up under the old definition.
      lives.stop(executionId);
      return moved;
    } finally {
      lives.load(executionId);
    }
  }

  /** Begins an execution that has ended again, as a new one that shares what was recorded before a task. */
  async restart(request: RestartRequest): Promise<{ created: boolean; execution: Execution }> {
    const { source, journal, definition } = this.#ended(request.executionId, 'restart');
    if (request.from !== undefined) this.#requireHistory(request.executionId, 'restart');
    if (request.from === undefined && request.input !== undefined) this.#parts.checkInput(definition, request.input);
    const rehearse = (shown: readonly JournalEntry[]): Promise<Rehearsal> =>
      this.#parts.lives.rehearse(source, definition, shown);
    return this.#begin(await planRestart(request, { source, journal, rehearse }), definition);
  }

  /** Begins an execution that failed again, as a new one that shares everything outside of the task that failed. */
  async retry(
    request: Pick<RestartRequest, 'executionId' | 'newId' | 'startedBy'>,
  ): Promise<{ created: boolean; execution: Execution }> {
    const { source, journal, definition } = this.#ended(request.executionId, 'retry');
    this.#requireHistory(request.executionId, 'retry');
    if (source.status !== 'failed') {
      throw new PlatformError('INVALID_STATE', `Cannot retry the execution: it is ${source.status}, not failed`, {
        details: { status: source.status },
      });
    }
    const rehearse = (shown: readonly JournalEntry[]): Promise<Rehearsal> =>
      this.#parts.lives.rehearse(source, definition, shown);
    return this.#begin(await planRetry(request, { source, journal, rehearse }), definition);
  }

  /** How far an execution has come, task by task, with the definition it runs. */
  async progress(executionId: string): Promise<{ definition: WorkflowDefinition; progress: Progress }> {
    const { store, lives } = this.#parts;
    const execution = requireExecution(store.read, executionId);
    const definition = this.#definitionOf(execution.definitionDigest);
    const journal = store.read.journal(executionId);
    const rehearse = (shown: readonly JournalEntry[]): Promise<Rehearsal> => lives.rehearse(execution, definition, shown);
    const tasks = await everyTaskPassed(journal, rehearse);
    return { definition, progress: progressOf(definition, { execution, journal, tasks }) };
  }

  /** Why an execution is where it is. */
  why(execution: Execution): Why {
    const { store, lives, definitions, clock } = this.#parts;
    return explain(store.read, execution, clock, {
      rest: lives.resting(execution.id),
      turns: lives.limits.turnstile?.waiting(execution.id) ?? [],
      isLoadable: isFinal(execution.status) || definitions.ofDigest(execution.definitionDigest) !== undefined,
    });
  }

  /**
   * Executions that go on only when somebody does something, and are so for a time: paused, with a definition that cannot be loaded, refused
   * by the store, or with nothing to wait for. Those that wait for people or events are not among them. At most 500, of these projects.
   */
  stuck(forMs: number, projects: ProjectScope = { except: [] }): Execution[] {
    const { store, lives, definitions, clock } = this.#parts;
    const before = clock.now() - forMs;
    const resting = lives.restingIds().flatMap((id) => store.read.execution(id) ?? []);
    const open = EXECUTION_STATUSES.filter((status) => !isFinal(status));
    const broken = store.read
      .openDigests()
      .filter((digest) => definitions.ofDigest(digest) === undefined)
      .flatMap((definitionDigest) =>
        open.flatMap((status) => store.read.executions({ definitionDigest, status, projects, limit: STUCK_LIMIT }).executions),
      );
    const found = [...resting, ...broken, ...store.read.withoutWakeUp(before, STUCK_LIMIT, projects)];
    const isStill = ({ status, updatedAt, projectId }: Execution): boolean =>
      !isFinal(status) && updatedAt <= before && includesProject(projects, projectId);
    const still = found.filter(isStill);
    return [...new Map(still.map((execution) => [execution.id, execution])).values()].slice(0, STUCK_LIMIT);
  }

  #move(executionId: string, digest: string): { execution: Execution; journal: readonly JournalEntry[]; to: WorkflowDefinition } {
    const { read } = this.#parts.store;
    const execution = requireExecution(read, executionId);
    const stored = read.definition(digest);
    if (stored === undefined || stored.name !== execution.workflow)
      throw new PlatformError('WORKFLOW_NOT_FOUND', `Cannot find the definition "${digest}" of "${execution.workflow}"`);
    return { execution, journal: read.journal(executionId), to: this.#definitionOf(digest) };
  }

  async #compare(execution: Execution, journal: readonly JournalEntry[], to: WorkflowDefinition): Promise<Compatibility> {
    const { lives } = this.#parts;
    const from = this.#parts.definitions.ofDigest(execution.definitionDigest);
    const before = from === undefined ? undefined : await lives.rehearse(execution, from, journal);
    return compareRehearsals(journal, before, await lives.rehearse(execution, to, journal));
  }

  /** What was compacted cannot be shared with another execution: it would all be done again. */
  #requireHistory(id: string, verb: string): void {
    if ((this.#parts.store.read.firstEvent(id) ?? 1) === 1) return;
    throw new PlatformError('INVALID_STATE', `Cannot ${verb} the execution: its history was compacted`);
  }

  #ended(id: string, verb: string): { source: Execution; journal: readonly JournalEntry[]; definition: WorkflowDefinition } {
    const { read } = this.#parts.store;
    const source = requireExecution(read, id);
    requireEnded(source, verb);
    return { source, journal: read.journal(id), definition: this.#definitionOf(source.definitionDigest) };
  }

  async #begin(plan: RestartPlan, definition: WorkflowDefinition): Promise<{ created: boolean; execution: Execution }> {
    const { lives, clock, order } = this.#parts;
    const result = await order([plan.newId], (transaction) =>
      restartExecution(transaction, plan, { definition, at: clock.now() }),
    );
    if (result.created) lives.load(plan.newId);
    return result;
  }

  #definitionOf(digest: string): WorkflowDefinition {
    const definition = this.#parts.definitions.ofDigest(digest);
    if (definition !== undefined) return definition;
    throw new PlatformError('INVALID_STATE', `Cannot load the definition "${digest}": it does not fit this program any more`);
  }
}
