import type { Execution, ProjectScope, Why } from '@loopwright/engine';
import {
  type ArtifactsResponse,
  type CloneRunRequest,
  type CreateRunRequest,
  type ListRunsQuery,
  type ListRunsResponse,
  type MetricsSummary,
  PlatformError,
  type RunDetail,
  type RunEstimate,
} from '@loopwright/protocol';
import type { ServerDatabase } from '../database/server-database.ts';
import { type AdvanceOutcome, type AdvanceRequest, advanceBySelf, advanceRun } from './advance-run.ts';
import { cloneRequest, createRun, requireRun, runNotFound } from './create-run.ts';
import { listRuns } from './list-runs.ts';
import { type QualitySource, type WarningCounts, noWarnings, notMeasured } from './metrics/quality.ts';
import { runMetrics } from './metrics/run-metrics.ts';
import { estimateRun } from './estimate-run.ts';
import { recoverRuns } from './recover-runs.ts';
import type { Asked } from './request-id.ts';
import { retryRun } from './retry-run.ts';
import type { RunParts } from './run-parts.ts';
import { type ArtifactsQuery, artifactsView } from './run-artifacts.ts';
import { NO_OTHERS, pastRuns } from './read-past-runs.ts';
import { RunStore, type StoredRun } from './run-store.ts';
import type { RunTable } from './run-tables.ts';
import { RunTracker } from './run-tracker.ts';
import { runsOfExecutions, type RunOfExecution } from './runs-of-executions.ts';
import { detailView, listItemView } from './run-views.ts';
import { type AnswererOf, executionsWaitingFor, openTasksOf } from './waiting-for.ts';
import { explainRun } from './run-why.ts';
import type { RunState } from './state/project-run.ts';
import { StateExport } from './state/state-export.ts';
import { UsageReader } from './state/usage-reader.ts';
import { keepWorkspaces } from './workspace-retention.ts';
import { removeLeftovers } from './workspace/remove-leftovers.ts';
import type { Workspace } from './workspace/workspace.ts';

/** What runs are built on. */
export interface RunsOptions extends Omit<RunParts, 'store' | 'tracker'> {
  readonly database: ServerDatabase;
  /** How long a run keeps its workspace when it has ended, in milliseconds; `null` for ever. */
  readonly keepWorkspacesMs: number | null;
  /** Gates and hygiene; without it both are not measured. */
  readonly quality?: QualitySource;
  /** How much the gates warned of; without it nothing is counted. */
  readonly warnings?: WarningCounts;
}

/** The runs of this server: phased executions, their workspaces and their metrics. */
export class Runs implements AsyncDisposable {
  readonly #parts: RunParts;
  readonly #options: RunsOptions;
  readonly #export: StateExport;
  #stopRetention: () => Promise<void> = async () => undefined;

