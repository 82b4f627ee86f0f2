import { onPreferences, preferences } from './preferences.ts';

/** Lets the page follow the theme that is preferred, from now on. */
export function applyTheme(): void {
  const apply = (): void => {
    document.documentElement.dataset['theme'] = preferences().theme;
  };
  apply();
  onPreferences(apply);
}
