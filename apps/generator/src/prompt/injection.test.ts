import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ArtifactProcessor } from '@loopwright/generation';
import type { ScriptedAnswer } from '@loopwright/models/scripted';
import { type Json, type JsonObject, artifactResultSchema } from '@loopwright/protocol';
import type { AgentEvent, AgentResult } from '../agent/agent.ts';
import { type AgentFixture, DOUBLE, KEYS, openAgentFixture, submission } from '../models/agent-fixture.ts';
import { localTools } from '../tools/host-tool.ts';

interface Corpus {
  readonly tasks: readonly string[];
  readonly files: readonly { readonly why: string; readonly path: string; readonly content: string }[];
  readonly programs: readonly { readonly why: string; readonly content: string }[];
  readonly tests: readonly { readonly why: string; readonly content: string }[];
  readonly answers: readonly {
    readonly why: string;
    readonly text?: string;
    readonly calls?: readonly { name: string; arguments: object | string }[];
  }[];
  readonly examples: readonly { readonly why: string; readonly input: string; readonly output: string }[];
}

let fixture: AgentFixture;
let evil: Server;
let corpus: Corpus;
let visits = 0;
let toolCalls = 0;
const dir = mkdtempSync(join(tmpdir(), 'loopwright-injection-'));
before(async () => {
  evil = createServer((_, response) => {
    visits += 1;
    response.end();
  }).listen(0, '127.0.0.1');
  await once(evil, 'listening');
  const text = readFileSync(join(import.meta.dirname, 'injection-corpus.json'), 'utf8');
  corpus = JSON.parse(
    text.replaceAll('https://evil.example', `http://127.0.0.1:${(evil.address() as AddressInfo).port}`),
  ) as Corpus;
  const canary = {
    name: 'fetch',
    description: 'Is granted to nobody here',
    inputSchema: {},
    outputSchema: null,
    call: async () => (toolCalls += 1),
  };
  fixture = await openAgentFixture({}, { localTools: [localTools('web', [canary])], timeoutMs: 250 });
  mkdirSync(join(dir, 'neighbour'));
  writeFileSync(join(dir, 'neighbour/kept.txt'), 'kept');
});
after(async () => {
  await fixture[Symbol.asyncDispose]();
  evil.closeAllConnections();
  evil.close();
  rmSync(dir, { recursive: true });
});

/** Runs a plan against an answer and checks that nothing but its result came of it. */
async function checkHarmless(why: string, answer: ScriptedAnswer, plan: JsonObject = {}): Promise<AgentResult> {
  fixture.primary.script(answer);
  const asked = fixture.primary.seen.length;
  const { result, events } = await fixture.run({ max_iterations: 1, ...plan });
  checkTexts(why, result, events);
  await checkWritten(why, result);
  assert.deepEqual([visits, toolCalls, fixture.fallback.seen.length], [0, 0, 0], why);
  assert.equal(fixture.primary.seen.length - asked, 1, why);
  assert.deepEqual(
    [({} as { polluted?: unknown }).polluted, JSON.stringify('x'), Object.keys(Object.prototype).length],
    [undefined, '"x"', 0],
    why,
  );
  const { body } = fixture.primary.seen.at(-1) ?? { body: {} };
  const { model, stream, tools } = body as { model: string; stream: boolean; tools: { function: { name: string } }[] };
  assert.deepEqual([model, stream, tools.map((tool) => tool.function.name)], ['gpt-4o-mini', true, ['submit_files']], why);
  return result;
}

/** No text of a result or an event can steer a terminal or hide what it says, none is giant, and no key is in one. */
function checkTexts(why: string, result: AgentResult, events: readonly AgentEvent[]): void {
  const json = JSON.stringify([result, events]);
  assert.ok(json.length < 200_000, `${why}: ${json.length} characters`);
  assert.ok(!json.includes(KEYS.primary) && !json.includes('root:x:'), why);
  const { artifacts, ...rest } = result;
  const hidden = /[^\P{Cc}\n]|[\u200E\u200F\u202A-\u202E\u2066-\u2069]/u;
  const walk = (value: unknown): void => {
    if (typeof value === 'string') assert.doesNotMatch(value, hidden, why);
    else if (typeof value === 'object' && value !== null) for (const part of Object.entries(value).flat()) walk(part);
  };
  walk([rest, events]);
  for (const { file_path, content } of artifacts ?? []) walk([file_path, content]);
}

