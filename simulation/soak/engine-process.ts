// The process that a soak kills: an engine on a folder, on the machine's clock, taking orders over IPC. Arguments: folder, seed, life.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Engine, defineFunction, loadDefinition } from '@loopwright/engine';
import { PlatformError, jsonObjectSchema, seededRandom, systemClock } from '@loopwright/protocol';
import { definitionOf } from '../definition.ts';
import { openListeners } from '../hearing.ts';
import { unexpectedRun } from '../unexpected-run.ts';
import { type Order, type Outcome, type Standing, flowNumberOf, soakFlows } from './protocol.ts';

const [dir = '', seed = '', life = ''] = process.argv.slice(2);
const flows = soakFlows(Number(seed));
const stepsFile = join(dir, 'steps.log');
const runs = new Map<string, number>();
for (const line of existsSync(stepsFile) ? readFileSync(stepsFile, 'utf8').split('\n') : []) {
  const key = line.slice(0, line.lastIndexOf('!'));
  runs.set(key, (runs.get(key) ?? 0) + 1);
}

/** A step that writes to a file what it does, takes time, and fails at first. */
const count = defineFunction({
  description: 'Counts',
  arguments: jsonObjectSchema,
  run: ({ args, step, execution: { executionId } }) =>
    step(async ({ idempotencyKey, signal }) => {
      const { ms, failures, stubborn } = args as { ms: number; failures: number; stubborn: boolean };
      const flow = flows[flowNumberOf(executionId)];
      const problem = flow === undefined ? 'no flow' : unexpectedRun(engine.read, flow, { id: executionId, idempotencyKey });
      if (problem !== undefined) appendFileSync(join(dir, 'problems.log'), `${problem}\n`);
      const run = (runs.get(idempotencyKey) ?? 0) + 1;
      runs.set(idempotencyKey, run);
      const token = `${idempotencyKey}!${run}`;
      appendFileSync(stepsFile, `${token}\n`);
      if (ms > 0) {
        await new Promise<void>((resolve, reject) => {
          systemClock.schedule(ms, resolve);
          if (!stubborn) signal.addEventListener('abort', () => reject(new Error('aborted')));
        });
      }
      if (run <= failures) throw new Error('it fails at first');
      return token;
    }),
});

const engine = new Engine({
  dir: join(dir, 'engine'),
  durability: 'process',
  clock: systemClock,
  random: seededRandom(Number(seed) * 1_000_000 + Number(life)),
  functions: { count },
});
for (const [index, flow] of flows.entries())
  await engine.register(loadDefinition(definitionOf(flow, `flow-${index}`), engine.functions));
engine.recover();

async function carryOut(order: Order): Promise<Outcome> {
  switch (order.kind) {
    case 'start': {
      const { executionId } = order;
      const workflow = `flow-${flowNumberOf(executionId)}`;
      await engine.start({ executionId, workflow, projectId: 'p', input: { trace: [] }, startedBy: 'ann' });
      return {};
    }
    case 'pause':
      await engine.pause(order.executionId, 'ann');
      return {};
    case 'resume':
      await engine.resume(order.executionId, 'ann');
      return {};
    case 'cancel':
      await engine.cancel(order.executionId, { who: 'ann', reason: null });
      return {};
    case 'answer': {
      const { executionId, step, answer, answerId } = order;
      const { state } = await engine.answer({ executionId, step }, answer, { answerId, answeredBy: `by-${answerId}` });
      return { state };
    }
    case 'publish': {
      const listening = openListeners(engine.read, order.executionIds);
      await engine.publish(order.event);
      return { listening };
    }
    case 'look':
      return { standings: order.executionIds.map(standingOf) };
    case 'close':
      await engine.close(50);
      return {};
  }
}

function standingOf(executionId: string): Standing {
  const { read } = engine;
  const asks = read.humanTasks({ executionId, state: 'open', limit: 1 })[0]?.step ?? null;
  const listens = openListeners(read, [executionId]).length > 0;
  return { executionId, status: read.execution(executionId)?.status ?? 'unknown', asks, listens };
}

process.on('message', ({ id, order }: { id: number; order: Order }) => {
  carryOut(order).then(
    (outcome) => process.send?.({ id, outcome }, () => order.kind === 'close' && process.exit(0)),
    (error: unknown) => {
      if (!(error instanceof PlatformError)) throw error;
      process.send?.({ id, outcome: { error: { code: error.code, details: error.details ?? {} } } });
    },
  );
});
process.send?.('ready');
