import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { type ExecutionPlanInput, executionPlanSchema } from '@loopwright/protocol';
import { planKey } from './plan-key.ts';

const spec = {
  task_description: 'Build a REST API',
  requirements: ['CRUD', 'JWT auth'],
  architecture: { style: 'layered', layers: ['http', 'store'] },
  dependencies: ['FastAPI', 'pydantic'],
  file_structure: { 'src/main.py': 'entry', 'src/api.py': 'routes' },
  context: 'Keep it small',
};
const keyOf = (scaffolding: object = {}, plan: Partial<ExecutionPlanInput> = {}): string =>
  planKey(executionPlanSchema.parse({ execution_id: 'e', scaffolding: { ...spec, ...scaffolding }, ...plan }));

describe('planKey', () => {
  it('is the first 16 hexadecimal characters of the SHA-256 over the canonical plan', () => {
    const canonical =
      '{"architecture":{"layers":["http","store"],"style":"layered"},"context":"Keep it small","dependencies":["fastapi","pydantic"],' +
      '"enable_testing":true,"fallback_llm":"kimi","file_structure":{"src/api.py":"routes","src/main.py":"entry"},' +
      '"primary_llm":"claude","requirements":["crud","jwt auth"],"task_description":"build a rest api"}';
    assert.equal(keyOf(), createHash('sha256').update(canonical).digest('hex').slice(0, 16));
  });

  it('does not depend on white space, case or order where the source says so', () => {
    const same = [
      { task_description: '  BUILD a rest api\n' },
      { requirements: [' jwt AUTH ', 'crud'] },
      { dependencies: ['Pydantic', ' fastapi'] },
      { architecture: { layers: ['http', 'store'], style: 'layered' } },
      { file_structure: { 'src/api.py': 'routes', 'src/main.py': 'entry' } },
    ];
    for (const scaffolding of same) assert.equal(keyOf(scaffolding), keyOf(), JSON.stringify(scaffolding));
  });

  it('differs with everything else that decides the result, file structure and context included', () => {
    const keys = [
      keyOf(),
      keyOf({ task_description: 'Build a REST  API' }),
      keyOf({ requirements: ['CRUD'] }),
      keyOf({ requirements: ['CRUD', 'CRUD', 'JWT auth'] }),
      keyOf({ dependencies: [] }),
      keyOf({ architecture: { style: 'Layered', layers: ['http', 'store'] } }),
      keyOf({ architecture: { style: 'layered', layers: ['store', 'http'] } }),
      keyOf({ architecture: null }),
      keyOf({ file_structure: null }),
      keyOf({ file_structure: { 'src/main.py': 'entry' } }),
      keyOf({ context: null }),
      keyOf({ context: 'keep it small' }),
      keyOf({}, { primary_llm: 'openai' }),
      keyOf({}, { fallback_llm: null }),
      keyOf({}, { enable_testing: false }),
      keyOf({}, { metadata: { agent: 'induction', seed: 1 } }),
      keyOf({}, { metadata: { examples: [{ input: 1, output: 2 }] } }),
      keyOf({}, { metadata: { examples: [{ input: 1, output: 3 }] } }),
      keyOf({}, { metadata: { agent: 'induction', seed: 2 } }),
    ];
    assert.equal(new Set(keys).size, keys.length);
  });

  it('does not depend on limits, identifiers, times and metadata of no agent', () => {
    const same: Partial<ExecutionPlanInput>[] = [
      { execution_id: 'other' },
      { max_iterations: 9 },
      { timeout_seconds: 60 },
      { project_name: 'p' },
      { roma_task_id: 't' },
      { created_at: '2026-01-01T00:00:00Z' },
      { cache_strategy: 'always' },
      { cache_ttl: 7 },
      { metadata: { team: 'x' } },
    ];
    for (const plan of same) assert.equal(keyOf({}, plan), keyOf(), JSON.stringify(plan));
  });
});
