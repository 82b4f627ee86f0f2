import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PlatformError, systemClock, systemRandom } from '@loopwright/protocol';
import { type ScriptedAnswer, type ScriptedProvider, startProvider } from '../scripted/scripted-provider.ts';
import { openProviderTransport } from './bounded-fetch.ts';
import type { Conversation, ConversationReply } from './conversation.ts';
import { ModelClient, type ModelClientOptions } from './model-client.ts';
import { parseModelName } from './model-name.ts';
import { ProviderKeys } from './provider-keys.ts';

const KEY = 'sk-secret-0123456789abcdef';
const MODELS = [parseModelName('openai/first'), parseModelName('compatible/second')];
const CONVERSATION: Conversation = {
  system: 'Be short.',
  turns: [{ role: 'user', text: 'Give the files.' }],
  tools: [{ name: 'submit', description: 'Gives files', schema: { type: 'object', properties: { a: { type: 'integer' } } } }],
  maxOutputTokens: 500,
};
const SECOND: ScriptedAnswer = { text: 'the second', calls: [] };

const stack = new AsyncDisposableStack();
let first: ScriptedProvider;
let second: ScriptedProvider;
let transport: ReturnType<typeof openProviderTransport>;
before(async () => {
  first = stack.use(await startProvider());
  second = stack.use(await startProvider());
  transport = stack.use(openProviderTransport());
});
after(() => stack.disposeAsync());

function clientWith(options: Partial<ModelClientOptions> = {}): ModelClient {
  const source = { key: KEY, file: null };
  return new ModelClient({
    keys: new ProviderKeys({ anthropic: source, openai: source, compatible: source }),
    urls: { anthropic: first.url, openai: first.url, compatible: second.url },
    fetch: transport.fetch,
    model: null,
    fallback: null,
    timeoutMs: 5000,
    attempts: 2,
    retryDelayMs: 1,
    clock: systemClock,
    random: systemRandom,
    ...options,
  });
}

async function converse(
  answers: readonly ScriptedAnswer[],
  options: Partial<ModelClientOptions> = {},
  conversation = CONVERSATION,
): Promise<ConversationReply & { failures: readonly string[]; asked: number; parts: number }> {
  first.script(...answers);
  second.script(SECOND);
  const begun = first.seen.length;
  let parts = 0;
  const call = { models: MODELS, signal: new AbortController().signal, onPart: () => void (parts += 1) };
  const reply = await clientWith(options).converse(conversation, call);
  return { ...reply, asked: first.seen.length - begun, parts };
}

/** The first provider is given up for `reason`, and the second answers. */
async function checkFallback(answer: ScriptedAnswer, reason: RegExp, options: Partial<ModelClientOptions> = {}): Promise<void> {
  const reply = await converse([answer], options);
  assert.equal(reply.text, 'the second');
  assert.match(reply.failures[0] ?? '', reason);
  assert.ok(!JSON.stringify(reply).includes(KEY));
}

