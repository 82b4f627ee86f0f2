import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Json, type PlatformError, seededRandom, systemClock } from '@loopwright/protocol';
import { z } from 'zod';
import { loadDefinition } from '../definition/load-definition.ts';
import type { Execution } from '../execution/execution.ts';
import { type FunctionCatalogue, defineFunction } from '../interpreter/call-function.ts';
import type { EngineOptions } from './engine-options.ts';
import { Engine } from './engine.ts';

/** A folder for one test's journal. */
export function journalDir(): string {
  return mkdtempSync(join(tmpdir(), 'loopwright-engine-'));
}

/** Functions that tests call: `note` counts its runs by `id`, `fail` fails the first `times` times, `hang` waits for its signal. */
export function countingFunctions(): { functions: FunctionCatalogue; runs: Map<string, number>; aborted: string[] } {
  const runs = new Map<string, number>();
  const aborted: string[] = [];
  const count = (id: string): number => {
    runs.set(id, (runs.get(id) ?? 0) + 1);
    return runs.get(id) ?? 0;
  };
  const functions: FunctionCatalogue = {
    note: defineFunction({
      description: 'Counts and gives a value',
      arguments: z.strictObject({ id: z.string(), value: z.json().optional() }),
      run: ({ args, step }) =>
        step(async () => {
          count(args.id);
          return args.value ?? { noted: args.id };
        }),
    }),
    fail: defineFunction({
      description: 'Fails at first',
      arguments: z.strictObject({ id: z.string(), times: z.number() }),
      run: ({ args, step }) =>
        step(async () => {
          const run = count(args.id);
          if (run <= args.times) throw new Error(`failed ${run}`);
          return run;
        }),
    }),
    hang: defineFunction({
      description: 'Runs until it is aborted',
      arguments: z.strictObject({ id: z.string() }),
      run: ({ args, step }) =>
        step(({ signal }) => {
          count(args.id);
          return new Promise<Json>((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              aborted.push(args.id);
              reject(new Error('aborted'));
            });
          });
        }),
    }),
  };
  return { functions, runs, aborted };
}

/** Opens an engine with the given definitions (each the text after `document:` … `do:`). */
export async function openEngine(
  dir: string,
  functions: FunctionCatalogue,
  bodies: Record<string, string>,
  options: Partial<EngineOptions> = {},
): Promise<Engine> {
  const engine = new Engine({ dir, durability: 'process', clock: systemClock, random: seededRandom(1), functions, ...options });
  for (const [name, body] of Object.entries(bodies))
    await engine.register(loadDefinition(documentOf(name, body), engine.functions));
  engine.recover();
  return engine;
}

/** A whole definition around a body. */
export function documentOf(name: string, body: string): string {
  return `document: { dsl: '1.0.0', namespace: test, name: ${name}, version: '1.0.0' }\n${body}`;
}

/** Starts an execution with an id of its own. */
export function startOne(
  engine: Engine,
  workflow: string,
  input: Json = {},
  executionId: string = crypto.randomUUID(),
): Promise<{ execution: Execution; created: boolean }> {
  return engine.start({ executionId, workflow, projectId: 'project', input, startedBy: 'tester' });
}

/** Waits until an execution meets a condition, at most a minute. */
export async function until(engine: Engine, id: string, condition: (execution: Execution) => boolean): Promise<Execution> {
  const end = Date.now() + 60_000;
  for (;;) {
    const execution = engine.read.execution(id);
    if (execution !== undefined && condition(execution)) return execution;
    if (Date.now() > end) throw new Error(`Cannot wait any longer: the execution is ${JSON.stringify(execution)}`);
    await delay(2);
  }
}

/** Waits until an execution has a status. */
export function untilStatus(engine: Engine, id: string, status: Execution['status']): Promise<Execution> {
  return until(engine, id, (execution) => execution.status === status);
}

/** The JSON pointers of an error's issues, sorted. */
export function pointersOf(error: PlatformError): string[] {
  const schema = z.array(z.looseObject({ pointer: z.string() }));
  return schema
    .parse(error.details?.['issues'])
    .map(({ pointer }) => pointer)
    .sort();
}
