import type { ReactElement } from 'react';
import {
  Button as AriaButton,
  Header,
  Menu as AriaMenu,
  MenuItem,
  MenuSection,
  MenuTrigger,
  Popover,
} from 'react-aria-components';
import { Icon, type IconName } from './icon.tsx';
import './overlay.css';

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
export function Menu({
  label,
  icon,
  look = '',
  text,
  sections,
}: {
  /** What a screen reader says of the button. */
  label: string;
  icon?: IconName;
  look?: string;
  text?: string;
  sections: readonly { readonly title?: string; readonly entries: readonly MenuEntry[] }[];
}): ReactElement {
  return (
    <MenuTrigger>
      <AriaButton aria-label={label} className={`button ${look}`}>
        {icon === undefined ? null : <Icon name={icon} size={14} />}
        {text === undefined ? null : <span className="truncate menu-text">{text}</span>}
        <Icon name="down" size={12} />
      </AriaButton>
      <Popover className="popover" placement="bottom end">
        <AriaMenu className="menu" aria-label={label}>
          {sections.map(({ title, entries }, at) => (
            <MenuSection key={title ?? at} aria-label={title ?? label}>
              {title === undefined ? null : <Header className="menu-heading">{title}</Header>}
              {entries.map(({ id, label: name, onAction, isDisabled = false, isChosen = false }) => (
                <MenuItem key={id} id={id} className="menu-item" isDisabled={isDisabled} onAction={onAction} textValue={name}>
                  {name}
                  {isChosen ? (
                    <span>
                      <span className="visually-hidden">chosen</span>
                      <Icon name="check" size={14} />
                    </span>
                  ) : null}
                </MenuItem>
              ))}
            </MenuSection>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
