// One process on a store that is there: how long it takes to open it, to start executions, to list them and to wake one. Writes a line of JSON.
import { quantile } from './measure.ts';
import { openEngine } from './ours.ts';

const SAMPLES = 300;
const dir = process.argv[2] ?? '';
const figures: Record<string, number> = {};

const before = performance.now();
const { engine, run, park } = await openEngine('full', dir);
figures['start-up'] = performance.now() - before;
figures['memory after start-up, MB'] = process.memoryUsage().rss / 2 ** 20;
// What is listed is there in an empty store too.
for (let index = 0; index < SAMPLES; index += 1) await run();
for (let index = 0; index < 50; index += 1) await park();

figures['start, p50'] = await median(() =>
  engine.start({ executionId: crypto.randomUUID(), workflow: 'six', projectId: 'bench', input: {}, startedBy: 'bench' }),
);
figures['six steps, p50'] = await median(run);
figures['list, newest 50'] = await median(() => engine.read.executions({ limit: 50 }));
figures['list, by status completed'] = await median(() => engine.read.executions({ status: 'completed', limit: 50 }));
figures['list, by workflow'] = await median(() => engine.read.executions({ workflow: 'six', limit: 50 }));
figures['list, by project and status'] = await median(() =>
  engine.read.executions({ projectId: 'bench', status: 'completed', limit: 50 }),
);
figures['list, by status waiting'] = await median(() => engine.read.executions({ status: 'waiting_acceptance', limit: 50 }));
figures['human tasks, 50 open'] = await median(() => engine.read.humanTasks({ state: 'open', limit: 50 }));
const wakes: number[] = [];
for (let index = 0; index < SAMPLES; index += 1) {
  const one = await park();
  const at = performance.now();
  await one.wake();
  wakes.push(performance.now() - at);
}
figures['wake, p50'] = quantile(wakes, 0.5);
figures['memory at the end, MB'] = process.memoryUsage().rss / 2 ** 20;
await engine.close(1000);
process.stdout.write(`\n${JSON.stringify(figures)}\n`);

async function median(work: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const at = performance.now();
    await work();
    times.push(performance.now() - at);
  }
  return quantile(times, 0.5);
}
