import { Worker } from 'node:worker_threads';
import type { Clock } from '@loopwright/protocol';
import type { StatelessAnswer, StatelessQuestion } from './stateless-thread.ts';

/** For how long one program may be looked at, in milliseconds. */
const LIMIT_MS = 5000;
/** When the thread has had nothing to do for so long, it ends, in milliseconds. */
const IDLE_MS = 10_000;
/** The most that the thread may hold, in MB. */
const MEMORY_MB = 256;

interface Waiting {
  readonly question: StatelessQuestion;
  readonly resolve: (reason: string | undefined) => void;
}

/** Looks in a thread of its own whether programs keep something between their calls, one after the other. */
export class StatelessCheck {
  readonly #clock: Clock;
  #thread: Worker | undefined;
  #waiting: Waiting[] = [];
  #lastId = 0;
  #stopTimer: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Why a call of a program may find something of a call before; undefined: it cannot. `code`: as `buildProgram` made it. `isUrgent`: somebody waits for it, and it
   * goes before those for which nobody does.
   */
  whyStateful(code: string, isUrgent: boolean): Promise<string | undefined> {
    return new Promise((resolve) => {
      // The first is being looked at.
      const place = isUrgent ? 1 : this.#waiting.length;
      this.#waiting.splice(place, 0, { question: { id: (this.#lastId += 1), code }, resolve });
      if (this.#waiting.length === 1) this.#askNext();
    });
  }

  /** What is still waited for gets an answer as if it took too long. */
  close(): void {
    const waiting = this.#waiting.splice(0);
    this.#end('');
    for (const { resolve } of waiting) resolve('nobody looks any more');
  }

  #askNext(): void {
    this.#stopTimer();
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#stopTimer = this.#clock.schedule(IDLE_MS, () => this.#end('idle'));
      return;
    }
    this.#thread ??= this.#start();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#thread.postMessage(first.question);
    this.#stopTimer = this.#clock.schedule(LIMIT_MS, () => this.#end('it takes too long to look at'));
  }

  #start(): Worker {
    const file = `./stateless-thread.${import.meta.filename.endsWith('.ts') ? 'ts' : 'js'}`;
    const thread = new Worker(new URL(file, import.meta.url), { env: {}, resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB } });
    thread.unref();
    thread.on('message', ({ id, reason }: StatelessAnswer) => {
      if (this.#thread === thread) this.#answer(reason, id);
    });
    thread.on('error', () => {
      if (this.#thread === thread) this.#end('it is too large to look at');
    });
    return thread;
  }

  #answer(reason: string | undefined, id: number): void {
    if (this.#waiting[0]?.question.id !== id) return;
    this.#waiting.shift()?.resolve(reason);
    this.#askNext();
  }

  /** Ends the thread; who is waited for at the moment gets `reason`. */
  #end(reason: string): void {
    this.#stopTimer();
    const thread = this.#thread;
    this.#thread = undefined;
    void thread?.terminate();
    const [first] = this.#waiting;
    if (first !== undefined) this.#answer(reason, first.question.id);
  }
}
