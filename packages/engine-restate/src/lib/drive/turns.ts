import type { WorkflowDefinition } from '@loopwright/engine';
import { type Json, messageOf } from '@loopwright/protocol';
import type { z } from 'zod';
import { type Page, type Snapshot, pageSchema, verdictSchema } from '../record/messages.ts';
import { wholeRecord } from '../record/whole-record.ts';
import type { RestateClient } from '../restate-client.ts';
import type { DriveAttempt } from '../services/node.ts';
import type { RecordCalls } from './record-session.ts';
import { Turn, type TurnParts } from './turn.ts';

/** How long a driver tries to reach Restate, in milliseconds: its attempt is over before, when Restate is gone. */
const PATIENCE_MS = 24 * 3600_000;

/** What the turns of a node are made with. */
export interface TurnsParts extends TurnParts {
  readonly client: RestateClient;
  /** The name of the executions' object. */
  readonly service: string;
  readonly definition: (digest: string) => Promise<WorkflowDefinition>;
  readonly onTrouble: ((message: string, error: unknown) => void) | undefined;
}

interface Active {
  readonly driver: string;
  readonly turn: Turn;
  readonly signal: AbortSignal;
}

/** The executions that go on in this process. */
export class Turns {
  readonly #parts: TurnsParts;
  readonly #active = new Map<string, Active>();
  #isClosing = false;

  constructor(parts: TurnsParts) {
    this.#parts = parts;
  }

  /** Runs one turn; see `Node.drive`. */
  async drive(executionId: string, { wakeId, signal }: DriveAttempt): Promise<void> {
    const driver = this.#parts.random.uuid();
    const wake = wakeId();
    const first = await this.#call({ executionId, handler: 'begin', signal }, { driver, wake }, pageSchema.nullable());
    if (first === null) return;
    const snapshot = await this.#whole(first, { executionId, signal });
    const definition = await this.#definition(snapshot);
    if (signal.aborted || this.#isClosing) return new Promise(() => undefined);
    const turn = new Turn(snapshot, this.#calls(executionId, driver, signal), this.#parts);
    const active = { driver, turn, signal };
    this.#active.set(executionId, active);
    signal.addEventListener('abort', () => turn.stop(), { once: true });
    // It was woken before it was known here.
    if (wakeId() !== wake) this.woken(executionId, wakeId());
    try {
      await turn.run(definition);
    } catch (error) {
      // What a stopped attempt could not do is no trouble: another one does it.
      if (!signal.aborted && !this.#isClosing) this.#parts.onTrouble?.(`Cannot record the execution ${executionId}`, error);
      throw error;
    } finally {
      if (this.#active.get(executionId) === active) this.#active.delete(executionId);
    }
    if (this.#isClosing) await new Promise(() => undefined);
  }

  /** See `Node.woken`. */
  woken(executionId: string, wakeId: string): void {
    const active = this.#active.get(executionId);
    if (active === undefined) return;
    this.#listenAt(executionId, active, wakeId).catch((error: unknown) => {
      if (!active.signal.aborted) this.#parts.onTrouble?.(`Cannot wake the execution ${executionId}`, messageOf(error));
    });
  }

  /** Lets an execution that goes on here take note of what was recorded. */
  async resync(executionId: string): Promise<void> {
    const active = this.#active.get(executionId);
    try {
      await active?.turn.resync();
    } catch (error) {
      // Its attempt is over: the next one reads the record anyway.
      if (active?.signal.aborted !== true) throw error;
    }
  }

  /** Lets nothing new begin and gives what is under way `drainMs` to be recorded. */
  async drain(drainMs: number): Promise<void> {
    this.#isClosing = true;
    const { clock } = this.#parts;
    const until = clock.now() + drainMs;
    for (const { turn } of this.#active.values()) turn.hold();
    while (clock.now() < until && [...this.#active.values()].some(({ turn }) => turn.busy)) {
      await new Promise<void>((resolve) => void setTimeout(resolve, 5));
    }
  }

  /** Ends all turns. Restate must not hear of it, or it would take them for done. */
  stop(): void {
    for (const { turn } of this.#active.values()) turn.stop();
    this.#active.clear();
  }

  async #listenAt(executionId: string, { driver, turn, signal }: Active, wake: string): Promise<void> {
    await turn.resync();
    const { version } = turn;
    const verdict = await this.#call({ executionId, handler: 'wakeAt', signal }, { driver, wake, version }, verdictSchema);
    if (verdict === 'changed') await turn.resync();
  }

  async #definition({ execution }: Snapshot): Promise<WorkflowDefinition> {
    try {
      return await this.#parts.definition(execution.definitionDigest);
    } catch (error) {
      this.#parts.onTrouble?.(`Cannot load the definition ${execution.definitionDigest} of an execution`, error);
      throw error;
    }
  }

  #calls(executionId: string, driver: string, signal: AbortSignal): RecordCalls {
    const call = <T>(handler: string, message: Json | undefined, schema: z.ZodType<T>): Promise<T> =>
      this.#call({ executionId, handler, signal }, message, schema);
    return {
      commit: (commit) => call('commit', { ...commit, driver }, verdictSchema),
      park: (version) => call('park', { driver, version }, verdictSchema),
      load: async () => this.#whole(await call('load', { after: null }, pageSchema), { executionId, signal }),
    };
  }

  #whole(first: Page, at: { executionId: string; signal: AbortSignal }): Promise<Snapshot> {
    return wholeRecord(first, (after) => this.#call({ ...at, handler: 'load' }, { after }, pageSchema.nullable()));
  }

  #call<T>(
    { executionId, handler, signal }: { executionId: string; handler: string; signal: AbortSignal },
    message: Json | undefined,
    schema: z.ZodType<T>,
  ): Promise<T> {
    const { client, service } = this.#parts;
    return client.call({ service, key: executionId, handler }, message, schema, { patienceMs: PATIENCE_MS, signal });
  }
}
