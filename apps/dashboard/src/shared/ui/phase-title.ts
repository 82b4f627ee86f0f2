/** Names of phases as `seeds/001` shows them, where they are not the word itself. */
const TITLES: Readonly<Record<string, string>> = { data: 'Data Engineering', qa: 'Quality Assurance' };

/** What a phase is called on the page. */
export function phaseTitle(phase: string): string {
  const words = phase.replaceAll(/[-_]/g, ' ');
  return TITLES[phase] ?? words.charAt(0).toUpperCase() + words.slice(1);
}
