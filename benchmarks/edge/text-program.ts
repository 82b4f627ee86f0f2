/** How many words the program knows. */
const WORDS = 5000;

/** A word that looks like none of a language, but is always the same. */
const wordOf = (index: number): string => `w${((index * 2_654_435_761) >>> 0).toString(36)}`;

/** A text program with weights for 5,000 words in each of two classes, as induction writes them: 200 KB of source. */
export function textProgram(words: number = WORDS): string {
  const weights = Array.from({ length: words }, (_, index) => [
    wordOf(index),
    [((index * 7) % 100) / 50 - 1, ((index * 13) % 100) / 50 - 1],
  ]);
  return `const WEIGHTS: Record<string, [number, number]> = ${JSON.stringify(Object.fromEntries(weights))};
export function run({ text }: { text: string }): { label: string; score: number } {
  let ham = -0.2;
  let spam = -1.7;
  for (const word of text.toLowerCase().split(/[^\\p{L}\\p{N}]+/u)) {
    const weight = WEIGHTS[word];
    if (weight === undefined) continue;
    ham += weight[0];
    spam += weight[1];
  }
  return { label: spam > ham ? 'spam' : 'ham', score: 1 / (1 + Math.exp(ham - spam)) };
}`;
}

/** A text of 30 words, two thirds of which the program knows. */
export function sampleText(seed: number): string {
  return Array.from({ length: 30 }, (_, index) =>
    index % 3 === 0 ? `unknown${index}` : wordOf((seed * 31 + index * 97) % WORDS),
  ).join(' ');
}

/** The schemas of input and output; each request is checked against both. */
export const SCHEMAS = {
  input_schema: {
    type: 'object',
    properties: { text: { type: 'string', maxLength: 100_000 } },
    required: ['text'],
    additionalProperties: false,
  },
  output_schema: {
    type: 'object',
    properties: { label: { enum: ['spam', 'ham'] }, score: { type: 'number', minimum: 0, maximum: 1 } },
    required: ['label', 'score'],
  },
};
