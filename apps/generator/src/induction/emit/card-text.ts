import { markdownText } from './literal.ts';

/** What every model card says. */
export interface CardText {
  readonly task: { readonly programName: string; readonly taskDescription: string };
  readonly warnings: readonly string[];
  /** Paragraphs before and after the warnings; empty ones are left out. */
  readonly summary: readonly string[];
  readonly sections: readonly string[];
}

/** Writes a `MODEL_CARD.md`. */
export function cardText({ task, warnings, summary, sections }: CardText): string {
  const all = [
    `# ${markdownText(task.programName)}`,
    markdownText(task.taskDescription, 1000),
    ...summary,
    warnings.length === 0 ? '' : `## Warnings\n\n${warnings.map((warning) => `- ${markdownText(warning)}`).join('\n')}`,
    ...sections,
    '## How to run\n\n`program.ts` exports `run(input)` and `judge(input)`. It needs nothing but Node 24: `node --test program.test.ts` runs its tests, whose cases are examples that it answers rightly, answers of people, and edges.',
  ];
  return `${all.filter((section) => section !== '').join('\n\n')}\n`;
}
