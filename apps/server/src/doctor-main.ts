// `loopwright doctor`: examines what is stored, beside a running server or without one, and changes nothing unless it is told to accept what a damaged
// log has lost. The exit code is 1 when something has to be dealt with.
import { join } from 'node:path';
import { type Finding, acceptLoss, examineStore } from '@loopwright/engine';
import { PlatformError, messageOf, systemClock } from '@loopwright/protocol';
import { examineAudit } from './audit/examine-audit.ts';
import { parseArguments } from './config/parse-arguments.ts';
import { resolveConfiguration } from './config/resolve-configuration.ts';
import { FUNCTION_NAMES } from './functions/function-names.ts';

const HELP = `Usage: loopwright doctor [--data-dir <folder>] [--json] [--accept-loss]

  Examines the engine's store in the data folder: the disk, the files, every row and every value, the definitions and the executions;
  and the audit log: whether its chain is whole.
  It works beside a running server and without one, and does not write. It takes the settings of "loopwright server" and their defaults.

  --accept-loss  A server does not start on a log that lost acknowledged work. This puts the whole log aside under a new name, leaves what is sound of
                 it, and says what is gone; then it examines the store. It changes nothing when nothing is lost. Stop the server before.
`;
const SIGNS: Record<Finding['severity'], string> = { error: 'ERROR', warning: 'warn ', info: 'ok   ' };

/** What is no setting of the server. */
const OWN = new Set(['--json', '--accept-loss']);

const argv = process.argv.slice(2);
try {
  const given = parseArguments(argv.filter((word) => !OWN.has(word)));
  if (given.help) process.stdout.write(HELP);
  else {
    const resolved = await resolveConfiguration({ arguments: given, environment: process.env, workingDir: process.cwd() });
    const { dataDir, durability } = resolved.configuration;
    const dir = join(dataDir, 'engine');
    const accepted = argv.includes('--accept-loss') ? [acceptedLoss(dir)] : [];
    const findings = examineStore({ dir, functions: FUNCTION_NAMES, clock: systemClock, durability });
    report([...accepted, ...findings, examineAudit(dataDir)]);
  }
} catch (error) {
  const details = error instanceof PlatformError ? ` ${JSON.stringify(error.details ?? {})}` : '';
  process.stderr.write(`Cannot examine the store: ${messageOf(error)}${details}\n`);
  process.exitCode = 1;
}

function acceptedLoss(dir: string): Finding {
  const loss = acceptLoss(dir);
  const message =
    loss === undefined
      ? 'Nothing is lost, and nothing was changed'
      : `The store goes on without what its log lost: ${loss.damage}. The whole log is kept as "${loss.kept}"`;
  return { severity: loss === undefined ? 'info' : 'warning', check: 'accept-loss', message, fix: '' };
}

function report(findings: readonly Finding[]): void {
  const isHealthy = !findings.some(({ severity }) => severity === 'error');
  if (argv.includes('--json')) process.stdout.write(`${JSON.stringify({ healthy: isHealthy, findings })}\n`);
  else {
    for (const { severity, check, message, fix } of findings)
      process.stdout.write(`${SIGNS[severity]} ${check}: ${message}${fix === '' ? '' : `\n      How to fix: ${fix}`}\n`);
    process.stdout.write(isHealthy ? 'The store is sound.\n' : 'The store has errors.\n');
  }
  process.exitCode = isHealthy ? 0 : 1;
}
