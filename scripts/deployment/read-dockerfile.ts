import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Copy, DockerfileParser } from 'dockerfile-ast';

/** One instruction, `USER 10001:10001`. */
interface Instruction {
  readonly keyword: string;
  /** What stands behind it, in words; flags such as `--from=x` are not among them. */
  readonly words: readonly string[];
  /** Values of its flags. */
  readonly flags: ReadonlyMap<string, string>;
  readonly text: string;
}

/** A stage of the Dockerfile. */
export interface Stage {
  readonly name: string;
  /** The image or the stage that it begins with. */
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

/** The root of the repository. */
export const ROOT = join(import.meta.dirname, '../..');

/** Reads the stages of the Dockerfile in their order. */
export function readStages(): Stage[] {
  const dockerfile = DockerfileParser.parse(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'));
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const parsed of dockerfile.getInstructions()) {
    const words = parsed.getArguments().map((word) => word.getValue());
    if (parsed.getKeyword() === 'FROM') {
      stages.push({ name: words[2] ?? '', from: words[0] ?? '', instructions: [] });
      continue;
    }
    // The lists of Docker's own instructions have flags, and some of the parser's classes for them.
    const flags = 'getFlags' in parsed ? (parsed as Copy).getFlags() : [];
    stages.at(-1)?.instructions.push({
      keyword: parsed.getKeyword(),
      words,
      flags: new Map(flags.map((flag) => [flag.getName(), flag.getValue() ?? ''])),
      text: parsed.getArgumentsContent() ?? '',
    });
  }
  return stages;
}

/** A stage and those that it begins with, the first one first. */
export function chainOf(stages: readonly Stage[], name: string): Stage[] {
  const stage = stages.find((one) => one.name === name);
  return stage === undefined ? [] : [...chainOf(stages, stage.from), stage];
}

/** The words of an instruction in the form of a list, `["node", "x"]`; `undefined` for one in the form of a shell. */
export function listOf(text: string): string[] | undefined {
  const list = /\[.*\]$/su.exec(text)?.[0];
  return list === undefined ? undefined : (JSON.parse(list) as string[]);
}
