import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CloudEvent,
  Engine,
  type SubmittedAnswer,
  type WorkflowDefinition,
  defineFunction,
  loadDefinition,
} from '@loopwright/engine';
import { type Json, PlatformError, jsonObjectSchema, seededRandom } from '@loopwright/protocol';
import { definitionOf } from './definition.ts';
import { type Fault, FaultyStore } from './faulty-store.ts';
import { type Flow, type FlowSchedule, workflowName } from './node.ts';
import { type ProcessClock, VirtualClock } from './virtual-clock.ts';

/** Where files are in memory, on Linux: a simulated process dies, the machine does not, so nothing need reach a disk. */
const MEMORY_FOLDER = '/dev/shm';
/** The project of what is started. */
const PROJECT = 'p';

/** The project of the schedule of a definition: by its place, that of what is started or another one, which hears nothing of it. */
function scheduleProject(place: number): string {
  return place % 2 === 0 ? PROJECT : 'q';
}

/** One run of a step's function, as the world outside saw it. */
export interface StepRun {
  readonly idempotencyKey: string;
  readonly token: string;
}

/** A call of the engine's API and what the caller was told; `lost` when the process ended first or the store refused. */
export interface Call {
  readonly kind: 'start' | 'answer' | 'pause' | 'resume' | 'cancel' | 'publish' | 'budget';
  readonly executionId: string;
  readonly step?: string;
  readonly answerId?: string;
  readonly by?: string;
  readonly event?: CloudEvent;
  /** Who listened when an event was published. */
  readonly listening?: readonly { readonly executionId: string; readonly key: string }[];
  outcome: 'pending' | 'lost' | 'taken' | 'buffered' | PlatformError;
}

/** What an answer is for, and who gives it. */
interface Given {
  readonly executionId: string;
  readonly step: string;
  readonly answer: SubmittedAnswer;
  readonly answerId: string;
}

/** What a world is made with. */
interface WorldOptions {
  /** Sees each run of a step before it begins. */
  readonly beforeStep: (executionId: string, idempotencyKey: string) => void;
  /** Sees each write of the store, counted from 0 over all processes, and may name its fault. */
  readonly faultAt?: (operation: number) => Fault | undefined;
}

/** Definitions by their source: all processes of all worlds have the same functions, and to read one takes as long as to start an engine. */
const loaded = new Map<string, WorkflowDefinition>();
const LOADED_LIMIT = 100;

