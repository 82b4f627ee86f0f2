import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ScriptedProvider } from '@loopwright/models/scripted';
import { PlatformError } from '@loopwright/protocol';
import { type AgentFixture, DOUBLE, DOUBLES, KEYS, openAgentFixture, planOf, submission } from './agent-fixture.ts';

let fixture: AgentFixture;
before(async () => (fixture = await openAgentFixture({ LOOPWRIGHT_GENERATOR_DEPENDENCIES: 'left-pad' })));
after(() => fixture[Symbol.asyncDispose]());

const WRONG = { ...DOUBLE, 'program.ts': DOUBLE['program.ts'].replace('n * 2', 'n * 3') };
const PROGRAM = { metadata: { program_name: 'double', examples: DOUBLES } };

/** What the last turn of a request says. */
function lastTurn({ seen }: ScriptedProvider, at = -1): string {
  return seen.at(at)?.body.messages.at(-1)?.content ?? '';
}

describe('the model agent', () => {
  it('gives the files of a model that pass, with tokens, cost and what was checked', async () => {
    const { primary } = fixture;
    primary.script(submission(DOUBLE));
    const scaffolding = {
      task_description: 'Double it',
      requirements: ['Be exact'],
      architecture: { kind: 'pure' },
      context: 'None',
    };
    const { result, events } = await fixture.run({ scaffolding });
    assert.deepEqual([result.status, result.iterations_used, result.error_message], ['SUCCESS', 1, null]);
    assert.deepEqual(
      result.artifacts?.map(({ file_path, artifact_type }) => [file_path, artifact_type]),
      [
        ['program.ts', 'source_code'],
        ['program.test.ts', 'test'],
      ],
    );
    assert.deepEqual([result.test_results?.tests_passed, result.test_results?.tests_failed], [1, 0]);
    assert.deepEqual(result.llm_usage, [
      {
        provider: 'openai',
        model: 'gpt-4o-mini',
        prompt_tokens: 1000,
        completion_tokens: 200,
        total_tokens: 1200,
        api_calls: 1,
        cost_usd: 0.00027,
      },
    ]);
    assert.deepEqual(
      [result.metadata['model'], result.metadata['ended'], result.metadata['tools']],
      ['openai/gpt-4o-mini', 'accepted', null],
    );
    const types = new Set(events.map(({ event_type }) => event_type));
    for (const type of ['code_generating', 'code_generated', 'code_block_ready', 'validation_passed', 'test_passed'] as const)
      assert.ok(types.has(type), type);
    const prompt = lastTurn(primary);
    for (const text of ['Double it', '1. Be exact', '"kind": "pure"', 'None']) assert.ok(prompt.includes(text), text);
  });

  it('asks again with what each check found, until nothing is found', async () => {
    const { primary } = fixture;
    const broken = { ...DOUBLE, 'program.ts': 'export function run( {' };
    const untyped = { ...DOUBLE, 'program.ts': 'export function run({ n }: { n: number }): string {\n  return n * 2;\n}\n' };
    const begun = primary.seen.length;
    primary.script(submission(broken), submission(untyped), submission(WRONG), submission(DOUBLE));
    const { result, events } = await fixture.run({ ...PROGRAM, max_iterations: 5 });
    assert.deepEqual([result.status, result.iterations_used, result.llm_usage?.[0]?.api_calls], ['SUCCESS', 4, 4]);
    assert.match(lastTurn(primary, begun + 1), /could not be parsed[\s\S]*program\.ts:1: /);
    assert.match(lastTurn(primary, begun + 2), /program\.ts:2: Type 'number' is not assignable to type 'string'/);
    assert.match(
      lastTurn(primary, begun + 3),
      /the test "doubles" failed: AssertionError: 6 is not 4[\s\S]*has to give 2 and gives 3/,
    );
    // Only the last answer is shown again.
    assert.equal(primary.seen.at(-1)?.body.messages.length, 4);
    assert.deepEqual(
      events.filter(({ event_type }) => event_type === 'validation_failed').map(({ stage }) => stage),
      ['syntax', 'types'],
    );
    assert.deepEqual(result.metadata['examples'], { tested: 12, right: 12, accuracy: 1, not_tested: 0 });
  });

  it('stops when no finding changes, and gives the best answer it had', async () => {
    const { primary } = fixture;
    const begun = primary.seen.length;
    primary.script(
      submission(WRONG),
      submission({ 'other.ts': 'x' }),
      { text: 'I cannot.' },
      { text: 'I cannot.' },
      submission(DOUBLE),
    );
    const { result } = await fixture.run({ ...PROGRAM, max_iterations: 8 });
    assert.deepEqual([result.status, result.metadata['ended'], primary.seen.length - begun], ['FAILURE', 'no_progress', 4]);
    assert.equal(result.artifacts?.[0]?.content, WRONG['program.ts']);
    assert.equal(result.test_results?.tests_failed, 12);
    assert.match(
      result.error_message ?? '',
      /changed nothing about what was found; 11 findings are left: program\.test\.ts: the test "doubles" failed/,
    );
    primary.script(submission(WRONG));
    assert.equal((await fixture.run({ ...PROGRAM, max_iterations: 1 })).result.metadata['ended'], 'iterations');
  });

  it('never shows the examples that it measures by, and takes a target below all', async () => {
    const { primary } = fixture;
    const examples = Array.from({ length: 60 }, (_, n) => ({ input: { n: n + 7000 }, output: (n + 7000) * 2 }));
    const begun = primary.seen.length;
    const byHeart = 'export function run({ n }: { n: number }): number {\n  return n < 7050 ? n * 2 : 0;\n}\n';
    primary.script(submission({ 'program.ts': byHeart }));
    const { result } = await fixture.run({ metadata: { examples, accuracy_target: 0.8 } });
    assert.equal(result.status, 'SUCCESS');
    assert.deepEqual(result.metadata['examples'], { tested: 60, right: 50, accuracy: 50 / 60, not_tested: 0 });
    const sent = primary.seen
      .slice(begun)
      .map(({ raw }) => raw)
      .join('');
    const shown = examples.filter(({ input }) => sent.includes(`{\\"n\\":${input.n}}`)).length;
    assert.equal(shown, 40);
    assert.equal((result.metadata['holdout'] as { count: number }).count, 20);
    const looping = 'export function run(): number {\n  for (;;);\n}\n';
    primary.script(submission({ 'program.ts': looping }));
    const looped = await fixture.run({ metadata: { examples: DOUBLES }, max_iterations: 1 });
    assert.match(looped.result.error_message ?? '', /3 calls did not end in their time/);
  });

  it('runs given tests that the model cannot change, and says what could not be tested', async () => {
    const { primary } = fixture;
    const content = `import assert from 'node:assert/strict';\nimport { it } from 'node:test';\nimport { run } from '../program.ts';\nit('is ten', () => assert.equal(run({ n: 5 }), 10));\n`;
    const given = { metadata: { program_name: 'double', tests: [{ file_path: 'given/a.test.ts', content }] } };
    primary.script(
      submission({ ...WRONG, 'given/a.test.ts': 'export {};' }),
      submission({ 'program.ts': WRONG['program.ts'] }),
      submission({ 'program.ts': DOUBLE['program.ts'] }),
    );
    const { result } = await fixture.run(given);
    assert.deepEqual([result.status, result.iterations_used, result.test_results?.tests_passed], ['SUCCESS', 3, 1]);
    assert.match(lastTurn(primary, -2), /given\/a\.test\.ts: the path is refused/);
    assert.deepEqual(
      result.artifacts?.map(({ file_path }) => file_path),
      ['program.ts'],
    );
    assert.throws(() => fixture.agent.check(planOf({ metadata: { tests: [{ file_path: '../a.test.ts', content }] } })), {
      code: 'VALIDATION_ERROR',
    });
  });

  it('reads fenced blocks where nothing is called, and takes broken arguments for an answer of the model', async () => {
    const { primary, fallback } = fixture;
    const asked = fallback.seen.length;
    const fenced = Object.entries(DOUBLE).map(([path, content]) => `Here:\n\n\`\`\`ts\n// file: ${path}\n${content}\`\`\``);
    primary.script(
      { text: '', calls: [{ name: 'submit_files', arguments: '{"summary": "x", "files": [{' }] },
      { text: fenced.join('\n') },
    );
    const { result } = await fixture.run({});
    assert.deepEqual([result.status, result.iterations_used, result.metadata['fenced']], ['SUCCESS', 2, true]);
    assert.equal(fallback.seen.length, asked);
    primary.script(
      { text: '', finish: 'length', calls: [{ name: 'submit_files', arguments: '{"files": [' }] },
      submission(DOUBLE),
    );
    await fixture.run({});
    assert.match(lastTurn(primary), /cut off at the limit of tokens/);
  });

  it('falls back when the provider fails, not when the model declines, and throws when nobody answers', async () => {
    const { primary, fallback } = fixture;
    fallback.script(submission(WRONG), submission(DOUBLE));
    primary.script({ text: 'x'.repeat(400), cutAfter: 2 });
    const asked = primary.seen.length;
    const { result } = await fixture.run(PROGRAM);
    assert.deepEqual([result.status, result.metadata['model'], result.iterations_used], ['SUCCESS', 'compatible/kimi-k2', 2]);
    // Who answered is asked first from there on.
    assert.equal(primary.seen.length - asked, 1);
    assert.match(result.warnings?.[0] ?? '', /^openai\/gpt-4o-mini: /);
    assert.match(result.warnings?.join() ?? '', /no price is known for the model "compatible\/kimi-k2"/);
    assert.equal(result.llm_usage?.[0]?.cost_usd, null);
    primary.script({ text: 'No.', finish: 'content_filter' });
    const declined = await fixture.run({});
    assert.deepEqual([declined.result.status, declined.result.metadata['ended']], ['FAILURE', 'declined']);
    primary.script({ status: 500, body: `{"error":{"message":"echo ${KEYS.primary}"}}` });
    fallback.script({ status: 429, headers: { 'retry-after': '600' }, body: `{"error":{"message":"echo ${KEYS.fallback}"}}` });
    await assert.rejects(fixture.run({}), (error) => {
      assert.ok(error instanceof PlatformError && error.code === 'PROVIDER_UNAVAILABLE');
      assert.equal(error.details?.['retry_after_ms'], 600_000);
      assert.ok(!`${error.message}${JSON.stringify(error.details)}`.includes('sk-'));
      return true;
    });
  });

  it('lets no key out, wherever a provider repeats it', async () => {
    const { primary } = fixture;
    const leaking = { ...DOUBLE, 'notes.md': `the key is ${KEYS.primary}`, 'a.ts': `export const key = '${KEYS.fallback}';\n` };
    primary.script(
      { text: KEYS.primary, calls: [{ name: `submit_${KEYS.primary}`, arguments: {} }] },
      submission(leaking, KEYS.primary),
    );
    const { result, events } = await fixture.run({ scaffolding: { task_description: `Say ${KEYS.primary}` } });
    assert.equal(result.status, 'SUCCESS');
    assert.ok(!JSON.stringify([result, events, fixture.logged]).includes('sk-'));
    assert.ok(!primary.seen.slice(-2).some(({ raw }) => raw.includes(KEYS.primary)));
    assert.equal(primary.seen.at(-1)?.headers.authorization, `Bearer ${KEYS.primary}`);
  });

  it('refuses dependencies that are not allowed, and says of allowed ones that they are not checked', async () => {
    const { primary } = fixture;
    const importing = (name: string) =>
      submission({ ...DOUBLE, 'extra.ts': `import pad from '${name}';\nexport const padded: string = pad('a', 3);\n` });
    primary.script(importing('right-pad'), importing('left-pad'));
    const { result } = await fixture.run({});
    assert.match(lastTurn(primary), /extra\.ts:1: the import of "right-pad" is refused/);
    assert.deepEqual(
      [result.status, result.metadata['not_checked']],
      ['PARTIAL_SUCCESS', ['the dependency "left-pad" is allowed, and its use is not checked']],
    );
  });

  it('stops when its signal does', async () => {
    const { primary } = fixture;
    primary.script({ text: 'slow '.repeat(1000), everyMs: 20 });
    const late = AbortSignal.timeout(100);
    await assert.rejects(fixture.run({}, late), (error) => error === late.reason);
  });
});

