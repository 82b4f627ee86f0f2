import { isBytes, isHeaders } from './http-messages.ts';
import { HTTP_CHUNK_BYTES, MODULE_LINE_LIMIT_BYTES } from './limits.ts';

const DATA_LIMIT = Math.ceil(HTTP_CHUNK_BYTES / 3) * 4;
const METHOD = /^[A-Za-z]{1,20}$/;

type Check = (value: unknown) => boolean;
type Fields = Readonly<Record<string, { readonly check: Check; readonly isNeeded: boolean }>>;

const text =
  (min: number, max: number): Check =>
  (value) =>
    typeof value === 'string' && value.length >= min && value.length <= max;
const isBoolean: Check = (value) => typeof value === 'boolean';
const isBody: Check = (value) =>
  value === null || (typeof value === 'string' ? value.length <= MODULE_LINE_LIMIT_BYTES : isBytes(value));
const isStatus: Check = (value) => typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 599;
const isMethod: Check = (value) => typeof value === 'string' && METHOD.test(value);

const needed = (check: Check): Fields[string] => ({ check, isNeeded: true });
const optional = (check: Check): Fields[string] => ({ check, isNeeded: false });
const anOp = needed(() => true);

/** The schemas of the messages that every request has, once more by hand. Headers have a default, so that a message without any is no plain one. */
const HOT: ReadonlyMap<string, { readonly fields: ReadonlyMap<string, Fields[string]>; readonly needs: number }> = new Map(
  Object.entries({
    http_request: {
      op: anOp,
      request_id: needed(text(1, 128)),
      method: needed(isMethod),
      uri: needed(text(1, 16_384)),
      headers: needed(isHeaders),
      body: optional(isBody),
      streamed: optional(isBoolean),
    },
    http_response: {
      op: anOp,
      request_id: needed(text(1, 128)),
      status_code: needed(isStatus),
      headers: needed(isHeaders),
      body: optional(isBody),
      streamed: optional(isBoolean),
    },
    http_body: {
      op: anOp,
      request_id: needed(text(1, 128)),
      data: needed(text(0, DATA_LIMIT)),
      last: needed(isBoolean),
    },
  } satisfies Record<string, Fields>).map(([op, fields]) => [
    op,
    {
      fields: new Map(Object.entries(fields)),
      needs: Object.values(fields).filter(({ isNeeded }: Fields[string]) => isNeeded).length,
    },
  ]),
);

/**
 * Tells of a message of a kind that every request has whether its schema would give it back as it is. `false` says nothing: then the schema has to be asked, which
 * takes several times longer. `hot-messages.test.ts` shows that they agree.
 */
export function isPlainHotMessage(value: Readonly<Record<string, unknown>>): boolean {
  const { op } = value;
  const hot = typeof op === 'string' ? HOT.get(op) : undefined;
  if (hot === undefined) return false;
  let needs = hot.needs;
  for (const name of Object.keys(value)) {
    const field = hot.fields.get(name);
    if (field === undefined || !field.check(value[name])) return false;
    if (field.isNeeded) needs -= 1;
  }
  return needs === 0;
}
