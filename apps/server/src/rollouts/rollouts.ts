// Invariants:
// O1. The row says what a rollout is; the plan in the program's folder follows it, and is written again from it when the server starts.
// O2. A row is on disk before the plan, the pointer or an answer says the same. The promotion has the rollout's name, so that doing it again is doing nothing.
// O3. Changes of rollouts happen one after the other; nobody else writes their rows.
import type { ProgramStore } from '@loopwright/edge';
import {
  ACTIVE_ALIAS,
  type Clock,
  type Random,
  PlatformError,
  type Rollout,
  type RolloutAction,
  type RolloutHistoryEntry,
  type StartRolloutRequest,
  isoTime,
  messageOf,
} from '@loopwright/protocol';
import type { ResourceProjects } from '../authorization/resource-projects.ts';
import type { ServerDatabase } from '../database/server-database.ts';
import type { NoticeOutbox } from '../events/notice-outbox.ts';
import type { NewestFirst } from '../programs/behaviour-diffs.ts';
import type { EdgeClient } from '../programs/edge-client.ts';
import { addFigures } from './add-figures.ts';
import { endNotices } from './end-notices.ts';
import { findIncumbent } from './find-incumbent.ts';
import { judgeRollout } from './judge-rollout.ts';
import { endedBy, finishPromotion, planOf } from './carry-out.ts';
import { NO_ROLLOUT_EVIDENCE, type RolloutEvidence, type RolloutRow, shownPercentage } from './rollout-state.ts';
import { RolloutStore } from './rollout-store.ts';
import { isUnderWay, rolloutTag, rolloutView } from './rollout-view.ts';

/** The percentages of a canary (`reference/domain.md` §3.5). */
const STAGES = [5, 25, 50, 100];
const LOOK_INTERVAL_MS = 1000;
/** Entries of a history; the oldest but the first go. */
const HISTORY_LIMIT = 500;

/** What rollouts work with. */
export interface RolloutsOptions {
  readonly programs: ProgramStore;
  readonly edge: EdgeClient;
  readonly database: ServerDatabase;
  /** Tells in the stream of events how rollouts end. */
  readonly outbox: NoticeOutbox;
  readonly resources: Pick<ResourceProjects, 'projectOfProgram'>;
  readonly clock: Clock;
  readonly random: Random;
  /** How often figures are looked at, in milliseconds. Default 1000. */
  readonly lookIntervalMs?: number;
  /** Told in one line what an operator should know. */
  readonly log: (message: string) => void;
}

type Change = { readonly action: RolloutHistoryEntry['action']; readonly reason: string | null; readonly by: string | null };

/** Moves programs from one version to another, step by step, as the rules of `judgeRollout` or people say. */
export class Rollouts implements AsyncDisposable {
  readonly #options: RolloutsOptions;
  readonly #store: RolloutStore;
  #serial: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  #stopTimer: () => void = () => undefined;

  constructor(options: RolloutsOptions) {
    this.#options = options;
    this.#store = new RolloutStore(options.database, options.outbox);
  }

