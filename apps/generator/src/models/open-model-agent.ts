import type { Jail, Sandbox } from '@loopwright/edge';
import { ModelClient, PriceTable, ProviderKeys, openProviderTransport } from '@loopwright/models';
import type { Clock, Random } from '@loopwright/protocol';
import type { Agent } from '../agent/agent.ts';
import { lazySandbox } from '../agent/lazy-sandbox.ts';
import { StaticChecker } from '../loop/check/static-checker.ts';
import { generateWithModel } from '../loop/generate-with-model.ts';
import { readModelTask } from '../loop/model-task.ts';
import { SERVICE_LIMITS } from '../limits.ts';
import type { ToolServer } from '../tools/host-tool.ts';
import { McpServer } from '../tools/mcp-server.ts';
import { readToolGrants, secretsOf } from '../tools/tool-grants.ts';
import type { PythonWall } from '../grading/python/python-wall.ts';
import { ToolSession, grantTools, grantedServer } from '../tools/tool-session.ts';
import { chooseModels } from './choose-models.ts';
import { type ModelConfiguration, readModelConfiguration } from './model-configuration.ts';
import { UsageLedger } from './usage-ledger.ts';

/** What the agent of models is opened with. */
export interface ModelAgentOptions {
  /** Variables of the environment, see {@link readModelConfiguration}. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The sandbox in which programs are tested; the agent does not close it. */
  readonly sandbox: () => Promise<Sandbox>;
  /** Gives the wall that programs of Python run behind. Throws LANGUAGE_UNAVAILABLE with the reason where there is none. */
  readonly python: () => Promise<PythonWall>;
  /** Functions of this process that models may call, besides the tool servers of the setup. The agent closes them. */
  readonly localTools?: readonly ToolServer[];
  /** The walls around programs that call tools. */
  readonly jail: () => Promise<Jail>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: (message: string) => void;
}

/**
 * The agent that asks models. Nothing is asked and no tool server is started before a plan needs it. Whoever opens it closes it.
 *
 * @throws INVALID_CONFIGURATION for variables, prices or grants of tools that cannot be used
 */
export function openModelAgent(options: ModelAgentOptions): Agent & AsyncDisposable {
  const { environment, clock, random } = options;
  const configuration = readModelConfiguration(environment);
  const prices = PriceTable.load(configuration.LOOPWRIGHT_PRICES_FILE);
  const grants = readToolGrants(configuration.LOOPWRIGHT_GENERATOR_TOOLS_FILE);
  const transport = openProviderTransport();
  const secrets = secretsOf(grants, environment);
  const models = modelClient(configuration, { fetch: transport.fetch, secrets, clock, random });
  const servers = [
    ...(options.localTools ?? []),
    ...grants.map((grant) => new McpServer(grant, { fetch: transport.fetch, environment })),
  ];
  // One worker: between two calls of a program its isolate has to be there.
  const log = options.log ?? ((): void => undefined);
  const toolSandbox = lazySandbox({ workers: 1, timeoutMs: SERVICE_LIMITS.caseTimeoutMs, jail: options.jail, clock, log });
  const dependencies = configuration.LOOPWRIGHT_GENERATOR_DEPENDENCIES;
  const checker = new StaticChecker({ clock, dependencies });
  return {
    name: 'model',
    description: 'Asks a model for files, checks and tests them, and asks again with what was found',
    check: (plan) => {
      for (const name of readModelTask(plan).tools) grantedServer(name, servers);
      chooseModels(plan, configuration, models);
    },
    run: async (plan, { signal, onEvent }) => {
      const task = readModelTask(plan);
      const python = task.language === 'python' ? await options.python() : null;
      const granted = await grantTools(task.tools, servers, signal);
      const parts = { sandbox: toolSandbox.open, clock, random, redact: (text: string) => models.redact(text) };
      return generateWithModel(task, {
        models,
        names: chooseModels(plan, configuration, models),
        ledger: new UsageLedger({ prices, clock }),
        maxOutputTokens: configuration.LOOPWRIGHT_MODEL_MAX_OUTPUT_TOKENS,
        sandbox: options.sandbox,
        tools: granted.length === 0 ? null : new ToolSession(granted, parts),
        checker,
        python,
        dependencies,
        clock,
        random,
        signal,
        onEvent,
      });
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
      await toolSandbox.close();
      await checker[Symbol.asyncDispose]();
      await transport[Symbol.asyncDispose]();
    },
  };
}

function modelClient(
  configuration: ModelConfiguration,
  { secrets, ...parts }: { fetch: typeof globalThis.fetch; secrets: readonly string[]; clock: Clock; random: Random },
): ModelClient {
  const source = (key: string | null, file: string | null): { key: string | null; file: string | null } => ({ key, file });
  const keys = new ProviderKeys(
    {
      anthropic: source(configuration.ANTHROPIC_API_KEY, configuration.LOOPWRIGHT_ANTHROPIC_API_KEY_FILE),
      openai: source(configuration.OPENAI_API_KEY, configuration.LOOPWRIGHT_OPENAI_API_KEY_FILE),
      compatible: source(configuration.LOOPWRIGHT_MODEL_API_KEY, configuration.LOOPWRIGHT_MODEL_API_KEY_FILE),
    },
    secrets,
  );
  return new ModelClient({
    keys,
    urls: {
      anthropic: configuration.LOOPWRIGHT_ANTHROPIC_BASE_URL,
      openai: configuration.LOOPWRIGHT_OPENAI_BASE_URL,
      compatible: configuration.LOOPWRIGHT_MODEL_BASE_URL,
    },
    ...parts,
    model: configuration.LOOPWRIGHT_MODEL,
    fallback: configuration.LOOPWRIGHT_FALLBACK_MODEL,
    timeoutMs: configuration.LOOPWRIGHT_MODEL_TIMEOUT_SECONDS * 1000,
    attempts: configuration.LOOPWRIGHT_MODEL_ATTEMPTS,
    retryDelayMs: configuration.LOOPWRIGHT_MODEL_RETRY_DELAY_SECONDS * 1000,
  });
}
