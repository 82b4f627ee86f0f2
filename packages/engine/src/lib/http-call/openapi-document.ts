import { type Clock, type Json, type JsonObject, jsonSchema } from '@loopwright/protocol';
import { parse } from 'yaml';
import { z } from 'zod';
import { contentFailure, describeCall, statusFailure } from './call-error.ts';
import type { ReceivedResponse } from './http-exchange.ts';

const CACHE_LIMIT = 100;
const FRESH_MS = 60_000;

const documentSchema = z.looseObject({
  openapi: z.string().startsWith('3.').optional(),
  swagger: z.literal('2.0').optional(),
  paths: z.record(z.string(), z.unknown()),
});

/** An OpenAPI 3 or Swagger 2 document, and where it was found: relative servers are relative to that. */
export interface OpenapiDocument {
  readonly root: JsonObject;
  readonly url: URL;
  readonly swagger: boolean;
}

interface Kept {
  readonly document: OpenapiDocument;
  readonly etag: string | null;
  readonly checkedAt: number;
}

/**
 * OpenAPI documents by key, kept in memory. One is taken as it is for a minute, then the server is asked whether
 * it changed (`If-None-Match`); at most 100 are kept.
 */
export class OpenapiDocuments {
  readonly #kept = new Map<string, Kept>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The document of a key; `fetch` asks for it with the given headers. The key must say who asks as well as for what. */
  async get(key: string, fetch: (headers: Headers) => Promise<ReceivedResponse>): Promise<OpenapiDocument> {
    const kept = this.#kept.get(key);
    const now = this.#clock.now();
    if (kept !== undefined && now - kept.checkedAt < FRESH_MS) return kept.document;
    const headers = new Headers({ accept: 'application/json, application/yaml;q=0.9, */*;q=0.5' });
    if (kept?.etag != null) headers.set('if-none-match', kept.etag);
    const response = await fetch(headers);
    const unchanged = response.status === 304 ? kept : undefined;
    const document = unchanged?.document ?? readDocument(response);
    this.#kept.delete(key);
    const oldest = this.#kept.keys().next().value;
    if (this.#kept.size >= CACHE_LIMIT && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(key, { document, etag: unchanged?.etag ?? response.headers.get('etag'), checkedAt: now });
    return document;
  }
}

function readDocument({ status, body, request }: ReceivedResponse): OpenapiDocument {
  const call = describeCall(request.method, request.url);
  if (status !== 200) throw statusFailure(call, status);
  let value: unknown;
  try {
    value = parseText(body.toString('utf8'));
  } catch (error) {
    throw contentFailure(call, 'it is neither JSON nor YAML', { cause: error });
  }
  const parsed = documentSchema.safeParse(value);
  const json = jsonSchema.safeParse(value);
  if (!parsed.success || !json.success || (parsed.data.openapi ?? parsed.data.swagger) === undefined) {
    throw contentFailure(call, 'it is no document of OpenAPI 3 or Swagger 2.0');
  }
  return { root: json.data as JsonObject, url: request.url, swagger: parsed.data.swagger !== undefined };
}

function parseText(text: string): unknown {
  return /^\s*\{/.test(text) ? JSON.parse(text) : parse(text, { maxAliasCount: 100 });
}

/** Follows `$ref` inside the document, at most ten in a row; `undefined` where there is nothing or it leads outside. */
export function dereference(root: JsonObject, value: Json | undefined): Json | undefined {
  let current = value;
  for (let hops = 0; hops < 10; hops += 1) {
    const reference = isObject(current) ? current['$ref'] : undefined;
    if (typeof reference !== 'string') return current;
    if (!reference.startsWith('#/')) return undefined;
    current = reference
      .slice(2)
      .split('/')
      .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<Json | undefined>((at, part) => (isObject(at) && Object.hasOwn(at, part) ? at[part] : undefined), root);
  }
  return undefined;
}

/** Whether a value is a JSON object. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
