import type { WorkflowDefinition } from '@loopwright/engine';
import { z } from 'zod';

/** Name of a phase, which is the name of its task and of its folder of artifacts. It has no "_", so that the id of an artifact names one file only. */
const phaseNameSchema = z
  .string()
  .regex(/^(?!await-)[a-z][a-z0-9-]{0,62}$/, 'a phase is named by small letters, digits and "-", and not "await-…"');

const phaseDeclarationSchema = z.strictObject({
  title: z.string().min(1).max(200).optional(),
  /** Who works in it, for people and for the metrics. */
  agents: z.array(z.string().min(1).max(100)).max(50).default([]),
  /** The gates that `check` evaluates in it. */
  gates: z.array(z.string().min(1).max(100)).max(100).default([]),
});

/** `document.metadata.profile` of a definition: what makes a workflow a profile. */
export const profileDeclarationSchema = z.strictObject({
  title: z.string().min(1).max(200),
  /** Other names that requests may have for it, as the wire writes them: `data_pipeline`. */
  aliases: z
    .array(z.string().regex(/^[a-z][a-z0-9_]{0,99}$/))
    .max(20)
    .default([]),
  phases: z.record(phaseNameSchema, phaseDeclarationSchema),
});

/** One phase of a profile. */
export interface ProfilePhase extends z.output<typeof phaseDeclarationSchema> {
  readonly name: string;
}

/** A profile: the phases of a definition in the order in which they run. */
export interface Profile {
  readonly name: string;
  readonly title: string;
  readonly aliases: readonly string[];
  readonly version: string;
  /** Digest of the definition as it is registered. */
  readonly digest: string;
  readonly phases: readonly ProfilePhase[];
}

/** The task that waits for somebody to advance to a phase. */
export function gateOf(phase: string): string {
  return `await-${phase}`;
}

/** The profile that a definition is, as it was written or woven; `undefined` for a workflow without phases. */
export function profileOf({
  name,
  version,
  digest,
  source,
}: Pick<WorkflowDefinition, 'name' | 'version' | 'digest' | 'source'>): Profile | undefined {
  if (!isDeclared(source)) return undefined;
  const read = sourceSchema.safeParse(source);
  if (!read.success) return undefined;
  const { title, aliases, phases } = read.data.document.metadata.profile;
  const inOrder = read.data.do.flatMap((entry): ProfilePhase[] => {
    const task = Object.keys(entry)[0] ?? '';
    const phase = Object.hasOwn(phases, task) ? phases[task] : undefined;
    return phase === undefined ? [] : [{ name: task, ...phase }];
  });
  return { name, title, aliases, version, digest, phases: inOrder };
}

/** Most workflows are no profile, and it is the check that fails which takes long. */
function isDeclared({ document }: WorkflowDefinition['source']): boolean {
  const metadata = memberOf(document, 'metadata');
  return memberOf(metadata, 'profile') !== undefined;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
}

const sourceSchema = z.looseObject({
  document: z.looseObject({ metadata: z.looseObject({ profile: profileDeclarationSchema }) }),
  do: z.array(z.record(z.string(), z.unknown())),
});
