import assert from 'node:assert/strict';
import { type TestContext, after, before, describe, it } from 'node:test';
import { type JsonObject, PlatformError } from '@loopwright/protocol';
import { findPythonWall } from '../grading/python/python-wall.ts';
import { type AgentFixture, DOUBLES, openAgentFixture, submission } from './agent-fixture.ts';

let fixture: AgentFixture;
let missing: string | undefined;
before(async () => {
  const wall = await findPythonWall();
  missing = 'missing' in wall ? wall.missing : undefined;
  fixture = await openAgentFixture();
});
after(() => fixture[Symbol.asyncDispose]());

const PYTHON = {
  'program.py': "def run(input):\n    return input['n'] * 2\n",
  'test_program.py': "from program import run\n\ndef test_doubles():\n    assert run({'n': 2}) == 4\n",
};
const program = (source: string): typeof PYTHON => ({ ...PYTHON, 'program.py': source });
const metadata = { language: 'python', program_name: 'double', examples: DOUBLES };

function isSkipped(context: TestContext): boolean {
  if (missing !== undefined) context.skip(`no program of Python can be run here: ${missing}`);
  return missing !== undefined;
}

describe('the model agent with Python', () => {
  it('asks again with what parser, imports, tests and examples show, until nothing is found', async (context) => {
    if (isSkipped(context)) return;
    const { primary } = fixture;
    const begun = primary.seen.length;
    primary.script(
      submission(program('def run(input:\n')),
      submission(program("import numpy, json\ndef run(input):\n    return input['n'] * 2\n")),
      submission(program("def run(input):\n    return input['n'] * 3\n")),
      submission(PYTHON),
    );
    const { result } = await fixture.run({ metadata, max_iterations: 5 });
    assert.deepEqual([result.status, result.iterations_used, result.error_message], ['SUCCESS', 4, null]);
    assert.deepEqual(
      result.artifacts?.map(({ file_path, language, artifact_type }) => [file_path, language, artifact_type]),
      [
        ['program.py', 'python', 'source_code'],
        ['test_program.py', 'python', 'test'],
      ],
    );
    assert.deepEqual([result.test_results?.tests_passed, result.test_results?.tests_failed], [13, 0]);
    assert.deepEqual([result.metadata['entry'], (result.metadata['examples'] as JsonObject)['right']], ['program.py', 12]);
    const turn = (at: number): string => primary.seen[begun + at]?.body.messages.at(-1)?.content ?? '';
    assert.match(primary.seen[begun]?.raw ?? '', /You write programs of Python 3/);
    assert.match(turn(1), /program\.py:1: SyntaxError/);
    assert.match(turn(2), /the import of \\?"numpy\\?" is refused/);
    assert.doesNotMatch(turn(2), /"json/);
    assert.match(turn(3), /the test "test_doubles" failed[\s\S]*has to give 2 and gives 3/);
  });

  it('runs given tests, and fails what loops, ends itself, gives no JSON or looks out', async (context) => {
    if (isSkipped(context)) return;
    const tests = [{ file_path: 'test_given.py', content: PYTHON['test_program.py'] }];
    const failing: [source: string, finding: RegExp][] = [
      ['import os\ndef run(input):\n    os._exit(0)\n', /ended before/],
      ["def run(input):\n    return float('nan') if 'n' in input else 0\n", /AssertionError|JSON/],
      ['import os\ndef run(input):\n    return 4 if os.fork() == 0 else 4\n', /PermissionError/],
      ["def run(input):\n    return open('/etc/shadow').read()\n", /FileNotFoundError|PermissionError/],
    ];
    for (const [source, found] of failing) {
      fixture.primary.script(submission({ 'program.py': source }));
      const { result } = await fixture.run({ metadata: { ...metadata, tests }, max_iterations: 1 });
      assert.equal(result.status, 'FAILURE', source);
      assert.match(result.error_message ?? '', found, source);
    }
  });

  it('is refused before a model is asked where there is no wall, and where the tests are of another language', async () => {
    await using without = await openAgentFixture({}, { python: noWall });
    await assert.rejects(
      without.run({ metadata }),
      (error) => error instanceof PlatformError && error.code === 'LANGUAGE_UNAVAILABLE' && /not installed/.test(error.message),
    );
    assert.equal(without.primary.seen.length, 0);
    const tests = [{ file_path: 'a.test.ts', content: '' }];
    await assert.rejects(without.run({ metadata: { ...metadata, tests } }), /a given test cannot be used/);
  });
});

async function noWall(): Promise<never> {
  throw new PlatformError('LANGUAGE_UNAVAILABLE', 'Cannot run a program of Python: bubblewrap is not installed');
}
