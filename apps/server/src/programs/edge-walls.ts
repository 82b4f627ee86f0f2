import type { Clock, EdgeHealth, ServerHealth } from '@loopwright/protocol';
import type { EdgeClient } from './edge-client.ts';

/** For how long an answer of the edge is told again, in milliseconds: anybody may ask how the server is. */
const TOLD_MS = 1000;

type Told = NonNullable<ServerHealth['edge']> | null;

/** What the edge says of the walls around programs, asked once a second at the most. */
export class EdgeWalls {
  readonly #edge: Pick<EdgeClient, 'health'>;
  readonly #clock: Clock;
  #asked: { readonly at: number; readonly answer: Promise<Told> } | undefined;

  constructor(edge: Pick<EdgeClient, 'health'>, clock: Clock) {
    this.#edge = edge;
    this.#clock = clock;
  }

  /** `null`: it does not answer. */
  told(): Promise<Told> {
    const now = this.#clock.now();
    if (this.#asked === undefined || now - this.#asked.at >= TOLD_MS)
      this.#asked = { at: now, answer: this.#edge.health().then((health) => (health === null ? null : summary(health))) };
    return this.#asked.answer;
  }
}

function summary({ status, programs, sandbox }: EdgeHealth): Told {
  const { python } = sandbox;
  const ofPython = (python?.walls ?? []).map(({ name, stands }) => ({ name: `python: ${name}`, stands }));
  const walls = [...sandbox.walls, ...ofPython];
  return {
    status,
    programs: programs.length,
    jail: sandbox.jail,
    walls_standing: walls.filter(({ stands }) => stands).length,
    walls: walls.length,
    walls_missing: walls.filter(({ stands }) => !stands).map(({ name }) => name),
    refusal: sandbox.refusal,
    memory_watch: sandbox.memory_watch,
    workers: sandbox.workers + (python?.workers ?? 0),
    restarts: sandbox.restarts + (python?.restarts ?? 0),
  };
}
