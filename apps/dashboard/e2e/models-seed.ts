import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProgramStore } from '@loopwright/edge';
import { type ScriptedProvider, startProvider } from '@loopwright/models/scripted';
import { systemClock } from '@loopwright/protocol';
import { obedient } from '../../server/src/agents/obedient-model.ts';
import type { DashboardServer } from './dashboard-fixture.ts';

/** A provider of models on this machine that does what it is asked. */
export async function startModels(): Promise<ScriptedProvider> {
  const provider = await startProvider();
  provider.script(obedient);
  return provider;
}

/** Flags of a server whose agents ask a provider; its key is kept below `dir`. */
export function modelFlags(dir: string, { url }: Pick<ScriptedProvider, 'url'>): readonly string[] {
  const key = join(dir, 'openai-key');
  writeFileSync(key, 'sk-of-the-tests');
  return ['--model', 'openai/gpt-4.1', '--openai-base-url', url, '--openai-api-key-file', key];
}

/** Makes the program `mail-sorter` by a run that has asked a model, so that it is known what it cost. */
export async function seedPaidProgram({ client, dir }: Pick<DashboardServer, 'client' | 'dir'>): Promise<void> {
  const { run_id: runId } = await client.runs.create({ profile: 'blank', project_name: 'Mail sorter', intake: 'Sort mails' });
  await client.runs.next(runId);
  const { execution_id: execution } = await client.runs.get(runId);
  const store = new ProgramStore({ dir: join(dir, 'edge'), clock: systemClock });
  await store.store('mail-sorter', {
    id: 'mail-sorter-1',
    source: 'export function run(text: string): string {\n  return text.includes("invoice") ? "billing" : "other";\n}\n',
    metadata: {
      input_schema: { type: 'string' },
      output_schema: { type: 'string' },
      llm_provider: 'openai',
      llm_model: 'gpt-4.1',
      metadata: { execution_id: execution, input_characters_p50: 400 },
    },
  });
}
