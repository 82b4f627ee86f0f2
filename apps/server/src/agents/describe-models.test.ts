import assert from 'node:assert/strict';
import { it } from 'node:test';
import { defineFunction, loadDefinition } from '@loopwright/engine';
import { ModelClient, ProviderKeys } from '@loopwright/models';
import { type ServerSetting, systemClock, systemRandom } from '@loopwright/protocol';
import { z } from 'zod';
import { describeModels, whyNoModel } from './describe-models.ts';
import { modelsAsked } from './models-asked.ts';

const NO_KEY = { key: null, file: null };
const client = (model: string | null): ModelClient =>
  new ModelClient({
    keys: new ProviderKeys({
      anthropic: { key: 'a key that nobody sees', file: null },
      openai: { key: null, file: '/nowhere/key' },
      compatible: NO_KEY,
    }),
    urls: { anthropic: 'http://127.0.0.1:9', openai: 'http://127.0.0.1:9', compatible: null },
    fetch: () => Promise.reject(new Error('nobody may be asked')),
    model,
    fallback: null,
    timeoutMs: 1000,
    attempts: 1,
    retryDelayMs: 1,
    clock: systemClock,
    random: systemRandom,
  });
const setting = (key: string, value: string | null): ServerSetting => ({
  key,
  value,
  description: '',
  default: null,
  is_default: false,
  is_secret: false,
  flag: '',
  variables: [],
});

it('says what is missing of each provider and of each model that is set, and shows no key', () => {
  const settings = [setting('model', 'anthropic/x'), setting('fallback_model', null), setting('llm_kimi', 'compatible/kimi-k2')];
  const described = describeModels(client('anthropic/x'), settings);
  assert.deepEqual(
    described.providers.map(({ provider, configured }) => [provider, configured]),
    [
      ['anthropic', true],
      ['openai', false],
      ['compatible', false],
    ],
  );
  assert.match(described.providers[1]?.reason ?? '', /key file "\/nowhere\/key"/);
  assert.match(described.providers[2]?.reason ?? '', /set model_base_url/);
  const [model, fallback] = described.models;
  assert.deepEqual(
    [model?.model, model?.usable, fallback?.usable, fallback?.reason],
    ['anthropic/x', true, false, 'none is set'],
  );
  assert.match(described.models.find(({ setting: key }) => key === 'llm_kimi')?.reason ?? '', /"compatible" is not configured/);
  assert.doesNotMatch(JSON.stringify(described), /nobody sees/);
});

it('says why an agent cannot ask the model that is set, or its own', () => {
  assert.match(whyNoModel(client(null), null) ?? '', /no model is set/);
  assert.equal(whyNoModel(client('anthropic/x'), null), null);
  assert.match(whyNoModel(client('anthropic/x'), 'openai/y') ?? '', /Cannot read the key file/);
});

/** Only the names of functions and their arguments count for what a definition asks. */
const named = defineFunction({ description: 'Asks', arguments: z.looseObject({}), run: async () => null });
const definitionOf = (name: string, tasks: string, use = ''): ReturnType<typeof loadDefinition> =>
  loadDefinition(
    `document: { dsl: '1.0.0', namespace: test, name: ${name}, version: '1.0.0' }\n${use}\ndo: [{ one: ${tasks} }]`,
    { agent: named, generate: named, note: named },
  );

it('says of every kind of call whether it asks a model, and why that would fail', () => {
  const child = definitionOf(
    'child',
    '{ for: { each: x, in: "${ [1] }" }, do: [{ ask: { call: agent, with: { model: openai/y } } }] }',
  );
  const ofName = { namespace: 'test', name: 'child', version: '1.0.0' };
  const [set, kimi] = [setting('model', 'anthropic/x'), setting('llm_kimi', 'compatible/kimi-k2')];
  const asked = (tasks: string, settings: readonly ServerSetting[] = [], use = ''): [boolean, string | null] => {
    const model = settings.find(({ key }) => key === 'model')?.value;
    const models = client(typeof model === 'string' ? model : null);
    const found = modelsAsked(definitionOf('parent', tasks, use), { models, settings, definitions: new Map([['child', child]]) });
    return [found.asks, found.reason];
  };
  const why = (...given: Parameters<typeof asked>): string => {
    const [asks, reason] = asked(...given);
    assert.equal(asks, true);
    return reason ?? '';
  };
  assert.deepEqual(asked('{ call: note, with: {} }'), [false, null]);
  assert.deepEqual(asked('{ call: generate, with: { program: p } }'), [false, null]);
  assert.deepEqual(asked('{ call: generate, with: { agent: induction } }'), [false, null]);
  // The generation service asks what a plan names, and the model of the agents when none of that can be asked.
  assert.match(why('{ call: generate, with: { agent: model } }'), /no model is set/);
  assert.match(why('{ call: generate, with: { agent: model } }', [kimi]), /"compatible" is not configured/);
  assert.deepEqual(asked('{ call: generate, with: { agent: model } }', [set, kimi]), [true, null]);
  assert.deepEqual(asked('{ call: generate, with: { agent: "${ .agent }" } }'), [true, null]);
  assert.match(why(`{ run: { workflow: ${JSON.stringify(ofName)} } }`), /Cannot read the key file/);
  assert.match(why('{ call: own }', [], 'use: { functions: { own: { call: agent, with: {} } } }'), /no model is set/);
  assert.match(
    why('{ try: [{ a: { call: agent, with: {} } }], catch: { do: [{ b: { call: note, with: {} } }] } }'),
    /no model is set/,
  );
  assert.deepEqual(asked('{ call: agent, with: { model: "${ .model }" } }'), [true, null]);
});
