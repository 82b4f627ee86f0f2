import { type ModuleInit, type ModuleMessage, moduleInitSchema, orchestratorMessageSchema } from '@loopwright/protocol';
import { readLines } from './transport/lines.ts';

/** A module that is up. */
export interface RunningModule {
  /** Where it listens, `host:port`. */
  readonly listen: string;
  /** What it serves. */
  readonly endpoints: readonly { path: string; methods: string[] }[];
  /** Finishes what is under way and closes; called once. */
  stop(): Promise<void>;
}

/**
 * Runs a module in this process: reads the init line from stdin, starts it, announces where it listens, answers
 * heartbeats. Ends the process with 0 after `shutdown` or SIGTERM (drained), and at once when stdin closes, because then
 * the orchestrator is gone and its port must be free for the next one. Standard output belongs to the protocol; log to
 * standard error.
 *
 * The start must not block the event loop for long, or the end of the orchestrator goes unnoticed: heavy work belongs in
 * a worker thread or a process of its own.
 */
export async function runModule(start: (init: ModuleInit) => Promise<RunningModule>): Promise<void> {
  const send = (message: ModuleMessage): void => {
    process.stdout.write(`${JSON.stringify(message)}\n`);
  };
  process.stdout.on('error', () => process.exit(1));
  const lines = readLines(process.stdin);
  const first = await lines.next();
  if (first.done === true) process.exit(1);
  const running = await start(moduleInitSchema.parse(JSON.parse(first.value)));
  let stopping: Promise<void> | undefined;
  const drain = (): void => {
    stopping ??= running.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', drain);
  process.on('SIGINT', () => undefined);
  send({ op: 'announce', listen: running.listen, endpoints: [...running.endpoints] });
  for await (const line of lines) {
    const message = orchestratorMessageSchema.safeParse(parseJson(line));
    if (!message.success)
      process.stderr.write(`${JSON.stringify({ level: 'warn', msg: 'unknown message from the orchestrator' })}\n`);
    else if (message.data.op === 'heartbeat') send({ op: 'heartbeat_ack' });
    else drain();
  }
  if (stopping === undefined) process.exit(0);
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
