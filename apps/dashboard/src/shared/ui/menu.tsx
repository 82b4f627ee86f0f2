import { type ComponentType, Suspense, lazy, type ReactElement, useState } from 'react';
import { MenuFace } from './menu-face.tsx';
import type { MenuProps } from './menu-types.ts';
import './controls.css';

const load = async (): Promise<{ default: ComponentType<MenuProps> }> => ({
  default: (await import('./open-menu.tsx')).OpenMenu,
});
const OpenMenu = lazy(load);

/** A button that opens a list of things to do or to choose. What the list needs is loaded when somebody comes near: it would be a fifth of the first load. */
export function Menu(props: MenuProps): ReactElement {
  const [isWanted, want] = useState(false);
  const { label, look = '' } = props;
  const closed = (
    <button
      type="button"
      aria-label={label}
      aria-haspopup="menu"
      aria-expanded={false}
      className={`button ${look}`}
      onPointerEnter={() => void load()}
      onFocus={() => void load()}
      onClick={() => want(true)}
    >
      <MenuFace {...props} />
    </button>
  );
  if (!isWanted) return closed;
  return (
    <Suspense fallback={closed}>
      <OpenMenu {...props} />
    </Suspense>
  );
}
