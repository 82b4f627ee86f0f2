import { nearestName } from './nearest-name.ts';

/** One thing that is wrong with the configuration. */
export interface ConfigurationIssue {
  /** `flag --port`, `environment LOOPWRIGHT_PORT`, `file /etc/loopwright.yaml: port`. */
  readonly source: string;
  readonly message: string;
}

/** The issue for a name that no setting has. */
export function unknownName(source: string, name: string, known: readonly string[]): ConfigurationIssue {
  const nearest = nearestName(name, known);
  return { source, message: `there is no such setting${nearest === undefined ? '' : `; did you mean "${nearest}"?`}` };
}
