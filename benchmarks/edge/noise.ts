import { systemClock } from '@loopwright/protocol';
import { type Sandbox, type SandboxProgram, buildProgram, openJail, openSandbox } from '@loopwright/edge';
import { type Latencies, summary } from './latency.ts';
import { sampleText, textProgram } from './text-program.ts';

/** Latency of one tenant's calls, quiet and while another tenant's programs loop. */
export interface Noise {
  readonly quiet: Latencies;
  readonly noisy: Latencies;
}

const ROUNDS = 4;
const PHASE_MS = 1500;

/** One call every few milliseconds, as a tenant with some traffic has. */
async function measureCalls(sandbox: Sandbox, program: SandboxProgram): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + PHASE_MS;
  for (let seed = 0; performance.now() < end; seed += 1) {
    const start = performance.now();
    const result = await sandbox.run(program, JSON.stringify({ text: sampleText(seed) }));
    if (result.status !== 'success') throw new Error(`Cannot measure: ${result.message}`);
    times.push(performance.now() - start);
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
  }
  return times;
}

/** Lets a tenant loop again and again in one worker until `stop` is called. Each time another program, because three kills would stop it. */
function loopForEver(sandbox: Sandbox, code: string): { readonly stop: () => Promise<void> } {
  const stopped = new AbortController();
  const loop = async (): Promise<void> => {
    for (let count = 0; !stopped.signal.aborted; count += 1)
      await sandbox.run({ key: `loop-${count}`, code, tenant: 'noisy' }, 'null');
  };
  const running = loop();
  return {
    stop: () => {
      stopped.abort();
      return running;
    },
  };
}

/** Measures both in turns, in one sandbox. */
export async function measureNoise(): Promise<Noise> {
  const jail = await openJail({ policy: 'preferred', clock: systemClock });
  await using sandbox = await openSandbox({ clock: systemClock, jail, timeoutMs: 1000 });
  const { code, digest } = await buildProgram(textProgram());
  const program = { key: digest, code, tenant: 'quiet' };
  const { code: loopCode } = await buildProgram('export function run() { for (;;) {} }');
  const quiet: number[] = [];
  const noisy: number[] = [];
  await measureCalls(sandbox, program);
  for (let round = 0; round < ROUNDS; round += 1) {
    quiet.push(...(await measureCalls(sandbox, program)));
    const loop = loopForEver(sandbox, loopCode);
    noisy.push(...(await measureCalls(sandbox, program)));
    await loop.stop();
  }
  return { quiet: summary(quiet), noisy: summary(noisy) };
}
