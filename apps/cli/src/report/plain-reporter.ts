import type { Counter, Reporter, Step } from './reporter.ts';

/** How many times a counted step speaks. */
const MARKS = 10;

/** One line an event, without colours or cursor movements: for logs, pipes and CI. */
export function plainReporter(write: (line: string) => void): Reporter {
  const step = (): Step => ({
    update: () => undefined,
    done: (text) => write(`  ok    ${text}`),
    failed: (text) => write(`  FAIL  ${text}`),
  });
  return {
    title: (text) => write(text),
    warn: (text) => write(`  warn  ${text}`),
    begin: (text) => {
      write(`  …     ${text}`);
      return step();
    },
    count: (text, total): Counter => {
      write(`  …     ${text}`);
      let count = 0;
      return {
        advance: (by) => {
          const before = Math.floor((count * MARKS) / total);
          count += by;
          const now = Math.floor((count * MARKS) / total);
          if (now > before && now < MARKS) write(`  …     ${text}: ${count} of ${total}`);
        },
        ...step(),
      };
    },
  };
}
