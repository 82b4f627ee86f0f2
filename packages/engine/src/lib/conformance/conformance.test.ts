import assert from 'node:assert/strict';
import { existsSync, globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readFeatureFile } from './fixtures/feature-file.ts';
import { KitHosts } from './fixtures/kit-hosts.ts';
import { runScenario } from './fixtures/run-scenario.ts';

// The kit is not part of this repository: it lies beside it where it is present.
const KIT = join(import.meta.dirname, '../../../../../../shared/data/serverless-workflow-ctk');

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
