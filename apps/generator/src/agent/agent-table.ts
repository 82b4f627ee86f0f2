import { type ExecutionPlan, PlatformError } from '@loopwright/protocol';
import { type TurnLimits, Turns } from '../executions/turns.ts';
import type { Agent } from './agent.ts';

/** The agents of the service, each with its turns: who waits for a model does not hold up who grades. */
export class AgentTable {
  readonly #rows: ReadonlyMap<string, { readonly agent: Agent; readonly turns: Turns }>;

  /** `limits` are those of each agent; the number that works at a time is the agent's own where it has one. */
  constructor(agents: readonly Agent[], limits: TurnLimits) {
    this.#rows = new Map(
      agents.map((agent) => [
        agent.name,
        { agent, turns: new Turns({ ...limits, running: agent.concurrency ?? limits.running }) },
      ]),
    );
  }

  /** The agents. */
  get all(): readonly Agent[] {
    return [...this.#rows.values()].map(({ agent }) => agent);
  }

  /** Plans that are worked on. */
  get running(): number {
    return this.#sum((turns) => turns.running);
  }

  /** Plans that wait. */
  get queued(): number {
    return this.#sum((turns) => turns.queued);
  }

  /** The turns of an agent of the table. */
  turns(agent: Agent): Turns {
    const row = this.#rows.get(agent.name);
    if (row === undefined) throw new RangeError(`Cannot give a turn: "${agent.name}" is no agent of this service`);
    return row.turns;
  }

  /**
   * The agent that a plan asks for; a plan that names none is for a model.
   *
   * @throws PlatformError PROVIDER_NOT_CONFIGURED when there is no agent for models, VALIDATION_ERROR for a name that nobody has
   */
  of(plan: ExecutionPlan): Agent {
    const name = plan.metadata['agent'] ?? 'model';
    const row = typeof name === 'string' ? this.#rows.get(name) : undefined;
    if (row !== undefined) return row.agent;
    const agents = [...this.#rows.keys()];
    if (name === 'model') {
      const message = `Cannot ask a model: no provider is configured for "${plan.primary_llm}". Set metadata.agent to "induction" and give metadata.examples to learn the program from examples`;
      throw new PlatformError('PROVIDER_NOT_CONFIGURED', message, { details: { agents, primary_llm: plan.primary_llm } });
    }
    throw new PlatformError('VALIDATION_ERROR', 'Cannot read the plan: nobody does what it asks for', {
      details: {
        issues: [{ pointer: '/metadata/agent', message: `must be one of: ${[...agents, 'model'].join(', ')}` }],
        agents,
      },
    });
  }

  #sum(count: (turns: Turns) => number): number {
    return [...this.#rows.values()].reduce((sum, { turns }) => sum + count(turns), 0);
  }
}
