import type { Json } from '@loopwright/protocol';
import { JqError } from '../run/jq-error.ts';
import { preview } from '../value/kind.ts';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = 'January February March April May June July August September October November December'.split(' ');

/** Seconds since 1970 as `[year, month from 0, day, hours, minutes, seconds, weekday, day of the year from 0]`, in UTC. */
export function toTime(seconds: number): number[] {
  const date = new Date(Math.floor(seconds) * 1000);
  if (Number.isNaN(date.getTime())) throw new JqError('error converting number of seconds since epoch to datetime');
  const start = Date.UTC(date.getUTCFullYear(), 0, 1);
  const fraction = seconds - Math.floor(seconds);
  return [
    date.getUTCFullYear(),
    date.getUTCMonth(),
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds() + fraction,
    date.getUTCDay(),
    Math.floor((date.getTime() - start) / 86_400_000),
  ];
}

/** The reverse of {@link toTime}. */
export function toSeconds(time: Json): number {
  if (!Array.isArray(time)) throw new JqError('mktime requires array of 6 numbers');
  const parts = time.filter((part) => typeof part === 'number');
  if (parts.length < 6 || parts.length !== time.length) throw new JqError('mktime requires parsed datetime inputs');
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = parts;
  return Math.floor(Date.UTC(year, month, day, hours, minutes, Math.floor(seconds)) / 1000);
}

const two = (value: number): string => String(value).padStart(2, '0');

export function fromTime(input: Json, format: Json): string {
  if (typeof format !== 'string') throw new JqError('strftime/1 requires a string format');
  if (typeof input !== 'number' && !Array.isArray(input)) throw new JqError('strftime/1 requires parsed datetime inputs');
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0, weekday = 0, yearDay = 0] = toTime(
    typeof input === 'number' ? input : toSeconds(input),
  );
  const fields: Readonly<Record<string, string>> = {
    Y: String(year),
    m: two(month + 1),
    d: two(day),
    e: String(day).padStart(2),
    H: two(hours),
    M: two(minutes),
    S: two(Math.floor(seconds)),
    I: two(hours % 12 || 12),
    p: hours < 12 ? 'AM' : 'PM',
    y: two(year % 100),
    j: String(yearDay + 1).padStart(3, '0'),
    A: DAYS[weekday] ?? '',
    a: DAYS[weekday]?.slice(0, 3) ?? '',
    B: MONTHS[month] ?? '',
    b: MONTHS[month]?.slice(0, 3) ?? '',
    u: String(weekday || 7),
    w: String(weekday),
    Z: 'UTC',
    z: '+0000',
    n: '\n',
    t: '\t',
    '%': '%',
    s: String(Math.floor(toSeconds([year, month, day, hours, minutes, seconds]))),
  };
  const composed = format
    .replaceAll('%T', '%H:%M:%S')
    .replaceAll('%F', '%Y-%m-%d')
    .replaceAll('%D', '%m/%d/%y')
    .replaceAll('%R', '%H:%M')
    .replaceAll('%c', '%a %b %e %H:%M:%S %Y');
  return composed.replaceAll(/%(.)/g, (_, field: string) => {
    const text = fields[field];
    if (text === undefined) throw new JqError(`strftime/1: the field "%${field}" is not supported`);
    return text;
  });
}

const PATTERNS: Readonly<Record<string, string>> = {
  Y: '(?<Y>\\d{4})',
  m: '(?<m>\\d{1,2})',
  d: '(?<d>\\d{1,2})',
  e: ' ?(?<d>\\d{1,2})',
  H: '(?<H>\\d{1,2})',
  M: '(?<M>\\d{1,2})',
  S: '(?<S>\\d{1,2})',
  j: '(?<j>\\d{1,3})',
  b: '(?<b>[A-Za-z]{3,9})',
  B: '(?<b>[A-Za-z]{3,9})',
  a: '[A-Za-z]{3,9}',
  A: '[A-Za-z]{3,9}',
  Z: '[A-Za-z]+',
  z: '(?:Z|[+-]\\d{2}:?\\d{2})',
  '%': '%',
};

export function parseTime(input: Json, format: Json): number[] {
  if (typeof input !== 'string') throw new JqError(`strptime/1 requires string inputs and arguments`);
  if (typeof format !== 'string') throw new JqError(`strptime/1 requires string inputs and arguments`);
  const composed = format.replaceAll('%T', '%H:%M:%S').replaceAll('%F', '%Y-%m-%d').replaceAll('%R', '%H:%M');
  const source = composed.replaceAll(/%(.)|[\\^$.*+?()[\]{}|]/g, (part, field: string | undefined) => {
    if (field === undefined) return `\\${part}`;
    const pattern = PATTERNS[field];
    if (pattern === undefined) throw new JqError(`strptime/1: the field "%${field}" is not supported`);
    return pattern;
  });
  const found = new RegExp(`^${source}$`).exec(input)?.groups;
  if (found === undefined) throw new JqError(`date ${preview(input).slice(8, -1)} does not match format "${format}"`);
  const number = (name: string, otherwise: number): number => Number(found[name] ?? otherwise);
  const named = MONTHS.findIndex(
    (month) => found['b'] !== undefined && month.toLowerCase().startsWith(found['b'].toLowerCase().slice(0, 3)),
  );
  const month = found['b'] === undefined ? number('m', 1) - 1 : named;
  return toTime(toSeconds([number('Y', 1970), month, number('d', 1), number('H', 0), number('M', 0), number('S', 0)]));
}
