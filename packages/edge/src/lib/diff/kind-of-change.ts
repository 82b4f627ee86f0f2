import type { Json } from '@loopwright/protocol';
import { KIND_CHARACTERS } from './limits.ts';

/** A text that is no longer than this stands in the name of a kind. */
const SHORT_TEXT = 40;
/** How deep answers are compared member by member, and how many members are named. */
const DEPTH = 3;
const MEMBERS_NAMED = 5;

/**
 * Names how an answer changed, so that equal changes have equal names: short texts and flags by their values, numbers by their direction,
 * objects by the members that differ.
 */
export function kindOfChange(before: Json, after: Json): string {
  const changes = changesIn(before, after, { pointer: '', depth: 0 });
  const named = changes.slice(0, MEMBERS_NAMED).join('; ');
  const more = changes.length - MEMBERS_NAMED;
  return cut(more > 0 ? `${named}; and ${more} more` : named);
}

/** Names a failure, so that equal ones with other numbers or quoted words have equal names. */
export function kindOfFailure(message: string): string {
  const [line = ''] = message.split('\n');
  return cut(line.replaceAll(/"[^"]*"|'[^']*'|`[^`]*`/gu, '"…"').replaceAll(/\d+(?:\.\d+)?/gu, '#'));
}

function changesIn(before: Json, after: Json, place: { pointer: string; depth: number }): string[] {
  const { pointer, depth } = place;
  const at = pointer === '' ? '' : `${pointer}: `;
  if (isObject(before) && isObject(after) && depth < DEPTH) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) => {
      const below = `${pointer}/${name.slice(0, SHORT_TEXT)}`;
      const [one, other] = [before[name], after[name]];
      if (one === undefined) return [`${below}: added`];
      if (other === undefined) return [`${below}: removed`];
      return changesIn(one, other, { pointer: below, depth: depth + 1 });
    });
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (typeof before === 'number' && typeof after === 'number') return [`${at}${after > before ? 'a higher' : 'a lower'} number`];
  if (Array.isArray(before) && Array.isArray(after)) return [`${at}${listChange(before.length, after.length)}`];
  return [`${at}${nameOf(before)} → ${nameOf(after)}`];
}

function listChange(before: number, after: number): string {
  if (before === after) return 'other items in the list';
  return after > before ? 'a longer list' : 'a shorter list';
}

function nameOf(value: Json): string {
  if (typeof value === 'string') return value.length <= SHORT_TEXT ? JSON.stringify(value) : 'a long text';
  if (typeof value === 'number') return 'a number';
  if (Array.isArray(value)) return 'a list';
  return value !== null && typeof value === 'object' ? 'an object' : String(value);
}

function isObject(value: Json): value is { [key: string]: Json } {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function cut(text: string): string {
  return text.length <= KIND_CHARACTERS ? text : `${text.slice(0, KIND_CHARACTERS - 1)}…`;
}
