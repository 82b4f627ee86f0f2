// The control plane as a process: settings, log, signals. Standard output has one line, where it listens.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERRORS, PlatformError, isoTime, systemClock, systemRandom } from '@loopwright/protocol';
import { parseArguments } from './config/parse-arguments.ts';
import { printConfiguration } from './config/print-configuration.ts';
import { resolveConfiguration } from './config/resolve-configuration.ts';
import { serverLog } from './observability/server-log.ts';
import { serverHelp } from './server-help.ts';
import { startServer } from './server.ts';

/** Requests, executions and modules are drained one after the other; then the process ends, whatever still hangs. */
const SHUTDOWN_PARTS = 3;
const SHUTDOWN_SPARE_MS = 5000;

try {
  const given = parseArguments(process.argv.slice(2));
  if (given.help) process.stdout.write(serverHelp());
  else {
    const resolved = await resolveConfiguration({ arguments: given, environment: process.env, workingDir: process.cwd() });
    if (given.printConfig) process.stdout.write(printConfiguration(resolved));
    else await serve(resolved.configuration);
  }
} catch (error) {
  fail(error);
}

async function serve(configuration: Awaited<ReturnType<typeof resolveConfiguration>>['configuration']): Promise<void> {
  const log = serverLog(configuration.logLevel);
  const server = await startServer({ configuration, clock: systemClock, random: systemRandom, log });
  const note = noteProcess(configuration.dataDir, server.url);
  process.stdout.write(`Loopwright is listening on ${server.url}\n`);
  let closing: Promise<void> | undefined;
  const stop = (signal: string): void => {
    if (closing !== undefined) {
      log.warn(`Got ${signal} again: ending at once`);
      process.exit(1);
    }
    log.info(`Got ${signal}: draining`);
    systemClock.schedule(SHUTDOWN_PARTS * configuration.drainTimeoutMs + SHUTDOWN_SPARE_MS, () => {
      log.error('Cannot end in time: what was under way is taken up at the next start');
      process.exit(1);
    });
    closing = server.close();
    closing.then(() => {
      note.remove();
      process.exit(0);
    }, fail);
  };
  // A terminal that goes away takes what runs in it with it; of a service the same signal asks to read its files again.
  process.on('SIGHUP', (signal) => {
    if (process.stdout.isTTY) return stop(signal);
    log.info('Got SIGHUP: reading the policies and the modules again');
    void server.reload();
  });
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** Leaves a note in the data folder for people and tools: which process serves it, and where. After a crash it is stale until the next start. */
function noteProcess(dataDir: string, url: string): { remove(): void } {
  const file = join(dataDir, 'server.json');
  writeFileSync(file, `${JSON.stringify({ pid: process.pid, url, started_at: isoTime(systemClock.now()) })}\n`, { mode: 0o600 });
  return { remove: () => rmSync(file, { force: true }) };
}

function fail(error: unknown): never {
  if (error instanceof PlatformError) {
    const details = error.details === undefined ? '' : `  Details: ${JSON.stringify(error.details)}\n`;
    process.stderr.write(`${error.code}: ${error.message}\n${details}  How to fix: ${ERRORS[error.code].fix}\n`);
  } else process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
}
