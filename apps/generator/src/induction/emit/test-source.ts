import type { Json } from '@loopwright/protocol';
import type { ProgramCase } from './cases.ts';
import { literal } from './literal.ts';

/** Writes the tests of the program: they run with `node --test program.test.ts` beside `program.ts`, on Node 24. */
export function testSource(programName: string, cases: readonly ProgramCase[], wrongInput: Json): string {
  const rows = cases.map(({ name, input, output }) => `  [${literal(name)}, ${literal(input)}, ${literal(output)}],`);
  return `import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Input, type Output, run } from './program.ts';

// What people settled, examples that the program answers rightly, and edges. They guard against change;
// how often the program is right is in MODEL_CARD.md.
const CASES: readonly (readonly [name: string, input: Input, output: Output])[] = [
${rows.join('\n')}
];

describe(${literal(programName)}, () => {
  for (const [name, input, output] of CASES) {
    it(\`answers \${name}\`, () => {
      assert.deepEqual(run(input), output);
    });
  }

  it('refuses an input of the wrong shape', () => {
    assert.throws(() => run(${literal(wrongInput)} as unknown as Input), TypeError);
  });
});
`;
}
