import type { CallFunction } from '@loopwright/engine';
import type { Clock, Random } from '@loopwright/protocol';
import type { Configuration } from '../config/settings.ts';
import type { ServerDatabase } from '../database/server-database.ts';
import type { BreakEvenParts } from '../money/break-even.ts';
import { executionsOfRun } from '../money/executions-of-run.ts';
import { ModelUsage } from '../money/model-usage.ts';
import { induction } from '../profiles/classification/induction.ts';
import type { InductionParts } from '../profiles/classification/work-tools.ts';
import { agent } from './agent.ts';
import { ModelClient, PriceTable, ProviderKeys, openProviderTransport } from '@loopwright/models';

/** What agents work with. */
export interface AgentsOptions extends InductionParts {
  readonly configuration: Configuration;
  /** The tables are asked for when they are needed: functions of the engine come before them. */
  readonly database: () => ServerDatabase;
  readonly clock: Clock;
  readonly random: Random;
}

/** The functions of agents, what their work costs, and the connections to the providers. */
export interface Agents extends AsyncDisposable {
  readonly functions: Record<'agent' | 'induction', CallFunction>;
  readonly money: BreakEvenParts;
  /** For others who ask the models that are set. */
  readonly models: { readonly models: ModelClient; readonly prices: PriceTable; readonly usage: ModelUsage };
}

/** Opens what the settings say about models. Nothing is asked, and no key is read, before an agent is called. Throws INVALID_CONFIGURATION for a file of prices that cannot be used. */
export function openAgents({ configuration, database, clock, random, ...parts }: AgentsOptions): Agents {
  const prices = PriceTable.load(configuration.pricesFile);
  const usage = new ModelUsage({ database, random });
  const transport = openProviderTransport();
  const models = modelClient(configuration, { fetch: transport.fetch, clock, random });
  const { workspaces } = parts;
  return {
    functions: {
      agent: agent({ models, prices, usage, workspaces, maxOutputTokens: configuration.modelMaxOutputTokens, clock }),
      induction: induction(parts),
    },
    models: { models, prices, usage },
    money: {
      usage,
      prices,
      executionsOf: (id) => executionsOfRun(database(), id),
      projectOf: (name) => parts.resources.projectOfProgram(name),
      clock,
    },
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

function modelClient(
  configuration: Configuration,
  { fetch, clock, random }: { fetch: typeof globalThis.fetch; clock: Clock; random: Random },
): ModelClient {
  const { anthropicApiKey, anthropicApiKeyFile, openaiApiKey, openaiApiKeyFile, modelApiKey, modelApiKeyFile } = configuration;
  return new ModelClient({
    keys: new ProviderKeys({
      anthropic: { key: anthropicApiKey, file: anthropicApiKeyFile },
      openai: { key: openaiApiKey, file: openaiApiKeyFile },
      compatible: { key: modelApiKey, file: modelApiKeyFile },
    }),
    urls: {
      anthropic: configuration.anthropicBaseUrl,
      openai: configuration.openaiBaseUrl,
      compatible: configuration.modelBaseUrl,
    },
    fetch,
    model: configuration.model,
    fallback: configuration.fallbackModel,
    timeoutMs: configuration.modelTimeoutSeconds * 1000,
    attempts: configuration.modelAttempts,
    retryDelayMs: configuration.modelRetryDelaySeconds * 1000,
    clock,
    random,
  });
}
