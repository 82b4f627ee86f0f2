import { readFileSync } from 'node:fs';
import { PlatformError, messageOf } from '@loopwright/protocol';
import { type Document, LineCounter, isNode, parseDocument } from 'yaml';
import { z } from 'zod';
import { MODEL_PROVIDERS } from '../provider/model-name.ts';

/** US dollars for a million tokens. */
const priceSchema = z.number().min(0).max(100_000);
const entrySchema = z.strictObject({
  provider: z.enum(MODEL_PROVIDERS),
  model: z.string().min(1).max(200),
  /** The first day, in UTC, on which the price holds, until the next one of the model. */
  from: z.iso.date(),
  input: priceSchema,
  output: priceSchema,
  /** Tokens of the prompt that come from the provider's cache; `input` when left out. */
  cached_input: priceSchema.optional(),
  /** Tokens of the prompt that are written to it; `input` when left out. */
  cache_write: priceSchema.optional(),
  /** Where the price was read. */
  source: z.string().min(1).max(1000).optional(),
});
const tableSchema = z.strictObject({ prices: z.array(entrySchema).max(10_000) }).superRefine(({ prices }, context) => {
  const seen = new Map<string, number>();
  for (const [index, { provider, model, from }] of prices.entries()) {
    const key = JSON.stringify([provider, model, from]);
    const before = seen.get(key);
    if (before !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['prices', index, 'from'],
        message: `"${provider}/${model}" has another price from ${from} on at /prices/${before}`,
      });
    seen.set(key, before ?? index);
  }
});

/** A price of a model from a day on. */
export type PriceEntry = z.infer<typeof entrySchema>;

/** Most issues that an error names in its message, and in its details. */
const SHOWN = 10;
const LISTED = 100;

/** Reads a file of prices (YAML or JSON). Throws INVALID_CONFIGURATION with what is wrong in it and on which line. */
export function readPriceFile(path: string): PriceEntry[] {
  const lines = new LineCounter();
  let document: Document.Parsed;
  try {
    document = parseDocument(readFileSync(path, 'utf8'), { lineCounter: lines });
    const [broken] = document.errors;
    if (broken !== undefined) throw broken;
  } catch (error) {
    throw new PlatformError('INVALID_CONFIGURATION', `Cannot read the prices "${path}": ${messageOf(error)}`, { cause: error });
  }
  const table = tableSchema.safeParse(document.toJS());
  if (table.success) return table.data.prices;
  const issues = table.error.issues.slice(0, LISTED).map(({ path: at, message }) => ({
    pointer: `/${at.join('/')}`,
    line: lineOf(document, lines, at),
    message,
  }));
  const shown = issues.slice(0, SHOWN).map(({ pointer, line, message }) => `line ${line}, ${pointer}: ${message}`);
  throw new PlatformError('INVALID_CONFIGURATION', `Cannot use the prices "${path}": ${shown.join('; ')}`, {
    details: { issues },
  });
}

/** The line of what a path names, or of the nearest thing around it that is there. */
function lineOf(document: Document.Parsed, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range != null) return lines.linePos(node.range[0]).line;
  }
  return 1;
}
