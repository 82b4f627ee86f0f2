import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { loadDefinition } from '../definition/load-definition.ts';
import type { WorkflowEngine } from '../engine-port.ts';
import type { FunctionCatalogue } from '../interpreter/call-function.ts';
import type { ConformanceWorld } from './harness.ts';
import { SUITE_DEFINITIONS } from './suite-definitions.ts';
import { StepLog, suiteFunctions } from './suite-functions.ts';

const orderSchema = z.object({ log: z.string(), world: z.string() });
const startSchema = z.object({ workflow: z.string(), ids: z.array(z.string()) });

/** Registers what the suite runs and lets the engine go on. */
export async function recoverSuite(engine: WorkflowEngine, changed: Readonly<Record<string, string>> = {}): Promise<void> {
  for (const [name, body] of Object.entries({ ...SUITE_DEFINITIONS, ...changed })) {
    const text = `document: { dsl: '1.0.0', namespace: suite, name: ${name}, version: '1.0.0' }\n${body}`;
    await engine.register(loadDefinition(text, engine.functions));
  }
  await engine.recover();
}

/**
 * The whole of a process that the suite kills: opens the engine of a world, says `open`, starts what it is told, and says which starts were
 * acknowledged. A harness's module calls it with how its engine is opened from `ConformanceWorld.child.world`.
 */
export async function runConformanceChild(
  open: (world: string, functions: FunctionCatalogue) => Promise<WorkflowEngine>,
): Promise<void> {
  const { log, world } = orderSchema.parse(JSON.parse(process.argv[2] ?? '{}'));
  const engine = await open(world, suiteFunctions(new StepLog(log)));
  await recoverSuite(engine);
  process.on('message', (message) => {
    const { workflow, ids } = startSchema.parse(message);
    for (const executionId of ids) {
      const start = engine.start({ executionId, workflow, projectId: 'suite', input: { id: executionId }, startedBy: 'suite' });
      start.then(
        () => process.send?.({ started: executionId }),
        (error: unknown) => process.stderr.write(`${String(error)}\n`),
      );
    }
  });
  process.send?.('open');
}

/** Starts executions in a process of its own, kills that one when its steps have begun `kills` times, and gives the starts it acknowledged. */
export async function startAndKill(
  world: ConformanceWorld,
  log: StepLog,
  { workflow, ids, kills }: { workflow: string; ids: readonly string[]; kills: number },
): Promise<string[]> {
  const order = JSON.stringify({ log: log.file, world: world.child.world });
  const execArgv = process.execArgv.filter((argument) => argument.startsWith('--conditions'));
  const child = fork(world.child.module, [order], { execArgv, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const killNow = (): void => void child.kill('SIGKILL');
  process.once('exit', killNow);
  try {
    const started: string[] = [];
    child.on('message', (message) => {
      const parsed = z.object({ started: z.string() }).safeParse(message);
      if (parsed.success) started.push(parsed.data.started);
    });
    await once(child, 'message');
    child.send({ workflow, ids });
    const end = performance.now() + 30_000;
    while (log.lines().filter(({ what }) => what === 'begin').length < kills) {
      if (child.exitCode !== null) throw new Error('Cannot go on: the process of the suite has ended');
      if (performance.now() > end) throw new Error('Cannot go on: the process of the suite does nothing');
      await delay(2);
    }
    const ended = once(child, 'exit');
    killNow();
    await ended;
    return started;
  } finally {
    process.removeListener('exit', killNow);
    killNow();
  }
}
