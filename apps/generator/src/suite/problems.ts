import { readFileSync } from 'node:fs';
import { type ExecutionPlanInput, toJson } from '@loopwright/protocol';
import { z } from 'zod';

const problemSchema = z.strictObject({
  id: z.string(),
  files: z.string(),
  test_file: z.string(),
  entry_point: z.string().nullable(),
  /** A limit of its own, where it shall not depend on the machine which of its limits a program meets first. */
  time_limit_ms: z.int().optional(),
  tests: z.string(),
  candidates: z.array(
    z.strictObject({ kind: z.string(), expected: z.enum(['SUCCESS', 'FAILURE', 'TIMEOUT']), source: z.string() }),
  ),
});

/** One program to be graded, and what has to come out. */
export interface Candidate {
  readonly name: string;
  readonly expected: 'SUCCESS' | 'FAILURE' | 'TIMEOUT';
  readonly plan: (executionId: string, timeLimitMs: number) => ExecutionPlanInput;
}

/** The candidates of a file of problems: of each problem a right one, a wrong one and one that loops; and what is hostile or odd. */
export function candidatesOf(file: 'problems' | 'python-problems'): readonly Candidate[] {
  const text = readFileSync(new URL(`./fixtures/${file}.json`, import.meta.url), 'utf8');
  return z
    .array(problemSchema)
    .parse(JSON.parse(text))
    .flatMap(({ id, files, test_file, entry_point, tests, candidates, time_limit_ms }) =>
      candidates.map(({ kind, expected, source }) => ({
        name: id === kind ? id : `${id}: ${kind}`,
        expected,
        plan: (executionId: string, timeLimitMs: number) => ({
          execution_id: executionId,
          scaffolding: { task_description: `Grade ${id}` },
          metadata: {
            agent: 'grade',
            files: toJson([{ file_path: files, content: source }]),
            tests: toJson([{ file_path: test_file, content: tests }]),
            entry_point,
            time_limit_ms: time_limit_ms ?? timeLimitMs,
          },
        }),
      })),
    );
}
