import type { ButtonHTMLAttributes, ReactElement, Ref } from 'react';
import './controls.css';
import { Icon, type IconName } from './icon.tsx';

/** What a button looks like and does; the rest is that of `<button>`. */
export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** One `primary` a page; `danger` for what cannot be taken back. */
  readonly look?: 'normal' | 'primary' | 'danger' | 'quiet';
  readonly icon?: IconName;
  readonly small?: boolean;
  /** Why it is disabled, as its tooltip. */
  readonly reason?: string | undefined;
  readonly ref?: Ref<HTMLButtonElement>;
}

/** A button. One that is disabled says why. */
export function Button({
  look = 'normal',
  icon,
  small = false,
  reason,
  children,
  className = '',
  title,
  ...rest
}: ButtonProps): ReactElement {
  const looks = [`button`, ...(look === 'normal' ? [] : [`button-${look}`]), ...(small ? ['button-small'] : []), className];
  return (
    <button type="button" className={looks.join(' ').trim()} title={rest.disabled === true ? (reason ?? title) : title} {...rest}>
      {icon === undefined ? null : <Icon name={icon} size={14} />}
      {children}
    </button>
  );
}