/** Processes that die, a folder and a clock that outlive them, and what callers and steps have seen. */
export class World implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly calls: Call[] = [];
  readonly runs: StepRun[] = [];
  readonly problems: string[] = [];
  /** Whether the store refused something in this process, so that an execution may rest. */
  mayRest = false;
  /** Whether what was due was never kept waiting: by a store that refused, or by time that passed while a process closed. */
  isPunctual = true;
  /** Writes of all processes. */
  operations = 0;
  readonly #dir = mkdtempSync(join(existsSync(MEMORY_FOLDER) ? MEMORY_FOLDER : tmpdir(), 'loopwright-simulation-'));
  readonly #flows: readonly Flow[];
  readonly #options: WorldOptions;
  #lives = 0;
  #engine: Engine | undefined;
  #store: FaultyStore | undefined;
  #process: ProcessClock | undefined;

  constructor(flows: readonly Flow[], options: WorldOptions) {
    this.#flows = flows;
    this.#options = options;
  }

  get engine(): Engine {
    if (this.#engine === undefined) throw new Error('Cannot use the engine: no process runs');
    return this.#engine;
  }

  get store(): FaultyStore {
    if (this.#store === undefined) throw new Error('Cannot use the store: no process runs');
    return this.#store;
  }

  /** Starts a process: opens the folder, registers the definition and takes up what was under way. */
  async boot(): Promise<void> {
    this.#lives += 1;
    const clock = this.clock.process();
    this.#process = clock;
    this.mayRest = false;
    const engine = new Engine({
      dir: this.#dir,
      durability: 'process',
      clock,
      random: seededRandom(this.#lives),
      functions: { count: this.#countFunction(clock) },
      openStore: (options) => (this.#store = new FaultyStore(options, () => this.#fault())),
      onTrouble: () => {
        this.mayRest = true;
        this.isPunctual = false;
      },
    });
    this.#engine = engine;
    for (const [place, flow] of this.#flows.entries()) {
      if (!(await this.#register(definitionOf(flow, workflowName(place)), scheduleProject(place)))) return this.crash();
    }
    engine.recover();
  }

  /** Registers a definition, again when the store refuses it; gives whether the process lives. */
  async #register(source: string, projectId: string): Promise<boolean> {
    const { engine } = this;
    const definition = loaded.get(source) ?? loadDefinition(source, engine.functions);
    if (loaded.size === LOADED_LIMIT) loaded.clear();
    loaded.set(source, definition);
    for (let isKnown = false; !isKnown;) {
      const registered = engine.register(definition, { projectId }).then(
        () => true,
        () => false,
      );
      const heard = await Promise.race([registered, this.store.death]);
      if (heard === undefined) return false;
      isKnown = heard;
    }
    return true;
  }

  /** The definition of an execution. */
  flowOf(executionId: string): Flow {
    const { workflow } = this.engine.read.execution(executionId) ?? { workflow: workflowName(0) };
    const flow = this.#flows.find((_, place) => workflowName(place) === workflow);
    if (flow === undefined) throw new Error(`Cannot find the definition of "${workflow}"`);
    return flow;
  }

  /** Executions that others run or schedules started, in the order in which they began. */
  get others(): string[] {
    const { executions } = this.engine.read.executions({ limit: 1000 });
    return executions
      .filter(({ parent, startedBy }) => parent !== null || startedBy === 'schedule')
      .toSorted((one, other) => one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1))
      .map(({ id }) => id);
  }

  /** Ends the process as `kill -9` does, and starts the next one. */
  async crash(): Promise<void> {
    this.store.die();
    await this.#replace();
  }

  /** Ends the process as it should end, and starts the next one. */
  async close(drainMs: number): Promise<void> {
    this.isPunctual = false;
    const closed = this.engine.close(drainMs).then(() => true);
    for (;;) {
      const isOver = await Promise.race([closed, turns(4).then(() => this.store.isDead)]);
      if (isOver) break;
      this.clock.advance();
    }
    await this.#replace();
  }

  /** Lets everything go on that needs no time; starts the next process when this one met its end. */
  async settle(): Promise<void> {
    for (let quiet = 0, seen = -1; quiet < 3;) {
      const { operations, pending } = this.store;
      quiet = pending === 0 && operations === seen ? quiet + 1 : 0;
      seen = operations;
      await turns(1);
      if (!this.store.isDead) continue;
      await this.crash();
      quiet = 0;
    }
  }

  start(executionId: string): void {
    const call: Call = { kind: 'start', executionId, outcome: 'pending' };
    const request = { executionId, workflow: 'plan', projectId: PROJECT, input: { trace: [] }, startedBy: 'ann' };
    this.#track(call, this.engine.start(request));
  }

  control(kind: 'pause' | 'resume' | 'cancel', executionId: string): void {
    const { engine } = this;
    const done =
      kind === 'cancel'
        ? engine.cancel(executionId, { who: 'ann', reason: null })
        : kind === 'pause'
          ? engine.pause(executionId, 'ann')
          : engine.resume(executionId, 'ann');
    this.#track({ kind, executionId, outcome: 'pending' }, done);
  }

  pauseAtEvent(executionId: string): void {
    const end = this.engine.subscribe(executionId, () => {
      end();
      this.control('pause', executionId);
    });
  }

  answer({ executionId, step, answer, answerId }: Given): Call {
    const by = `by-${answerId}`;
    const call: Call = { kind: 'answer', executionId, step, answerId, by, outcome: 'pending' };
    const done = this.engine.answer({ executionId, step }, answer, { answerId, answeredBy: by });
    this.#track(call, done, ({ state }) => (state === 'buffered' ? 'buffered' : 'taken'));
    return call;
  }

  /** Allows an execution to use more: `asked` is the question that is answered with it. */
  allow(executionId: string, { amount, id, asked }: { amount: number; id: string; asked: string | undefined }): void {
    const call: Call = { kind: 'budget', executionId, outcome: 'pending' };
    const { budget } = this.flowOf(executionId);
    const add = {
      ...(budget?.attempts === undefined ? {} : { attempts: amount }),
      ...(budget?.wall_seconds === undefined ? {} : { wall_seconds: amount }),
    };
    const answer = { kind: 'clarification', answers: { MORE: amount } } as const;
    const done: Promise<unknown> =
      asked === undefined
        ? this.engine.addBudget(executionId, add, { who: 'ann', additionId: id })
        : this.engine.answer({ taskId: asked }, answer, { answerId: id, answeredBy: 'ann' });
    this.#track(call, done);
  }

  /** The definitions that start by themselves, with their names. */
  get scheduled(): { workflow: string; schedule: FlowSchedule }[] {
    return this.#flows.flatMap(({ schedule }, place) =>
      schedule === undefined ? [] : [{ workflow: workflowName(place), schedule }],
    );
  }

  /** Pauses what starts by itself, again when the store refuses it or the process ends. */
  async pauseSchedules(): Promise<void> {
    for (const { workflow } of this.scheduled) {
      while (this.engine.read.schedules.get(workflow)?.state === 'active') {
        const paused = this.engine.pauseSchedule(workflow).then(
          () => true,
          () => false,
        );
        if ((await Promise.race([paused, this.store.death])) === undefined) await this.crash();
      }
    }
  }

  publish(event: CloudEvent, listening: NonNullable<Call['listening']>): void {
    this.#track({ kind: 'publish', executionId: '', event, listening, outcome: 'pending' }, this.engine.publish(event));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.store.die();
    this.#process?.kill();
    await turns(4);
    await this.store[Symbol.asyncDispose]();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #replace(): Promise<void> {
    this.#process?.kill();
    await turns(4);
    this.store.die();
    for (const call of this.calls) if (call.outcome === 'pending') call.outcome = 'lost';
    await this.store[Symbol.asyncDispose]();
    await this.boot();
  }

  #fault(): Fault | undefined {
    this.operations += 1;
    const fault = this.#options.faultAt?.(this.operations - 1);
    this.isPunctual &&= fault === undefined;
    return fault;
  }

  #track<T>(call: Call, done: Promise<T>, read: (value: T) => Call['outcome'] = () => 'taken'): void {
    this.calls.push(call);
    done.then(
      (value) => void (call.outcome = read(value)),
      (error: unknown) => {
        if (!(error instanceof PlatformError)) this.problems.push(`${call.kind} threw ${String(error)}`);
        const refused = !(error instanceof PlatformError) || error.code === 'STORE_FAILED';
        this.mayRest ||= refused;
        this.isPunctual &&= !refused;
        call.outcome = refused ? 'lost' : error;
      },
    );
  }

  /** A step that takes time, fails at first, and tells the world that it ran. */
  #countFunction(clock: ProcessClock): ReturnType<typeof defineFunction> {
    return defineFunction({
      description: 'Counts',
      arguments: jsonObjectSchema,
      run: ({ args, step, execution }) =>
        step(async ({ idempotencyKey, signal }): Promise<Json> => {
          const { ms, failures, stubborn } = args as { ms: number; failures: number; stubborn: boolean };
          this.#options.beforeStep(execution.executionId, idempotencyKey);
          const run = this.runs.filter((one) => one.idempotencyKey === idempotencyKey).length + 1;
          const token = `${idempotencyKey}!${run}`;
          this.runs.push({ idempotencyKey, token });
          if (ms > 0) {
            await new Promise<void>((resolve, reject) => {
              clock.schedule(ms, resolve);
              if (!stubborn) signal.addEventListener('abort', () => reject(new Error('aborted')));
            });
          }
          if (run <= failures) throw new Error('it fails at first');
          return token;
        }),
    });
  }
}

/** Gives the event loop a number of turns. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
}
