import { type Json, type JsonObject, PlatformError, messageOf, questionSetSchema } from '@loopwright/protocol';
import { Ajv2020, type ErrorObject, type Options, type ValidateFunction } from 'ajv/dist/2020.js';
import type { AgentAnswer, AnswerForm } from './answer-schema.ts';
import { ANSWER_LIMITS, answerSchema } from './answer-schema.ts';
import { refusedPaths } from './answer-files.ts';

/** What is wrong with an answer: where, as a JSON pointer, and why. */
export interface Finding {
  readonly pointer: string;
  readonly message: string;
}

/** An answer that can be used, or what is wrong with it. */
type CheckedAnswer = { readonly answer: AgentAnswer } | { readonly findings: readonly Finding[] };

const FINDINGS_SHOWN = 20;
const FINDING_CHARACTERS = 300;

/** The form of an answer as a JSON Schema, and how an answer is read and checked. */
export interface AnswerCheck {
  readonly schema: JsonObject;
  readonly read: (text: string) => CheckedAnswer;
}

/** Compiles the check of an answer. Throws VALIDATION_ERROR when a definition's schema is none. */
export function answerCheck(form: AnswerForm): AnswerCheck {
  const schema = answerSchema(form);
  const validate = compile(schema);
  const read = (text: string): CheckedAnswer => {
    if (text.length > ANSWER_LIMITS.characters)
      return one('', `has ${text.length} characters, at most ${ANSWER_LIMITS.characters} can be used`);
    const parsed = parseAnswer(text);
    if (parsed === undefined) return one('', 'is not a JSON object, or has more than a JSON object in it');
    const findings = [...schemaFindings(validate, parsed), ...controlFindings(parsed, '')];
    if (findings.length > 0) return { findings: shown(findings) };
    const answer = parsed as unknown as AgentAnswer;
    const rest = [...questionFindings(answer), ...refusedPaths(answer, form)];
    return rest.length > 0 ? { findings: shown(rest) } : { answer };
  };
  return { schema, read };
}

const OPTIONS: Options = { allErrors: true, strict: false, validateFormats: false };

/** Whether something is a JSON Schema is one and the same check for all: its compilation takes longer than that of most schemas. It keeps nothing of what it checks. */
let metaCheck: Ajv2020 | undefined;

function compile(schema: JsonObject): ValidateFunction {
  try {
    metaCheck ??= new Ajv2020(OPTIONS);
    // The meta-schema is no asynchronous one: it throws at once.
    void metaCheck.validateSchema(schema, true);
    return new Ajv2020({ ...OPTIONS, validateSchema: false }).compile(schema);
  } catch (error) {
    throw new PlatformError(
      'VALIDATION_ERROR',
      `Cannot use the outputs of the agent: a schema is not valid: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** The JSON object of an answer. A fence of Markdown around it is taken off, because many models put one there; nothing else is guessed. */
function parseAnswer(text: string): Json | undefined {
  const trimmed = text.trim();
  const inside = /^```(?:json)?\s*\n([\s\S]*?)\n?```$/.exec(trimmed)?.[1] ?? trimmed;
  try {
    const value = JSON.parse(inside) as Json;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function schemaFindings(validate: ValidateFunction, value: Json): Finding[] {
  if (validate(value)) return [];
  return (validate.errors ?? []).map((error) => ({ pointer: error.instancePath, message: messageFor(error) }));
}

function messageFor({ message, params, keyword }: ErrorObject): string {
  const what = message ?? 'is wrong';
  if (keyword === 'additionalProperties') return `${what}: ${JSON.stringify(params['additionalProperty'])}`;
  return keyword === 'enum' ? `${what}: ${JSON.stringify(params['allowedValues'])}` : what;
}

/** Control characters could steer a terminal that shows the text; nothing that an agent writes needs them. */
function controlFindings(value: Json, pointer: string): Finding[] {
  if (typeof value === 'string') {
    const found = /[^\P{Cc}\n\r\t]|[\u202A-\u202E\u2066-\u2069]|\p{Cs}/u.exec(value)?.[0];
    if (found === undefined) return [];
    const code = (found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return [{ pointer, message: `contains the control character U+${code}` }];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    controlFindings(key, pointer).concat(
      controlFindings(member, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
    ),
  );
}

function questionFindings({ questions }: AgentAnswer): Finding[] {
  if (questions === undefined) return [];
  const parsed = questionSetSchema.safeParse(questions);
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => ({ pointer: `/questions/${path.join('/')}`, message }));
}

/** The first findings, each short: names in them are the model's. */
function shown(findings: readonly Finding[]): Finding[] {
  const short = (text: string): string => (text.length > FINDING_CHARACTERS ? `${text.slice(0, FINDING_CHARACTERS)}…` : text);
  return findings.slice(0, FINDINGS_SHOWN).map(({ pointer, message }) => ({ pointer: short(pointer), message: short(message) }));
}

function one(pointer: string, message: string): CheckedAnswer {
  return { findings: [{ pointer, message }] };
}
