import type { Sandbox } from '@loopwright/edge';
import type { ModelClient, ModelName } from '@loopwright/models';
import type { Clock, Random } from '@loopwright/protocol';
import type { AgentEvent } from '../agent/agent.ts';
import type { PythonWall } from '../grading/python/python-wall.ts';
import type { UsageLedger } from '../models/usage-ledger.ts';
import type { StaticChecker } from './check/static-checker.ts';
import type { ToolSession } from '../tools/tool-session.ts';

/** What one generation by a model works with. */
export interface LoopParts {
  readonly models: ModelClient;
  /** Asked in this order. */
  readonly names: readonly ModelName[];
  readonly ledger: UsageLedger;
  readonly maxOutputTokens: number;
  /** The sandbox in which programs are tested. */
  readonly sandbox: () => Promise<Sandbox>;
  readonly checker: StaticChecker;
  /** The wall of Python, where the plan asks for Python. */
  readonly python: PythonWall | null;
  /** The granted tools; `null` for none. */
  readonly tools: ToolSession | null;
  /** Dependencies that programs may have. */
  readonly dependencies: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly onEvent: (event: AgentEvent) => void;
}
