import {
  type ProgramAlias,
  type ProgramTimeline,
  programAliasListSchema,
  programAliasSchema,
  programTimelineSchema,
} from '@loopwright/protocol';
import { type ApiCall, type Caller, callApi, exchange } from './request.ts';

/** An alias as it was seen. */
export interface SeenAlias {
  readonly alias: ProgramAlias;
  /** Of this state: what moves the alias names it, and fails with PRECONDITION_FAILED when it is another by then. */
  readonly etag: string;
}

/** Names an alias. */
export interface AliasName {
  readonly program: string;
  readonly alias: string;
}

/** Where the aliases of programs point. Every method throws `PlatformError` with the server's code, ALIAS_NOT_FOUND for an alias that there is not. */
export class AliasesClient {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** All of a program, by name; a program has sixteen at the most. */
  async list(program: string): Promise<ProgramAlias[]> {
    const path = `${pathOf(program)}/aliases`;
    return (await callApi(this.#caller, { method: 'GET', path, answer: programAliasListSchema })).aliases;
  }

  get(name: AliasName): Promise<SeenAlias> {
    return this.#exchange({ method: 'GET', path: aliasPath(name), answer: programAliasSchema });
  }

  /** Makes an alias that is not there yet. Throws PRECONDITION_FAILED when it is; LIMIT_EXCEEDED. */
  make(name: AliasName, version: number, comment?: string): Promise<SeenAlias> {
    return this.#put(name, { version, comment }, { ifNoneMatch: '*' });
  }

  /** Lets an alias point elsewhere, if it is still as it was seen. */
  move(
    name: AliasName,
    { version, etag, comment }: { version: number; etag: string; comment?: string | undefined },
  ): Promise<SeenAlias> {
    return this.#put(name, { version, comment }, { ifMatch: etag });
  }

  /** Lets an alias point to the version that it pointed to before, if it is still as it was seen. Throws INVALID_STATE when there is none. */
  rollBack(name: AliasName, { etag, reason }: { etag: string; reason?: string | undefined }): Promise<SeenAlias> {
    const json = reason === undefined ? {} : { reason };
    return this.#exchange({
      method: 'POST',
      path: `${aliasPath(name)}/rollback`,
      answer: programAliasSchema,
      json,
      ifMatch: etag,
    });
  }

  /** Removes an alias, if it is still as it was seen; gives what it was. Its history stays. Throws VALIDATION_ERROR for `active`. */
  remove(name: AliasName, { etag }: { etag: string }): Promise<ProgramAlias> {
    return callApi(this.#caller, { method: 'DELETE', path: aliasPath(name), answer: programAliasSchema, ifMatch: etag });
  }

  /** Where an alias pointed when, page by page; `at`: an instant of ISO 8601, left out: now. */
  timeline(
    { program, alias }: AliasName,
    { at, cursor }: { at?: string | undefined; cursor?: string | undefined } = {},
  ): Promise<ProgramTimeline> {
    const query = new URLSearchParams({
      alias,
      ...(at === undefined ? {} : { at }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    const path = `${pathOf(program)}/timeline?${query.toString()}`;
    return callApi(this.#caller, { method: 'GET', path, answer: programTimelineSchema });
  }

  #put(
    name: AliasName,
    { version, comment }: { version: number; comment: string | undefined },
    condition: Pick<ApiCall<typeof programAliasSchema>, 'ifMatch' | 'ifNoneMatch'>,
  ): Promise<SeenAlias> {
    const json = { version, ...(comment === undefined ? {} : { comment }) };
    return this.#exchange({ method: 'PUT', path: aliasPath(name), answer: programAliasSchema, json, ...condition });
  }

  async #exchange(call: ApiCall<typeof programAliasSchema>): Promise<SeenAlias> {
    const { answer: alias, headers } = await exchange(this.#caller, call);
    return { alias, etag: headers.get('etag') ?? '' };
  }
}

function pathOf(program: string): string {
  return `/api/v1/programs/${encodeURIComponent(program)}`;
}

function aliasPath({ program, alias }: AliasName): string {
  return `${pathOf(program)}/aliases/${encodeURIComponent(alias)}`;
}
