import type { Json } from '@loopwright/protocol';
import type { Budget } from '../run/budget.ts';
import { JqError } from '../run/jq-error.ts';
import { kindOf, preview } from '../value/kind.ts';
import { toText } from '../value/text.ts';

const HTML: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', "'": '&#39;', '"': '&quot;' };

export function toString(value: Json, budget: Budget): string {
  const text = typeof value === 'string' ? value : toText(value);
  budget.string(text.length);
  return text;
}

/** `@name` applied to a value. */
export function formatText(name: string, value: Json, budget: Budget): string {
  if (name === 'json') return toText(value);
  if (name === 'csv' || name === 'tsv') return row(name, value);
  if (name === 'sh') return (Array.isArray(value) ? value : [value]).map(shellWord).join(' ');
  const text = toString(value, budget);
  if (name === 'text') return text;
  if (name === 'html') return text.replaceAll(/[<>&'"]/g, (character) => HTML[character] ?? character);
  if (name === 'uri')
    return encodeURIComponent(text.toWellFormed()).replaceAll(
      /[!'()*]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  if (name === 'base64') return Buffer.from(text).toString('base64');
  if (name === 'base64d') {
    if (!/^[A-Za-z0-9+/]{2,}={0,2}$|^$/.test(text)) throw new JqError(`${preview(value)} is not valid base64 data`);
    return Buffer.from(text, 'base64').toString();
  }
  throw new JqError(`${name} is not a valid format`);
}

function row(name: 'csv' | 'tsv', value: Json): string {
  if (!Array.isArray(value)) throw new JqError(`${preview(value)} cannot be ${name}-formatted, only an array can be`);
  const cells = value.map((cell) => {
    if (cell === null) return '';
    if (typeof cell === 'string') return name === 'csv' ? `"${cell.replaceAll('"', '""')}"` : escapeTab(cell);
    if (typeof cell === 'object') throw new JqError(`${preview(cell)} is not valid in a ${name === 'csv' ? 'csv' : 'tsv'} row`);
    return toText(cell);
  });
  return cells.join(name === 'csv' ? ',' : '\t');
}

function escapeTab(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
}

function shellWord(value: Json): string {
  if (typeof value === 'string') return `'${value.replaceAll("'", String.raw`'\''`)}'`;
  if (kindOf(value) === 'array' || kindOf(value) === 'object')
    throw new JqError(`${preview(value)} can not be escaped for shell`);
  return toText(value);
}
