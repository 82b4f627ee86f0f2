import { intro, log, progress, spinner } from '@clack/prompts';
import type { Reporter } from './reporter.ts';

/** Spinners and a progress bar for a person at a terminal. */
export function terminalReporter(output: NodeJS.WriteStream): Reporter {
  return {
    title: (text) => intro(text, { output }),
    warn: (text) => log.warn(text, { output }),
    begin: (text) => {
      const indicator = spinner({ output });
      indicator.start(text);
      return {
        update: (now) => indicator.message(now),
        done: (now) => indicator.stop(now),
        failed: (now) => indicator.error(now),
      };
    },
    count: (text, total) => {
      const bar = progress({ output, max: total, style: 'block', size: 32 });
      bar.start(text);
      let count = 0;
      return {
        advance: (by) => {
          count += by;
          bar.advance(by, `${text}: ${count.toLocaleString('en')} of ${total.toLocaleString('en')}`);
        },
        done: (now) => bar.stop(now),
        failed: (now) => bar.error(now),
      };
    },
  };
}
