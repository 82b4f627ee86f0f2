// `npm run fuzz:wire`: a million changed lines through the parser of both sides, a hundred thousand as bytes through a channel. `--seed N --inputs N`.
import { fuzzFrames, fuzzParser } from './fuzz-wire.ts';

const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? otherwise : Number(process.argv[at + 1]);
};
const seed = option('seed', 1);
const inputs = option('inputs', 1_000_000);

const before = process.memoryUsage().rss;
const began = performance.now();
const kinds = fuzzParser(seed, inputs);
const frames = await fuzzFrames(seed, Math.ceil(inputs / 10));
const grownMb = (process.memoryUsage().rss - before) / 1024 / 1024;
process.stdout.write(
  `${JSON.stringify({ seed, inputs, kinds, frames, seconds: Math.round((performance.now() - began) / 100) / 10, grown_mb: Math.round(grownMb) })}\n`,
);
// The inputs hold no more than a few kilobytes each: what stays is a leak.
if (grownMb > 256) throw new Error(`The process grew by ${grownMb.toFixed(0)} MB`);
