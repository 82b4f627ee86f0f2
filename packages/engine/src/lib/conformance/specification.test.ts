import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type JsonObject, PlatformError, type Random, seededRandom } from '@loopwright/protocol';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { z } from 'zod';
import { loadDefinition } from '../definition/load-definition.ts';
import { httpCall } from '../http-call/http-call.ts';
import { openapiCall } from '../http-call/openapi-call.ts';
import { accept, clarify } from '../interpreter/human-functions.ts';
import { scriptFunction } from '../script/script-function.ts';
import { readFeatureFile } from './fixtures/feature-file.ts';
import { withoutDifferences } from './fixtures/schema-differences.ts';
import { changed } from './fixtures/changed-definition.ts';

// Kit, examples and schema are not part of this repository: they lie beside it where they are present, or where the variable says.
const DATA = join(import.meta.dirname, '../../../../../../shared/data');
const KIT = join(DATA, 'serverless-workflow-ctk');
const SCHEMA = join(DATA, 'serverless-workflow-schema.yaml');
const EXAMPLES = process.env['LOOPWRIGHT_SPEC_EXAMPLES'] ?? join(DATA, 'serverless-workflow-examples');

const missing = (path: string): string | false => (existsSync(path) ? false : `${path} is not there`);
const runner = { run: () => Promise.reject(new Error('nothing is run here')) };
const FUNCTIONS = {
  accept,
  clarify,
  http: httpCall(),
  openapi: openapiCall(),
  'run.script': scriptFunction(runner, {}),
};

/** Why an example is refused; `decisions/010-definition-language.md` has the same table. An example that is not named must load. */
const REFUSED: readonly (readonly [files: RegExp, reason: RegExp])[] = [
  [/^call-asyncapi-/, /^Cannot call "asyncapi"/],
  [/^call-grpc\.yaml$/, /^Cannot call "grpc"/],
  [/^call-mcp\.yaml$/, /^Cannot call "mcp"/],
  [/^call-custom-function-cataloged\.yaml$/, /is not among the functions that were read with the definition$/],
  [/^run-(?:container|return)/, /^Cannot run the container/],
  [/^run-shell-/, /^Cannot run the shell/],
  [/^run-script-with-stdin-and-arguments\.yaml$/, /^Cannot use the script: Cannot use import statement/],
];

/** The messages of a refusal, or `undefined` for a definition that is taken. */
function refusal(text: string): string[] | undefined {
  try {
    loadDefinition(text, FUNCTIONS);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof PlatformError && error.code === 'INVALID_DEFINITION', String(error));
    const issues = z.array(z.looseObject({ message: z.string() })).safeParse(error.details?.['issues']).data;
    return issues?.map(({ message }) => message) ?? [error.message];
  }
}

describe('the examples of the specification', { skip: missing(EXAMPLES) }, () => {
  for (const file of globSync('*.{yaml,yml,json}', { cwd: EXAMPLES }).sort()) {
    it(`${file} loads, or is refused for its documented reason`, () => {
      const found = refusal(readFileSync(join(EXAMPLES, file), 'utf8'));
      const expected = REFUSED.find(([files]) => files.test(file));
      if (expected !== undefined) for (const message of found ?? ['it was taken']) assert.match(message, expected[1]);
      else assert.deepEqual(found, undefined);
    });
  }
});

describe('what the engine takes', { skip: missing(SCHEMA) }, () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const isValid = ajv.compile(z.record(z.string(), z.json()).parse(parse(readFileSync(SCHEMA, 'utf8'))));

  /** Checks that a definition which is taken is one by the standard's schema, or differs from it as documented. */
  function checkTaken(document: JsonObject): void {
    if (refusal(JSON.stringify(document)) !== undefined || isValid(document)) return;
    const isSame = isValid(withoutDifferences(document));
    const issues = (isValid.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
    assert.ok(isSame, `${JSON.stringify(document)}\n${issues.join('\n')}`);
  }

  const examples = existsSync(EXAMPLES) ? globSync('*.yaml', { cwd: EXAMPLES }).map((file) => join(EXAMPLES, file)) : [];
  const kit = globSync('*.feature', { cwd: KIT }).flatMap((file) =>
    readFeatureFile(join(KIT, file)).flatMap(({ steps }) =>
      steps.flatMap(({ text, attachment }) => (text.includes('definition') && attachment !== undefined ? [attachment] : [])),
    ),
  );
  const documents = [...examples.map((file) => readFileSync(file, 'utf8')), ...kit].map((text) =>
    z.record(z.string(), z.json()).parse(parse(text)),
  );

  it('is valid by the schema of the standard', () => {
    assert.ok(documents.length > 0 || !existsSync(KIT));
    for (const document of documents) checkTaken(document);
  });

  it('is valid as well when something in it was changed', () => {
    const random: Random = seededRandom(10);
    for (const document of documents) for (let round = 0; round < 10; round += 1) checkTaken(changed(document, random));
  });
});
