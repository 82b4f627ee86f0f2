import { type ReactElement, type ReactNode, useEffect, useRef } from 'react';
import { type Key, Tab, TabList, TabPanel, Tabs as AriaTabs } from 'react-aria-components';
import './overlay.css';

/** One tab of {@link Tabs}. */
export interface TabItem {
  readonly id: string;
  readonly label: ReactNode;
  readonly panel: ReactNode;
}

/** Views of one thing side by side; which one is open stands in the URL, so the caller holds it. */
export function Tabs({
  label,
  tabs,
  selected,
  onSelect,
}: {
  label: string;
  tabs: readonly TabItem[];
  selected: string;
  onSelect: (id: string) => void;
}): ReactElement {
  const list = useRef<HTMLDivElement>(null);
  // On a phone it may stand beyond the edge.
  useEffect(() => {
    // React Aria draws the tabs in a second step, behind the effects of the first one.
    const drawn = requestAnimationFrame(() => {
      const tab = list.current?.querySelector('[data-selected]')?.getBoundingClientRect();
      const frame = list.current?.getBoundingClientRect();
      // Sideways only: the page stays where it is.
      if (tab !== undefined && frame !== undefined)
        list.current?.scrollBy({ left: Math.max(0, tab.right - frame.right) + Math.min(0, tab.left - frame.left) });
    });
    return () => cancelAnimationFrame(drawn);
  }, [selected]);
  return (
    <AriaTabs selectedKey={selected} onSelectionChange={(key: Key) => onSelect(String(key))}>
      <TabList ref={list} aria-label={label} className="tabs-list">
        {tabs.map(({ id, label: text }) => (
          <Tab key={id} id={id} className="tab">
            {text}
          </Tab>
        ))}
      </TabList>
      {tabs.map(({ id, panel }) => (
        <TabPanel key={id} id={id} className="tab-panel">
          {panel}
        </TabPanel>
      ))}
    </AriaTabs>
  );
}
