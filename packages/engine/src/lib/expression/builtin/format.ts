import type { Json } from '@loopwright/protocol';
import type { Budget } from '../run/budget.ts';
import { JqError } from '../run/jq-error.ts';
import { fromBase32, toBase32 } from './base32.ts';
import { kindOf, preview } from '../value/kind.ts';
import { toText } from '../value/text.ts';

const HTML: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', "'": '&#39;', '"': '&quot;' };

export function toString(value: Json, budget: Budget): string {
  if (typeof value !== 'string') return toText(value, budget);
  budget.string(value.length);
  return value;
}

/** `@name` applied to a value. */
export function formatText(name: string, value: Json, budget: Budget): string {
  if (name === 'json') return toText(value, budget);
  if (name === 'csv' || name === 'tsv') return row(name, value, budget);
  if (name === 'sh') return (Array.isArray(value) ? value : [value]).map((word) => shellWord(word, budget)).join(' ');
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
  if (name === 'base32') return toBase32(text);
  if (name === 'base32d') {
    const decoded = fromBase32(text);
    if (decoded === undefined) throw new JqError(`${preview(value)} is not valid base32 data`);
    return decoded;
  }
  throw new JqError(`${name} is not a valid format`);
}

function row(name: 'csv' | 'tsv', value: Json, budget: Budget): string {
  if (!Array.isArray(value)) throw new JqError(`${preview(value)} cannot be ${name}-formatted, only an array can be`);
  const cells = value.map((cell) => {
    if (cell === null) return '';
    if (typeof cell === 'string') return name === 'csv' ? `"${cell.replaceAll('"', '""')}"` : escapeTab(cell);
    if (typeof cell === 'object') throw new JqError(`${preview(cell)} is not valid in a ${name === 'csv' ? 'csv' : 'tsv'} row`);
    return toText(cell, budget);
  });
  return cells.join(name === 'csv' ? ',' : '\t');
}

function escapeTab(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
}

function shellWord(value: Json, budget: Budget): string {
  if (typeof value === 'string') return `'${value.replaceAll("'", String.raw`'\''`)}'`;
  if (kindOf(value) === 'array' || kindOf(value) === 'object')
    throw new JqError(`${preview(value)} can not be escaped for shell`);
  return toText(value, budget);
}
