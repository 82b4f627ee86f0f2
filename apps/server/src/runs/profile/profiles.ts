import type { Engine } from '@loopwright/engine';
import { PlatformError } from '@loopwright/protocol';
import { type Profile, profileOf } from './profile.ts';

type Definitions = Pick<Engine, 'definitions'>;

<<<<<<< HEAD
/** The profiles that can be run, by the names that the wire has for them. */
export function profilesOf({ definitions }: Definitions): Profile[] {
  return [...definitions.values()].flatMap((definition) => profileOf(definition) ?? []);
}

/** The profile of a name or an alias; a name comes before an alias. Throws UNKNOWN_PROFILE with those that there are. */
=======
/** The profile of a name. Throws UNKNOWN_PROFILE with those that there are. */
>>>>>>> h/governance
export function requireProfile(engine: Definitions, name: string): Profile {
  const definition = engine.definitions.get(workflowName(name));
  const profile = definition === undefined ? undefined : profileOf(definition);
  if (profile !== undefined) return profile;
<<<<<<< HEAD
  const aliased = profilesOf(engine).find(({ aliases }) => aliases.includes(profileName(name)));
  if (aliased !== undefined) return aliased;
=======
  const known = [...engine.definitions.values()].flatMap((one) => profileOf(one) ?? []);
>>>>>>> h/governance
  throw new PlatformError('UNKNOWN_PROFILE', `Cannot find the profile "${name}"`, {
    details: { profiles: known.map((one) => profileName(one.name)) },
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
