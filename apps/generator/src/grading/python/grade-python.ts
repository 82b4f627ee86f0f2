import { type Clock, type GradeMetadata } from '@loopwright/protocol';
import { z } from 'zod';
import { type Grade, gradeOf } from '../grade.ts';
import type { PythonWall } from './python-wall.ts';
import { runPython } from './run-python.ts';

const answerSchema = z.object({
  tests: z
    .array(
      z.object({
        file: z.string().max(300),
        name: z.string().max(500),
        status: z.enum(['passed', 'failed']),
        message: z.string().max(2000).nullable(),
      }),
    )
    .max(5000),
  printed: z.string().max(70_000),
});

/**
 * Runs the tests of a program of Python in one process behind the wall.
 *
 * @throws the reason of the signal; SERVICE_UNAVAILABLE when the wall does not start
 */
export async function gradePython(
  metadata: Pick<GradeMetadata, 'files' | 'tests' | 'entry_point' | 'time_limit_ms'>,
  wall: PythonWall,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<Grade> {
  const started = clock.now();
  const { files, tests, entry_point, time_limit_ms: limitMs } = metadata;
  const run = await runPython({ mode: 'tests', files, tests, entry_point }, { wall, clock, signal, limitMs });
  const seconds = Math.max(0, clock.now() - started) / 1000;
  const command = 'python3 behind bubblewrap';
  const answer = 'answer' in run ? answerSchema.safeParse(run.answer).data : undefined;
  if (answer !== undefined) return gradeOf({ command, tests: answer.tests, isTimedOut: false, printed: answer.printed, seconds });
  const isTimedOut = 'missing' in run && run.missing === 'timeout';
  const message = isTimedOut ? `The program ran longer than ${limitMs} ms` : 'The program ended before its tests did';
  const path = tests[0]?.file_path ?? '';
  return gradeOf({ command, tests: [{ file: path, name: path, status: 'failed', message }], isTimedOut, printed: '', seconds });
}
