import type { Engine } from '@loopwright/engine';
import { type Clock, messageOf } from '@loopwright/protocol';
import type { FastifyBaseLogger } from 'fastify';
import type { RunStore, StoredRun } from './run-store.ts';
import type { RunTable } from './run-tables.ts';
import type { RunState } from './state/project-run.ts';
import { recordedState } from './state/recorded-state.ts';
import { UsageReader } from './state/usage-reader.ts';

/** How long changes of a run are collected before they are written when nobody asks, in milliseconds. */
const SETTLE_MS = 25;

/** How long after a failed write it is tried again, in milliseconds. */
const RETRY_MS = 2000;

/** What a tracker works with, and what it tells. */
export interface TrackerParts {
  readonly engine: Pick<Engine, 'read' | 'subscribe'>;
  readonly store: RunStore;
  readonly clock: Clock;
  readonly log: FastifyBaseLogger;
  /** Called behind each change of a run that was written, one at a time for each run. */
  readonly changed: (stored: StoredRun, state: RunState) => Promise<void>;
}

interface Tracked {
  run: RunTable;
  executions: readonly string[];
  usage: UsageReader;
  unsubscribe: () => void;
  cancelTimer: (() => void) | undefined;
  isDirty: boolean;
  /** The projection that is stored, as text. */
  written: string;
  last: Promise<void>;
}

/** Writes where the open runs stand whenever the engine records something, so that lists can be filtered and what is left of a run outlives its history. */
export class RunTracker {
  readonly #parts: TrackerParts;
  readonly #tracked = new Map<string, Tracked>();
  #isClosed = false;

  constructor(parts: TrackerParts) {
    this.#parts = parts;
  }

  /** Follows a run from now on; one that is followed as another execution is followed as this one. */
  async track(run: RunTable): Promise<void> {
    const before = this.#tracked.get(run.run_id);
    if (before?.run.execution_id === run.execution_id || this.#isClosed) return;
    const executions = (await this.#parts.store.executions(run.run_id)).map(({ execution_id }) => execution_id);
    const other = this.#tracked.get(run.run_id);
    if (other?.run.execution_id === run.execution_id) return;
    if (other !== undefined) this.#drop(other);
    const tracked: Tracked = {
      run,
      executions,
      usage: new UsageReader(this.#parts.engine.read),
      unsubscribe: () => undefined,
      cancelTimer: undefined,
      isDirty: true,
      written: '',
      last: Promise.resolve(),
    };
    this.#tracked.set(run.run_id, tracked);
    tracked.unsubscribe = this.#parts.engine.subscribe(run.execution_id, () => this.#touch(tracked));
    this.#touch(tracked);
  }

  /** Writes what has changed of a run; afterwards its rows are as the record was when this was called. */
  async refresh(runId: string): Promise<void> {
    const tracked = this.#tracked.get(runId);
    if (tracked === undefined) return;
    const next = tracked.last.then(() => this.#write(tracked));
    tracked.last = next.catch(() => undefined);
    await next;
  }

  /** Writes what has changed of every run. */
  async refreshAll(): Promise<void> {
    const dirty = [...this.#tracked.values()].filter(({ isDirty }) => isDirty);
    await Promise.all(dirty.map(({ run }) => this.refresh(run.run_id)));
  }

  /** Stops following, when what is being written is written. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const all = [...this.#tracked.values()];
    for (const tracked of all) this.#drop(tracked);
    await Promise.all(all.map(({ last }) => last));
  }

  #touch(tracked: Tracked, afterMs = SETTLE_MS): void {
    tracked.isDirty = true;
    tracked.cancelTimer ??= this.#parts.clock.schedule(afterMs, () => {
      tracked.cancelTimer = undefined;
      this.refresh(tracked.run.run_id).catch((error: unknown) => {
        this.#parts.log.error({ err: error, run_id: tracked.run.run_id }, `Cannot write the state of a run: ${messageOf(error)}`);
        if (!this.#isClosed) this.#touch(tracked, RETRY_MS);
      });
    });
  }

  async #write(tracked: Tracked): Promise<void> {
    if (!tracked.isDirty || this.#isClosed) return;
    tracked.isDirty = false;
    try {
      const { run, executions, usage } = tracked;
      const state = recordedState(this.#parts.engine.read, run, usage.usage(executions));
      if (state === undefined) return;
      const { gate: _gate, advances: _advances, ...projection } = state;
      const text = JSON.stringify(projection);
      const { run_id, execution_id } = run;
      if (text !== tracked.written) {
        await this.#parts.store.project(run_id, execution_id, projection);
        tracked.written = text;
      }
      const stored = await this.#parts.store.find(run_id);
      if (stored !== undefined) await this.#parts.changed(stored, state);
      if (state.completed_at !== null && !tracked.isDirty) this.#drop(tracked);
    } catch (error) {
      tracked.isDirty = true;
      throw error;
    }
  }

  #drop(tracked: Tracked): void {
    tracked.unsubscribe();
    tracked.cancelTimer?.();
    if (this.#tracked.get(tracked.run.run_id) === tracked) this.#tracked.delete(tracked.run.run_id);
  }
}
