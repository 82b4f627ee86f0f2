/** Names of the services of an engine in Restate. The version is that of their messages and state: a change that is not compatible takes a new one. */
export interface ServiceNames {
  /** An object an execution: its record, and all that is decided about it. */
  readonly execution: string;
  /** An object an execution: the interpreter goes on. */
  readonly driver: string;
  /** An object a definition, by digest. */
  readonly definition: string;
  /** An object a type of events: who listens. */
  readonly listeners: string;
  /** Shows an event to all who listen. */
  readonly publisher: string;
}

/** The names under a namespace: several engines may use one Restate. */
export function serviceNames(namespace: string): ServiceNames {
  const name = (service: string): string => `${namespace}_${service}_v1`;
  return {
    execution: name('execution'),
    driver: name('driver'),
    definition: name('definition'),
    listeners: name('listeners'),
    publisher: name('publisher'),
  };
}

/** The object that knows who listens to events of a type; an empty text stands for any. */
export function listenersKey(type: string): string {
  return type === '' ? 'any' : `type:${type}`;
}

/**
 * How Restate repeats a handler whose process is gone or whose views cannot be written: for ever, and soon again. It has nothing to do with
 * the retries of a workflow: an error of a workflow is a recorded value, not a failure of a handler.
 */
export const UNTIL_IT_WORKS = { initialInterval: 50, exponentiationFactor: 2, maxInterval: 2000 } as const;
