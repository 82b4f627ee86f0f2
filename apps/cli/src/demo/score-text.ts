import type { Json } from '@loopwright/protocol';
import { z } from 'zod';

const subjectSchema = z.object({
  program: z.string(),
  version: z.int(),
  accuracy: z.number(),
  interval: z.object({ low: z.number(), high: z.number() }),
  target: z.number(),
  meets_target: z.boolean(),
  active_version: z.int().nullable(),
  evaluation: z.object({
    examples: z.int(),
    correct: z.int(),
    latency_ms: z.object({ p50: z.number(), p99: z.number() }),
    failures: z.array(z.object({ input: z.json(), expected: z.json(), given: z.json() })),
  }),
});

/** A share as a percentage with two digits. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

/** What a reviewer sees of a candidate; its first line is the score with its interval. */
export function scoreText(subject: Json): string {
  const parsed = subjectSchema.safeParse(subject);
  if (!parsed.success) return JSON.stringify(subject, null, 2);
  const { version, accuracy, interval, target, meets_target: meets, evaluation, active_version: active } = parsed.data;
  const mistakes = evaluation.failures
    .slice(0, 3)
    .map(
      ({ input, expected, given }) =>
        `  ${JSON.stringify(input).slice(0, 100)}: ${JSON.stringify(given)} instead of ${JSON.stringify(expected)}`,
    );
  return [
    `version ${version} answers ${evaluation.correct} of ${evaluation.examples} unseen inputs correctly: ${percent(accuracy)}, 95 % interval ${percent(interval.low)} to ${percent(interval.high)}`,
    `The target of ${percent(target)} is ${meets ? 'met' : 'NOT met'}. In the sandbox: p50 ${evaluation.latency_ms.p50.toFixed(3)} ms, p99 ${evaluation.latency_ms.p99.toFixed(3)} ms.`,
    active === null ? 'Nothing is served under this name yet.' : `Version ${active} is served now.`,
    ...(mistakes.length === 0 ? [] : ['Mistakes, for example:', ...mistakes]),
  ].join('\n');
}
