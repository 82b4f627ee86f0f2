import { basename } from 'node:path';
import { findSecrets } from './secrets.ts';
import type { FileFacts, Found, SurveyOptions } from './survey.ts';
import { Places, lineFinder } from './text-places.ts';

type TextFacts = Pick<
  FileFacts,
  'characters' | 'headings' | 'secrets' | 'emojis' | 'terms' | 'colors' | 'fonts' | 'personal' | 'health' | 'mentions'
>;

/** What is looked for in texts, besides secrets. */
export interface TextSearch extends Pick<SurveyOptions, 'forbiddenTerms' | 'colors' | 'fonts'> {
  /** Names of the files of the workspace. */
  readonly names: ReadonlySet<string>;
}

const STYLED = /\.(?:css|scss|less|html?|svg|[jt]sx|vue)$/i;
const DATA = /\.(?:csv|tsv|jsonl?|ndjson|txt|xml|ya?ml)$/i;
const EMOJI = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F/gu;
const COLOR = /#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})(?![0-9a-zA-Z_-])/g;
const FONT = /font-family\s{0,4}:\s{0,4}([^;}\n]{1,300})/gi;
const GENERIC_FONTS = new Set([
  'serif',
  'sans-serif',
  'monospace',
  'cursive',
  'fantasy',
  'system-ui',
  'inherit',
  'initial',
  'unset',
]);
const EMAIL = /(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24}(?![\w-])/g;
const IBAN = /(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])/g;
const SSN = /(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])/g;
const RECORD_NUMBER = /\bMRN[:# ]{0,2}\d{6,10}\b/g;

/** Looks through the text of one file. */
export function textFacts(text: string, path: string, search: TextSearch): TextFacts {
  const lineOf = lineFinder(text);
  const isStyled = STYLED.test(path);
  const isData = DATA.test(path);
  const nothing = new Places().found();
  return {
    characters: countCharacters(text),
    headings: countMatches(text, /^(?:#{1,6} \S|[^\s#|-].{0,200}\r?\n(?:={3,}|-{3,})[ \t]*$)/gm),
    secrets: findSecrets(text, { path, lineOf }),
    emojis: placesOf(text, EMOJI, (match) => [lineOf(match.index), `the sign "${match[0]}"`]),
    terms: findTerms(text, search.forbiddenTerms),
    colors: isStyled && search.colors !== null ? findColors(text, search.colors, lineOf) : nothing,
    fonts: isStyled && search.fonts !== null ? findFonts(text, search.fonts, lineOf) : nothing,
    personal: isData ? findPersonal(text, lineOf) : nothing,
    health: isData
      ? joined(
          placesOf(text, SSN, (match) => [lineOf(match.index), 'a social security number']),
          placesOf(text, RECORD_NUMBER, (match) => [lineOf(match.index), 'a medical record number']),
        )
      : nothing,
    mentions: mentionsIn(text, path, search.names),
  };
}

function placesOf(text: string, pattern: RegExp, describe: (match: RegExpExecArray) => [number, string] | undefined): Found {
  const places = new Places();
  for (const match of text.matchAll(pattern)) {
    const place = describe(match);
    if (place !== undefined) places.add(...place);
  }
  return places.found();
}

function joined(left: Found, right: Found): Found {
  return { total: left.total + right.total, places: [...left.places, ...right.places].slice(0, 50) };
}

function countCharacters(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 32) count += 1;
  return count;
}

function countMatches(text: string, pattern: RegExp): number {
  let count = 0;
  for (const _match of text.matchAll(pattern)) count += 1;
  return count;
}

/** Finds the terms as whole words, whatever their case. */
function findTerms(text: string, terms: readonly string[]): Found {
  const places = new Places();
  if (terms.length === 0) return places.found();
  const lower = text.toLowerCase();
  const lineOf = lineFinder(lower);
  for (const term of terms) {
    const wanted = term.toLowerCase();
    for (let at = lower.indexOf(wanted); at !== -1; at = lower.indexOf(wanted, at + wanted.length)) {
      const around = [lower[at - 1] ?? ' ', lower[at + wanted.length] ?? ' '];
      if (!around.some((character) => /[\p{L}\p{N}_]/u.test(character))) places.add(lineOf(at), `the term "${term}"`);
    }
  }
  return places.found();
}

function findColors(text: string, allowed: readonly string[], lineOf: (offset: number) => number): Found {
  const known = new Set(allowed.map((color) => color.toLowerCase()));
  return placesOf(text, COLOR, (match) => {
    const color = match[0].toLowerCase();
    const full = color.length === 4 ? color.replaceAll(/[0-9a-f]/g, '$&$&') : color;
    return known.has(full) ? undefined : [lineOf(match.index), `the colour ${color}`];
  });
}

function findFonts(text: string, allowed: readonly string[], lineOf: (offset: number) => number): Found {
  const known = new Set(allowed.map((font) => font.toLowerCase()));
  const places = new Places();
  for (const match of text.matchAll(FONT)) {
    for (const part of (match[1] ?? '').split(',')) {
      const font = part.replaceAll(/["'!]|\bimportant\b/g, '').trim();
      if (font === '' || font.startsWith('var(')) continue;
      if (!known.has(font.toLowerCase()) && !GENERIC_FONTS.has(font.toLowerCase()))
        places.add(lineOf(match.index), `the font "${font}"`);
    }
  }
  return places.found();
}

/** Kinds of personal data by their form; the values themselves are not kept. */
function findPersonal(text: string, lineOf: (offset: number) => number): Found {
  const isReserved = (address: string): boolean =>
    /@(?:[\w-]+\.)*(?:example\.(?:com|org|net)|\w+\.(?:test|invalid|example))$/i.test(address);
  return joined(
    placesOf(text, EMAIL, (match) => (isReserved(match[0]) ? undefined : [lineOf(match.index), 'an e-mail address'])),
    placesOf(text, IBAN, (match) => (isIban(match[0]) ? [lineOf(match.index), 'a bank account number'] : undefined)),
  );
}

/** The check digits of ISO 13616. */
function isIban(text: string): boolean {
  const digits = text.replaceAll(' ', '');
  let rest = 0;
  for (const character of digits.slice(4) + digits.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

function mentionsIn(text: string, path: string, names: ReadonlySet<string>): string[] {
  const own = basename(path);
  const mentioned = new Set<string>();
  for (const [token] of text.matchAll(/[\p{L}\p{N}_@+-][\p{L}\p{N}_.@+-]{0,254}/gu)) {
    const name = token.replace(/\.+$/, '');
    if (name !== own && names.has(name)) mentioned.add(name);
  }
  return [...mentioned].sort();
}
