import { type NewRun } from '@loopwright/client';
import { type ProfileView, createRunRequestSchema, programNameSchema } from '@loopwright/protocol';
import type { NewRunSearch } from './new-run-search.ts';

/** What is typed for a new run and does not stand in the URL. */
export interface Draft {
  readonly name: string;
  readonly intake: string;
  readonly mode: 'manual' | 'auto';
  /** Name of the program; empty: made from the name of the run. */
  readonly program: string;
  /** Per cent of the examples that are held out; empty: what the profile says. */
  readonly holdout: string;
  /** US dollars; empty: what the profile says, then the server. */
  readonly budget: string;
}

export const EMPTY_DRAFT: Draft = { name: '', intake: '', mode: 'manual', program: '', holdout: '', budget: '' };

/** The project of a run for which none is named. */
export const DEFAULT_PROJECT = 'default';

/** The share of the examples that is held out when nobody says another one; the server's own. */
const DEFAULT_HOLDOUT = 0.2;

/** The share of the examples that the run will hold out, as far as what is typed can be sent. */
export function holdoutOf({ holdout }: Draft, profile: ProfileView | undefined): number {
  const share = Number(holdout) / 100;
  const isGiven = holdout.trim() !== '' && share > 0 && share < 1;
  return isGiven && (profile === undefined || takes(profile, 'holdout')) ? share : DEFAULT_HOLDOUT;
}

/** Whether a run of the profile takes an input of this name. */
export function takes(profile: ProfileView | undefined, input: string): boolean {
  const properties = profile?.inputs_schema?.['properties'];
  return typeof properties === 'object' && properties !== null && Object.hasOwn(properties, input);
}

/** Why a draft cannot be started, by the field. What the server finds besides comes with its answer. */
export function problemsOf(
  { program, holdout, budget }: Draft,
  search: NewRunSearch,
  profile: ProfileView | undefined,
): Partial<Record<'profile' | 'project' | 'program' | 'holdout' | 'budget', string>> {
  const share = Number(holdout);
  const isProgram = programNameSchema.safeParse(program.trim()).success;
  return {
    ...(profile === undefined ? { profile: 'Choose what the run is made of' } : {}),
    ...(createRunRequestSchema.shape.project_id.safeParse(search.project ?? DEFAULT_PROJECT).success
      ? {}
      : { project: 'Letters, digits and . _ @ : - only' }),
    ...(program.trim() === '' || isProgram ? {} : { program: 'Small letters, digits, - and _; a letter first' }),
    ...(holdout.trim() === '' || (share > 0 && share < 100) ? {} : { holdout: 'More than 0 and less than 100' }),
    ...(budget.trim() === '' || /^\d{1,6}(?:\.\d{1,9})?$/.test(budget.trim()) ? {} : { budget: 'An amount such as 12.50' }),
  };
}

/** What is sent. Inputs that the profile does not take are left out. */
export function requestOf(draft: Draft, search: NewRunSearch, profile: ProfileView): NewRun {
  const inputs = {
    ...(search.examples !== undefined && takes(profile, 'examples') ? { examples: search.examples } : {}),
    ...(draft.program.trim() !== '' && takes(profile, 'program') ? { program: draft.program.trim() } : {}),
    ...(draft.holdout.trim() !== '' && takes(profile, 'holdout') ? { holdout: holdoutOf(draft, profile) } : {}),
  };
  return {
    profile: profile.profile,
    project_id: search.project ?? DEFAULT_PROJECT,
    mode: draft.mode,
    inputs,
    ...(draft.intake.trim() === '' ? {} : { intake: draft.intake }),
    ...(draft.name.trim() === '' ? {} : { project_name: draft.name.trim() }),
    ...(draft.budget.trim() === '' ? {} : { budget: { cost_usd: draft.budget.trim() } }),
  };
}
