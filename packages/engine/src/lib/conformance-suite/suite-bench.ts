import { setTimeout as delay } from 'node:timers/promises';
import type { Json } from '@loopwright/protocol';
import type { WorkflowEngine } from '../engine-port.ts';
import type { Execution, ExecutionStatus } from '../execution/execution.ts';
import type { SubmittedAnswer } from '../human-task/answer.ts';
import { recoverSuite } from './child-process.ts';
import type { ConformanceHarness, ConformanceWorld } from './harness.ts';
import { StepLog, suiteFunctions } from './suite-functions.ts';

/** How long a case waits for something that must come, in milliseconds. */
const PATIENCE_MS = 60_000;

export const YES: SubmittedAnswer = { kind: 'acceptance', accepted: true };
export const NO: SubmittedAnswer = { kind: 'acceptance', accepted: false };
export const TARGET: SubmittedAnswer = { kind: 'clarification', answers: { TARGET: 0.9 } };

/** Who answers, under a name of its own for the answer unless one is given. */
export function by(answeredBy: string, answerId: string = crypto.randomUUID()): { answerId: string; answeredBy: string } {
  return { answerId, answeredBy };
}

/** What one case works with: a world, the log of its steps, and the engine that is open over it. */
export class SuiteBench implements AsyncDisposable {
  readonly world: ConformanceWorld;
  readonly log = new StepLog();
  #engine: WorkflowEngine | undefined;

  private constructor(world: ConformanceWorld) {
    this.world = world;
  }

  static async make(harness: ConformanceHarness): Promise<SuiteBench> {
    return new SuiteBench(await harness.world());
  }

  static async open(harness: ConformanceHarness): Promise<SuiteBench> {
    const bench = await SuiteBench.make(harness);
    await bench.open();
    return bench;
  }

  get engine(): WorkflowEngine {
    if (this.#engine === undefined) throw new Error('Cannot use the engine: it is not open');
    return this.#engine;
  }

  /** Opens an engine over the world; with `changed` some definitions have another body. */
  async open(changed: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#engine = await this.world.open(suiteFunctions(this.log));
    await recoverSuite(this.#engine, changed);
  }

  async close(drainMs = 0): Promise<void> {
    await this.#engine?.close(drainMs);
    this.#engine = undefined;
  }

  async reopen(changed: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.close();
    await this.open(changed);
  }

  async start(workflow: string, input: Json = {}, executionId: string = crypto.randomUUID()): Promise<string> {
    return this.startIn('suite', workflow, input, executionId);
  }

  async startIn(projectId: string, workflow: string, input: Json, executionId: string = crypto.randomUUID()): Promise<string> {
    await this.engine.start({ executionId, workflow, projectId, input, startedBy: 'suite' });
    return executionId;
  }

  execution(id: string): Execution | undefined {
    return this.engine.read.execution(id);
  }

  types(id: string): string[] {
    return this.engine.read.events(id, 0, 10_000).map(({ type }) => type);
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (!holds()) {
      if (performance.now() > end) throw new Error(`Cannot wait any longer: ${what}`);
      await delay(3);
    }
  }

  async untilStatus(id: string, status: ExecutionStatus): Promise<Execution> {
    await this.until(`${status}, it is ${JSON.stringify(this.execution(id))}`, () => this.execution(id)?.status === status);
    const execution = this.execution(id);
    if (execution === undefined) throw new Error(`Cannot find the execution ${id}`);
    return execution;
  }

  async untilEvent(id: string, type: string): Promise<void> {
    await this.until(`the event ${type} of ${id}`, () => this.types(id).includes(type));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    await this.world[Symbol.asyncDispose]();
  }
}
