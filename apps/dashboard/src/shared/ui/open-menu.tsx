import { type ReactElement, useRef } from 'react';
import {
  Button as AriaButton,
  Header,
  Menu as AriaMenu,
  MenuItem,
  MenuSection,
  MenuTrigger,
  Popover,
} from 'react-aria-components';
import { Icon } from './icon.tsx';
import { MenuFace } from './menu-face.tsx';
import type { MenuProps } from './menu-types.ts';
import { rememberOpener } from './opener.ts';
import './overlay.css';

/** A menu that is open when it comes, and opens and closes from then on. */
export function OpenMenu({ label, look = '', sections, ...face }: MenuProps): ReactElement {
  const button = useRef<HTMLButtonElement>(null);
  return (
    <MenuTrigger defaultOpen>
      <AriaButton ref={button} aria-label={label} className={`button ${look}`}>
        <MenuFace {...face} />
      </AriaButton>
      <Popover className="popover" placement="bottom end">
        <AriaMenu className="menu" aria-label={label}>
          {sections.map(({ title, entries }, at) => (
            <MenuSection key={title ?? at} aria-label={title ?? label}>
              {title === undefined ? null : <Header className="menu-heading">{title}</Header>}
              {entries.map(({ id, label: name, onAction, isDisabled = false, isChosen = false }) => (
                <MenuItem
                  key={id}
                  id={id}
                  className="menu-item"
                  isDisabled={isDisabled}
                  onAction={() => {
                    rememberOpener(button.current);
                    onAction();
                  }}
                  textValue={isChosen ? `${name}, chosen` : name}
                  aria-label={isChosen ? `${name}, chosen` : name}
                >
                  {name}
                  {isChosen ? <Icon name="check" size={14} /> : null}
                </MenuItem>
              ))}
            </MenuSection>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
