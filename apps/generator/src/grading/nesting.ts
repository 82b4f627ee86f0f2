import type { GivenFile } from '@loopwright/protocol';

/** Deepest nesting of brackets, and longest row of prefix operators or arrows, that is given to the compiler. */
const NESTING_LIMIT = 2000;

/**
 * The first file that is nested so deeply that it could end the compiler, which is one process for all plans. Brackets in texts count too, and what closes
 * more than is open does not: an estimate that is too high for programs that nobody writes, and never too low for brackets.
 */
export function tooDeep(files: readonly GivenFile[]): GivenFile | undefined {
  return files.find(({ content }) => depthOf(content) > NESTING_LIMIT || /[!~+-]{2001}/u.test(content));
}

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charCodeAt(index);
    // ( [ { open, ) ] } close.
    if (character === 40 || character === 91 || character === 123) depth += 1;
    else if ((character === 41 || character === 93 || character === 125) && depth > 0) depth -= 1;
    if (depth > deepest) deepest = depth;
  }
  return deepest;
}
