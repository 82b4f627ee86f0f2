import type { InputKind } from '../read/input-kind.ts';
import { type ProgramCase, wrongInput } from './cases.ts';
import { literal } from './literal.ts';

/** Writes the tests of the program: they run with `node --test program.test.ts` beside `program.ts`, on Node 24. */
export function testSource(programName: string, kind: InputKind, cases: readonly ProgramCase[]): string {
  const rows = cases.map(({ name, input, output }) => `  [${literal(name)}, ${literal(input)}, ${literal(output)}],`);
  return `import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Input, type Output, run } from './program.ts';

// Examples that the program answers rightly, a few for each label, and edges. They guard against change;
// how often the program is right is in MODEL_CARD.md.
const CASES: readonly (readonly [name: string, input: Input, output: Output])[] = [
${rows.join('\n')}
];

describe(${literal(programName)}, () => {
  for (const [name, input, output] of CASES) {
    it(\`answers \${name}\`, () => {
      assert.equal(run(input), output);
    });
  }

  it('refuses an input of the wrong shape', () => {
    assert.throws(() => run(${literal(wrongInput(kind))} as unknown as Input), TypeError);
  });
});
`;
}
