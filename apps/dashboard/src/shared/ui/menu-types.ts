import type { IconName } from './icon.tsx';

/** One thing that can be done or chosen. */
export interface MenuEntry {
  readonly id: string;
  readonly label: string;
  readonly onAction: () => void;
  readonly isDisabled?: boolean;
  /** Whether it is what is chosen now. */
  readonly isChosen?: boolean;
}

/** A button that opens a list of things to do or to choose. */
export interface MenuProps {
  /** What a screen reader says of the button. */
  readonly label: string;
  readonly icon?: IconName;
  readonly look?: string;
  readonly text?: string;
  readonly sections: readonly { readonly title?: string; readonly entries: readonly MenuEntry[] }[];
}
