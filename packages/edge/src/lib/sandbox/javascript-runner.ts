import { fileURLToPath } from 'node:url';
import type { Runner } from './runner.ts';
import type { WorkerInput } from './worker-main.ts';

/** TypeScript and JavaScript: isolates of V8 in a process of Node. */
export const javascriptRunner: Runner = {
  engine: 'isolated-vm',
  commandLine: ({ limits, jail }) => {
    const isSource = import.meta.filename.endsWith('.ts');
    const main = fileURLToPath(new URL(`./worker-main.${isSource ? 'ts' : 'js'}`, import.meta.url));
    const conditions = process.execArgv.filter((argument) => argument.startsWith('--conditions='));
    const input: WorkerInput = { limits, diesWithPool: jail.name !== 'none' };
    const args = [...conditions, '--no-node-snapshot', '--disable-warning=ExperimentalWarning', main, JSON.stringify(input)];
    return { command: process.execPath, args };
  },
};
