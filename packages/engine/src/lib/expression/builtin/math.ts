import type { Json } from '@loopwright/protocol';
import { JqError } from '../run/jq-error.ts';
import { preview } from '../value/kind.ts';

type Calculation = (input: Json, args: readonly Json[]) => Json;

/** A number, or the error that jq gives. */
export function numberOf(value: Json | undefined): number {
  if (typeof value === 'number') return value;
  throw new JqError(`${preview(value ?? null)} number required`);
}

const math =
  (change: (value: number) => number): Calculation =>
  (input) =>
    change(numberOf(input));
const math2 =
  (change: (a: number, b: number) => number): Calculation =>
  (_, [a, b]) =>
    change(numberOf(a), numberOf(b));

/** The fraction in [0.5, 1) and the power of two that give a number. */
function split(value: number): [number, number] {
  if (value === 0 || !Number.isFinite(value)) return [value, 0];
  let power = Math.max(-1023, Math.floor(Math.log2(Math.abs(value))) + 1);
  let fraction = scale(value, -power);
  for (; Math.abs(fraction) < 0.5; power -= 1) fraction *= 2;
  for (; Math.abs(fraction) >= 1; power += 1) fraction /= 2;
  return [fraction, power];
}

/** `value` times two to a power, which may itself be out of the range of numbers. */
function scale(value: number, power: number): number {
  const step = Math.max(-1000, Math.min(1000, Math.trunc(power)));
  const scaled = value * 2 ** step;
  return step === Math.trunc(power) || scaled === 0 || !Number.isFinite(scaled) ? scaled : scale(scaled, power - step);
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const isHalf = value - below === 0.5;
  return isHalf ? below + (below % 2 === 0 ? 0 : 1) : Math.round(value);
}

/** Functions of numbers, by name and number of parameters. */
export const MATHS: Readonly<Record<string, Calculation>> = {
  'floor/0': math(Math.floor),
  'ceil/0': math(Math.ceil),
  'round/0': math((value) => Math.sign(value) * Math.round(Math.abs(value))),
  'nearbyint/0': math(roundToEven),
  'rint/0': math(roundToEven),
  'trunc/0': math(Math.trunc),
  'sqrt/0': math(Math.sqrt),
  'fabs/0': math(Math.abs),
  'abs/0': math(Math.abs),
  'exp/0': math(Math.exp),
  'exp2/0': math((value) => 2 ** value),
  'exp10/0': math((value) => 10 ** value),
  'expm1/0': math(Math.expm1),
  'log/0': math(Math.log),
  'log2/0': math(Math.log2),
  'log10/0': math(Math.log10),
  'log1p/0': math(Math.log1p),
  'cbrt/0': math(Math.cbrt),
  'sin/0': math(Math.sin),
  'cos/0': math(Math.cos),
  'tan/0': math(Math.tan),
  'asin/0': math(Math.asin),
  'acos/0': math(Math.acos),
  'atan/0': math(Math.atan),
  'sinh/0': math(Math.sinh),
  'cosh/0': math(Math.cosh),
  'tanh/0': math(Math.tanh),
  'asinh/0': math(Math.asinh),
  'acosh/0': math(Math.acosh),
  'atanh/0': math(Math.atanh),
  'significand/0': math((value) => split(value)[0] * (value === 0 || !Number.isFinite(value) ? 1 : 2)),
  'logb/0': math((value) => (value === 0 ? -Infinity : Number.isFinite(value) ? split(value)[1] - 1 : Math.abs(value))),
  'frexp/0': (input) => split(numberOf(input)),
  'ldexp/2': math2(scale),
  'scalb/2': math2(scale),
  'scalbln/2': math2(scale),
  'pow/2': math2((a, b) => a ** b),
  'atan2/2': math2(Math.atan2),
  'fmin/2': math2(Math.min),
  'fmax/2': math2(Math.max),
  'fmod/2': math2((a, b) => a % b),
  'hypot/2': math2(Math.hypot),
  'fma/3': (_, [a, b, c]) => numberOf(a) * numberOf(b) + numberOf(c),
  'infinite/0': () => Number.POSITIVE_INFINITY,
  'nan/0': () => Number.NaN,
  'isnan/0': (input) => Number.isNaN(numberOf(input)),
  'isinfinite/0': (input) => Math.abs(numberOf(input)) === Number.POSITIVE_INFINITY,
  'isnormal/0': (input) => Number.isFinite(numberOf(input)) && input !== 0,
};