describe('the setup of models', () => {
  it('says what to set when no provider is configured, and takes the model of the setup when the plan names none that is', async () => {
    await using bare = await openAgentFixture({ OPENAI_API_KEY: '', LOOPWRIGHT_MODEL_BASE_URL: '' });
    assert.throws(
      () => bare.agent.check(planOf({})),
      (error) =>
        error instanceof PlatformError &&
        error.code === 'PROVIDER_NOT_CONFIGURED' &&
        error.status === 503 &&
        /ANTHROPIC_API_KEY.*LOOPWRIGHT_MODEL_BASE_URL/.test(error.message),
    );
    await using other = await openAgentFixture({
      OPENAI_API_KEY: '',
      LOOPWRIGHT_LLM_KIMI: 'anthropic/none',
      LOOPWRIGHT_MODEL: 'compatible/llama3',
    });
    other.fallback.script(submission(DOUBLE));
    assert.equal((await other.run({})).result.metadata['model'], 'compatible/llama3');
    await assert.rejects(
      openAgentFixture({ LOOPWRIGHT_MODEL_ATTEMPTS: 'many', OPENAI_API_KEY: `${KEYS.primary}\u0001` }),
      (error: Error) => /LOOPWRIGHT_MODEL_ATTEMPTS/.test(error.message) && !error.message.includes('sk-'),
    );
  });
});
