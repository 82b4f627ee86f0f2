import type { Json, JsonObject } from '@loopwright/protocol';
import type { HostTool } from './host-tool.ts';

const DEPTH = 8;
const MEMBERS = 60;
const DESCRIPTION_CHARACTERS = 400;

/** A granted tool with the names under which programs call it. */
export interface GrantedTool {
  readonly server: string;
  readonly member: string;
  readonly tool: HostTool;
}

/** Names of servers and tools as members of an object, each only once. */
export function memberNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const plain = name.replaceAll(/[^A-Za-z0-9_]/g, '_').slice(0, 64);
    // No name of an object's own workings.
    const base = /^[A-Za-z]/.test(plain) && !(plain in Object.prototype) ? plain : `tool_${plain.replace(/^_+/, '')}`;
    let member = base;
    for (let number = 2; taken.has(member); number += 1) member = `${base}_${number}`;
    taken.add(member);
    return member;
  });
}

/** The granted tools as a declaration of TypeScript, for the prompt. Names and descriptions are the servers' and are made harmless. */
export function toolTypes(granted: readonly GrantedTool[]): string {
  const servers = Map.groupBy(granted, ({ server }) => server);
  const members = [...servers].map(([server, tools]) => {
    const functions = tools.map(
      ({ member, tool }) =>
        `${comment(tool.description)}    ${member}(input: ${typeOf(tool.inputSchema, 0)}): Promise<${outputType(tool)}>;`,
    );
    return `  readonly ${server}: {\n${functions.join('\n')}\n  };`;
  });
  return `declare const tools: {\n${members.join('\n')}\n};\n/** What is printed comes back to you, up to a limit; nothing else does. */\ndeclare function print(...values: unknown[]): void;`;
}

function outputType({ outputSchema }: HostTool): string {
  return outputSchema === null ? 'string' : typeOf(outputSchema, 0);
}

function comment(description: string): string {
  const text = description
    .slice(0, DESCRIPTION_CHARACTERS * 2)
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .replaceAll('*/', '* /')
    .trim();
  return text === '' ? '' : `    /** ${text.slice(0, DESCRIPTION_CHARACTERS)} */\n`;
}

/** The type of what fits a schema; what is not understood is `unknown`. */
function typeOf(schema: Json | undefined, depth: number): string {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema) || depth > DEPTH) return 'unknown';
  if (schema['const'] !== undefined) return literal(schema['const']);
  const { enum: values, anyOf, oneOf, type } = schema;
  if (Array.isArray(values)) return union(values.map(literal));
  const choices = Array.isArray(anyOf) ? anyOf : oneOf;
  if (Array.isArray(choices)) return union(choices.map((choice) => typeOf(choice, depth + 1)));
  if (Array.isArray(type)) return union(type.map((one) => typeOf({ ...schema, type: one }, depth + 1)));
  if (type === 'string' || type === 'boolean' || type === 'null') return type;
  if (type === 'number' || type === 'integer') return 'number';
  if (type === 'array') return `Array<${typeOf(schema['items'], depth + 1)}>`;
  return type === 'object' || schema['properties'] !== undefined ? objectType(schema, depth) : 'unknown';
}

function objectType({ properties, required, additionalProperties }: JsonObject, depth: number): string {
  const named =
    typeof properties === 'object' && properties !== null && !Array.isArray(properties) ? Object.entries(properties) : [];
  const needed = new Set(Array.isArray(required) ? required : []);
  const members = named
    .slice(0, MEMBERS)
    .map(([key, value]) => `${JSON.stringify(key)}${needed.has(key) ? '' : '?'}: ${typeOf(value, depth + 1)}`);
  if (members.length > 0) return `{ ${members.join('; ')} }`;
  return typeof additionalProperties === 'object'
    ? `Record<string, ${typeOf(additionalProperties, depth + 1)}>`
    : 'Record<string, unknown>';
}

function literal(value: Json): string {
  return typeof value === 'object' && value !== null ? 'unknown' : JSON.stringify(value);
}

function union(types: readonly string[]): string {
  return [...new Set(types)].slice(0, MEMBERS).join(' | ') || 'never';
}