/** What is written of a result stays in its folder. */
async function checkWritten(why: string, result: AgentResult): Promise<void> {
  const at = new Date(0).toISOString();
  const full = artifactResultSchema.parse({
    execution_id: 'e',
    started_at: at,
    completed_at: at,
    duration_seconds: 0,
    ...result,
  });
  const base = join(dir, 'base');
  const stats = await new ArtifactProcessor({ basePath: base, overwrite: true }).processResult(full);
  assert.equal(stats.errors, 0, `${why}: ${JSON.stringify(stats.refused)}`);
  rmSync(base, { recursive: true, force: true });
  assert.deepEqual(readdirSync(dir), ['neighbour'], why);
  assert.equal(readFileSync(join(dir, 'neighbour/kept.txt'), 'utf8'), 'kept', why);
}

describe('the corpus of hostile texts', () => {
  it('has at least fifty of them', () => assert.ok(Object.values(corpus).flat().length >= 50));

  it('tasks change neither what is asked of the model nor how its answer is checked', async () => {
    for (const task of corpus.tasks) {
      const scaffolding = {
        task_description: task,
        requirements: [task],
        context: task,
        architecture: { [task]: task },
        dependencies: ['evil'],
        file_structure: null,
      };
      const result = await checkHarmless(task, submission(DOUBLE), { scaffolding });
      assert.deepEqual([result.status, result.test_results?.tests_passed], ['SUCCESS', 1], task);
      const prompt = fixture.primary.seen.at(-1)?.body.messages.at(-1)?.content ?? '';
      const [, marker = ''] = /<data-([0-9a-f]{16}) name="task">/.exec(prompt) ?? [];
      assert.equal(prompt.split(`</data-${marker}>`).length, 3, task);
    }
  });

  it('files of an answer that leave their folder, hide something or ask for the host are refused', async () => {
    for (const { why, path, content } of corpus.files) {
      const real = path === 'LONG.ts' ? `${'x'.repeat(280)}.ts` : path;
      const text = content === 'NESTED' ? `export const a = ${'['.repeat(50_000)};\n` : content;
      const list = [
        ...Object.entries(DOUBLE).map(([name, code]) => ({ path: name, content: code })),
        { path: real, content: text },
      ];
      const answer = { text: '', calls: [{ name: 'submit_files', arguments: { summary: '', files: list } }] };
      const result = await checkHarmless(why, answer);
      assert.equal(result.status, 'FAILURE', why);
      assert.ok((result.metadata['findings'] as unknown[]).length > 0, why);
    }
  });

  it('programs that loop, grow, escape or rig what runs them fail, and only they', async () => {
    const plan = { metadata: { examples: [{ input: 1, output: 42 }] } };
    for (const { why, content } of corpus.programs) {
      const result = await checkHarmless(why, submission({ 'program.ts': content }), plan);
      assert.equal(result.status, 'FAILURE', why);
      assert.deepEqual([result.test_results?.tests_passed ?? 0], [0], why);
    }
    const right = 'export function run(): number {\n  return 42;\n}\n';
    assert.equal((await checkHarmless('right', submission({ 'program.ts': right }), plan)).status, 'SUCCESS');
  });

  it('tests of an answer that do not end, say that they passed or have none fail', async () => {
    for (const { why, content } of corpus.tests) {
      const result = await checkHarmless(why, submission({ 'program.ts': DOUBLE['program.ts'], 'program.test.ts': content }));
      assert.equal(result.status, 'FAILURE', why);
    }
  });

  it('answers in every wrong form are no files', async () => {
    for (const { why, text = '', calls = [] } of corpus.answers) {
      const deep = '['.repeat(200_000);
      const given = calls.map(({ name, arguments: said }) => ({ name, arguments: said === 'DEEP' ? deep : said }));
      const result = await checkHarmless(why, { text, calls: given });
      assert.equal(result.status, 'FAILURE', why);
    }
  });

  it('examples are data, whatever they say', async () => {
    const echo = "export function run(input: unknown): unknown {\n  return input === undefined ? '' : input;\n}\n";
    for (const { why, input, output } of corpus.examples) {
      const special: Record<string, Json> = {
        PROTO: JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}') as Json,
        LONE: '\uD800',
      };
      const value = special[input] ?? input;
      const same = { metadata: { examples: [{ input: value, output: value }] } };
      assert.equal((await checkHarmless(why, submission({ 'program.ts': echo }), same)).status, 'SUCCESS', why);
      const other = { metadata: { examples: [{ input: value, output }] } };
      assert.equal((await checkHarmless(why, submission({ 'program.ts': echo }), other)).status, 'FAILURE', why);
    }
  });
});
