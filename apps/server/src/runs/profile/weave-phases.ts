import { type Json, type JsonObject, PlatformError, issueDetails } from '@loopwright/protocol';
import { gateOf, profileDeclarationSchema } from './profile.ts';

/** Tasks that are put around each phase, behind its gate; every one must give its input as its output, so that the phase sees what it would without them. */
export interface PhaseTasks {
  readonly before?: (phase: string) => readonly NamedTaskDocument[];
  readonly after?: (phase: string) => readonly NamedTaskDocument[];
}

/** One entry of a `do` as it is written: a name and its task. */
type NamedTaskDocument = Readonly<Record<string, JsonObject>>;

/** Begins the type of the event that lets a run go on; the id of the execution follows. */
export const ADVANCE_TYPE = 'io.loopwright.run.advance.';

/**
 * Puts before each phase of a profile a `listen` that waits for its advance, and so makes a workflow of phases out of what the author wrote. The
 * result is a standard document; executions pin it. A document that is no profile is given back as it is. Throws INVALID_DEFINITION with pointers.
 */
export function weavePhases(source: JsonObject, { before, after }: PhaseTasks = {}): JsonObject {
  const declared = asObject(asObject(asObject(source['document'])?.['metadata'])?.['profile']);
  if (declared === undefined) return source;
  const list = source['do'];
  if (!Array.isArray(list)) return source;
  refuse(issuesOf(declared, list));
  const woven: NamedTaskDocument[] = [];
  for (const entry of list) {
    const named = entry as NamedTaskDocument;
    const [phase = '', task = {}] = Object.entries(named)[0] ?? [];
    woven.push(gate(phase, task['if']), ...(before?.(phase) ?? []), named, ...(after?.(phase) ?? []));
  }
  return { ...source, do: woven };
}

/**
 * The wait for one advance: the event is for this execution and this phase, so no other phase and no other run can take it, and it is taken once.
 * What the phase gets is what came before; who advanced is in `$context.advance`. A phase that is left out by its `if` waits for nobody.
 */
function gate(phase: string, condition: Json | undefined): NamedTaskDocument {
  return {
    [gateOf(phase)]: {
      ...(condition === undefined ? {} : { if: condition }),
      listen: { to: { one: { with: { type: `\${ "${ADVANCE_TYPE}" + $workflow.id }`, subject: phase } } } },
      output: { as: '${ $input }' },
      export: { as: '${ (if ($context | type) == "object" then $context else {} end) + { advance: $task.output[0] } }' },
    },
  };
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function issuesOf(declared: JsonObject, list: readonly Json[]): Issue[] {
  const at = ['document', 'metadata', 'profile'];
  const parsed = profileDeclarationSchema.safeParse(declared);
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => ({ path: [...at, ...path], message }));
  const names = list.map((entry) => Object.keys(asObject(entry) ?? {})[0] ?? '');
  const undeclared = names.flatMap((name, index): Issue[] =>
    Object.hasOwn(parsed.data.phases, name)
      ? []
      : [{ path: ['do', index, name], message: 'every task of a profile is a phase: the metadata do not name this one' }],
  );
  const missing = Object.keys(parsed.data.phases)
    .filter((phase) => !names.includes(phase))
    .map((phase): Issue => ({ path: [...at, 'phases', phase], message: 'there is no task of this name' }));
  const jumps = list.flatMap((entry, index): Issue[] => {
    const name = names[index] ?? '';
    const task = asObject(asObject(entry)?.[name]);
    return (['then', 'switch'] as const)
      .filter((member) => task?.[member] !== undefined)
      .map((member) => ({ path: ['do', index, name, member], message: 'phases run in their order: a phase must not jump' }));
  });
  const none: Issue[] = names.length === 0 ? [{ path: ['do'], message: 'a profile has at least one phase' }] : [];
  return [...undeclared, ...missing, ...jumps, ...none];
}

function refuse(issues: readonly Issue[]): void {
  if (issues.length === 0) return;
  throw new PlatformError('INVALID_DEFINITION', `Cannot use the profile: ${issues.map(({ message }) => message).join('; ')}`, {
    details: issueDetails(issues),
  });
}

function asObject(value: Json | undefined): JsonObject | undefined {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : undefined;
}