  /** Goes on with what was under way when the process before ended, and begins to look at figures. */
  async recover(): Promise<void> {
    await this.#alone(async () => {
      const { programs } = this.#options;
      const names = await programs.programs();
      const rows = (await this.#store.underWay()).filter(({ program }) => names.includes(program));
      for (const row of rows)
        if (row.status === 'promoting') await this.#finish(row);
        else await programs.setRollout(row.program, planOf(row), row.alias);
      // A plan without a row is one that has ended.
      for (const name of names)
        for (const alias of [ACTIVE_ALIAS, ...(await programs.aliases(name)).keys()]) {
          const isUnderWayStill = rows.some((row) => row.program === name && row.alias === alias);
          if (!isUnderWayStill && (await programs.rollout(name, alias)) !== null) await programs.setRollout(name, null, alias);
        }
    });
    this.#plan();
  }

  /** The rollouts of a program, the newest first. */
  async list(program: string, part: NewestFirst): Promise<Rollout[]> {
    return (await this.#store.of(program, part)).map((row) => this.#view(row));
  }

  /** Throws ROLLOUT_NOT_FOUND. */
  async get(program: string, rolloutId: string): Promise<Rollout> {
    return this.#view(await this.#store.get(program, rolloutId));
  }

  /** A rollout of whatever program. Throws ROLLOUT_NOT_FOUND. */
  async find(rolloutId: string): Promise<Rollout> {
    return this.#view(await this.#store.find(rolloutId));
  }

  /** The newest canary of a program; `undefined`: there was none. */
  async newestCanary(program: string): Promise<Rollout | undefined> {
    const row = await this.#store.newestCanary(program);
    return row === undefined ? undefined : this.#view(row);
  }

  /** What the newest canary between two versions has counted, and from when to when (milliseconds since 1970 UTC); `undefined`: there was none. */
  async evidence(
    program: string,
    between: { readonly incumbent: number; readonly candidate: number },
  ): Promise<{ rolloutId: string; evidence: RolloutEvidence; from: number; to: number } | undefined> {
    const row = await this.#store.newestCanary(program, between);
    if (row === undefined) return undefined;
    const { rollout_id: rolloutId, evidence, created_at: from } = row;
    return { rolloutId, evidence, from, to: row.completed_at ?? this.#options.clock.now() };
  }

  /**
   * Begins a rollout beside what an alias points to. Throws ARTIFACT_NOT_FOUND, NO_ACTIVE_VERSION, ALIAS_NOT_FOUND, ROLLOUT_IN_PROGRESS; INVALID_STATE when the
   * alias points to the candidate; ALIAS_MOVED when it does not point to `expected`.
   */
  async start(program: string, request: StartRolloutRequest, by: { userId: string; expected: number | null }): Promise<Rollout> {
    return this.#alone(async () => {
      const { programs, clock, random } = this.#options;
      const { candidate, mode, alias } = request;
      const incumbent = await findIncumbent(programs, program, { alias, candidate, expected: by.expected });
      const now = clock.now();
      const row: RolloutRow = {
        rollout_id: random.uuid(),
        program,
        alias,
        mode,
        incumbent,
        candidate,
        status: 'in_progress',
        status_reason: null,
        paused_by: null,
        stage: 0,
        stage_started_at: now,
        stage_from_requests: 0,
        settings: {
          stages: request.stages ?? (mode === 'shadow' ? [100] : STAGES),
          stage_seconds: request.stage_seconds,
          minimum_samples: request.minimum_samples,
        },
        evidence: NO_ROLLOUT_EVIDENCE,
        history: [],
        comment: request.comment ?? null,
        created_by: by.userId,
        created_at: now,
        completed_at: null,
        revision: 0,
      };
      const begun = this.#changed(row, {}, { action: 'start', reason: row.comment, by: by.userId });
      await this.#store.insert(begun);
      await this.#project(begun);
      return this.#view(begun);
    });
  }

  /**
   * What people do with a rollout, after `check` has seen it. Throws ROLLOUT_NOT_FOUND, what `check` throws, and INVALID_STATE when the action does not fit
   * its state.
   */
  async act(
    { program, rolloutId, action }: { program: string; rolloutId: string; action: RolloutAction },
    { userId, reason }: { userId: string; reason: string | null },
    check: (seen: Rollout, tag: string) => void,
  ): Promise<Rollout> {
    return this.#alone(async () => {
      const row = await this.#store.get(program, rolloutId);
      const seen = this.#view(row);
      check(seen, rolloutTag(seen));
      const allowed =
        action === 'resume' ? row.status === 'paused' : action === 'pause' ? row.status === 'in_progress' : isUnderWay(row);
      if (!allowed || row.status === 'promoting')
        throw new PlatformError('INVALID_STATE', `Cannot ${action} the rollout: it is ${row.status}`, {
          details: { status: row.status },
        });
      return this.#view(await this.#do(row, { action, reason, by: userId }));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#stopTimer();
    await this.#serial.catch(() => undefined);
  }

  #plan(): void {
    if (this.#isClosed) return;
    this.#stopTimer = this.#options.clock.schedule(this.#options.lookIntervalMs ?? LOOK_INTERVAL_MS, () => {
      void this.#alone(() => this.#lookAtAll()).then(
        () => this.#plan(),
        (error: unknown) => {
          this.#options.log(`Cannot look at rollouts: ${messageOf(error)}`);
          this.#plan();
        },
      );
    });
  }

  async #lookAtAll(): Promise<void> {
    for (const row of await this.#store.underWay()) {
      try {
        await this.#look(row);
      } catch (error) {
        this.#options.log(`Cannot go on with the rollout ${row.rollout_id} of "${row.program}": ${messageOf(error)}`);
      }
    }
  }

  /** Takes what the edge has counted, and does what the rules say. */
  async #look(row: RolloutRow): Promise<void> {
    const { programs, edge, clock } = this.#options;
    if (row.status === 'promoting') return void (await this.#finish(row));
    const active = await programs.getAlias(row.program, row.alias);
    if (active !== row.incumbent)
      return void (await this.#end(row, 'failed', {
        action: 'fail',
        reason: endedBy(row, active),
        by: null,
      }));
    if (edge.url() === null) return;
    const figures = await edge.rollout(row.program, row.alias);
    // It has not seen the plan yet, or had another one before.
    if (figures?.rollout_id !== row.rollout_id) return;
    if (figures.trouble !== null)
      return void (await this.#end(row, 'failed', {
        action: 'fail',
        reason: `The candidate cannot run: ${figures.trouble}`,
        by: null,
      }));
    const counted = { ...row, evidence: addFigures(row.evidence, figures) };
    const verdict = row.mode === 'shadow' ? undefined : judgeRollout(counted, clock.now());
    if (verdict === undefined || verdict.action === 'wait' || (verdict.action === 'pause' && row.status === 'paused')) {
      if (JSON.stringify(counted.evidence) !== JSON.stringify(row.evidence)) await this.#store.put(counted);
      return;
    }
    await this.#do(counted, { ...verdict, by: null });
  }

  async #do(
    row: RolloutRow,
    { action, reason, by }: { action: RolloutAction; reason: string | null; by: string | null },
  ): Promise<RolloutRow> {
    const entry = { action, reason, by };
    switch (action) {
      case 'pause':
        return this.#put(this.#changed(row, { status: 'paused', status_reason: reason, paused_by: by ?? 'rules' }, entry));
      case 'resume':
        return this.#put(this.#changed(row, { status: 'in_progress', status_reason: null, paused_by: null }, entry));
      case 'rollback':
        return this.#end(row, 'rolled_back', entry);
      case 'advance':
        if (row.stage < row.settings.stages.length - 1) return this.#advance(row, entry);
        break;
      case 'promote':
        break;
    }
    const promoting = this.#changed(row, { status: 'promoting', status_reason: reason }, { ...entry, action: 'promote' });
    await this.#store.put(promoting);
    return this.#finish(promoting);
  }

  async #advance(row: RolloutRow, entry: Change): Promise<RolloutRow> {
    return this.#put(
      this.#changed(
        row,
        {
          status: 'in_progress',
          status_reason: null,
          paused_by: null,
          stage: row.stage + 1,
          stage_started_at: this.#options.clock.now(),
          stage_from_requests: row.evidence.totals.candidate.requests,
        },
        entry,
      ),
    );
  }

  /** Lets the alias point to the candidate, once, whatever happened to the last attempt. */
  async #finish(row: RolloutRow): Promise<RolloutRow> {
    const moved = await finishPromotion(this.#options.programs, row);
    const entry = { action: moved.isDone ? 'complete' : 'fail', reason: moved.reason, by: null } as const;
    return this.#end(row, moved.isDone ? 'completed' : 'failed', entry);
  }

  async #end(row: RolloutRow, status: 'completed' | 'rolled_back' | 'failed', entry: Change): Promise<RolloutRow> {
    const { clock, resources, outbox, log } = this.#options;
    const ended = this.#changed(row, { status, status_reason: entry.reason, completed_at: clock.now() }, entry);
    await this.#store.put(ended, endNotices(ended, await resources.projectOfProgram(row.program)));
    await this.#project(ended);
    // What cannot be told now stands in the tables, and is told with what comes next.
    await outbox.tell().catch((error: unknown) => log(`Cannot tell how a rollout has ended: ${messageOf(error)}`));
    return ended;
  }

  #changed(row: RolloutRow, changes: Partial<RolloutRow>, change: Change): RolloutRow {
    const next = { ...row, ...changes, revision: row.revision + 1 };
    const entry = {
      stage: next.stage + 1,
      percentage: shownPercentage(next),
      ...change,
      timestamp: isoTime(this.#options.clock.now()),
    };
    const [first, ...rest] = [...row.history, entry];
    return { ...next, history: first === undefined ? [] : [first, ...rest.slice(-(HISTORY_LIMIT - 1))] };
  }

  async #put(row: RolloutRow): Promise<RolloutRow> {
    await this.#store.put(row);
    await this.#project(row);
    return row;
  }

  /** Lets the edge do what the row says; an edge that is away reads it when it is back. */
  async #project(row: RolloutRow): Promise<void> {
    const { programs, edge, log } = this.#options;
    await programs.setRollout(row.program, isUnderWay(row) ? planOf(row) : null, row.alias);
    if (edge.url() === null) return;
    try {
      await edge.refresh(row.program, row.alias);
    } catch (error) {
      log(`Cannot tell the edge of the rollout of "${row.program}", which will see it by itself: ${messageOf(error)}`);
    }
  }

  #view(row: RolloutRow): Rollout {
    return rolloutView(row, this.#options.clock.now());
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#serial.then(work, work);
    this.#serial = done.catch(() => undefined);
    return done;
  }
}
