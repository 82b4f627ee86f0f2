import { type Json, toJson } from '@loopwright/protocol';
import type { DurableContext } from '../context/durable-context.ts';
import type { JournalEntry } from '../execution/execution.ts';
import { type ErrorDocument, WorkflowError } from '../interpreter/workflow-error.ts';
import { deadlineKey } from './deadline-key.ts';
import { Instance } from './instance.ts';
import { Life } from './life.ts';
import type { LifeHost } from './life-host.ts';

/** What a replay came by: a task that began, or a durable operation that the interpreter asked for. */
export type Passed =
  | { readonly kind: 'task'; readonly key: string; readonly name: string; readonly reference: string }
  | {
      readonly kind: 'operation';
      readonly key: string;
      /** The operation, as `DurableContext` names it. */
      readonly method: string;
      /** What it was asked for, when that is data: the question of `ask`, the filters of `listen`. */
      readonly request: Json | undefined;
    };

/** A replay that has no effect. */
export interface Rehearsal {
  /** In the order of the replay; branches of a `fork` take turns. */
  readonly passed: readonly Passed[];
  /** The error that the definition ended with; `null` when it came to a good end, or to the end of the journal. */
  readonly failure: ErrorDocument | null;
}

/** Starts the interpreter that is rehearsed. */
export type RehearsedRun = (parts: {
  readonly durable: DurableContext;
  readonly onTask: (name: string, reference: string, key: string) => void;
}) => Promise<Json>;

/**
 * Replays a journal and stops wherever it ends: the life that answers is paused, so nothing begins, and its store takes no write. It says
 * what a definition would do with what is recorded, under another version too.
 */
export async function rehearse(
  executionId: string,
  host: LifeHost,
  { journal, run }: { journal: readonly JournalEntry[]; run: RehearsedRun },
): Promise<Rehearsal> {
  const passed: Passed[] = [];
  const fetching = new Set<unknown>();
  const life = new Life(executionId, withoutEffect(host), journal);
  life.pause();
  const onTask = (name: string, reference: string, key: string): void => void passed.push({ kind: 'task', key, name, reference });
  const ended = run({ durable: watched(new Instance(life), { passed, fetching }), onTask }).then(
    () => null,
    (error: unknown) => WorkflowError.from(error).document,
  );
  // The interpreter goes on in microtasks; once a turn brings nothing new, it has come to the end of the journal or fetches what is not in it.
  for (let before = -1; before !== passed.length || fetching.size > 0;) {
    before = passed.length;
    await (fetching.size > 0 ? Promise.allSettled(fetching) : turn());
  }
  const failure = await Promise.race([ended, turn().then(() => null)]);
  life.stop();
  return { passed, failure };
}

/** Whether a replay came to a recorded operation, and not merely to the place where the next one would begin. */
export function isRecorded(
  journal: ReadonlyMap<string, JournalEntry>,
  { key, method }: { key: string; method: string },
): boolean {
  if (method === 'deadline') return journal.has(deadlineKey(key));
  if (method === 'branches') return [...journal.keys()].some((other) => other.startsWith(`${key}@`));
  return journal.has(key);
}

/** Lets everything go on that is ready. */
function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

function withoutEffect(host: LifeHost): LifeHost {
  const nothing = (): void => undefined;
  const write = (): Promise<never> => new Promise<never>(() => undefined);
  const store = { read: host.store.read, write, [Symbol.asyncDispose]: async (): Promise<void> => undefined };
  return { ...host, store, deliver: nothing, started: nothing, timerRecorded: nothing, idle: nothing, storeFailed: nothing };
}

/** Notes every operation that is asked for; what the interface will have tomorrow is noted as well. */
function watched(instance: Instance, { passed, fetching }: { passed: Passed[]; fetching: Set<unknown> }): DurableContext {
  return new Proxy<DurableContext>(instance, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]): unknown => {
        const key = keyOf(given[0]);
        if (key !== undefined) passed.push({ kind: 'operation', key, method: String(property), request: requestOf(given[1]) });
        if (property === 'fresh') given[1] = noted(given[1], fetching);
        return Reflect.apply(member, target, given);
      };
    },
  });
}

/** The same function, whose promises are in the set until they settle. */
function noted(get: unknown, fetching: Set<unknown>): unknown {
  if (typeof get !== 'function') return get;
  return async (...given: unknown[]): Promise<unknown> => {
    const fetched: unknown = Reflect.apply(get, undefined, given);
    fetching.add(fetched);
    try {
      return await fetched;
    } finally {
      fetching.delete(fetched);
    }
  };
}

function keyOf(address: unknown): string | undefined {
  if (address === null || typeof address !== 'object' || !('key' in address)) return undefined;
  return typeof address.key === 'string' ? address.key : undefined;
}

function requestOf(value: unknown): Json | undefined {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? toJson(value) : undefined;
}
