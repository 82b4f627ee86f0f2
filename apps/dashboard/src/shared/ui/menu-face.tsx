import type { ReactElement } from 'react';
import { Icon } from './icon.tsx';
import type { MenuProps } from './menu-types.ts';

/** What is in the button of a menu. */
export function MenuFace({ icon, text }: Pick<MenuProps, 'icon' | 'text'>): ReactElement {
  return (
    <>
      {icon === undefined ? null : <Icon name={icon} size={14} />}
      {text === undefined ? null : <span className="truncate menu-text">{text}</span>}
      <Icon name="down" size={12} />
    </>
  );
}
