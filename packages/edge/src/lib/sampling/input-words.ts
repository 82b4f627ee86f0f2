import type { Json } from '@loopwright/protocol';

/** How much of an input is looked at: enough to know it, little enough to cost microseconds. */
const CHARACTERS = 400;
const VALUES = 32;
const DEPTH = 4;

/** What an input is made of, as numbers: hashes of its words and of its short values with their names. */
export function inputWords(input: Json): number[] {
  const words: number[] = [];
  let characters = CHARACTERS;
  let values = VALUES;
  const walk = (value: Json, name: string, depth: number): void => {
    if (values <= 0 || characters <= 0) return;
    if (typeof value === 'string') {
      values -= 1;
      const text = value.length > characters ? value.slice(0, characters) : value;
      characters -= text.length;
      addWords(text, words);
    } else if (value === null || typeof value !== 'object') {
      values -= 1;
      words.push(hashOf(`${name}=${String(value)}`));
    } else if (depth < DEPTH) {
      if (Array.isArray(value)) for (const item of value.slice(0, VALUES)) walk(item, name, depth + 1);
      else
        for (const key in value) {
          if (values <= 0 || characters <= 0) return;
          if (Object.hasOwn(value, key)) walk(value[key] ?? null, key, depth + 1);
        }
    }
  };
  walk(input, '', 0);
  return words;
}

/** Adds the hashes of the words of a text (letters and digits of any script), in lower case. */
function addWords(text: string, into: number[]): void {
  let hash = OFFSET;
  let isWord = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (isWordCharacter(code)) {
      hash = Math.imul(hash ^ (code >= 65 && code <= 90 ? code + 32 : code), PRIME);
      isWord = true;
    } else if (isWord) {
      into.push(hash >>> 0);
      hash = OFFSET;
      isWord = false;
    }
  }
  if (isWord) into.push(hash >>> 0);
}

/** The hashes of the words of one text, at most of its first 400 characters. */
export function wordsOf(text: string): number[] {
  const words: number[] = [];
  addWords(text.length > CHARACTERS ? text.slice(0, CHARACTERS) : text, words);
  return words;
}

// FNV-1a over UTF-16 units: fast, and good enough for counting.
const OFFSET = 0x811c9dc5 | 0;
const PRIME = 0x01000193;

function hashOf(text: string): number {
  let hash = OFFSET;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), PRIME);
  return hash >>> 0;
}

function isWordCharacter(code: number): boolean {
  if (code < 128) return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57);
  // Beyond ASCII all but spaces, punctuation and symbols of the common blocks.
  return code !== 0xa0 && code !== 0x3000 && !(code >= 0x2000 && code <= 0x206f) && !(code >= 0x3001 && code <= 0x303f);
}
