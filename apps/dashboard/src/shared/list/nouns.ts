/** What a list is of, in words. */
export interface Noun {
  readonly one: string;
  readonly many: string;
}

/** How many there are of something, such as `1 run`. */
export function countText({ one, many }: Noun, count: number): string {
  return count === 1 ? `1 ${one}` : `${count.toLocaleString('en')} ${many}`;
}
