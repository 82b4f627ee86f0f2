// `npm run bench -- edge [--quick] [--only speed|wall|noise|programs] [--load autocannon|wrk] [--json]`: what the sandbox costs a request, and what holds under load.
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { type GeneratorName, generators } from '../http/generators.ts';
import type { Latencies } from './latency.ts';
import { type Noise, measureNoise } from './noise.ts';
import { type ProgramFigures, measurePrograms } from './programs.ts';
import { type Quartiles, type Speed, measureSpeed } from './speed.ts';
import { type Wall, measureWall } from './wall.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    load: { type: 'string' },
  },
});
const wants = (part: string): boolean => values.only === undefined || values.only === part;
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const ms = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(0));
const times = ({ mean, p50, p99 }: Latencies): string => `${ms(mean)} / ${ms(p50)} / ${ms(p99)}`;
const micros = (value: number | null): string => value?.toFixed(0) ?? '?';
const whole = (value: number): string => Math.round(value).toLocaleString('en');
const percent = (shares: Quartiles): string => {
  const [low, median, high] = shares.map((share) => (share * 100).toFixed(0));
  return `${median} % (${low} to ${high})`;
};

function printSpeed(speeds: readonly Speed[], generator: GeneratorName): void {
  print(`load generator: ${generator}`);
  print(
    '| server | requests/s: median / best tenth | of the echo: rounds / best tenth | of the direct call | server / workers / load CPU µs | alone: mean / p50 / p99 ms | ten callers: mean / p50 / p99 ms |',
  );
  print('| --- | --- | --- | --- | --- | --- | --- |');
  const echo = speeds.find(({ kind }) => kind === 'echo')?.atBest ?? Number.NaN;
  for (const { kind, perSecond, atBest, ofEcho, ofDirect, cpuMicros, workerMicros, generatorMicros, alone, ten } of speeds) {
    const processor = [cpuMicros, workerMicros, generatorMicros].map(micros).join(' / ');
    print(
      `| ${kind} | ${whole(perSecond)} / ${whole(atBest)} | ${percent(ofEcho)} / ${((atBest / echo) * 100).toFixed(0)} % | ${percent(ofDirect)} | ${processor} | ${times(alone)} | ${times(ten)} |`,
    );
  }
}

function printWalls(walls: readonly Wall[]): void {
  for (const { jail, added } of walls) print(`added by a worker process, jail ${jail}: mean / p50 / p99 ${times(added)} ms`);
}

function printNoise({ quiet, noisy }: Noise): void {
  print(
    `one tenant loops: mean / p50 / p99 of the other ${times(noisy)} ms, quiet ${times(quiet)} ms, p99 ${(noisy.p99 / quiet.p99).toFixed(2)} ×`,
  );
}

function printPrograms(figures: ProgramFigures): void {
  const { programs, edgeKbPerProgram, workerKbPerProgram, cold, warm, firstSwitch, switching, duringSwitches } = figures;
  print(
    `${programs} programs of 200 KB: ${edgeKbPerProgram?.toFixed(0) ?? '?'} KB each in the edge, ${workerKbPerProgram?.toFixed(0) ?? '?'} KB each in a worker that holds it`,
  );
  print(`cold start: mean / p50 / p99 ${times(cold)} ms; the next request ${times(warm)} ms`);
  print(
    `switch to a version never seen: ${ms(firstSwitch.warmedUp)} ms with warm-up calls, ${ms(firstSwitch.cold)} ms without; to one seen before: ${times(switching)} ms`,
  );
  print(
    `during switches: ${duringSwitches.requests} requests, ${duringSwitches.failed} failed, ${times(duringSwitches.latency)} ms`,
  );
}

const results: Record<string, unknown> = { load: loadavg()[0] };
if (wants('speed')) {
  const known = generators();
  const wanted = values.load === undefined ? known : known.filter((name) => values.load === name);
  if (wanted.length === 0) throw new Error(`Cannot load with "${values.load}": there is ${known.join(' and ')} here`);
  for (const generator of wanted) {
    const speeds = await measureSpeed({
      sets: values.quick ? 1 : 8,
      kinds: ['echo', 'direct', 'edge', 'edge-no-jail'],
      generator,
    });
    results[`speed ${generator}`] = speeds;
    if (!values.json) printSpeed(speeds, generator);
  }
}
if (wants('wall')) {
  const walls = await measureWall();
  results['wall'] = walls;
  if (!values.json) printWalls(walls);
}
if (wants('noise')) {
  const noise = await measureNoise();
  results['noise'] = noise;
  if (!values.json) printNoise(noise);
}
if (wants('programs')) {
  const programs = await measurePrograms();
  results['programs'] = programs;
  if (!values.json) printPrograms(programs);
}
print(
  values.json
    ? JSON.stringify(results)
    : `load average ${loadavg()
        .map((value) => value.toFixed(1))
        .join(' ')} at the end`,
);
