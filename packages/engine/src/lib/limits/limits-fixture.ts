import { type Clock, type Json, PlatformError, seededRandom } from '@loopwright/protocol';
import { z } from 'zod';
import { loadDefinition } from '../definition/load-definition.ts';
import { documentOf } from '../embedded/engine-fixture.ts';
import { Engine } from '../embedded/engine.ts';
import { type FunctionCatalogue, defineFunction } from '../interpreter/call-function.ts';
import { SqliteStore, type SqliteStoreOptions } from '../store/sqlite-store.ts';
import type { Store, StoreReader, StoreTransaction } from '../store/store.ts';
import type { EngineLimits } from './execution-limits.ts';

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  #timers: { readonly at: number; readonly run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  schedule(delayMs: number, run: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, delayMs), run };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((one) => one !== timer));
  }

  /** Lets time pass, running what is due on the way. */
  pass(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const next = this.#timers.toSorted((one, other) => one.at - other.at)[0];
      if (next === undefined || next.at > until) break;
      this.#timers = this.#timers.filter((one) => one !== next);
      this.#now = next.at;
      next.run();
    }
    this.#now = until;
  }
}

/** The real store, which refuses writes when it is told to: before it commits, or after. */
export class RefusingStore implements Store {
  readonly read: StoreReader;
  readonly #inner: SqliteStore;
  #fault: { readonly kind: 'refuse' | 'lose'; after: number } | undefined;

  constructor(options: SqliteStoreOptions) {
    this.#inner = new SqliteStore(options);
    this.read = this.#inner.read;
  }

  /** Lets one write fail, after so many that do not; `lose` commits it all the same. */
  plan(kind: 'refuse' | 'lose', after: number): void {
    this.#fault = { kind, after };
  }

  noFaults(): void {
    this.#fault = undefined;
  }

  async write<T>(mutation: (transaction: StoreTransaction) => T): Promise<T> {
    const fault = this.#fault;
    if (fault === undefined || (fault.after -= 1) >= 0) return this.#inner.write(mutation);
    this.#fault = undefined;
    if (fault.kind === 'lose') await this.#inner.write(mutation);
    throw new PlatformError('STORE_FAILED', 'Cannot write to the store: the test refuses it');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#inner[Symbol.asyncDispose]();
  }
}

/** What an engine of a test is opened with. */
interface LimitedOptions {
  readonly clock: Clock;
  readonly steps: Steps;
  readonly limits?: EngineLimits;
  readonly bodies: Record<string, string>;
  readonly openStore?: (options: SqliteStoreOptions) => Store;
}

/** Steps that a test lets end, and how many were under way at most. */
export class Steps {
  /** Names of the steps that began, in order. */
  readonly began: string[] = [];
  most = 0;
  #open = new Map<string, () => void>();

  /** The steps that are under way. */
  get underWay(): string[] {
    return [...this.#open.keys()];
  }

  /** Lets a step end, or the one that began first. */
  end(name: string | undefined = this.underWay[0]): void {
    const end = this.#open.get(name ?? '');
    this.#open.delete(name ?? '');
    end?.();
  }

  /** `work` waits until the test lets it end; `use` reports what it is told and ends, by an error if it is told so. */
  readonly functions: FunctionCatalogue = {
    work: defineFunction({
      description: 'Waits for the test',
      arguments: z.strictObject({ id: z.string() }),
      run: ({ args, step }) =>
        step(async ({ signal }): Promise<Json> => {
          this.began.push(args.id);
          await new Promise<void>((resolve, reject) => {
            this.#open.set(args.id, resolve);
            this.most = Math.max(this.most, this.#open.size);
            signal.addEventListener('abort', () => {
              this.#open.delete(args.id);
              reject(new Error('aborted'));
            });
          });
          return args.id;
        }),
    }),
    use: defineFunction({
      description: 'Spends',
      arguments: z.strictObject({
        id: z.string(),
        usd: z.string().optional(),
        tokens: z.number().optional(),
        fails: z.boolean().optional(),
      }),
      run: ({ args, step }) =>
        step(async ({ spend }): Promise<Json> => {
          this.began.push(args.id);
          spend({ costUsd: args.usd ?? '0', tokens: args.tokens ?? 0 });
          if (args.fails === true) throw new Error('it fails');
          return args.id;
        }),
    }),
  };
}

/** An engine on a manual clock with `work` and `use`; `bodies` are definitions as `documentOf` takes them, or whole texts. */
export async function openLimited(
  dir: string,
  { clock, steps, limits = {}, bodies, openStore }: LimitedOptions,
): Promise<Engine> {
  const given = { dir, durability: 'process', clock, random: seededRandom(1), functions: steps.functions, limits } as const;
  const engine = new Engine({ ...given, ...(openStore === undefined ? {} : { openStore }) });
  for (const [name, body] of Object.entries(bodies)) {
    const text = body.startsWith('document:') ? body : documentOf(name, body);
    await engine.register(loadDefinition(text, engine.functions));
  }
  engine.recover();
  return engine;
}

/** A definition whose metadata limit it. */
export function limitedDocument(name: string, loopwright: string, body: string): string {
  return `document: { dsl: '1.0.0', namespace: test, name: ${name}, version: '1.0.0', metadata: { loopwright: ${loopwright} } }\n${body}`;
}

/** Waits until a condition holds, giving the event loop its turns; at most 10 s. */
export async function settled(condition: () => boolean, what: () => unknown = () => ''): Promise<void> {
  const end = performance.now() + 60_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Cannot wait any longer: ${JSON.stringify(what())}`);
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
}
