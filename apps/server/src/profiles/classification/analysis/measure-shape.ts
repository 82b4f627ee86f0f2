import { INDUCTION_READ_CHARACTERS, type LabelledExample } from '@loopwright/protocol';
import { fieldsOf } from './fields.ts';
import { scriptOf } from './script-of.ts';
import { textOf } from './tokens.ts';

/** What decides which models can be compared: how much text there is and in which scripts, or which fields. */
export interface DataShape {
  /** Characters that are read of all texts; `null` for records. */
  readonly characters: number | null;
  /** Texts by the script of most of their letters, the most frequent first. */
  readonly scripts: readonly { readonly script: string; readonly count: number }[];
  readonly fields: readonly { readonly name: string; readonly type: string }[];
}

/** Whether every input is a text. */
export function areTexts(examples: readonly LabelledExample[]): boolean {
  return examples.every(({ input }) => textOf(input) !== undefined);
}

/** Measures the shape of examples. */
export function measureShape(examples: readonly LabelledExample[]): DataShape {
  if (!areTexts(examples)) {
    return { characters: null, scripts: [], fields: fieldsOf(examples).map(({ name, type }) => ({ name, type })) };
  }
  const texts = examples.map(({ input }) => textOf(input) ?? '');
  const characters = texts.reduce((sum, text) => sum + Math.min(text.length, INDUCTION_READ_CHARACTERS), 0);
  return { characters, scripts: scriptCounts(texts), fields: [] };
}

/** Texts by script, the most frequent first. */
export function scriptCounts(texts: readonly string[]): { script: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    const script = scriptOf(text);
    counts.set(script, (counts.get(script) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([script, count]) => ({ script, count }));
}
