import { systemClock } from '@loopwright/protocol';
import { type Sandbox, type SandboxProgram, buildProgram, noJail, openJail, openSandbox } from '@loopwright/edge';
import { type Latencies, summary } from './latency.ts';
import { sampleText, textProgram } from './text-program.ts';

/** What a call takes beyond the time of the program itself: the way to the worker and back, one call at a time. */
export interface Wall {
  /** `bubblewrap`, or `none` where there is no jail. */
  readonly jail: string;
  readonly added: Latencies;
}

const WARM_UP = 500;
const ROUNDS = 5;
const CALLS = 1000;

async function timeAdded(sandbox: Sandbox, program: SandboxProgram, seed: number): Promise<number> {
  const input = JSON.stringify({ text: sampleText(seed) });
  const start = performance.now();
  const result = await sandbox.run(program, input);
  const time = performance.now() - start;
  if (result.status !== 'success') throw new Error(`Cannot measure: ${result.message}`);
  return time - result.latencyMs;
}

/** Measures a worker behind the jail and one without. */
export async function measureWall(): Promise<Wall[]> {
  const { code, digest } = await buildProgram(textProgram());
  const program = { key: digest, code };
  await using stack = new AsyncDisposableStack();
  const subjects = [];
  for (const jail of [await openJail({ policy: 'preferred', clock: systemClock }), noJail]) {
    const sandbox = stack.use(await openSandbox({ clock: systemClock, jail }));
    const call = (seed: number): Promise<number> => timeAdded(sandbox, program, seed);
    subjects.push({ jail: jail.name, call, times: [] as number[] });
  }
  for (const { call } of subjects) for (let seed = 0; seed < WARM_UP; seed += 1) await call(seed);
  for (let round = 0; round < ROUNDS; round += 1)
    for (const { call, times } of subjects) for (let seed = 0; seed < CALLS; seed += 1) times.push(await call(seed));
  return subjects.map(({ jail, times }) => ({ jail, added: summary(times) }));
}
