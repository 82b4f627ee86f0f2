import { appendFileSync, existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Json, messageOf } from '@loopwright/protocol';
import { z } from 'zod';
import { type FunctionCatalogue, defineFunction } from '../interpreter/call-function.ts';

const lineSchema = z.object({
  what: z.enum(['begin', 'end', 'abort']),
  execution: z.string(),
  id: z.string(),
  key: z.string(),
});
/** Something that a step did. */
export type LogLine = z.infer<typeof lineSchema>;

/** What the steps of all processes did, in order: one file, each line appended in one write. */
export class StepLog {
  readonly file: string;

  constructor(file: string = join(mkdtempSync(join(tmpdir(), 'loopwright-conformance-')), 'steps.jsonl')) {
    this.file = file;
  }

  append(line: LogLine): void {
    appendFileSync(this.file, `${JSON.stringify(line)}\n`);
  }

  lines(): LogLine[] {
    if (!existsSync(this.file)) return [];
    const lines = readFileSync(this.file, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => lineSchema.parse(JSON.parse(line)));
  }

  /** How often a step has begun. */
  begun(id: string): number {
    return this.lines().filter((line) => line.id === id && line.what === 'begin').length;
  }
}

/** The functions of the suite's definitions. They know what they did before from the log, in whatever process that was. */
export function suiteFunctions(log: StepLog): FunctionCatalogue {
  const common = { id: z.string() };
  return {
    note: defineFunction({
      description: 'Takes some time and gives a value',
      arguments: z.strictObject({ ...common, ms: z.number().optional(), value: z.json().optional() }),
      run: ({ args: { id, ms = 0, value = { noted: id } }, execution: { executionId: execution }, step }) =>
        step(async ({ idempotencyKey: key, signal }) => {
          log.append({ what: 'begin', execution, id, key });
          if (ms > 0) await delay(ms, undefined, { signal });
          log.append({ what: 'end', execution, id, key });
          return value;
        }),
    }),
    fail: defineFunction({
      description: 'Fails the first times',
      arguments: z.strictObject({ ...common, times: z.number() }),
      run: ({ args: { id, times }, execution: { executionId: execution }, step }) =>
        step(async ({ idempotencyKey: key }) => {
          log.append({ what: 'begin', execution, id, key });
          const run = log.begun(id);
          if (run <= times) throw new Error(`failed ${run}`);
          return run;
        }),
    }),
    hang: defineFunction({
      description: 'Goes on until it is aborted',
      arguments: z.strictObject(common),
      run: ({ args: { id }, execution: { executionId: execution }, step }) =>
        step(async ({ idempotencyKey: key, signal }): Promise<Json> => {
          log.append({ what: 'begin', execution, id, key });
          try {
            return await delay(600_000, null, { signal });
          } catch (error) {
            log.append({ what: 'abort', execution, id, key });
            throw new Error(messageOf(error), { cause: error });
          }
        }),
    }),
    text: defineFunction({
      description: 'Gives a long text',
      arguments: z.strictObject({ characters: z.number() }),
      run: ({ args, step }) => step(async () => 'x'.repeat(args.characters)),
    }),
  };
}
