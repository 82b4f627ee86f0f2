import { isDeepStrictEqual } from 'node:util';
import { type ServerSetting, toJson } from '@loopwright/protocol';
import type { Setting } from './setting.ts';
import { type Configuration, SETTINGS, SETTING_KEYS, flagOf, nameOf, variablesOf } from './settings.ts';

/** Every setting as administrators see it; the values of secrets stay where they are. */
export function shownSettings(configuration: Configuration): readonly ServerSetting[] {
  const values = configuration as Readonly<Record<string, unknown>>;
  return SETTING_KEYS.map((key) => {
    const { default: byDefault, description, secret = false }: Setting = SETTINGS[key];
    const value = values[nameOf(key)];
    return {
      key,
      description,
      value: secret ? null : toJson(value),
      default: toJson(byDefault),
      is_default: isDeepStrictEqual(value, byDefault),
      is_secret: secret,
      flag: flagOf(key),
      variables: [...variablesOf(key)],
    };
  });
}
