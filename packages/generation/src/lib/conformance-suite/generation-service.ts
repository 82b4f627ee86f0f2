import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ArtifactResult, artifactResultSchema } from '@loopwright/protocol';

/** A generation service for tests, on a free port: it answers each plan with the next of its results. */
export interface ScriptedService extends AsyncDisposable {
  readonly url: string;
  /** Ids of the executions that were asked for. */
  readonly asked: readonly string[];
}

/** Opens a {@link ScriptedService}; the last result is given for ever. */
export async function openScriptedService(...results: Partial<ArtifactResult>[]): Promise<ScriptedService> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    if (request.method === 'GET') {
      response.writeHead(404).end();
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { execution_id } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { execution_id: string };
      asked.push(execution_id);
      const more = results[Math.min(asked.length, results.length) - 1];
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(exampleResult({ execution_id, ...more })));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** A successful result with every field that a cache has to give back. */
export function exampleResult(more: Partial<ArtifactResult> = {}): ArtifactResult {
  const at = '2026-01-02T03:04:05.678Z';
  return artifactResultSchema.parse({
    execution_id: 'exec-1',
    status: 'SUCCESS',
    artifacts: [{ file_path: 'src/ü.ts', content: 'export const text = "\u{1F600}\\n";\n', language: 'typescript' }],
    test_results: { test_command: 'node --test', exit_code: 0, tests_passed: 3, tests_failed: 0, duration_seconds: 0.25 },
    warnings: ['slow'],
    llm_usage: [{ provider: 'claude', model: 'm', prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, cost_usd: 0.0012 }],
    started_at: at,
    completed_at: at,
    duration_seconds: 1.5,
    metadata: { sandbox_id: 's', nested: [{ a: null }] },
    ...more,
  });
}
