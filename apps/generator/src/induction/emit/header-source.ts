import { commentText } from './literal.ts';

/** The comment at the top of a program: its name and task, where it comes from, and what else is to be said. */
export function headerSource(
  task: { readonly programName: string; readonly taskDescription: string },
  origin: readonly string[],
  more: readonly string[] = [],
): string {
  const lines = [
    `${task.programName}: ${commentText(task.taskDescription)}`,
    ...origin.map((line) => commentText(line, 400)),
    'Nothing is imported, nothing is kept between two calls, nothing outside is touched.',
    ...more.map((line) => commentText(line, 600)),
  ];
  return lines.map((line) => `// ${line}`).join('\n');
}
