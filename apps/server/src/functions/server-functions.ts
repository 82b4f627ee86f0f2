import type { ProgramStore } from '@loopwright/edge';
import type { CallFunction } from '@loopwright/engine';
import type { PtcClient } from '@loopwright/generation';
import type { ResourceProjects } from '../authorization/resource-projects.ts';
import type { Configuration } from '../config/settings.ts';
import type { ExampleStore } from '../examples/example-store.ts';
import type { Workspaces } from '../runs/workspace/workspaces.ts';
import type { Supervisor } from '../modules/supervisor.ts';
import type { EdgeClient } from '../programs/edge-client.ts';
import type { BehaviourDiffs } from '../programs/behaviour-diffs.ts';
import { compare } from './compare.ts';
import { evaluate } from './evaluate.ts';
import type { FunctionName } from './function-names.ts';
import { generate } from './generate.ts';
import { callModuleRoute } from './module.ts';
import { prepare } from './prepare.ts';
import { promote } from './promote.ts';

/** What the functions work with. */
interface FunctionParts {
  readonly configuration: Configuration;
  readonly client: PtcClient;
  /** Resolves when the generation service runs. */
  readonly generatorReady: () => Promise<void>;
  readonly edge: EdgeClient;
  readonly examples: ExampleStore;
  readonly programs: ProgramStore;
  readonly diffs: BehaviourDiffs;
  readonly resources: ResourceProjects;
  readonly workspaces: Workspaces;
  readonly supervisor: Supervisor;
  /** Gates, checkpoints and agents, which are opened by themselves. */
  readonly others: Record<
    Exclude<FunctionName, 'prepare' | 'generate' | 'evaluate' | 'compare' | 'promote' | 'module'>,
    CallFunction
  >;
}

/** Everything that definitions can call by name, besides what the engine itself has. */
export function serverFunctions(parts: FunctionParts): Record<FunctionName, CallFunction> {
  const { configuration, client, edge, diffs, examples, programs, resources, workspaces } = parts;
  return {
    prepare: prepare({ examples, resources }),
    generate: generate({
      client,
      ready: parts.generatorReady,
      examples,
      programs,
      resources,
      workspaces,
      timeoutSeconds: Math.ceil(configuration.generatorTimeoutSeconds),
    }),
    evaluate: evaluate({ edge, examples, programs, resources }),
    compare: compare({ diffs, examples, resources }),
    promote: promote({ edge, programs, resources }),
    module: callModuleRoute(parts.supervisor),
    ...parts.others,
  };
}
