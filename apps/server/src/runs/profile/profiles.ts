import type { Engine } from '@loopwright/engine';
import { PlatformError } from '@loopwright/protocol';
import { type Profile, profileOf } from './profile.ts';

type Definitions = Pick<Engine, 'definitions'>;

/** The profiles that can be run, by the names that the wire has for them. */
export function profilesOf({ definitions }: Definitions): Profile[] {
  return [...definitions.values()].flatMap((definition) => profileOf(definition) ?? []);
}

/** The profile of a name. Throws UNKNOWN_PROFILE with those that there are. */
export function requireProfile(engine: Definitions, name: string): Profile {
  const definition = engine.definitions.get(workflowName(name));
  const profile = definition === undefined ? undefined : profileOf(definition);
  if (profile !== undefined) return profile;
  throw new PlatformError('UNKNOWN_PROFILE', `Cannot find the profile "${name}"`, {
    details: { profiles: profilesOf(engine).map((known) => profileName(known.name)) },
  });
}

/** The workflow that a profile is registered as: the DSL allows no "_" in names, and the source's profiles have one. */
export function workflowName(profile: string): string {
  return profile.replaceAll('_', '-');
}

/** The wire's name of a profile: a bijection, because no workflow's name has a "_". */
export function profileName(workflow: string): string {
  return workflow.replaceAll('-', '_');
}
