import type { WorkflowDefinition } from '@loopwright/engine';
import {
  type ExpressionEvaluator,
  type FunctionCatalogue,
  Instance,
  Interpreter,
  Life,
  type LifeHost,
  type SchemaValidator,
  WorkflowError,
  endExecution,
  isFinal,
} from '@loopwright/engine/carrier';
import { type Clock, PlatformError, type Random } from '@loopwright/protocol';
import type { Snapshot } from '../record/messages.ts';
import { type RecordCalls, RecordSession } from './record-session.ts';

/** What the turns of a node share. */
export interface TurnParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly functions: FunctionCatalogue;
  readonly expressions: ExpressionEvaluator;
  readonly eventRoutes: LifeHost['eventRoutes'];
  readonly schemas: SchemaValidator;
  readonly findDefinition: LifeHost['findDefinition'];
  readonly onTask?: ((name: string, reference: string) => void) | undefined;
}

/**
 * One turn of an execution: it is taken up from its record, and the interpreter goes on until the execution has ended or waits for something
 * outside. Nothing of it outlives the turn.
 */
export class Turn {
  readonly #parts: TurnParts;
  readonly #session: RecordSession;
  readonly #life: Life;
  readonly #ended = Promise.withResolvers<void>();

  constructor(snapshot: Snapshot, calls: RecordCalls, parts: TurnParts) {
    this.#parts = parts;
    const { id } = snapshot.execution;
    this.#session = new RecordSession(
      snapshot,
      calls,
      {
        received: (entry) => this.#life.receive(entry),
        statusChanged: (status) => {
          if (isFinal(status)) this.stop();
          else if (status === 'paused') this.#life.pause();
          else this.#life.resume();
        },
        gone: () => this.stop(),
      },
      () => parts.random.uuid(),
    );
    this.#life = new Life(id, this.#host(), snapshot.entries);
  }

  /** Goes on; resolves when the execution has ended or is parked, or the turn was stopped. Rejects when the record cannot be written. */
  run(definition: WorkflowDefinition): Promise<void> {
    const { execution } = this.#session.record;
    if (isFinal(execution.status)) return Promise.resolve();
    if (execution.status === 'paused') this.#life.pause();
    const { id: executionId, workflow: workflowName, projectId, startedBy, createdAt: startedAt, input } = execution;
    const { functions, expressions, schemas, onTask } = this.#parts;
    const durable = new Instance(this.#life);
    const info = { executionId, workflowName, projectId, startedBy, startedAt };
    const interpreter = new Interpreter({ definition, info, input, durable, functions, expressions, schemas, onTask });
    interpreter.run().then(
      (output) => this.#finish({ status: 'completed', output }),
      (error: unknown) => this.#finish({ status: 'failed', error: WorkflowError.from(error).toJson() }),
    );
    return this.#ended.promise;
  }

  /** Whether a step or a commit is under way. */
  get busy(): boolean {
    return this.#life.busy;
  }

  /** The last version of the record that is known here. */
  get version(): number {
    return this.#session.version;
  }

  /** Takes note of what others recorded. */
  resync(): Promise<void> {
    return this.#session.resync();
  }

  /** Lets nothing new begin. */
  hold(): void {
    this.#life.pause();
  }

  /** Ends the turn: steps under way get their signal, nothing more is recorded. */
  stop(): void {
    this.#session.close();
    this.#life.stop();
    this.#ended.resolve();
  }

  #host(): LifeHost {
    const { clock, random, expressions } = this.#parts;
    return {
      store: this.#session,
      clock,
      random,
      expressions,
      // Only what happened in this execution is delivered here; the others hear of an event from Restate.
      deliver: ({ entry }) => this.#life.receive(entry),
      timerRecorded: () => undefined,
      idle: () => void this.#park(),
      storeFailed: (_executionId, error) => this.#refused(error),
      turnstile: undefined,
      eventRoutes: this.#parts.eventRoutes,
      // Definitions with a schedule are refused.
      schedules: { offer: () => 0, wake: () => undefined },
      findDefinition: (reference) => this.#parts.findDefinition(reference),
      // Restate drives it.
      started: () => undefined,
    };
  }

  async #park(): Promise<void> {
    try {
      if (await this.#session.park(() => this.#life.parked)) this.stop();
    } catch (error) {
      this.#fail(error);
    }
  }

  #finish(ending: Parameters<typeof endExecution>[2]): void {
    const { id } = this.#session.record.execution;
    this.#session
      .write((transaction) => {
        const status = transaction.status(id);
        if (status !== undefined && !isFinal(status)) endExecution(transaction, id, ending, this.#parts.clock.now());
      })
      .then(
        () => this.stop(),
        (error: unknown) => this.#refused(error),
      );
  }

  /** What is too large to be recorded ends the execution: tried again, it would be as large. */
  #refused(error: unknown): void {
    const isTooLarge = error instanceof PlatformError && error.code === 'LIMIT_EXCEEDED';
    if (isTooLarge) this.#finish({ status: 'failed', error: WorkflowError.from(error).toJson() });
    else this.#fail(error);
  }

  #fail(error: unknown): void {
    this.#session.close();
    this.#life.stop();
    this.#ended.reject(error instanceof Error ? error : new Error(String(error)));
  }
}
