import type { Engine } from '@loopwright/engine';
import { PlatformError } from '@loopwright/protocol';
import { type Profile, profileOf } from './profile.ts';

type Definitions = Pick<Engine, 'definitions'>;

/** The profile of a name or an alias; a name comes before an alias. Throws UNKNOWN_PROFILE with those that there are. */
export function requireProfile(engine: Definitions, name: string): Profile {
  const definition = engine.definitions.get(workflowName(name));
  const profile = definition === undefined ? undefined : profileOf(definition);
  if (profile !== undefined) return profile;
  const known = [...engine.definitions.values()].flatMap((one) => profileOf(one) ?? []);
  const aliased = known.find(({ aliases }) => aliases.includes(profileName(name)));
  if (aliased !== undefined) return aliased;
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
