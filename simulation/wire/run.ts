// `npm run fuzz:wire`: a million changed lines through the parser of both sides, a hundred thousand as bytes through a channel, a million changed frames. `--seed N --inputs N`.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { fuzzBinaryFrames } from './fuzz-frames.ts';
import { fuzzFrames, fuzzParser } from './fuzz-wire.ts';

const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? otherwise : Number(process.argv[at + 1]);
};
const seed = option('seed', 1);
const inputs = option('inputs', 1_000_000);

// What is reachable, not what the process happens to hold: garbage is no leak.
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const usedMb = (): number => {
  collect();
  return process.memoryUsage().heapUsed / 1024 / 1024;
};
const before = usedMb();
const began = performance.now();
const kinds = fuzzParser(seed, inputs);
const frames = await fuzzFrames(seed, Math.ceil(inputs / 10));
const binary = await fuzzBinaryFrames(seed, inputs);
const seconds = Math.round((performance.now() - began) / 100) / 10;
const grownMb = Math.round((usedMb() - before) * 10) / 10;
const peakMb = Math.round(process.resourceUsage().maxRSS / 1024);
process.stdout.write(`${JSON.stringify({ seed, inputs, kinds, frames, binary, seconds, grown_mb: grownMb, peak_mb: peakMb })}\n`);
if (grownMb > 16) throw new Error(`The process keeps ${grownMb} MB`);