describe('ModelClient.converse()', () => {
  it('reads text and calls as they come, with what was used, and sends them back in the next turn', async () => {
    const answer = { text: 'I give it.', calls: [{ name: 'submit', arguments: { a: 1, text: 'x'.repeat(500) } }] };
    const usage = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13, prompt_tokens_details: { cached_tokens: 2 } };
    const reply = await converse([{ ...answer, usage }]);
    assert.deepEqual([reply.text, reply.finish, reply.provider, reply.model], ['I give it.', 'stop', 'openai', 'first']);
    assert.deepEqual(reply.usage, { input: 9, output: 4, cachedInput: 2, cacheWrite: 0 });
    assert.deepEqual(JSON.parse(reply.toolCalls[0]?.input ?? ''), answer.calls[0]?.arguments);
    assert.ok(reply.parts > 10);
    const [call] = reply.toolCalls;
    assert.ok(call !== undefined);
    const turns = [
      ...CONVERSATION.turns,
      { role: 'assistant' as const, text: reply.text, toolCalls: reply.toolCalls },
      { role: 'tool' as const, results: [{ id: call.id, name: 'submit', text: 'no' }] },
    ];
    await converse([{ text: 'again' }], {}, { ...CONVERSATION, turns });
    const { body, raw } = first.seen.at(-1) ?? { body: { messages: [] }, raw: '' };
    assert.deepEqual(
      body.messages.map(({ role }) => role),
      ['system', 'user', 'assistant', 'tool'],
    );
    assert.match(raw, /"stream":true.*"include_usage":true|"include_usage":true/);
  });

  it('asks a busy provider again, as late as it says, and then the next one', async () => {
    const waits: number[] = [];
    const clock = {
      ...systemClock,
      // The time limit of an answer stays long.
      schedule: (ms: number, run: () => void) => (waits.push(ms), systemClock.schedule(ms === 5000 ? 60_000 : ms / 100, run)),
    };
    const busy = { status: 429, headers: { 'retry-after': '2' } };
    const reply = await converse([busy, { text: 'now' }], { clock });
    assert.deepEqual([reply.text, reply.asked, waits.includes(2000)], ['now', 2, true]);
    await checkFallback(
      { status: 500, body: `{"error":{"message":"the key ${KEY} is tired"}}` },
      /it answered 500: the key \[key\] is tired/,
    );
    assert.equal((await converse([{ status: 503 }])).asked, 2);
    assert.equal((await converse([{ status: 429, headers: { 'retry-after': '9999' } }])).asked, 1);
    await checkFallback({ status: 401 }, /it answered 401/);
  });

  it('gives a provider up that cuts its answer off, writes nonsense, says an error in the middle, or goes silent', async () => {
    const text = 'long '.repeat(100);
    await checkFallback({ text, cutAfter: 3 }, /openai\/first: /);
    await checkFallback({ text, instead: { 2: '{"choices": [ {' } }, /JSON/i);
    await checkFallback({ text, instead: { 2: '{"error":{"message":"overloaded","type":"x"}}' } }, /overloaded/);
    await checkFallback(
      {
        text: '',
        finish: 'stop',
        connection: (response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n'),
      },
      /did not answer within 1 s/,
      { timeoutMs: 1000 },
    );
    await checkFallback({ text: 'x'.repeat(9 * 1024 * 1024) }, /larger than|more than/);
    await checkFallback({ status: 302, headers: { location: 'http://127.0.0.1:1/' } }, /openai\/first: /);
    await checkFallback({ connection: (response) => response.destroy() }, /openai\/first: /);
  });

  it('bears with slow tokens: its time limit is for silence', async () => {
    const reply = await converse([{ text: 'slow '.repeat(60), everyMs: 60 }], { timeoutMs: 2000 });
    assert.deepEqual([reply.text.length, reply.failures], [300, []]);
  });

  it('keeps what the model wrote as arguments, JSON or not, gives ids of its own where the provider has none that can be used, and hides keys', async () => {
    const calls = [
      { name: 'submit', arguments: `{"a": 1, "key": "${KEY}"` },
      { name: 'submit', arguments: '{}' },
    ];
    const bad =
      '{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a b/../\\u001b[31m","type":"function","function":{"name":"submit","arguments":""}}]}}]}';
    const reply = await converse([{ text: '', calls, instead: { 1: bad } }]);
    assert.deepEqual(
      reply.toolCalls.map(({ input }) => input.replace('[key]', 'KEY')),
      ['{"a": 1, "key": "KEY"', '{}'],
    );
    for (const { id } of reply.toolCalls) assert.match(id, /^[\w-]{1,64}$/);
  });

  it('says what every provider said when none answers, and stops with its signal', async () => {
    first.script({ status: 400, body: '{"error":{"message":"no such model"}}' });
    second.script({ status: 500 });
    const call = { models: MODELS, signal: new AbortController().signal };
    await assert.rejects(clientWith().converse(CONVERSATION, call), (error) => {
      assert.ok(error instanceof PlatformError && error.code === 'PROVIDER_UNAVAILABLE');
      assert.match(error.message, /openai\/first: it answered 400: no such model; compatible\/second: it answered 500/);
      return true;
    });
    first.script({ text: 'slow '.repeat(400), everyMs: 20 });
    const controller = new AbortController();
    const stopped = clientWith().converse(CONVERSATION, {
      models: MODELS,
      signal: controller.signal,
      onPart: () => controller.abort(new Error('enough')),
    });
    await assert.rejects(stopped, /enough/);
  });

  it('speaks with Anthropic in its own form', async () => {
    const event = (type: string, data: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
    const body = [
      event('message_start', {
        message: {
          id: 'm',
          type: 'message',
          role: 'assistant',
          model: 'm',
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: 5, output_tokens: 0, cache_read_input_tokens: 3, cache_creation_input_tokens: 1 },
        },
      }),
      event('content_block_start', { index: 0, content_block: { type: 'tool_use', id: 'toolu_1', name: 'submit', input: {} } }),
      event('content_block_delta', { index: 0, delta: { type: 'input_json_delta', partial_json: '{"a"' } }),
      event('content_block_delta', { index: 0, delta: { type: 'input_json_delta', partial_json: ':1}' } }),
      event('content_block_stop', { index: 0 }),
      event('message_delta', { delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 7 } }),
      event('message_stop', {}),
    ].join('');
    first.script({ status: 200, headers: { 'content-type': 'text/event-stream' }, body });
    const models = [parseModelName('anthropic/claude-sonnet-4-5')];
    const reply = await clientWith().converse(CONVERSATION, { models, signal: new AbortController().signal });
    assert.deepEqual(reply.toolCalls, [{ id: 'toolu_1', name: 'submit', input: '{"a":1}' }]);
    assert.deepEqual(reply.usage, { input: 9, output: 7, cachedInput: 3, cacheWrite: 1 });
    assert.equal(new Headers(first.seen.at(-1)?.headers as Record<string, string>).get('x-api-key'), KEY);
  });
});
