import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PlatformError } from '@loopwright/protocol';
import { loadDefinition } from '../definition/load-definition.ts';
import { httpCall } from '../http-call/http-call.ts';
import { openapiCall } from '../http-call/openapi-call.ts';
import { accept, clarify } from '../interpreter/human-functions.ts';
import { readFeatureFile } from './fixtures/feature-file.ts';
import { KitHosts } from './fixtures/kit-hosts.ts';
import { runScenario } from './fixtures/run-scenario.ts';

// The kit and the examples are not part of this repository: they lie beside it where they are present.
const DATA = join(import.meta.dirname, '../../../../../../shared/data');
const KIT = join(DATA, 'serverless-workflow-ctk');
const EXAMPLES = join(DATA, 'serverless-workflow-examples');

describe('the conformance kit of the Serverless Workflow DSL', { skip: existsSync(KIT) ? false : `${KIT} is not there` }, () => {
  let hosts: KitHosts;
  before(async () => {
    hosts = await KitHosts.open();
  });
  after(() => hosts[Symbol.asyncDispose]());

  const scenarios = globSync('*.feature', { cwd: KIT })
    .sort()
    .flatMap((file) => readFeatureFile(join(KIT, file)).map((scenario) => ({ file: basename(file, '.feature'), scenario })));

  it('has the 21 scenarios that this runner was written for', () => assert.equal(scenarios.length, 21));

  for (const { file, scenario } of scenarios) {
    it(`${file}: ${scenario.name}`, () => runScenario(scenario, hosts, 'straight'));
    it(`${file}: ${scenario.name}, recovered after the start`, () => runScenario(scenario, hosts, 'recovered'));
  }

  it('asked the local server for what the scenarios call', () => {
    assert.ok(hosts.requests.includes('GET httpbin.org/basic-auth/serverless-workflow/conformance-test'));
    assert.ok(hosts.requests.includes('GET petstore.swagger.io/v2/swagger.json'));
  });
});

describe('the examples of the specification', { skip: existsSync(EXAMPLES) ? false : `${EXAMPLES} is not there` }, () => {
  const functions = { accept, clarify, http: httpCall(), openapi: openapiCall() };
  for (const file of globSync('**/*.{yaml,yml,json}', { cwd: EXAMPLES }).sort()) {
    it(`${file} loads, or is refused for what this engine does not run`, () => {
      try {
        loadDefinition(readFileSync(join(EXAMPLES, file), 'utf8'), functions);
      } catch (error) {
        assert.ok(error instanceof PlatformError && error.code === 'INVALID_DEFINITION', String(error));
        assert.match(error.message, /not supported|there is no such function/);
      }
    });
  }
});
