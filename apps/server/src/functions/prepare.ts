import { defineFunction } from '@loopwright/engine';
import { type LabelledExample, PlatformError, likelyGoal, toJson } from '@loopwright/protocol';
import { Readable } from 'node:stream';
import { z } from 'zod';
import type { ResourceProjects } from '../authorization/resource-projects.ts';
import type { ExampleStore } from '../examples/example-store.ts';
import { profileExamples } from '../examples/profile-examples.ts';
import { splitExamples } from '../examples/split-examples.ts';

/** What `prepare` works with. */
export interface PrepareParts {
  readonly examples: ExampleStore;
  readonly resources: ResourceProjects;
}

/** Examples as the store takes them. */
function asStream(examples: readonly LabelledExample[]): Readable {
  return Readable.from(examples.map((example) => Buffer.from(`${JSON.stringify(example)}\n`)));
}

/** The label that stands for "none of the known ones", unless the examples have one of that name themselves. */
const UNKNOWN = 'unknown';

/**
 * `call: prepare`: reads a set of examples, profiles it, and splits off the hold-out that no generator will see. Gives the digests of
 * both parts, what kind of program they are of, the labels and what was noticed.
 */
export function prepare({ examples, resources }: PrepareParts): ReturnType<typeof defineFunction> {
  return defineFunction({
    description: 'Profiles labelled examples and splits off a hold-out',
    arguments: z.strictObject({
      examples: z.string(),
      holdout: z.number().gt(0).lt(1).default(0.2),
      seed: z.int().nonnegative().default(1),
    }),
    run: ({ args, execution, step }) =>
      step(async () => {
        await resources.useExamples(args.examples, execution);
        const all = await examples.read(args.examples);
        const goal = likelyGoal(all);
        const byClass = goal === 'classification';
        const { train, holdout } = splitExamples(all, { holdout: args.holdout, seed: args.seed, byClass });
        if (holdout.length === 0) {
          throw new PlatformError(
            'INVALID_EXAMPLES',
            `Cannot keep a hold-out back: ${all.length} examples are too few for the labels they have`,
          );
        }
        const profile = profileExamples(all);
        const labels = byClass ? Object.keys(profile.labels) : [];
        const keep = async (part: readonly LabelledExample[]): Promise<string> => {
          const { digest } = await examples.put(asStream(part), 'jsonl');
          await resources.addExamples(digest, execution.projectId, execution.startedBy);
          return digest;
        };
        return toJson({
          train: await keep(train),
          holdout: await keep(holdout),
          counts: { all: all.length, train: train.length, holdout: holdout.length },
          goal,
          tolerance_default: goal === 'regression' ? usualTolerance(all) : null,
          labels,
          unknown_choices: labels.includes(UNKNOWN) ? labels : [...labels, UNKNOWN],
          unknown_default: UNKNOWN,
          profile,
        });
      }),
  });
}

/** A tenth of the span in which nine of ten numbers lie, to two digits: how far off an estimate may be when nobody says more. */
function usualTolerance(examples: readonly LabelledExample[]): number {
  const numbers = examples.flatMap(({ output }) => (typeof output === 'number' ? [output] : [])).sort((a, b) => a - b);
  const at = (share: number): number => numbers[Math.min(numbers.length - 1, Math.floor(numbers.length * share))] ?? 0;
  return Number(((at(0.95) - at(0.05)) / 10).toPrecision(2));
}
