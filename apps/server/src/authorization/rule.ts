import type { Permission } from './roles.ts';

/** What belongs to a project, and is named in the path of the operations on it; a program and a version may be named in the body. */
export type ObjectKind =
  | 'execution'
  | 'task'
  | 'schedule'
  | 'examples'
  | 'program'
  | 'program_version'
  | 'canary'
  | 'webhook'
  | 'run';

/** A field of the request that names the project. Projects have no existence of their own, so whoever may not act in one gets 403. */
export type ProjectField = 'body.project_id' | 'query.project_id' | 'path.project_id';

/** What is written of a change besides who, when and the state of its object before and after: only fields that are no secrets. */
export interface Recorded {
  /** What else is changed than what the rule is about: its state is recorded before and after. */
  readonly object?: 'user' | 'grant';
  /** Fields of the body. */
  readonly asked?: readonly string[];
  /** Fields of the answer. */
  readonly answered?: readonly string[];
}

/** Who may an operation: `need` is `nothing` for everybody, `identity` for everybody who is known, else a permission. */
export type Rule = (
  | { readonly need: 'nothing' }
  | { readonly need: 'identity' }
  | {
      readonly need: Permission;
      /**
       * Where the permission is needed. `platform`: no project is concerned. `anywhere`: in some project, and the handler asks
       * `request.access.scope(…)` which. An object: in its project, and 404 for whoever does not see it.
       */
      readonly on: 'platform' | 'anywhere' | ObjectKind | ProjectField;
      /** Another project that the request may name: there the permission is needed as well. */
      readonly also?: ProjectField;
    }
) & {
  readonly records?: Recorded;
  /** Only for what changes nothing although it is no GET. */
  readonly audited?: false;
};
