import type { Json, Question } from '@loopwright/protocol';

/** What was typed for a question: a text, the chosen ones, or nothing yet. */
export type Typed = string | readonly string[] | undefined;

/** What stands in a form before anybody types: the default of the question. */
export function initialValue({ default: given, answer_type: type }: Question): Typed {
  if (given === undefined || given === null) return undefined;
  if (Array.isArray(given)) return given.map(String);
  if (type === 'yes_no') return given === true || given === 'yes' ? 'yes' : 'no';
  return typeof given === 'string' ? given : JSON.stringify(given);
}

/** Why a value cannot be sent; nothing when it can. The server checks the same again, and more. */
export function problemOf(question: Question, value: Typed): string | undefined {
  const { required, answer_type: type, minimum, maximum } = question;
  if (value === undefined || value.length === 0) return required ? 'An answer is needed' : undefined;
  if (typeof value !== 'string') return undefined;
  if (type === 'number') {
    const number = Number(value);
    if (value.trim() === '' || !Number.isFinite(number)) return 'This is no number';
    if (minimum !== undefined && number < minimum) return `At least ${minimum}`;
    if (maximum !== undefined && number > maximum) return `At most ${maximum}`;
  }
  if (type === 'uuid' && !/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value)) return 'This is no UUID';
  if (type === 'json_object') {
    try {
      const parsed: unknown = JSON.parse(value);
      if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return 'This is no JSON object';
    } catch {
      return 'This is no JSON';
    }
  }
  return undefined;
}

/** What is sent for a question; `undefined` for one that is left open. */
export function answerOf({ answer_type: type }: Question, value: Typed): Json | undefined {
  if (value === undefined || value.length === 0) return undefined;
  if (typeof value !== 'string') return [...value];
  if (type === 'number') return Number(value);
  if (type === 'yes_no') return value === 'yes';
  if (type === 'json_object') return JSON.parse(value) as Json;
  return value;
}
