import type { Json } from '@loopwright/protocol';

/** One call that was made here. */
export interface Tried {
  readonly no: number;
  readonly at: string;
  readonly input: Json;
  readonly outcome:
    | { readonly output: Json; readonly latencyMs: number; readonly version: string | null; readonly executionId: string | null }
    | { readonly error: string; readonly code: string | null; readonly fix: string | null };
  /** From the click to the answer, in milliseconds. */
  readonly roundTripMs: number;
}

const KEPT = 30;
const tried = new Map<string, readonly Tried[]>();

/** The calls of a program that were made since the page was loaded, the newest first. Inputs may be private, so that no disk keeps them. */
export function triedOf(program: string): readonly Tried[] {
  return tried.get(program) ?? [];
}

/** Remembers a call; gives them all. */
export function addTried(program: string, next: Omit<Tried, 'no'>): readonly Tried[] {
  const before = triedOf(program);
  const all = [{ ...next, no: (before[0]?.no ?? 0) + 1 }, ...before].slice(0, KEPT);
  tried.set(program, all);
  return all;
}