  constructor(options: RunsOptions) {
    const { engine, clock, log } = options;
    const store = new RunStore(options.database);
    const tracker = new RunTracker({ engine, store, clock, log, changed: (stored, state) => this.#changed(stored, state) });
    this.#options = options;
    this.#parts = { ...options, store, tracker };
    this.#export = new StateExport(this.#parts);
  }

  /** Removes what a process that died left half-written; call it once, before anything is executed. */
  async removeLeftovers(): Promise<void> {
    const { store, workspaces, clock } = this.#parts;
    await removeLeftovers({ store, workspaces, now: clock.now() });
  }

  /** Takes up the runs that have not ended; call it once, when the engine was opened for work. */
  async recover(): Promise<void> {
    await recoverRuns(this.#parts);
    for (const runId of await this.#parts.store.notExported()) {
      const stored = await this.#parts.store.find(runId);
      if (stored !== undefined) this.#export.request(stored);
    }
    const { keepWorkspacesMs } = this.#options;
    if (keepWorkspacesMs !== null) this.#stopRetention = keepWorkspaces(this.#parts, keepWorkspacesMs);
  }

  /** Creates a run; see {@link createRun}. */
  async create(request: CreateRunRequest, asked: Asked): Promise<{ readonly created: boolean; readonly run: RunTable }> {
    const { created, run } = await createRun(this.#parts, request, asked);
    return { created, run: created ? run : await this.find(run.run_id) };
  }

  /** Creates a run like another one; see {@link createRun}. Throws RUN_NOT_FOUND as well. */
  async clone(
    runId: string,
    overrides: CloneRunRequest,
    asked: Asked,
  ): Promise<{ readonly created: boolean; readonly run: RunTable }> {
    const source = await this.find(runId);
    return createRun(this.#parts, cloneRequest(source, overrides), { ...asked, clonedFrom: runId });
  }

  /** A run as it is now. Throws RUN_NOT_FOUND. */
  async find(runId: string): Promise<RunTable> {
    await this.#parts.tracker.refresh(runId);
    return requireRun(this.#parts, runId);
  }

  /** A run with its phases; `projects` are those whose runs estimates may rest on when its own project has none. Throws RUN_NOT_FOUND. */
  async detail(runId: string, projects: ProjectScope = NO_OTHERS): Promise<RunDetail> {
    const stored = await this.#stored(runId);
    const past = await pastRuns(this.#parts.store, stored.run, projects);
    return detailView(stored, await this.#parts.workspaces.of(runId).count(), past);
  }

  /** Writes what has changed of every run, so that a query finds the runs as they are now. */
  refreshAll(): Promise<void> {
    return this.#parts.tracker.refreshAll();
  }

  /** The runs that fit a query. */
  async list(query: ListRunsQuery, projects: ProjectScope, mine: AnswererOf): Promise<ListRunsResponse> {
    await this.#parts.tracker.refreshAll();
    const { engine } = this.#parts;
    const among = query.waiting_for === undefined ? undefined : executionsWaitingFor(engine, mine);
    const { runs, total, nextCursor } = await listRuns(this.#options.database, { ...query, among }, projects);
    const warnings = await (this.#options.warnings ?? noWarnings)(runs.map(({ run_id }) => run_id));
    const items = runs.map((run) => listItemView(run, { open: openTasksOf(engine, run), warnings: warnings.get(run.run_id) }));
    return { runs: items, total, limit: query.limit, offset: query.offset, next_cursor: nextCursor };
  }

  /** The runs that executions are or were, by the id of the execution; those of none are left out. */
  ofExecutions(executionIds: readonly string[]): Promise<ReadonlyMap<string, RunOfExecution>> {
    return runsOfExecutions(this.#options.database, executionIds, this.#options.warnings ?? noWarnings);
  }

  /** Lets a run go on to its next phase; see {@link advanceRun}. */
  async advance(runId: string, request: AdvanceRequest): Promise<AdvanceOutcome> {
    return advanceRun(this.#parts, await this.find(runId), request);
  }

  /** Tries a failed run again; see {@link retryRun}. */
  async retry(runId: string, asked: Asked): Promise<RunDetail> {
    await retryRun(this.#parts, await this.find(runId), asked);
    return this.detail(runId);
  }

  /** Ends a run for good. Throws RUN_NOT_FOUND, INVALID_STATE. */
  async cancel(runId: string, { by, reason }: { by: string; reason: string | null }): Promise<RunDetail> {
    const { execution_id } = await this.find(runId);
    await this.#parts.engine.cancel(execution_id, { who: by, reason });
    return this.detail(runId);
  }

  /** Stops a run before its next step. Throws RUN_NOT_FOUND, INVALID_STATE. */
  async pause(runId: string, by: string): Promise<RunDetail> {
    const { execution_id } = await this.find(runId);
    await this.#parts.engine.pause(execution_id, by);
    return this.detail(runId);
  }

  /** Lets a paused run go on. Throws RUN_NOT_FOUND, INVALID_STATE. */
  async resume(runId: string, by: string): Promise<RunDetail> {
    const { execution_id } = await this.find(runId);
    await this.#parts.engine.resume(execution_id, by);
    return this.detail(runId);
  }

  /** What was measured of a run, and what is to be expected; `projects` as in {@link detail}. Throws RUN_NOT_FOUND. */
  async metrics(runId: string, projects: ProjectScope = NO_OTHERS): Promise<MetricsSummary> {
    const { store, workspaces, clock } = this.#parts;
    const stored = await this.#withUsage(await this.#stored(runId));
    return runMetrics({
      stored,
      counts: await workspaces.of(runId).count(),
      quality: await (this.#options.quality ?? notMeasured)(runId),
      past: await pastRuns(store, stored.run, projects),
      now: clock.now(),
    });
  }

  /** What a run that is not made yet is to be expected to take; see {@link estimateRun}. */
  async estimate(asked: { profile: string; projectId: string }, projects: ProjectScope): Promise<RunEstimate> {
    await this.#parts.tracker.refreshAll();
    return estimateRun(this.#parts, asked, projects);
  }

  /** Why a run does not move. Throws RUN_NOT_FOUND, and EXECUTION_NOT_FOUND when the engine does not keep its execution any more. */
  async why(runId: string): Promise<Why> {
    const run = await this.find(runId);
    const execution = this.#parts.engine.read.execution(run.execution_id);
    if (execution !== undefined) return explainRun(this.#parts.engine, execution, run);
    throw new PlatformError('EXECUTION_NOT_FOUND', 'Cannot say why: the execution of the run is not kept any more');
  }

  /** Why an execution does not move, which may be that of a run. */
  async explain(execution: Execution): Promise<Why> {
    const runId = await this.#parts.workspaces.runOf(execution.id);
    const stored = runId === undefined ? undefined : await this.#parts.store.find(runId);
    const { engine } = this.#parts;
    return stored?.run.execution_id === execution.id
      ? explainRun(engine, execution, stored.run)
      : engine.operations.why(execution);
  }

  /** Throws INVALID_STATE for an execution of a run: what begins it again as another one must go on as the run. */
  async requireOwn(executionId: string): Promise<void> {
    const runId = await this.#parts.workspaces.runOf(executionId);
    if (runId === undefined) return;
    throw new PlatformError(
      'INVALID_STATE',
      `Cannot begin the execution again: it belongs to a run; POST /api/v1/runs/${runId}/retry`,
    );
  }

  /** The artifacts of a run, in the order of its phases. Throws RUN_NOT_FOUND. */
  async artifacts(runId: string, query: ArtifactsQuery): Promise<ArtifactsResponse> {
    const { phases } = await this.#stored(runId);
    const order = phases.map(({ phase }) => phase);
    return artifactsView(runId, this.#parts.workspaces.of(runId), { ...query, order });
  }

  /** The workspace of a run. Throws RUN_NOT_FOUND. */
  async workspace(runId: string): Promise<Workspace> {
    await requireRun(this.#parts, runId);
    return this.#parts.workspaces.of(runId);
  }

  /**
   * Lets a run go on as another execution, which `begin` begins (it must be safe to repeat). The pointer is moved first, so that what the new
   * execution does belongs to the run; when `begin` throws, it is moved back. Throws CONFLICT when the run is another execution by now.
   */
  async continueAs(runId: string, executionId: string, begin: () => Promise<void>): Promise<void> {
    const run = await this.find(runId);
    const { store, clock, tracker } = this.#parts;
    const replaced = { from: run.execution_id, to: executionId, reason: 'rollback', at: clock.now() } as const;
    if (run.execution_id !== executionId && !(await store.replaceExecution(runId, replaced)))
      throw new PlatformError('CONFLICT', 'Cannot go on with the run: somebody else was first');
    try {
      await begin();
    } catch (error) {
      if (run.execution_id !== executionId) await store.restoreExecution(run, executionId);
      throw error;
    }
    await tracker.track(await requireRun(this.#parts, runId));
  }

  /** Stops following the runs; what is being written is written. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stopRetention();
    await this.#parts.tracker.close();
    await this.#export.close();
  }

  async #stored(runId: string): Promise<StoredRun> {
    await this.#parts.tracker.refresh(runId);
    const stored = await this.#parts.store.find(runId);
    if (stored === undefined) throw runNotFound(runId);
    return stored;
  }

  /** A step may say what it used after its run has ended: it is read again as long as the engine has it. */
  async #withUsage(stored: StoredRun): Promise<StoredRun> {
    const { engine, store } = this.#parts;
    const executions = (await store.executions(stored.run.run_id)).map(({ execution_id }) => execution_id);
    if (executions.some((id) => engine.read.firstEvent(id) !== 1)) return stored;
    const usage = new UsageReader(engine.read).usage(executions);
    return {
      ...stored,
      phases: stored.phases.map((phase) => ({ ...phase, usage: JSON.stringify(usage.get(phase.phase) ?? []) })),
    };
  }

  async #changed(stored: StoredRun, state: RunState): Promise<void> {
    if (stored.run.mode === 'auto') await advanceBySelf(this.#parts, stored.run, state);
    this.#export.request(stored);
  }
}
