import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MODULE_DEPTH_LIMIT, type Random, readModuleMessage, readOrchestratorMessage, seededRandom } from '@loopwright/protocol';
import { memoryTransports, orchestratorChannel } from '@loopwright/module-sdk';

/** How many inputs were of each kind, over both directions. */
export type FuzzCounts = Record<string, number>;

const FIXTURES = join(import.meta.dirname, '../../packages/protocol/src/lib/module/fixtures');
const SEEDS = ['rust-module', 'python-module', 'rust-orchestrator'].flatMap((name) =>
  readFileSync(join(FIXTURES, `${name}.ndjson`), 'utf8')
    .trimEnd()
    .split('\n'),
);
const PIECES = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '\\',
  '\u0000',
  '\u2028',
  '\ud800',
  '1e999',
  '-0',
  'null',
  '"op"',
  '"__proto__"',
  '"constructor"',
  '9007199254740993',
  '18446744073709551616',
  '[[[[[[[[',
  '{"a":{"a":{"a":',
  '"request_id":""',
  `"${'x'.repeat(300)}"`,
  '['.repeat(MODULE_DEPTH_LIMIT + 1),
  '"body":[256]',
  '"data":"=="',
];
const VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  2 ** 53,
  1e308,
  '',
  'x'.repeat(5000),
  '\u0000',
  '\ud800',
  '__proto__',
  [],
  {},
  [[]],
  [256],
  [-1],
  [1.5],
  { a: 1 },
  { Custom: 1 },
  { Unix: 1 },
  Array.from({ length: 300 }, () => 'x'),
  'aGk=',
  '=',
  '/',
];

/** A line of the transcripts that is JSON still: some fields are gone, renamed, doubled into others, or hold something else. */
function changedFields(random: Random): string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)] as T;
  const message = JSON.parse(pick(SEEDS)) as Record<string, unknown>;
  for (let change = Math.floor(random.next() * 3); change >= 0; change -= 1) {
    const key = pick(Object.keys(message).filter((name) => name !== 'op' || random.next() < 0.1));
    if (key === undefined) break;
    const way = random.next();
    if (way < 0.2) delete message[key];
    else if (way < 0.3) message[pick(['op', 'body', 'headers', 'constructor', 'x'])] = message[key];
    else message[key] = pick(VALUES);
  }
  return JSON.stringify(message);
}

/** One input: a line of the transcripts, changed in one to five places, or nothing but pieces. */
function inputOf(random: Random): string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)] as T;
  const at = (text: string): number => Math.floor(random.next() * (text.length + 1));
  if (random.next() < 0.5) return changedFields(random);
  if (random.next() < 0.1) return Array.from({ length: Math.floor(random.next() * 12) }, () => pick(PIECES)).join('');
  let text = pick(SEEDS);
  for (let change = Math.floor(random.next() * 5); change >= 0; change -= 1) {
    const [start, end] = [at(text), at(text)].sort((one, other) => one - other) as [number, number];
    const way = Math.floor(random.next() * 6);
    if (way === 0) text = text.slice(0, start) + text.slice(end);
    else if (way === 1) text = text.slice(0, start) + pick(PIECES) + text.slice(start);
    else if (way === 2) text = text.slice(0, start) + text.slice(start, end).repeat(2) + text.slice(end);
    else if (way === 3)
      text = text.slice(0, start) + String.fromCharCode(Math.floor(random.next() * 256)) + text.slice(start + 1);
    else if (way === 4) text = text.slice(0, start) + pick(SEEDS).slice(at(text));
    else text = text.replace(/:("[^"]*"|\d+|null|true|false)/, `:${pick(PIECES)}`);
    if (text.length > 20_000) text = text.slice(0, 20_000);
  }
  return text.replaceAll('\n', ' ');
}

/** Reads so many changed lines as both sides do. @throws With the seed and the number of the input, when one is neither taken nor refused cleanly. */
export function fuzzParser(seed: number, inputs: number): FuzzCounts {
  const random = seededRandom(seed);
  const counts: FuzzCounts = {};
  for (let index = 0; index < inputs; index += 1) {
    const text = inputOf(random);
    for (const read of [readModuleMessage, readOrchestratorMessage]) {
      try {
        const { kind } = read(text);
        counts[kind] = (counts[kind] ?? 0) + 1;
      } catch (cause) {
        throw new Error(`The input ${index} of the seed ${seed} broke the parser: ${JSON.stringify(text)}`, { cause });
      }
    }
  }
  return counts;
}

/**
 * Sends changed lines as bytes, cut anywhere, through a channel with a short limit of lines; after each hundred a proper message, which must arrive.
 *
 * @throws When one does not, or when the channel ended.
 */
export async function fuzzFrames(seed: number, inputs: number): Promise<{ readonly reports: number; readonly taken: number }> {
  const random = seededRandom(seed);
  const [near, far] = memoryTransports({ limitBytes: 2048 });
  let reports = 0;
  let taken = 0;
  let arrived = '';
  let now = 0;
  const channel = orchestratorChannel({
    transport: near,
    clock: { now: () => (now += 1000), schedule: () => () => undefined },
    onReport: () => (reports += 1),
  });
  channel.on('get_secret', ({ name }) => (arrived = name));
  for (const op of ['identify', 'announce', 'rotation_ack', 'http_response', 'heartbeat_ack', 'service_operation'] as const)
    channel.on(op, () => (taken += 1));
  channel.start();
  for (let index = 0; index < inputs; index += 1) {
    const isLong = random.next() < 0.01;
    far.send(isLong ? inputOf(random).repeat(1 + Math.floor(3000 / 20)) : inputOf(random));
    if (index % 100 !== 99) continue;
    far.send(JSON.stringify({ op: 'get_secret', name: `proof ${index}` }));
    await far.drained();
    const hasArrived = (): boolean => arrived === `proof ${index}`;
    for (let turn = 0; !hasArrived(); turn += 1) {
      if (turn > 1000 || channel.isClosed)
        throw new Error(`The message after the input ${index} of the seed ${seed} did not arrive`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  far.abort();
  return { reports, taken };
}
