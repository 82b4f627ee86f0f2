import { PACKED_DIGITS as DIGITS, PACKED_STEPS as STEPS } from '../program/packed-weights.ts';
import { importance, thresholdOf } from './importance.ts';
import type { DenseModel } from './sparse-rows.ts';

/** A table of weights as text, see `program/packed-weights.ts`. */
export interface PackedTable {
  /** Feature and codes in turn, separated by blanks. */
  readonly lines: readonly string[];
  /** Size of the largest weight, in units of the model. */
  readonly largest: number;
  readonly features: number;
}

/** Longest line, in characters; a feature with very many codes may be longer. */
const LINE = 120;

/**
 * Packs the weights that matter most, as many as fit into `limitBytes`. A weight takes two bytes where the readable table takes a feature's whole
 * name for each class, so with many classes three times as many fit.
 */
export function packWeights(model: DenseModel, names: readonly string[], limitBytes: number): PackedTable {
  let largest = 0;
  for (const vector of model.weights) for (const weight of vector) largest = Math.max(largest, Math.abs(weight));
  let most = Math.ceil(limitBytes / 2);
  for (;;) {
    const codes = codesOf(model, { largest, most, names: names.length });
    const rows = [...codes.entries()].map(([id, code]) => ({ name: names[id] ?? '', code })).filter(({ code }) => code !== '');
    const bytes = rows.reduce((sum, { name, code }) => sum + Buffer.byteLength(name) + code.length + 2, 0);
    if (bytes <= limitBytes || most < 16) {
      rows.sort((a, b) => (a.name < b.name ? -1 : 1));
      return { lines: wrap(rows), largest, features: rows.length };
    }
    most = Math.floor(most * Math.min(0.95, limitBytes / bytes));
  }
}

/** The codes of every feature, empty where none is kept. */
function codesOf(model: DenseModel, { largest, most, names }: { largest: number; most: number; names: number }): string[] {
  const threshold = thresholdOf(model, most);
  const codes = Array.from<string>({ length: names }).fill('');
  for (const [label, vector] of model.weights.entries()) {
    for (const [id, weight] of vector.entries()) {
      if (weight === 0 || importance(model, label, id) < threshold) continue;
      const size = Math.round(Math.sqrt(Math.abs(weight) / largest) * STEPS);
      if (size === 0) continue;
      const code = label * 2 * STEPS + (weight < 0 ? STEPS - size : STEPS + size - 1);
      codes[id] += DIGITS.charAt(Math.floor(code / DIGITS.length)) + DIGITS.charAt(code % DIGITS.length);
    }
  }
  return codes;
}

function wrap(rows: readonly { name: string; code: string }[]): string[] {
  const lines: string[] = [];
  let line = '';
  for (const { name, code } of rows) {
    const entry = `${name} ${code}`;
    if (line !== '' && line.length + entry.length >= LINE) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? entry : `${line} ${entry}`;
  }
  return line === '' ? lines : [...lines, line];
}
