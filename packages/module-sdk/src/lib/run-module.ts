import { isoTime, messageOf, systemClock, systemRandom } from '@loopwright/protocol';
import { Redactor } from './secrets/redactor.ts';
import { attachFromEnvironment } from './attach/attach-environment.ts';
import { attachModule } from './attach/attach-module.ts';
import { stayConnected } from './attach/stay-connected.ts';
import { serveModule, type ServeModuleOptions, type StartModule } from './serve-module.ts';
import { standardStreams } from './transport/standard-streams.ts';

/**
 * Runs a module in this process: reads the init line from stdin, starts it, announces where it listens, answers
 * heartbeats, serves requests over the channel. Ends the process with 0 after `shutdown` or SIGTERM (drained), and at once when stdin closes, because then
 * the orchestrator is gone and its port must be free for the next one. Standard output belongs to the protocol; log to
 * standard error, where the secrets that the orchestrator gave are taken out of every text.
 *
 * With `LOOPWRIGHT_ATTACH` in its environment it goes to an orchestrator of another host instead, and again whenever the connection is lost; SIGTERM ends it.
 *
 * The start must not block the event loop for long, or the end of the orchestrator goes unnoticed: heavy work belongs in
 * a worker thread or a process of its own.
 *
 * @throws What `start` throws, and when the init line is wrong.
 */
export async function runModule(start: StartModule): Promise<void> {
  const redactor = new Redactor();
  redactStandardError(redactor);
  const say = (level: 'warn' | 'error', msg: string): void => {
    process.stderr.write(`${JSON.stringify({ time: isoTime(systemClock.now()), level, msg })}\n`);
  };
  const terminated = new AbortController();
  process.on('SIGTERM', () => terminated.abort());
  process.on('SIGINT', () => undefined);
  const options: Omit<ServeModuleOptions, 'transport'> = {
    clock: systemClock,
    redactor,
    signal: terminated.signal,
    onReport: ({ kind, text }) => say('warn', `From the orchestrator: ${kind}: ${text}`),
    onError: (error) => say('error', error instanceof Error ? (error.stack ?? error.message) : messageOf(error)),
    start,
  };
  const destination = attachFromEnvironment(process.env);
  if (destination === undefined) await serveModule({ ...options, transport: standardStreams() });
  else {
    const { reconnect, ...where } = destination;
    await stayConnected(() => attachModule({ ...options, ...where }), {
      reconnect,
      clock: systemClock,
      random: systemRandom,
      signal: terminated.signal,
      onTrouble: (text) => say('warn', text),
    });
  }
  process.exit(0);
}

/** Takes secrets out of what this process writes to standard error. */
function redactStandardError(redactor: Redactor): void {
  const write = process.stderr.write.bind(process.stderr);
  process.stderr.write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
    const text = redactor.redact(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
    return Reflect.apply(write, undefined, [text, ...rest.filter((item) => typeof item === 'function')]);
  };
}
